//! Enters: how an application's work came to an end. Leaves: [`Stopped`], and the reason of a
//! refusal on the port. Next: a board's `main`.

use crate::memory::Refusal;
use crate::printer::Printer;
use embedded_io::Write;

/// Why there are no more lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped<E> {
    /// The model is refused; the port says why.
    Refused(Refusal),
    /// The port does not take the lines.
    Port(E),
}

/// What an application returns after its work with a model, or after the refusal of one.
///
/// # Errors
/// The model was refused, or the port cannot be written to.
pub fn stopped<W: Write>(
    port: &mut W,
    worked: Result<Result<(), W::Error>, Refusal>,
) -> Result<(), Stopped<W::Error>> {
    match worked {
        Ok(worked) => worked.map_err(Stopped::Port),
        Err(refusal) => {
            refuse(port, refusal).map_err(Stopped::Port)?;
            Err(Stopped::Refused(refusal))
        }
    }
}

fn refuse<W: Write>(port: &mut W, refusal: Refusal) -> Result<(), W::Error> {
    let mut out = Printer(port);
    out.text("\r\nerror: ")?;
    out.text(refusal.text())?;
    out.end()?;
    port.flush()
}

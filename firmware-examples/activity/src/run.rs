//! Enters: samples, a clock, memory and a model. Leaves: an activity for every window.
//! Next: a board's `main` halts.

use crate::deadline::Deadline;
use crate::samples::Samples;
use embedded_io::Write;
use set_lstm_kit::{Clock, Memory, Printer, Refusal, Stopped, stopped};
use set_lstm_runtime::{Arithmetic, Model, State};

/// Samples of a window, if the model does not say how many training saw.
const WINDOW: u32 = 128;

/// Classifies every window of the samples. `board` is a name for the greeting.
///
/// # Errors
/// The model is refused, or reads other samples; or the port cannot be written to. That
/// there are no more samples is no error.
pub fn run<'a, P, C, S, A, const N: usize, const L: usize, const D: usize>(
    board: &str,
    port: &mut P,
    clock: &mut C,
    samples: &mut S,
    memory: &mut Memory<'a, A, N, L>,
    model: &'a [u8],
) -> Result<(), Stopped<P::Error>>
where
    P: Write,
    C: Clock,
    S: Samples<D>,
    A: Arithmetic,
{
    let streamed = memory.with(model, |model, state| {
        if model.channels() != Some(D) {
            return Err(Refusal::Input);
        }
        Ok(stream(board, port, clock, samples, model, state))
    });
    stopped(port, streamed)
}

/// Not part of `run`: its frame would lie above the stack of decoding, which is the deepest.
#[inline(never)]
fn stream<P, C, S, A, const N: usize, const L: usize, const D: usize>(
    board: &str,
    port: &mut P,
    clock: &mut C,
    samples: &mut S,
    model: &Model<'_, A, L>,
    state: &mut State<A, N, L>,
) -> Result<(), P::Error>
where
    P: Write,
    C: Clock,
    S: Samples<D>,
    A: Arithmetic,
{
    let window = model.max_tokens().unwrap_or(WINDOW);
    greet(port, board, model, window)?;
    let mut deadline = Deadline::new(clock.rate(), S::PERIOD);
    let (mut steps, mut last) = (0, None);
    while let Some(sample) = samples.next() {
        let start = clock.ticks();
        state.step_samples(model, &sample);
        deadline.add(clock.since(start));
        steps += 1;
        if steps < window {
            continue;
        }
        let label = print_window(port, steps, model, state)?;
        if last.replace(label).is_some_and(|last| last != label) {
            deadline.print(port)?;
        }
        port.flush()?;
        state.reset();
        steps = 0;
    }
    deadline.print(port)?;
    port.flush()
}

/// The first lines.
#[inline(never)]
fn greet<W: Write, A: Arithmetic, const L: usize>(
    port: &mut W,
    board: &str,
    model: &Model<'_, A, L>,
    window: u32,
) -> Result<(), W::Error> {
    let mut out = Printer(port);
    out.text("\r\nset-lstm activity on ")?;
    out.text(board)?;
    out.text("\r\nmodel ")?;
    out.hexadecimal(model.checksum())?;
    out.text(", windows of ")?;
    out.count(window, " samples")?;
    out.end()
}

/// The line of a window; its label.
#[inline(never)]
fn print_window<W: Write, A: Arithmetic, const N: usize, const L: usize>(
    port: &mut W,
    samples: u32,
    model: &Model<'_, A, L>,
    state: &State<A, N, L>,
) -> Result<u8, W::Error> {
    let class = state.classify(model);
    let name = model.class_name(class.label).unwrap_or("?");
    let mut out = Printer(port);
    out.text(name)?;
    out.text("\t")?;
    out.score(class.score)?;
    out.text("\t")?;
    out.count(samples, " samples")?;
    out.logits(model, state)?;
    out.end()?;
    #[cfg(feature = "defmt")]
    defmt::info!("{=str}", name);
    Ok(class.label)
}

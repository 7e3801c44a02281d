//! Enters: what a board's serial port can do. Leaves: `embedded_io`'s traits. Next: the
//! applications read and write.

use crate::Lost;
use embedded_io::{ErrorType, Read, Write};

/// A board's serial port.
pub trait Wire {
    /// Begins to receive. Before that, nothing comes.
    fn listen(&mut self);

    /// Moves bytes that have come into a buffer of at least one; how many. `None`: nothing
    /// has come.
    ///
    /// # Errors
    /// Bytes were lost here; told once.
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Result<usize, Lost>>;

    /// Sends all of it. What comes meanwhile is kept.
    fn send(&mut self, bytes: &[u8]);
}

/// A port as the applications know it.
///
/// Waiting, it looks again and again: on a USB cable sleep saves nothing that counts, and
/// some probes lose the log of a core that sleeps.
pub struct Port<W>(pub W);

impl<W: Wire> Port<W> {
    /// Begins to receive: for programs that read.
    pub fn listen(&mut self) {
        self.0.listen();
    }
}

impl<W> ErrorType for Port<W> {
    type Error = Lost;
}

impl<W: Wire> Read for Port<W> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Lost> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(read) = self.0.receive(buffer) {
                return read;
            }
        }
    }
}

impl<W: Wire> Write for Port<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Lost> {
        self.0.send(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Lost> {
        Ok(())
    }
}

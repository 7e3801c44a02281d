//! What the application asks of a board: to print, to count, to watch the stack.

/// A board, as far as the application knows it. What is written to it is printed.
pub trait Board: core::fmt::Write {
    /// Name and core, for the report.
    const NAME: &'static str;

    /// Instructions that run in so many ticks of the counter.
    const RATE: Rate;

    /// Ticks of a counter since some moment. To be called often enough for the counter
    /// behind it not to wrap twice.
    fn ticks(&mut self) -> u64;

    /// Runs `work` and says how many bytes of stack it used below the caller's frame.
    fn stack_of<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, usize);

    /// Bytes of stack that the caller and its callers take.
    fn stack_depth(&self) -> usize;

    /// Bytes of RAM that statics take, the application's included.
    fn static_ram(&self) -> usize;
}

/// How ticks become instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many instructions
    pub instructions: u64,
    /// take so many ticks.
    pub ticks: u64,
}

impl Rate {
    /// Instructions of so many ticks.
    pub const fn instructions(self, ticks: u64) -> u64 {
        ticks * self.instructions / self.ticks
    }
}

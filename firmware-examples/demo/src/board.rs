//! What the application asks of a board: to print, to count, to watch the stack.

/// A board, as far as the application knows it. What is written to it is printed.
pub trait Board: core::fmt::Write {
    /// Name and core, for the report.
    const NAME: &'static str;

    /// Instructions since some moment, to the board's granularity. To be called often
    /// enough for the counter behind it not to wrap twice.
    fn instructions(&mut self) -> u64;

    /// Runs `work` and says how many bytes of stack it used below the caller's frame.
    fn stack_of<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, usize);

    /// Bytes of stack that the caller and its callers take.
    fn stack_depth(&self) -> usize;

    /// Bytes of RAM that statics take, the application's included.
    fn static_ram(&self) -> usize;
}

//! The command `set-lstm`.
fn main() {}

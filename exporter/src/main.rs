//! The command `set-lstm`: maps errors to exit codes and does nothing else.

use std::process::ExitCode;

use set_lstm::cli;

fn main() -> ExitCode {
    cli::parse().map_or_else(|code| code, cli::main)
}

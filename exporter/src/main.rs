//! The command `set-lstm`: maps errors to exit codes and does nothing else.

use std::process::ExitCode;

use clap::Parser;
use set_lstm::cli::{self, Cli};

fn main() -> ExitCode {
    cli::main(Cli::parse())
}

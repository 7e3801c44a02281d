//! `set-lstm bench`.

mod device;
mod size;
mod train;

use crate::error::Result;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm bench train --data aclImdb.tar.gz
  set-lstm bench device
  set-lstm bench size")]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// How fast this machine trains, and in how much memory
    Train(Box<train::Arguments>),
    /// What a step takes on emulated microcontrollers, by size, density and core
    Device(device::Arguments),
    /// What the engine adds to an empty firmware, by core
    Size(size::Arguments),
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    match arguments.what {
        What::Train(arguments) => train::run(*arguments),
        What::Device(arguments) => device::run(arguments),
        What::Size(arguments) => size::run(arguments),
    }
}

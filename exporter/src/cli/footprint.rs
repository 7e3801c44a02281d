//! `set-lstm footprint`.

use std::path::PathBuf;

use super::output::{print, print_json};
use super::simulate::BoardArguments;
use crate::device::AlignedBytes;
use crate::error::Result;
use crate::simulate::footprint;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm footprint imdb.setl

Flash is measured from the linked program, RAM from its statics and from the stack that a
run under QEMU has used.")]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    board: BoardArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments { model, board, json } = arguments;
    let footprint = footprint(&AlignedBytes::read(&model)?, &model, &board.options())?;
    if json {
        print_json(&footprint)
    } else {
        print(footprint)
    }
}

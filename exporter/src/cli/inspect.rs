//! `set-lstm inspect`.

use std::path::PathBuf;

use super::output::{print, print_json};
use crate::device::AlignedBytes;
use crate::error::Result;
use crate::inspect::inspect;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm inspect imdb.setl")]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let inspection = inspect(&AlignedBytes::read(&arguments.model)?, &arguments.model)?;
    if arguments.json {
        print_json(&inspection)
    } else {
        print(&inspection)
    }
}

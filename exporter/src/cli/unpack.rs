//! `set-lstm unpack`.

use std::path::PathBuf;

use serde::Serialize;

use super::output::print_json;
use crate::device::{AlignedBytes, AnyModel};
use crate::error::Result;
use crate::file;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm unpack imdb.setz --out imdb.setl")]
pub struct Arguments {
    /// The compact file
    compact: PathBuf,
    /// The model file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Unpacked {
    #[serde(serialize_with = "super::output::path")]
    model: PathBuf,
    model_bytes: usize,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments { compact, out, json } = arguments;
    let unpacked = AlignedBytes::read(&compact)?;
    AnyModel::open(&unpacked, &compact)?;
    file::write_atomic(&out, |file| file.write_all(&unpacked))?;
    if !json {
        return Ok(());
    }
    print_json(&Unpacked {
        model: out,
        model_bytes: unpacked.len(),
    })
}

//! `set-lstm stretch`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;

use super::data::DataArguments;
use super::output::print_json;
use crate::dataset::CorpusOptions;
use crate::error::Result;
use crate::file;
use crate::stretch::stretch;
use crate::train::preset::Preset;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm stretch --data HAPT.zip --out walk.csv
  set-lstm predict hapt.setl walk.csv
  SET_LSTM_MODEL=$PWD/hapt.setl SET_LSTM_STRETCH=$PWD/walk.csv cargo run --release --bin activity

Takes windows of the test part, the activities in turn, for the program `activity` on a board
without a sensor: there each takes 1.5 KB of flash.")]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Windows of 128 samples
    #[arg(long, value_name = "COUNT", default_value = "6")]
    windows: NonZeroUsize,
    /// The file to write, a sample of every channel a line
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Stretched {
    #[serde(serialize_with = "super::output::path")]
    stretch: PathBuf,
    windows: usize,
    stretch_bytes: usize,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        data,
        windows,
        out,
        json,
    } = arguments;
    file::check_place(&out)?;
    let corpus = data.corpus(Preset::Hapt, &CorpusOptions::default())?;
    let text = stretch(&*corpus, windows.get())?;
    file::write_atomic(&out, |file| file.write_all(text.as_bytes()))?;
    if !json {
        return Ok(());
    }
    print_json(&Stretched {
        stretch: out,
        windows: windows.get(),
        stretch_bytes: text.len(),
    })
}

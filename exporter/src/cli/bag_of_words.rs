//! `set-lstm bag-of-words`, which `compare` starts so that its memory is its own.

use serde::Serialize;

use super::data::DataArguments;
use super::output::print_json;
use crate::baseline::{BagOfWords, bag_of_words};
use crate::error::Result;
use crate::process::peak_memory_bytes;
use crate::train::overrides::Overrides;
use crate::train::preset::Preset;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm bag-of-words --preset imdb --data aclImdb.tar.gz")]
pub struct Arguments {
    /// Which data set, and how it is divided
    #[arg(long)]
    preset: Preset,
    #[command(flatten)]
    data: DataArguments,
    /// TOML file of training options, of which those of the data count
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    found: BagOfWords,
    peak_memory_bytes: Option<u64>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let mut options = arguments.preset.options();
    if let Some(config) = &arguments.config {
        options = options.with(&Overrides::load(config)?)?;
    }
    let corpus = arguments
        .data
        .corpus(arguments.preset, &options.corpus_options())?;
    let found = bag_of_words(&*corpus, &options.load_options())?;
    print_json(&Shown {
        found,
        peak_memory_bytes: peak_memory_bytes(),
    })
}

//! `set-lstm bench train`.

use std::num::NonZeroUsize;

use crate::bench::train::{Rounds, TrainSpeed, generated_documents, long_documents, train_speed};
use crate::cli::data::DataArguments;
use crate::cli::output::{print, print_json};
use crate::cli::train::threads;
use crate::error::Result;
use crate::load::load_training;
use crate::report::table::{Column, Table, bytes, thousands};
use crate::train::options::TrainOptions;
use crate::train::overrides::Overrides;
use crate::train::preset::Preset;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm bench train --data aclImdb.tar.gz
  set-lstm bench train --topology dense

Without data the documents are generated, with word frequencies by Zipf's law.")]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Tokens of each document
    #[arg(long, default_value = "200")]
    tokens: NonZeroUsize,
    /// Rounds that are timed one by one
    #[arg(long, default_value = "5")]
    rounds: NonZeroUsize,
    /// Batches in a round
    #[arg(long, default_value = "16")]
    batches: NonZeroUsize,
    /// Threads; all cores if not given
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let json = arguments.json;
    let speed = train(arguments)?;
    if json {
        print_json(&speed)
    } else {
        print(table(&speed))
    }
}

fn train(arguments: Arguments) -> Result<TrainSpeed> {
    let Arguments {
        data,
        tokens,
        rounds,
        batches,
        threads: wanted,
        overrides,
        ..
    } = arguments;
    let tokens = tokens.get();
    let options = TrainOptions {
        max_tokens: tokens,
        ..Preset::Imdb.options().with(&overrides)?
    };
    options.check()?;
    let rounds = Rounds {
        rounds: rounds.get(),
        batches: batches.get(),
    };
    let (documents, name) = if data.path().is_some() {
        let training = load_training(
            &*data.corpus(Preset::Imdb, &options.corpus_options())?,
            &options.load_options(),
        )?;
        (long_documents(training, &options, tokens, rounds)?, "imdb")
    } else {
        (generated_documents(&options, tokens, rounds), "generated")
    };
    train_speed(&options, &documents, name.into(), threads(wanted), rounds)
}

fn table(speed: &TrainSpeed) -> Table<2> {
    let mut table = Table::new([Column::words("training speed"), Column::numbers("figure")]);
    let mut row = |name: &str, figure: String| table.row([name.into(), figure]);
    let rate = |rate: f64| format!("{} tokens/s", thousands(rate as u64));
    row(
        "documents",
        format!("{}, {} tokens each", speed.data, speed.tokens),
    );
    row(
        "sizes",
        format!("E {}, H {}", speed.embedding_size, speed.hidden_size),
    );
    row("parameters", thousands(speed.parameters as u64));
    row("batch", speed.batch.to_string());
    row(
        "threads",
        format!("{}, {}", speed.threads, speed.vector_unit),
    );
    row("median", rate(speed.tokens_per_second));
    row("slowest round", rate(speed.tokens_per_second_min));
    row("fastest round", rate(speed.tokens_per_second_max));
    if let Some(peak) = speed.peak_memory_bytes {
        row("peak memory", bytes(peak));
    }
    table
}

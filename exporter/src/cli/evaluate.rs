//! `set-lstm evaluate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;

use super::data::DataArguments;
use super::output::{print, print_json};
use super::train::threads;
use crate::error::Result;
use crate::evaluate::Evaluation;
use crate::report::table::{Column, Table, thousands};
use crate::run::Run;
use crate::vocabulary::load::{load_test, load_training};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm evaluate runs/imdb --data aclImdb.tar.gz
  set-lstm evaluate imdb.setl --data aclImdb.tar.gz --json

A run is tested in f32 by the training kernels, a model file by the device's own runtime.")]
pub struct Arguments {
    /// A run folder or a model file
    model: PathBuf,
    #[command(flatten)]
    data: DataArguments,
    /// Which part of the data
    #[arg(long, value_enum, default_value_t = Part::Test)]
    split: Part,
    /// Test only the first documents of each class, so many in all
    #[arg(long, value_name = "DOCUMENTS")]
    limit: Option<usize>,
    /// Threads; all cores if not given
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The parts of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What the model was trained on
    Train,
    /// What chose the epoch
    Validation,
    /// What took no part in training or choosing
    Test,
}

/// What a test came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluated {
    /// The run folder or model file.
    pub model: PathBuf,
    /// Which part of the data.
    pub split: Part,
    #[serde(flatten)]
    evaluation: Evaluation,
    /// Parameters that exist.
    pub parameters: usize,
    /// Parameters of the fully connected counterpart.
    pub dense_parameters: usize,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let evaluated = evaluate(&arguments)?;
    if arguments.json { print_json(&evaluated) } else { print(table(&evaluated)) }
}
fn evaluate(arguments: &Arguments) -> Result<Evaluated> {
    let Arguments { model: path, data, split, .. } = arguments;
    let run = Run::open(path)?;
    let (card, model) = run.model()?;
    let options = run.options()?;
    let mut data = data.clone();
    data.data = data.data.or(options.data.clone());
    let corpus = data.corpus(options.preset)?;
    let set = match split {
        Part::Test => load_test(&*corpus, &run.vocabulary()?, card.max_tokens)?,
        Part::Train => load_training(&*corpus, &options.load_options())?.train,
        Part::Validation => load_training(&*corpus, &options.load_options())?.validation,
    };
    let evaluation = Evaluation::of_trained(&model, &set, threads(arguments.threads));
    let (parameters, dense_parameters) = (model.parameters(), model.dense_parameters());
    Ok(Evaluated { model: path.clone(), split: *split, evaluation, parameters, dense_parameters })
}

/// For people.
fn table(evaluated: &Evaluated) -> Table<2> {
    let mut table = Table::new([Column::words("evaluation"), Column::numbers("figure")]);
    let Evaluation { examples, correct, accuracy, macro_f1, .. } = &evaluated.evaluation;
    let mut row = |name: &str, figure: String| table.row([name.into(), figure]);
    row("model", evaluated.model.display().to_string());
    row("documents", thousands(*examples as u64));
    row("right", thousands(*correct as u64));
    row("accuracy", format!("{:.2} %", 100.0 * accuracy));
    row("macro F1", format!("{:.2} %", 100.0 * macro_f1));
    table
}

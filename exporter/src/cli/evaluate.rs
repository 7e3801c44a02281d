//! `set-lstm evaluate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;

use super::model::{DocumentArguments, Named};
use super::output::{print, print_json};
use super::train::threads;
use crate::dataset::Split;
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::evaluate::Evaluation;
use crate::load::{load_split, load_training};
use crate::report::table::{Column, Table, bytes, thousands};
use crate::run::Run;
use crate::sequences::SequenceSet;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm evaluate runs/imdb --data aclImdb.tar.gz
  set-lstm evaluate imdb.setl --data aclImdb.tar.gz --json

A run is tested in f32 by the training kernels, a model file by the device's own runtime.
A run knows its preset, its data and how they were divided; all of it is asked for a model
file only.")]
pub struct Arguments {
    /// A run folder or a model file
    model: PathBuf,
    #[command(flatten)]
    documents: DocumentArguments,
    /// Which part of the data
    #[arg(long, value_enum, default_value_t = Part::Test)]
    split: Part,
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
    /// What chose the epoch (runs only)
    Validation,
    /// What took no part in training or choosing
    Test,
}

/// What a test came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluated {
    /// The run folder or model file.
    #[serde(serialize_with = "super::output::path")]
    pub model: PathBuf,
    /// Which part of the data.
    pub split: Part,
    /// How the model did.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// Parameters that exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<usize>,
    /// Parameters of the fully connected counterpart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dense_parameters: Option<usize>,
    /// Bytes of the model file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_bytes: Option<usize>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        model,
        documents,
        split,
        threads: wanted,
        json,
    } = arguments;
    let evaluated = evaluate(model, documents, split, threads(wanted))?;
    if json {
        print_json(&evaluated)
    } else {
        print(table(&evaluated))
    }
}

/// Tests a run or a model file.
///
/// # Errors
/// The model or the data cannot be read.
pub fn evaluate(
    model: PathBuf,
    documents: DocumentArguments,
    split: Part,
    threads: usize,
) -> Result<Evaluated> {
    match Named::open(&model)? {
        Named::Run(run) => evaluate_run(model, &run, documents, split, threads),
        Named::File(bytes) => evaluate_file(model, &bytes, &documents, split, threads),
    }
}

fn evaluate_run(
    path: PathBuf,
    run: &Run,
    mut documents: DocumentArguments,
    split: Part,
    threads: usize,
) -> Result<Evaluated> {
    let (card, model) = run.model()?;
    let options = run.options()?;
    documents.data = documents.data.or(options.data.as_deref());
    let corpus = documents
        .data
        .corpus(options.preset, &options.corpus_options())?;
    let code = run.code_of(&card, &model)?;
    let most = match documents.max_tokens {
        None => card.max_tokens,
        Some(0) => usize::MAX,
        Some(most) => most,
    };
    let load = |split| load_split(&*corpus, split, most, &code);
    let set: SequenceSet = match split {
        Part::Test => load(Split::Test)?,
        Part::Train => load_training(&*corpus, &options.load_options())?.train,
        Part::Validation => load_training(&*corpus, &options.load_options())?.validation,
    };
    let set = documents.limited(set);
    let evaluation = Evaluation::of_trained(&model, card.pooling, &set, threads)?;
    Ok(Evaluated {
        model: path,
        split,
        evaluation,
        parameters: Some(model.parameters()),
        dense_parameters: Some(model.dense_parameters()),
        model_bytes: None,
    })
}

fn evaluate_file(
    path: PathBuf,
    file: &AlignedBytes,
    documents: &DocumentArguments,
    split: Part,
    threads: usize,
) -> Result<Evaluated> {
    let model = AnyModel::open(file, &path)?;
    let split_of_corpus = match split {
        Part::Test => Split::Test,
        Part::Train => Split::Train,
        Part::Validation => {
            let problem = "a model file does not know what was held back for validation; evaluate the run, or --split test";
            return Err(Error::Options(problem.into()));
        }
    };
    let set = documents.load(&model, &path, split_of_corpus)?;
    let evaluation = Evaluation::of_device(&model, &set, threads)?;
    Ok(Evaluated {
        evaluation,
        split,
        parameters: None,
        dense_parameters: None,
        model_bytes: Some(file.len()),
        model: path,
    })
}

/// For people.
pub fn table(evaluated: &Evaluated) -> Table<2> {
    let mut table = Table::new([Column::words("evaluation"), Column::numbers("figure")]);
    let Evaluation {
        examples,
        correct,
        accuracy,
        macro_f1,
        ..
    } = &evaluated.evaluation;
    let mut row = |name: &str, figure: String| table.row([name.into(), figure]);
    row("model", evaluated.model.display().to_string());
    if let (Some(own), Some(dense)) = (evaluated.parameters, evaluated.dense_parameters) {
        row("parameters", thousands(own as u64));
        row(
            "share of dense",
            format!("{:.2} %", 100.0 * own as f64 / dense as f64),
        );
    }
    if let Some(size) = evaluated.model_bytes {
        row("model file", bytes(size as u64));
    }
    row("documents", thousands(*examples as u64));
    row("right", thousands(*correct as u64));
    row("accuracy", format!("{:.2} %", 100.0 * accuracy));
    row("macro F1", format!("{:.2} %", 100.0 * macro_f1));
    table
}

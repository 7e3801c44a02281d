//! `set-lstm evaluate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;
use set_lstm_runtime::Thresholds;

use super::model::{DocumentArguments, Named};
use super::output::{print, print_json};
use super::train::threads;
use crate::dataset::Split;
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::evaluate::{DeltaEvaluation, Evaluation};
use crate::load::{load_split, load_training};
use crate::report::table::{Column, Table, bytes, thousands};
use crate::run::Run;
use crate::sequences::SequenceSet;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm evaluate runs/imdb --data aclImdb.tar.gz
  set-lstm evaluate imdb.setl --data aclImdb.tar.gz --json
  set-lstm evaluate hapt.setl --preset hapt --data HAPT.zip --delta 0.1,0.1

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
    /// Step by what changes, with the thresholds of the hidden state (which lies between -1 and 1)
    /// and of a channel (in standard deviations); for a file of `set-lstm export --delta`
    #[arg(long, value_name = "HIDDEN,INPUT", value_parser = thresholds)]
    delta: Option<Thresholds>,
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
    /// Columns of the matrices that delta stepping read, of all, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns_read: Option<f64>,
}

/// Two thresholds, the hidden state's first.
pub fn thresholds(text: &str) -> std::result::Result<Thresholds, String> {
    let number = |text: &str| text.trim().parse().ok().filter(|t| (0.0..=8.0).contains(t));
    let both = text.split_once(',');
    both.and_then(|(hidden, input)| {
        Some(Thresholds {
            hidden: number(hidden)?,
            input: number(input)?,
        })
    })
    .ok_or_else(|| "two numbers from 0 to 8 with a comma between, such as 0.1,0.1".into())
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        model,
        documents,
        split,
        delta,
        threads: wanted,
        json,
    } = arguments;
    let threads = threads(wanted);
    let evaluated = match delta {
        None => evaluate(model, documents, split, threads)?,
        Some(thresholds) => match Named::open(&model)? {
            Named::File(bytes) => {
                evaluate_file(model, &bytes, &documents, split, threads, Some(thresholds))?
            }
            Named::Run(_) => {
                let problem = "a run is not stepped by what changes; export it with --delta and evaluate the file";
                return Err(Error::Options(problem.into()));
            }
        },
    };
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
        Named::File(bytes) => evaluate_file(model, &bytes, &documents, split, threads, None),
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
        columns_read: None,
    })
}

fn evaluate_file(
    path: PathBuf,
    file: &AlignedBytes,
    documents: &DocumentArguments,
    split: Part,
    threads: usize,
    delta: Option<Thresholds>,
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
    let (evaluation, columns_read) = match delta {
        None => (Evaluation::of_device(&model, &set, threads)?, None),
        Some(thresholds) => {
            let DeltaEvaluation {
                evaluation,
                columns_read,
            } = Evaluation::of_delta(&model, thresholds, &set, threads)?;
            (evaluation, Some(columns_read))
        }
    };
    Ok(Evaluated {
        evaluation,
        columns_read,
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
    if let Some(share) = evaluated.columns_read {
        row("columns read", format!("{:.1} %", 100.0 * share));
    }
    row("documents", thousands(*examples as u64));
    row("right", thousands(*correct as u64));
    row("accuracy", format!("{:.2} %", 100.0 * accuracy));
    row("macro F1", format!("{:.2} %", 100.0 * macro_f1));
    table
}

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
use crate::evaluate::warm_up::{Percentiles, WarmUp};
use crate::evaluate::{
    ClassEvaluation, DeltaEvaluation, Evaluation, OutputEvaluation, ValueEvaluation,
};
use crate::load::{load_split, load_training};
use crate::report::table::{Column, Table, bytes, figure, thousands};
use crate::run::Run;
use crate::sequences::SequenceSet;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm evaluate runs/imdb --data aclImdb.tar.gz
  set-lstm evaluate imdb.setl --data aclImdb.tar.gz --json
  set-lstm evaluate hapt.setl --preset hapt --data HAPT.zip --delta 0.1,0.1

Classes: accuracy, macro F1 and the confusion matrix (--json), over sequences, or over labelled
steps of a model that answers after every step. Numbers: RMSE and MAE in the units of the data,
beside their own deviation, which is the RMSE of always answering the mean, and R².

Warm-up, median and 95th percentile over at most 500 sequences, evenly spread: an answer has
\"settled after\" so many steps, from which on it stays what it is at the end. A state \"forgets
after\" so many samples where it began: from then on it answers as one that another recording
left behind does (the same class, or numbers within 0.05 deviations), so that is what an
application which never resets its state skips after power-up. Left out with --delta and of runs
that pool their states.

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
    /// After how many steps its answers hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUp>,
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
        Part::Train | Part::Validation => {
            let loaded = load_training(&*corpus, &options.load_options())?;
            let set = match split {
                Part::Train => loaded.train,
                _ => loaded.validation,
            };
            match &loaded.outputs {
                Some(scale) => scale.undo(&set),
                None => set,
            }
        }
    };
    let set = documents.limited(set);
    let evaluation = Evaluation::of_trained(&model, &card, &set, threads)?;
    let warm_up = match card.pooling.is_last() {
        true => Some(WarmUp::of_trained(&model, &card, &set, threads)?),
        false => None,
    };
    Ok(Evaluated {
        model: path,
        split,
        evaluation,
        warm_up,
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
    let warm_up = match delta {
        None => Some(WarmUp::of_device(&model, &set, threads)?),
        Some(_) => None,
    };
    Ok(Evaluated {
        evaluation,
        warm_up,
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
    match &evaluated.evaluation {
        Evaluation::Classes(classes) => rows_of_classes(classes, &mut row),
        Evaluation::Values(values) => rows_of_values(values, &mut row),
    }
    if let Some(warm_up) = &evaluated.warm_up {
        rows_of_warm_up(warm_up, &mut row);
    }
    table
}

/// Name and figure of one row.
type AddRow<'a> = dyn FnMut(&str, String) + 'a;

fn rows_of_classes(classes: &ClassEvaluation, row: &mut AddRow<'_>) {
    row("documents", thousands(classes.examples as u64));
    if let Some(steps) = classes.steps {
        row("labelled steps", thousands(steps as u64));
    }
    row("right", thousands(classes.correct as u64));
    row("accuracy", format!("{:.2} %", 100.0 * classes.accuracy));
    row("macro F1", format!("{:.2} %", 100.0 * classes.macro_f1));
}

fn rows_of_values(values: &ValueEvaluation, row: &mut AddRow<'_>) {
    row("documents", thousands(values.examples as u64));
    if let Some(steps) = values.steps {
        row("answered steps", thousands(steps as u64));
    }
    if let (Some(r2), true) = (values.r2, values.outputs.len() > 1) {
        row("mean R²", format!("{r2:.4}"));
    }
    for output in &values.outputs {
        let OutputEvaluation {
            name,
            rmse,
            mae,
            deviation,
            r2,
            ..
        } = output;
        let r2 = r2.map_or("-".to_owned(), |r2| format!("{r2:.4}"));
        row(&format!("{name}: R²"), r2);
        row(&format!("{name}: RMSE"), figure(*rmse));
        row(&format!("{name}: MAE"), figure(*mae));
        row(&format!("{name}: own deviation"), figure(*deviation));
    }
}

fn rows_of_warm_up(warm_up: &WarmUp, row: &mut AddRow<'_>) {
    let steps = |steps: Option<usize>| match steps {
        Some(steps) => thousands(steps as u64),
        None => "never".into(),
    };
    let mut both = |name: &str, it: Percentiles| {
        row(&format!("{name} after, median"), steps(it.median));
        row(&format!("{name} after, 95 of 100"), steps(it.percentile_95));
    };
    if let Some(settled) = warm_up.settled_after {
        both("settled", settled);
    }
    if let Some(forgets) = warm_up.forgets_after {
        both("forgets", forgets);
    }
    if let Some(never) = warm_up.never_forgets {
        row("does not forget", format!("{:.2} %", 100.0 * never));
    }
    row("sequences looked at", thousands(warm_up.sequences as u64));
}

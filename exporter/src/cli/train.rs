//! `set-lstm train`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;

use super::data::DataArguments;
use super::output::{print, print_json};
use super::progress::Progress;
use crate::dataset::Corpus;
use crate::error::{Error, Result};
use crate::load::{InputCode, Training, load_training, load_training_coded};
use crate::process::peak_memory_bytes;
use crate::report::score::Score;
use crate::report::table::{Column, Table, bytes, figure, thousands};
use crate::run::Run;
use crate::train::fit::card_of;
use crate::train::options::{TopologyKind, TrainOptions};
use crate::train::overrides::Overrides;
use crate::train::preset::Preset;
use crate::train::trainer::Trainer;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm train --preset imdb --data aclImdb.tar.gz --out runs/imdb
  set-lstm train --preset text --data mails.csv --text-column body --label-column folder --out runs/mails
  set-lstm train --preset samples --data walks.csv --sample-columns ax..gz --label-column activity \\
    --group-column user --window 128 --out runs/walks
  set-lstm train --resume runs/imdb

Training is bound to --seed and the options, never to --threads: the same seed gives the
same bytes. Ctrl-C saves and ends; --resume goes on to what it would have been.")]
pub struct Arguments {
    /// Which data set, and options that suit it
    #[arg(long, required_unless_present = "resume")]
    preset: Option<Preset>,
    #[command(flatten)]
    data: DataArguments,
    /// Folder for the run: options, figures, curve, model, checkpoint
    #[arg(long, value_name = "RUN", required_unless_present = "resume")]
    out: Option<PathBuf>,
    /// Go on with an interrupted run
    #[arg(long, value_name = "RUN", conflicts_with_all = ["preset", "out", "config", "replace"])]
    resume: Option<PathBuf>,
    /// TOML file of options, named as below without the dashes in front
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Replace a run that is in the folder already
    #[arg(long)]
    replace: bool,
    /// Threads; all cores if not given
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// What a training came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trained {
    /// The run folder.
    #[serde(serialize_with = "super::output::path")]
    pub run: PathBuf,
    /// The preset.
    pub preset: Preset,
    /// What the connections did.
    pub topology: TopologyKind,
    /// The seed.
    pub seed: u64,
    /// Epochs done.
    pub epochs: u32,
    /// Epoch of the model that was kept.
    pub best_epoch: u32,
    /// How well it answers the validation part: `validation_accuracy` or `validation_r2`.
    #[serde(flatten)]
    pub score: Score,
    /// Root of its mean squared error there, in the units of the data, if it answers one number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_rmse: Option<f64>,
    /// Parameters that exist.
    pub parameters: usize,
    /// Parameters of the fully connected counterpart.
    pub dense_parameters: usize,
    /// Mean training speed.
    pub tokens_per_second: f64,
    /// Duration of all epochs.
    pub seconds: f64,
    /// Processor time of all epochs, all threads together; 0 where the system does not say.
    pub cpu_seconds: f64,
    /// Most memory that the process held so far.
    pub peak_memory_bytes: Option<u64>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let json = arguments.json;
    let trained = match arguments.resume {
        Some(folder) => {
            if arguments.overrides != Overrides::default() {
                let problem = "a resumed run keeps its options; leave them out, or train anew in another folder";
                return Err(Error::Options(problem.into()));
            }
            resume(
                &Run::open(&folder)?,
                arguments.data,
                threads(arguments.threads),
            )?
        }
        None => {
            let (Some(preset), Some(out)) = (arguments.preset, arguments.out) else {
                return Err(Error::Options("name a --preset and an --out folder".into()));
            };
            let mut options = preset.options();
            if let Some(config) = &arguments.config {
                options = options.with(&Overrides::load(config)?)?;
            }
            options = options.with(&arguments.overrides)?;
            start(
                options,
                &arguments.data,
                &out,
                arguments.replace,
                threads(arguments.threads),
            )?
        }
    };
    if json {
        print_json(&trained)
    } else {
        print(table(&trained))
    }
}

/// More threads than any batch has work for; the result never depends on their number.
const MOST_THREADS: usize = 1024;

/// As many threads as there are cores, unless told otherwise.
pub fn threads(wanted: Option<NonZeroUsize>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    wanted
        .map_or_else(cores, NonZeroUsize::get)
        .min(MOST_THREADS)
}

/// A new run.
///
/// # Errors
/// Options out of range, data that cannot be read, a folder that cannot be written, Ctrl-C.
pub fn start(
    mut options: TrainOptions,
    data: &DataArguments,
    out: &std::path::Path,
    replace: bool,
    threads: usize,
) -> Result<Trained> {
    options.check()?;
    Run::check_place(out, replace)?;
    let corpus = data.corpus(options.preset, &options.corpus_options())?;
    options.data = kept_path(options.preset, data);
    let data = load_training(&*corpus, &options.load_options())?;
    report(&data);
    let trainer = Trainer::new(options.clone(), &data, threads)?;
    let run = Run::create(out, &options, &data.code, replace)?;
    train(&run, &options, &data, trainer)
}

/// Where the data is, as a run keeps it.
pub fn kept_path(preset: Preset, data: &DataArguments) -> Option<PathBuf> {
    if preset == Preset::Reber {
        return None;
    }
    let path = data
        .path()
        .and_then(|path| std::path::absolute(path).ok())?;
    if path.to_str().is_none() {
        tracing::warn!(
            "options.toml cannot hold a path that is not UTF-8; name the data again by --data with --resume and evaluate"
        );
        return None;
    }
    Some(path)
}

fn resume(run: &Run, data: DataArguments, threads: usize) -> Result<Trained> {
    run.remove_unfinished();
    let options = run.options()?;
    let data = data.or(options.data.as_deref());
    let corpus = data.corpus(options.preset, &options.corpus_options())?;
    if run.is_imported() {
        return train_imported(run, &options, &*corpus, threads);
    }
    let data = load_training(&*corpus, &options.load_options())?;
    report(&data);
    let trainer = if run.has_checkpoint() {
        Trainer::resume(options.clone(), &data, threads, run.checkpoint()?)?
    } else {
        Trainer::new(options.clone(), &data, threads)? // interrupted before the first save
    };
    train(run, &options, &data, trainer)
}

/// Trains an imported model on, with its own words or statistics; from its checkpoint if there
/// is one.
///
/// # Errors
/// A stack of layers, data that is not for the model, and as of [`start`].
pub fn train_imported(
    run: &Run,
    options: &TrainOptions,
    corpus: &dyn Corpus,
    threads: usize,
) -> Result<Trained> {
    let (card, mut model) = run.model()?;
    let code = run.code_of(&card, &model)?;
    let data = load_training_coded(corpus, &options.load_options(), &code)?;
    report(&data);
    if let (Some(own), Some(of_data)) = (&card.outputs, &data.outputs)
        && own.outputs() == of_data.outputs()
    {
        model.rescale_outputs(own, of_data);
    }
    let trainer = if run.has_checkpoint() {
        Trainer::resume(options.clone(), &data, threads, run.checkpoint()?)?
    } else {
        Trainer::from_model(options.clone(), &data, threads, &model)?
    };
    train(run, options, &data, trainer)
}

fn report(data: &Training) {
    let (inputs, count) = match &data.code {
        InputCode::Words(words) => ("words", words.size()),
        InputCode::Samples(statistics) => ("channels", statistics.channels()),
        InputCode::Tokens { size } => ("tokens", *size),
    };
    tracing::info!(
        "{} documents to train on, {} for validation, {} {inputs}, {} steps",
        thousands(data.train.len() as u64),
        thousands(data.validation.len() as u64),
        thousands(count as u64),
        thousands(data.train.step_count() as u64),
    );
}

fn train(
    run: &Run,
    options: &TrainOptions,
    data: &Training,
    mut trainer: Trainer<'_>,
) -> Result<Trained> {
    let card = card_of(options, data);
    let batches = trainer.batches_per_epoch();
    let mut progress = Progress::new(run, card, options.epochs, batches, trainer.position())?;
    let ended = trainer.run(&mut progress);
    progress.finish();
    ended.map_err(|error| match error {
        Error::Interrupted(what) => {
            let folder = run.folder().display();
            Error::Interrupted(format!(
                "{what}; go on with `set-lstm train --resume {folder}`"
            ))
        }
        other => other,
    })?;
    let metrics = &trainer.position().metrics;
    let (card, model) = run.model()?;
    let tokens: f64 = data.train.step_count() as f64 * metrics.len() as f64;
    let training_seconds: f64 = metrics
        .iter()
        .map(|m| data.train.step_count() as f64 / m.tokens_per_second)
        .sum();
    Ok(Trained {
        run: run.folder().to_owned(),
        preset: options.preset,
        topology: options.topology,
        seed: options.seed,
        epochs: trainer.position().epoch,
        best_epoch: card.epoch,
        score: card.score,
        validation_rmse: metrics
            .iter()
            .find(|it| it.epoch == card.epoch)
            .and_then(|best| best.validation_rmse(data.outputs.as_ref())),
        parameters: model.parameters(),
        dense_parameters: model.dense_parameters(),
        tokens_per_second: tokens / training_seconds,
        seconds: metrics.iter().map(|m| m.seconds).sum(),
        cpu_seconds: metrics.iter().map(|m| m.cpu_seconds).sum(),
        peak_memory_bytes: peak_memory_bytes(),
    })
}

/// For people.
pub fn table(trained: &Trained) -> Table<2> {
    let mut table = Table::new([Column::words("training"), Column::numbers("figure")]);
    let share = 100.0 * trained.parameters as f64 / trained.dense_parameters as f64;
    let all = thousands(trained.dense_parameters as u64);
    let mut row = |name: &str, figure: String| table.row([name.into(), figure]);
    row("run", trained.run.display().to_string());
    row(
        "epochs (best)",
        format!("{} ({})", trained.epochs, trained.best_epoch),
    );
    row(
        &format!("validation {}", trained.score.name()),
        trained.score.text(),
    );
    if let Some(rmse) = trained.validation_rmse {
        row("validation RMSE", figure(rmse));
    }
    row("parameters", thousands(trained.parameters as u64));
    row("share of dense", format!("{share:.2} % of {all}"));
    row(
        "speed",
        format!("{} tokens/s", thousands(trained.tokens_per_second as u64)),
    );
    row("time", format!("{:.0} s", trained.seconds));
    row("processor time", format!("{:.0} s", trained.cpu_seconds));
    if let Some(peak) = trained.peak_memory_bytes {
        row("peak memory", bytes(peak));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_those_asked_for_within_reason() {
        assert_eq!(threads(NonZeroUsize::new(3)), 3);
        assert_eq!(threads(NonZeroUsize::new(1_000_000)), MOST_THREADS);
        assert!(threads(None) >= 1);
    }
}

//! `set-lstm demo`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;

use super::data::DataArguments;
use super::evaluate::{Part, evaluate};
use super::export::{ExportOptions, export};
use super::model::DocumentArguments;
use super::output::{print, print_json};
use super::simulate::{BoardArguments, run_documents, verdict};
use super::{evaluate as evaluate_command, export as export_command, train as train_command};
use crate::device::AlignedBytes;
use crate::error::{Error, Result};
use crate::inspect::inspect;
use crate::run::Run;
use crate::simulate::Simulation;
use crate::train::options::DataOverrides;
use crate::train::preset::Preset;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm demo --data aclImdb.tar.gz
  set-lstm demo

With data it trains on real movie reviews; without any, on generated strings of the embedded
Reber grammar, a task that needs memory. Then it packs the model, runs it on an emulated
Cortex-M4 and compares every answer with the host's. A few minutes on two cores.")]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Folder for the run and the model file
    #[arg(long, value_name = "FOLDER", default_value = "runs/demo")]
    out: PathBuf,
    /// Threads; all cores if not given
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    board: BoardArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// All figures in one object.
#[derive(Debug, Serialize)]
struct Shown {
    preset: Preset,
    /// Of the model file, by the runtime.
    accuracy: f64,
    /// Of the trained model in f32.
    accuracy_f32: f64,
    /// Documents of the test part behind both.
    examples: usize,
    parameters: usize,
    dense_parameters: usize,
    tokens_per_second: f64,
    training_seconds: f64,
    peak_memory_bytes: Option<u64>,
    #[serde(serialize_with = "super::output::path")]
    run: PathBuf,
    #[serde(serialize_with = "super::output::path")]
    model: PathBuf,
    /// Documents that were run on the emulated board.
    simulated_examples: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulated_accuracy: Option<f64>,
    mismatches: usize,
    instructions_per_token: u64,
    board: &'static str,
    #[serde(flatten)]
    footprint: crate::footprint::Footprint,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        data,
        out,
        threads,
        board,
        json,
    } = arguments;
    let say = |what: &str| tracing::info!("{what}");
    // with --json standard output is for the object alone
    let show = |what: &dyn std::fmt::Display| {
        if json {
            Ok(())
        } else {
            print(format_args!("{what}\n"))
        }
    };
    let preset = if data.path().is_some() {
        Preset::Imdb
    } else {
        Preset::Reber
    };
    if preset == Preset::Reber {
        say(
            "no data named: the task is generated, strings of the embedded Reber grammar; for real reviews name them by --data or SET_LSTM_DATA",
        );
    }
    let documents = DocumentArguments {
        preset,
        data: data.clone(),
        corpus: DataOverrides::default(),
        limit: None,
        max_tokens: None,
    };
    let threads = train_command::threads(threads);

    say("1/5 train: sparse from the first step, connections evolve after every epoch");
    let trained = train_command::start(preset.options(), &data, &out, true, threads)?;
    show(&train_command::table(&trained))?;

    say("2/5 evaluate the trained model in f32");
    let f32 = evaluate(out.clone(), documents.clone(), Part::Test, threads)?;
    show(&evaluate_command::table(&f32))?;

    say("3/5 quantise to int8 and pack");
    let model = out.join("model.setl");
    let exported = export(&Run::open(&out)?, &model, &ExportOptions::default())?;
    show(&export_command::table(&exported))?;
    show(&inspect(&AlignedBytes::read(&model)?, &model)?)?;

    say("4/5 evaluate the model file with the device's own runtime");
    let int8 = evaluate(model.clone(), documents.clone(), Part::Test, threads)?;
    show(&evaluate_command::table(&int8))?;

    say("5/5 run it on an emulated Cortex-M4");
    let simulation = run_documents(&model, documents, &board.options())?;
    show(&simulation)?;
    if json {
        let Simulation {
            examples,
            accuracy,
            mismatches,
            instructions_per_token,
            board,
            footprint,
            ..
        } = simulation.clone();
        let classes = [&int8, &f32].map(|it| it.evaluation.classes());
        let [Some(of_int8), Some(of_f32)] = classes else {
            let problem = "the demo is of classes; train with a preset of texts";
            return Err(Error::Options(problem.into()));
        };
        print_json(&Shown {
            preset,
            accuracy: of_int8.accuracy,
            accuracy_f32: of_f32.accuracy,
            examples: of_int8.examples,
            parameters: trained.parameters,
            dense_parameters: trained.dense_parameters,
            tokens_per_second: trained.tokens_per_second,
            training_seconds: trained.seconds,
            peak_memory_bytes: trained.peak_memory_bytes,
            run: out,
            model: model.clone(),
            simulated_examples: examples,
            simulated_accuracy: accuracy,
            mismatches,
            instructions_per_token,
            board,
            footprint,
        })?;
    }
    verdict(&simulation)?;
    say(&format!(
        "the model is {}; ask it: set-lstm predict {0} 'your text'",
        model.display()
    ));
    Ok(())
}

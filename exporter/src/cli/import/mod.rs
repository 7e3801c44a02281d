//! `set-lstm import`.

mod inputs;
mod outputs;
mod report;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Serialize;
use set_lstm_runtime::wire::{Answer, Task};

use super::data::DataArguments;
use super::output::print_json;
use super::train::{Trained, kept_path, threads, train_imported};
use crate::error::{Error, Result};
use crate::import::named::Names;
use crate::import::network::{DenseNetwork, Finding};
use crate::import::prune::{KeptDensities, sparse_model};
use crate::import::verify::{Recorded, Verification, verify};
use crate::import::{Framework, read};
use crate::load::InputCode;
use crate::model_file::ModelCard;
use crate::report::score::Score;
use crate::run::Run;
use crate::sparse_model::SparseModel;
use crate::train::options::{TopologyKind, TrainOptions};
use crate::train::overrides::Overrides;
use crate::train::pooling::Pooling;
use crate::train::preset::Preset;
use inputs::InputArguments;
use outputs::{ImportedAnswers, OutputArguments};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm import lstm.safetensors --out runs/mine --classes walk,rest --mean 0.1,9.8 --scale 1,2
  set-lstm import lstm.safetensors --out runs/mine --verify recorded.npz
  set-lstm import lstm.safetensors --out runs/mine --outputs heart_rate --output-mean 70 --output-scale 12
  set-lstm import lstm.safetensors --out runs/mine --preset hapt --data hapt.zip --density 10% --epochs 10

Reads the state_dict of a PyTorch module, saved as safetensors, or an ONNX file: an embedding if
there is one, up to four LSTM layers, a linear head; docs/import.md tells the way from Keras. What
a device does not run is refused by its name.
--density keeps the largest weights of each matrix; with --epochs the pruned model is trained
on, and its connections move as in `train`. --verify compares it, before anything is pruned,
with outputs that its source has computed: numpy.savez(F, input=…, output=…), sequences first,
then steps.")]
pub struct Arguments {
    /// The file of the trained network
    file: PathBuf,
    /// Folder for the run, as `train` makes it
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    /// Replace a run that is in the folder already
    #[arg(long)]
    replace: bool,
    /// Where the LSTM is: the beginning of its arrays' names, as in `encoder.lstm`; several, with
    /// commas between, are stacked in this order
    #[arg(long, value_name = "PREFIX", value_delimiter = ',')]
    lstm: Vec<String>,
    /// The embedding's array, or `none`
    #[arg(long, value_name = "NAME")]
    embedding: Option<String>,
    /// The linear head's array, or `none` for the hidden units themselves as outputs
    #[arg(long, value_name = "NAME")]
    head: Option<String>,
    /// Arrays that may be left out: the beginning of their names; several with commas between
    #[arg(long, value_name = "PREFIX", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Inputs and outputs that the source has computed, a file of numpy.savez
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
    /// How far an output may be from the source's
    #[arg(long, default_value_t = 1e-5, requires = "verify")]
    tolerance: f32,
    /// Which data set the model is for [default: series for samples, text for tokens]
    #[arg(long)]
    preset: Option<Preset>,
    #[command(flatten)]
    data: DataArguments,
    /// Threads; all cores if not given
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    inputs: InputArguments,
    #[command(flatten)]
    outputs: OutputArguments,
    #[command(flatten)]
    overrides: Overrides,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    /// The file.
    #[serde(serialize_with = "super::output::path")]
    pub source: PathBuf,
    /// What wrote it.
    pub framework: Framework,
    /// The run folder.
    #[serde(serialize_with = "super::output::path")]
    pub run: PathBuf,
    /// Where each part was found.
    pub found: Vec<Finding>,
    /// Units of each layer, the first one's first.
    pub layers: Vec<usize>,
    /// Length of an embedding row, or channels of a sample.
    pub inputs: usize,
    /// Tokens; 0 if the inputs are samples.
    pub vocabulary: usize,
    /// What it answers, and when.
    pub task: Task,
    /// Names of the classes; none of numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Names of the numbers; none of classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// Parameters that are left.
    pub parameters: usize,
    /// Parameters of the fully connected counterpart.
    pub dense_parameters: usize,
    /// How far it was from its source, if outputs were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// What training on came to, if there was any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<Trained>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let json = arguments.json;
    let imported = import(arguments)?;
    if json {
        print_json(&imported)
    } else {
        report::print_imported(&imported)
    }
}

fn import(arguments: Arguments) -> Result<Imported> {
    let Arguments {
        file,
        out,
        replace,
        lstm,
        embedding,
        head,
        ignore,
        inputs,
        outputs,
        verify,
        tolerance,
        preset,
        data,
        threads: wanted,
        json: _,
        overrides,
    } = arguments;
    check_overrides(&overrides)?;
    let names = Names {
        lstm,
        embedding,
        head,
        ignore,
    };
    let (framework, mut network) = read(&file, &names)?;
    let factor = inputs.factor()?;
    if network.embedding.is_none() {
        network.scale_inputs(factor);
    }
    let verification = match &verify {
        None => None,
        Some(path) => Some(verified(&network, path, factor, tolerance)?),
    };
    let code = inputs.code(&mut network)?;
    let task = outputs.task(&overrides.corpus);
    if task.answer == Answer::Class {
        network.join_two_outputs();
    }
    let model = sparse_model(&network, kept(&overrides));
    let options = options(preset, &data, &overrides, &network, &model)?;
    let corpus = match overrides.epochs {
        None => None,
        Some(_) => {
            check_trainable(&model, &code)?;
            Some(data.corpus(options.preset, &options.corpus_options())?)
        }
    };
    let ImportedAnswers { task, names, scale } =
        outputs.answers(task, &model, corpus.as_deref())?;
    let run = Run::create(&out, &options, &code, replace)?;
    let card = ModelCard {
        format: ModelCard::format_of(&model),
        classes: names.clone(),
        max_tokens: options.max_tokens,
        only_tokens: matches!(code, InputCode::Tokens { .. }),
        statistics: code.statistics().cloned(),
        pooling: Pooling::Last,
        task,
        outputs: scale,
        epoch: 0,
        score: match task.answer {
            Answer::Class => Score::Accuracy(0.0),
            Answer::Values => Score::R2(0.0),
        },
    };
    let (classes, outputs) = match task.answer {
        Answer::Class => (names, Vec::new()),
        Answer::Values => (Vec::new(), names),
    };
    let mut imported = Imported {
        source: file,
        framework,
        run: out,
        found: std::mem::take(&mut network.findings),
        layers: model.layers().map(|layer| layer.hidden_size()).collect(),
        inputs: model.embedding_size(),
        vocabulary: model.vocabulary_size(),
        task,
        classes,
        outputs,
        parameters: model.parameters(),
        dense_parameters: model.dense_parameters(),
        verification,
        training: None,
    };
    run.save_imported(&card, &model, &imported)?;
    if let Some(corpus) = corpus {
        let trained = train_imported(&run, &options, &*corpus, threads(wanted))?;
        imported.training = Some(trained);
    }
    Ok(imported)
}

/// Options that the file decides, and some that make no sense here.
fn check_overrides(overrides: &Overrides) -> Result<()> {
    let Overrides {
        hidden_size,
        embedding_size,
        vocabulary,
        pooling,
        fan_in_multiple,
        ..
    } = overrides;
    for (given, name) in [
        (hidden_size.is_some(), "--hidden-size"),
        (embedding_size.is_some(), "--embedding-size"),
        (vocabulary.is_some(), "--vocabulary"),
        (pooling.is_some(), "--pooling"),
        (fan_in_multiple.is_some(), "--fan-in-multiple"),
    ] {
        if given {
            return Err(Error::Options(format!(
                "the file decides what {name} would; leave it out"
            )));
        }
    }
    Ok(())
}

/// Whether the model can be trained on: said before there is a run.
fn check_trainable(model: &SparseModel, code: &InputCode) -> Result<()> {
    let layers = model.layers().count();
    if layers > 1 {
        return Err(Error::Options(format!(
            "the model has {layers} layers and training knows one; leave out --epochs"
        )));
    }
    if matches!(code, InputCode::Tokens { .. }) {
        let problem = "texts cannot become tokens without their words; give them by --words";
        return Err(Error::Options(problem.into()));
    }
    Ok(())
}

/// Compares the network with its source; an error if it is not the same.
fn verified(
    network: &DenseNetwork,
    path: &Path,
    factor: f32,
    tolerance: f32,
) -> Result<Verification> {
    let model = sparse_model(network, KeptDensities::default());
    let hint = "give a file of numpy.savez";
    let bytes = std::fs::read(path).map_err(Error::io(path, hint))?;
    let recorded = Recorded::read(&bytes, &model).map_err(|problem| Error::data(path, problem))?;
    let verification = verify(&model, &recorded, factor, tolerance)?;
    if verification.holds() {
        return Ok(verification);
    }
    let problem = format!(
        "an output is {:e} from the source's, and {tolerance:e} is allowed; check --lstm and --head, and that the outputs are the linear ones of the head, or allow more by --tolerance",
        verification.largest_difference
    );
    Err(Error::data(path, problem))
}

/// What of each matrix stays.
fn kept(overrides: &Overrides) -> KeptDensities {
    let all = overrides.density;
    KeptDensities {
        embedding: overrides.embedding_density.or(all),
        input: overrides.input_density.or(all),
        recurrent: overrides.recurrent_density.or(all),
    }
}

/// Options of the run: those of the preset, in the sizes of the network.
fn options(
    preset: Option<Preset>,
    data: &DataArguments,
    overrides: &Overrides,
    network: &DenseNetwork,
    model: &SparseModel,
) -> Result<TrainOptions> {
    let samples = network.embedding.is_none();
    let preset = preset.unwrap_or(if samples {
        Preset::Series
    } else {
        Preset::Text
    });
    let is_full = model.parameters() == model.dense_parameters();
    let topology = match overrides.topology {
        Some(TopologyKind::Dense) if !is_full => {
            let problem =
                "the model is sparse, or becomes so by --density; leave out --topology dense";
            return Err(Error::Options(problem.into()));
        }
        _ if is_full => TopologyKind::Dense,
        Some(kind) => kind,
        None => TopologyKind::Set,
    };
    let usual = preset.options();
    let options = TrainOptions {
        data: kept_path(preset, data),
        topology,
        hidden_size: model.hidden_size(),
        embedding_size: model.embedding_size(),
        vocabulary: match network.vocabulary() {
            0 => usual.vocabulary,
            size => size.max(2),
        },
        ..usual.with(overrides)?
    };
    options.check()?;
    Ok(options)
}

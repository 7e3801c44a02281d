//! `set-lstm simulate`.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use set_lstm_runtime::Thresholds;

use super::evaluate::thresholds;
use super::model::DocumentArguments;
use super::output::{print, print_json};
use crate::dataset::Split;
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::rust_module::ByteCount;
use crate::sequences::SequenceSet;
use crate::simulate::all::simulate_all;
use crate::simulate::board::{BOARDS, EmulatedBoard};
use crate::simulate::firmware::Folders;
use crate::simulate::{SimulateOptions, Simulation, simulate};

/// Documents that are run unless somebody asks for more or fewer.
pub const DOCUMENTS: usize = 200;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm simulate imdb.setl --data aclImdb.tar.gz --limit 200
  set-lstm simulate imdb.setl --data aclImdb.tar.gz --board all
  set-lstm simulate hapt.setl --preset hapt --data HAPT.zip --delta 0.1,0.1

Builds the firmware with the model inside, runs it under QEMU on documents of the test part,
and compares every label, logit and state with the host's, bit for bit; of a model that answers
after every step, the logits of all steps. Exit code 0 only if all are equal. scripts/setup.sh installs what it needs.")]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    documents: DocumentArguments,
    /// The emulated board, or all of them side by side
    #[arg(long, value_name = "BOARD", default_value = BOARDS[0].name, value_parser = choice())]
    board: String,
    /// Step by what changes, with these thresholds, as `set-lstm evaluate --delta` does; for a
    /// file of `set-lstm export --delta`
    #[arg(long, value_name = "HIDDEN,INPUT", value_parser = thresholds)]
    delta: Option<Thresholds>,
    #[command(flatten)]
    firmware: FirmwareArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What stands for every board.
const ALL: &str = "all";

/// The names that `--board` takes.
fn choice() -> PossibleValuesParser {
    let boards = BOARDS.map(|board| PossibleValue::new(board.name).help(board.core));
    PossibleValuesParser::new(boards.into_iter().chain([PossibleValue::new(ALL)]))
}

/// The board, and what it may take.
#[derive(Debug, Clone, clap::Args)]
pub struct BoardArguments {
    /// The emulated board
    #[arg(long, default_value = BOARDS[0].name, value_parser = one_board())]
    pub board: EmulatedBoard,
    #[command(flatten)]
    pub firmware: FirmwareArguments,
}

/// One of the boards.
pub fn one_board() -> impl TypedValueParser<Value = EmulatedBoard> {
    let boards = BOARDS.map(|board| PossibleValue::new(board.name).help(board.core));
    PossibleValuesParser::new(boards).try_map(|name| EmulatedBoard::named(&name))
}

/// What firmware may take, and where it is built from.
#[derive(Debug, Clone, clap::Args)]
pub struct FirmwareArguments {
    /// Flash that the firmware may fill, such as 512K; all of the board's if not given
    #[arg(long, value_name = "BYTES")]
    pub flash_budget: Option<ByteCount>,
    /// The folder firmware-examples, if it is not found
    #[arg(long, value_name = "FOLDER", env = "SET_LSTM_FIRMWARE")]
    pub firmware: Option<PathBuf>,
    /// Seconds that the emulator may run
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub timeout: u64,
}

impl BoardArguments {
    /// As the library takes them.
    pub fn options(&self) -> SimulateOptions {
        self.firmware.options(self.board)
    }
}

impl FirmwareArguments {
    /// As the library takes them.
    pub fn options(&self, board: EmulatedBoard) -> SimulateOptions {
        SimulateOptions {
            board,
            flash_budget: self.flash_budget.map(|budget| budget.0 as u64),
            thresholds: Thresholds::default(),
            timeout: Duration::from_secs(self.timeout),
            folders: Folders {
                sources: self.firmware.clone(),
                target: None,
            },
        }
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        model,
        documents,
        board,
        delta,
        firmware,
        json,
    } = arguments;
    let thresholds = delta.unwrap_or_default();
    if board == ALL {
        let options = SimulateOptions {
            thresholds,
            ..firmware.options(EmulatedBoard::default())
        };
        let (bytes, set) = load(&model, documents)?;
        let watch = |board: &str| tracing::info!("on {board}");
        let simulations = simulate_all(&bytes, &model, &set, &options, watch)?;
        show(&simulations, json)?;
        let (mismatches, examples) = simulations.mismatches();
        return equal(mismatches, examples);
    }
    let board = EmulatedBoard::named(&board)?;
    let options = SimulateOptions {
        thresholds,
        ..firmware.options(board)
    };
    let simulation = run_documents(&model, documents, &options)?;
    show(&simulation, json)?;
    verdict(&simulation)
}

fn show(result: &(impl Serialize + Display), json: bool) -> Result<()> {
    if json {
        print_json(result)
    } else {
        print(result)
    }
}

/// Runs documents of the test part.
///
/// # Errors
/// The model or the data cannot be read, and what [`simulate`] returns.
pub fn run_documents(
    path: &PathBuf,
    documents: DocumentArguments,
    options: &SimulateOptions,
) -> Result<Simulation> {
    let (bytes, set) = load(path, documents)?;
    simulate(&bytes, path, &set, options)
}

/// The model, and the documents that it is to read.
fn load(path: &PathBuf, mut documents: DocumentArguments) -> Result<(AlignedBytes, SequenceSet)> {
    documents.limit = documents.limit.or(NonZeroUsize::new(DOCUMENTS));
    let bytes = AlignedBytes::read(path)?;
    let set = documents.load(&AnyModel::open(&bytes, path)?, path, Split::Test)?;
    tracing::info!(
        "building the firmware and running {} documents, {} {}s, under QEMU",
        set.len(),
        set.step_count(),
        set.step_name()
    );
    Ok((bytes, set))
}

/// Differences make the command fail, after it has printed them.
///
/// # Errors
/// There is one.
pub fn verdict(simulation: &Simulation) -> Result<()> {
    equal(simulation.mismatches, simulation.examples)
}

fn equal(mismatches: usize, examples: usize) -> Result<()> {
    match mismatches {
        0 => Ok(()),
        count => Err(Error::Tool(format!(
            "{count} of {examples} answers differ from the host's; export the model again, and if that does not help report it"
        ))),
    }
}

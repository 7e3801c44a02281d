//! `set-lstm flash`.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use super::output::{print, print_json};
use crate::boards::room::Application;
use crate::boards::{REAL_BOARDS, RealBoard};
use crate::device::{AlignedBytes, AnyModel};
use crate::error::Result;
use crate::flash::BoardProgram;
use crate::flash::probe::ProbeRs;
use crate::report::table::thousands;
use crate::simulate::firmware::Folders;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm flash --board nucleo-f446re imdb.setl
  set-lstm flash --board pico2 hapt.setl --app activity
  set-lstm flash --board microbit imdb.setl --build-only

Checks that the model fits, builds the board's application with it, writes it by probe-rs and
shows its log until Ctrl-C. `set-lstm boards` lists the boards; what to connect and what to type
is said in firmware-examples/boards. If several probes are connected, PROBE_RS_PROBE names one.")]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    /// The board
    #[arg(long, value_parser = one_board())]
    board: RealBoard,
    /// The application; the one that feeds the model what it reads if not given
    #[arg(long, value_name = "NAME")]
    app: Option<Application>,
    /// Build it and print where it is; write nothing to a board
    #[arg(long)]
    build_only: bool,
    /// The folder firmware-examples, if it is not found
    #[arg(long, value_name = "FOLDER", env = "SET_LSTM_FIRMWARE")]
    firmware: Option<PathBuf>,
    /// Print one JSON object instead of the path
    #[arg(long, requires = "build_only")]
    json: bool,
}

/// One of the boards.
fn one_board() -> impl TypedValueParser<Value = RealBoard> {
    let boards = REAL_BOARDS.map(|board| PossibleValue::new(board.name).help(board.core));
    PossibleValuesParser::new(boards).try_map(|name| RealBoard::named(&name))
}

impl ValueEnum for Application {
    fn value_variants<'a>() -> &'a [Self] {
        &Application::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Application::Sentiment => "a line on the serial port, its label back",
            Application::Activity => "samples one by one, the activity as it changes",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

/// What was built.
#[derive(Debug, Serialize)]
struct Built {
    board: &'static str,
    chip: &'static str,
    application: Application,
    #[serde(serialize_with = "super::output::path")]
    elf: PathBuf,
    flash_bytes: u64,
    flash_left_bytes: u64,
    /// Statics, and the least stack.
    ram_bytes: u64,
    ram_left_bytes: u64,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        model,
        board,
        app,
        build_only,
        firmware,
        json,
    } = arguments;
    let file = AlignedBytes::read(&model)?;
    let application = match app {
        Some(application) => application,
        None => Application::of(&AnyModel::open(&file, &model)?)?,
    };
    // what is missing is better known before than after the build
    let probe = if build_only {
        None
    } else {
        let probe = ProbeRs::find()?;
        probe.find_probe(board)?;
        Some(probe)
    };
    tracing::info!("building {} for {}", application.name(), board.name);
    let folders = Folders {
        sources: firmware,
        target: None,
    };
    let program = BoardProgram::build(board, application, &file, &model, &folders)?;
    let built = Built {
        board: board.name,
        chip: board.chip,
        application,
        flash_bytes: program.program.sizes.flash,
        flash_left_bytes: board.flash.saturating_sub(program.program.sizes.flash),
        ram_bytes: program.ram_bytes(),
        ram_left_bytes: board.ram.saturating_sub(program.ram_bytes()),
        elf: program.elf,
    };
    tracing::info!(
        "{} bytes of flash, {} are left; {} of RAM with the least stack, {} are left",
        thousands(built.flash_bytes),
        thousands(built.flash_left_bytes),
        thousands(built.ram_bytes),
        thousands(built.ram_left_bytes),
    );
    match probe {
        Some(probe) => probe.run(board, &built.elf),
        None if json => print_json(&built),
        None => print(format_args!("{}\n", built.elf.display())),
    }
}

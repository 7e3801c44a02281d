//! `set-lstm new`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::value_parser;
use serde::Serialize;

use super::output::{print, print_json};
use crate::device::AlignedBytes;
use crate::error::Result;
use crate::new::{NewProject, ProjectBoard, Runtime, Written};
use crate::report::table::thousands;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm new blinky-ears --board nucleo-f446re --model walk.setl
  set-lstm new blinky-ears --board pico2 --model walk.setl --samples walk.csv --period 20000
  set-lstm new film-critic --board qemu --model imdb.setl

Writes the folder of that name: a cargo project of its own, with the model inside, that
`cargo run --release` builds and writes to the board, or starts on the emulated one. It is yours
to change; docs/firmware.md says how. Without --samples a model of samples is fed with those by
which it tests itself, until there is a driver. The emulated micro:bit is called qemu-microbit.")]
pub struct Arguments {
    /// The folder to write, whose last part is the name of the crate
    name: PathBuf,
    /// The board
    #[arg(long, value_parser = one_board())]
    board: ProjectBoard,
    /// The model file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Recorded samples in the place of a sensor, a sample of all channels a line
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
    /// Microseconds from one sample to the next
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 20_000,
        value_parser = value_parser!(u32).range(1..=20_000_000))]
    period: u32,
    /// Where the project takes set-lstm-runtime from: the folder of its sources, or a version; if
    /// not given the sources that are at hand, and without any the version of this program
    #[arg(long, value_name = "FOLDER|VERSION")]
    runtime: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// One of the boards.
fn one_board() -> impl TypedValueParser<Value = ProjectBoard> {
    let board = |board: ProjectBoard| PossibleValue::new(board.name()).help(board.core());
    let boards = ProjectBoard::all().map(board);
    let first = PossibleValue::new("qemu").help("the first emulated one, mps2-an386");
    PossibleValuesParser::new(boards.chain([first])).try_map(|name| ProjectBoard::named(&name))
}

/// What was written, and where.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(serialize_with = "super::output::path")]
    folder: PathBuf,
    #[serde(flatten)]
    written: Written,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        name,
        board,
        model,
        samples,
        period,
        runtime,
        json,
    } = arguments;
    let file = AlignedBytes::read(&model)?;
    let project = NewProject {
        folder: &name,
        board,
        model: &model,
        samples: samples.as_deref(),
        period,
        runtime: Runtime::find(runtime.as_deref())?,
    };
    let written = project.write(&file)?;
    tracing::info!(
        "{} files; the model takes {} of {} bytes of flash that it may",
        written.files.len(),
        thousands(written.model_bytes as u64),
        thousands(written.flash_budget as u64),
    );
    if json {
        return print_json(&Shown {
            folder: name,
            written,
        });
    }
    tracing::info!("next: cd {} && cargo run --release", name.display());
    print(format_args!("{}\n", name.display()))
}

//! `set-lstm footprint`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::output::{print, print_json};
use super::simulate::FirmwareArguments;
use crate::boards::{BOARDS, EmulatedBoard, REAL_BOARDS, RealBoard};
use crate::device::AlignedBytes;
use crate::error::Result;
use crate::file::check_place;
use crate::footprint::report::{AnyBoard, FootprintReport};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm footprint imdb.setl
  set-lstm footprint imdb.setl --board nucleo-f446re --svg footprint.svg

Flash is measured from the linked program, RAM from its statics and from the stack that a run
under QEMU has used; for a real board, of an emulated one with its core. `microbit` is the
emulated one.")]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    /// The board, emulated or real
    #[arg(long, default_value = BOARDS[0].name, value_parser = any_board())]
    board: AnyBoard,
    #[command(flatten)]
    firmware: FirmwareArguments,
    /// Draw what fills flash and RAM
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// One of the boards; of two with one name the emulated one.
fn any_board() -> impl TypedValueParser<Value = AnyBoard> {
    let emulated = BOARDS.map(|board| (board.name, board.core));
    let real = REAL_BOARDS.map(|board| (board.name, board.core));
    let real = real
        .into_iter()
        .filter(move |(name, _)| emulated.iter().all(|(other, _)| other != name));
    let all = emulated.into_iter().chain(real);
    let names = all.map(|(name, core)| PossibleValue::new(name).help(core));
    PossibleValuesParser::new(names).try_map(|name| {
        EmulatedBoard::named(&name)
            .map(AnyBoard::Emulated)
            .or_else(|_| RealBoard::named(&name).map(AnyBoard::Real))
    })
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        model,
        board,
        firmware,
        svg,
        json,
    } = arguments;
    let options = firmware.options(EmulatedBoard::default());
    let file = AlignedBytes::read(&model)?;
    // a picture that has no place is better known before than after the build
    svg.as_deref().map(check_place).transpose()?;
    let report = FootprintReport::measure(&file, &model, board, &options)?;
    if let Some(path) = svg {
        report.save_picture(&path, &model)?;
        tracing::info!("wrote {}", path.display());
    }
    if json {
        print_json(&report)
    } else {
        print(report)
    }
}

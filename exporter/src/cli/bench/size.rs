//! `set-lstm bench size`.

use std::path::PathBuf;

use serde::Serialize;

use crate::bench::device::DeviceOptions;
use crate::cli::output::{print, print_json};
use crate::cli::simulate::one_board;
use crate::error::Result;
use crate::footprint::added::{AddedSize, LEAST_PROGRAMS, SymbolTable, table};
use crate::footprint::published::{OTHERS, OtherEngine, OtherEngines};
use crate::simulate::board::EmulatedBoard;
use crate::simulate::firmware::Folders;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm bench size
  set-lstm bench size --boards mps2-an386 --symbols 20

Links an empty program and the smallest ones that decode a model, take steps and classify, and
takes the differences: code, tables and statics of the engine with all that it needs of the core
library, and nothing of the model. int8 on all cores, f32 where the core computes with it.")]
pub struct Arguments {
    /// Boards, with commas between; one of each core if not given
    #[arg(long, value_name = "BOARDS", value_delimiter = ',', value_parser = one_board())]
    boards: Vec<EmulatedBoard>,
    /// List so many of the largest functions, tables and statics of each program
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    symbols: usize,
    /// The folder firmware-examples, if it is not found
    #[arg(long, value_name = "FOLDER", env = "SET_LSTM_FIRMWARE")]
    firmware: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// All in one object.
#[derive(Debug, Serialize)]
struct SizeReport {
    rows: Vec<AddedSize>,
    others: [OtherEngine; 2],
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let folders = Folders {
        sources: arguments.firmware,
        target: None,
    };
    let mut boards = arguments.boards;
    if boards.is_empty() {
        boards = DeviceOptions::default().boards;
    }
    let mut rows = Vec::new();
    for board in boards {
        tracing::info!("linking for {}, {}", board.name, board.core);
        for least in LEAST_PROGRAMS {
            if least.values == "int8" || board.has_fpu {
                let mut row = least.added(board, &folders)?;
                row.symbols.truncate(arguments.symbols);
                rows.push(row);
            }
        }
    }
    if arguments.json {
        return print_json(&SizeReport {
            rows,
            others: OTHERS,
        });
    }
    print(format_args!(
        "what the engine adds to an empty firmware, in bytes\n\n{}\n\
         (decode, step and classify, linked as all firmware here; the model is not counted;\n\
         static RAM: a decoded model, and a state of 256 units)\n\n{OtherEngines}",
        table(&rows)
    ))?;
    for row in rows.iter().filter(|row| !row.symbols.is_empty()) {
        let AddedSize {
            board,
            values,
            inputs,
            symbols,
            ..
        } = row;
        print(format_args!(
            "\n{board}, {values} {inputs}\n{}",
            SymbolTable(symbols)
        ))?;
    }
    Ok(())
}

//! `set-lstm bench device`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::bench::device::baseline::{self, TableComparison};
use crate::bench::device::grid::{InputKind, SIZES};
use crate::bench::device::summary::{DeviceSummary, cmsis_nn};
use crate::bench::device::{DeviceMeasurement, DeviceOptions, DeviceRow, measure};
use crate::cli::output::{print, print_json};
use crate::cli::simulate::one_board;
use crate::error::{Error, Result};
use crate::report::break_even::{self, CostCurve, CostPanel};
use crate::simulate::board::EmulatedBoard;
use crate::simulate::firmware::Folders;

/// The table and the picture in the folder that is named.
const TABLE: &str = "device.csv";
const PICTURE: &str = "break-even.svg";

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm bench device
  set-lstm bench device --out docs/bench
  set-lstm bench device --check docs/bench/device.csv

Random models of 32 to 256 units and 1 to 20 % of the connections, with sparse tokens or dense
samples as input, run on one emulated board of each core: int8 on all, f32 where the core
computes with it. Every answer is compared with the host's, bit for bit. Instructions are
counted, not estimated; QEMU does not know cycles.")]
pub struct Arguments {
    /// Boards, with commas between; one of each core if not given
    #[arg(long, value_name = "BOARDS", value_delimiter = ',', value_parser = one_board())]
    boards: Vec<EmulatedBoard>,
    /// Write device.csv and break-even.svg into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Compare with a table that --out wrote; fail if a figure has grown by more than 1 %
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    check: Option<PathBuf>,
    /// Seed of the models
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder firmware-examples, if it is not found
    #[arg(long, value_name = "FOLDER", env = "SET_LSTM_FIRMWARE")]
    firmware: Option<PathBuf>,
    /// Seconds that one emulator may run
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    timeout: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A row with its quotients.
#[derive(Serialize)]
struct ShownRow<'m> {
    #[serde(flatten)]
    row: &'m DeviceRow,
    instructions_per_connection: f64,
    bytes_per_connection: f64,
}

/// All that was measured.
#[derive(Serialize)]
struct DeviceReport<'m> {
    compiler: &'m str,
    rows: Vec<ShownRow<'m>>,
    /// Density in percent by units, with dense input on the default board.
    break_even: Vec<(u16, Option<f64>)>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let mut options = DeviceOptions {
        seed: arguments.seed,
        timeout: Duration::from_secs(arguments.timeout),
        folders: Folders {
            sources: arguments.firmware,
            target: None,
        },
        ..DeviceOptions::default()
    };
    if !arguments.boards.is_empty() {
        options.boards = arguments.boards;
    }
    // a table that cannot be read is better known before than after the measurement
    let table = arguments.check.as_deref().map(baseline::load).transpose()?;
    if let Some(folder) = &arguments.out {
        make(folder)?;
    }
    let measurement = measure(&options, |what| tracing::info!("{what}"))?;
    if let Some(folder) = &arguments.out {
        save(folder, &measurement)?;
    }
    if arguments.json {
        print_json(&report(&measurement))?;
    } else if table.is_none() {
        print(DeviceSummary(&measurement))?;
    }
    let Some(table) = table else {
        return Ok(());
    };
    let comparison = TableComparison::new(&table, &measurement);
    if arguments.json {
        tracing::info!("{comparison}");
    } else {
        print(&comparison)?;
    }
    if comparison.is_good() {
        return Ok(());
    }
    Err(Error::Tool(
        "the engine takes more than the table allows; make it smaller, or if it is worth it write the table again by --out".into(),
    ))
}

fn report(measurement: &DeviceMeasurement) -> DeviceReport<'_> {
    let rows = measurement.rows.iter().map(|row| ShownRow {
        row,
        instructions_per_connection: row.figures.instructions_per_connection(),
        bytes_per_connection: row.figures.bytes_per_connection(),
    });
    let even = |size| (size, measurement.break_even(InputKind::Samples, size));
    DeviceReport {
        compiler: &measurement.compiler,
        rows: rows.collect(),
        break_even: SIZES.map(even).to_vec(),
    }
}

fn make(folder: &Path) -> Result<()> {
    let hint = "name a folder that can be written to";
    fs::create_dir_all(folder).map_err(Error::io(folder, hint))
}

/// Table and picture; the picture only if the default board was measured.
fn save(folder: &Path, measurement: &DeviceMeasurement) -> Result<()> {
    let path = folder.join(TABLE);
    baseline::save(&path, measurement)?;
    tracing::info!("wrote {}", path.display());
    let board = EmulatedBoard::default();
    if measurement.rows.iter().all(|row| row.board != board.name) {
        tracing::warn!("no picture: {} was not measured", board.name);
        return Ok(());
    }
    let panels = [
        panel("dense input", InputKind::Samples, measurement),
        panel("token input, 10 nonzeros", InputKind::Token, measurement),
    ];
    let path = folder.join(PICTURE);
    let title = format!("A sparse int8 LSTM step, {} under QEMU", board.core);
    break_even::save(&path, &title, "CMSIS-NN, dense int8", &panels)?;
    tracing::info!("wrote {}", path.display());
    Ok(())
}

fn panel(title: &str, inputs: InputKind, measurement: &DeviceMeasurement) -> CostPanel {
    let curve = |size: &u16| {
        let points = measurement.curve(inputs, *size).into_iter();
        Some(CostCurve {
            name: format!("{size} units, {size} inputs"),
            points: points
                .map(|(density, step)| (f64::from(density), step as f64))
                .collect(),
            level: cmsis_nn([*size, *size])? as f64,
            crossing: measurement.break_even(inputs, *size),
        })
    };
    CostPanel {
        title: title.into(),
        curves: SIZES.iter().filter_map(curve).collect(),
    }
}

//! `set-lstm topology`.

use std::path::PathBuf;

use serde::Serialize;

use super::output::{print, print_json};
use crate::error::Result;
use crate::report::table::{Column, Table, thousands};
use crate::run::Run;
use crate::wiring::Wiring;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm topology runs/imdb

Epoch 0 is the random start; epoch n is what was trained in epoch n. Degrees are the
connections of a row or a column, beside those of a random matrix of the same density.")]
pub struct Arguments {
    /// Run folders
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    runs: Vec<Wiring>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let runs = arguments.runs.iter();
    let runs = runs.map(|folder| Wiring::of(&Run::open(folder)?));
    let report = Report {
        runs: runs.collect::<Result<_>>()?,
    };
    if arguments.json {
        return print_json(&report);
    }
    for (place, wiring) in report.runs.iter().enumerate() {
        let gap = if place > 0 { "\n" } else { "" };
        let (epochs, degrees) = (epochs(wiring), degrees(wiring));
        print(format_args!("{gap}{}\n\n{epochs}\n{degrees}", wiring.run))?;
    }
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn epochs(wiring: &Wiring) -> Table<6> {
    let mut table = Table::new([
        Column::numbers("epoch"),
        Column::numbers("connections"),
        Column::numbers("new in it"),
        Column::numbers("left of the start"),
        Column::numbers("kept to the end"),
        Column::numbers("share of the end"),
    ]);
    for (facts, &born) in wiring.epochs.iter().zip(&wiring.born) {
        table.row([
            facts.epoch.to_string(),
            thousands(facts.connections as u64),
            percent(facts.turnover),
            percent(facts.survival),
            percent(facts.kept_to_the_end),
            percent(born),
        ]);
    }
    table
}

fn degrees(wiring: &Wiring) -> Table<7> {
    let mut table = Table::new([
        Column::words("matrix"),
        Column::words("of"),
        Column::numbers("mean"),
        Column::numbers("random sd"),
        Column::numbers("sd at start"),
        Column::numbers("sd at end"),
        Column::numbers("most at start, end"),
    ]);
    for facts in &wiring.degrees {
        table.row([
            facts.matrix.clone(),
            facts.side.into(),
            format!("{:.2}", facts.mean),
            format!("{:.2}", facts.binomial_deviation),
            format!("{:.2}", facts.start.deviation),
            format!("{:.2}", facts.end.deviation),
            format!("{}, {}", facts.start.most, facts.end.most),
        ]);
    }
    table
}

//! `set-lstm topology`.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output::{print, print_json};
use crate::error::{Error, Result};
use crate::file;
use crate::report::table::{Column, Table, thousands};
use crate::run::{Run, TOPOLOGY_PICTURES};
use crate::wiring::distance::{Distances, RANDOM_PAIRS};
use crate::wiring::inputs::{self, InputConnections, InputFacts};
use crate::wiring::trained::TrainedWiring;
use crate::wiring::{Wiring, picture};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm topology runs/imdb
  set-lstm topology runs/seed-1 runs/seed-2 runs/seed-3 --out pictures

Epoch 0 is the random start; epoch n is what was trained in epoch n. Degrees are the
connections of a row or a column, beside those of a random matrix of the same density.
Words and distances are of the model of the best epoch. The distance of two runs is
|A Δ B| / (|A| + |B|) of their connections after matching features and units: 0 alike,
1 nothing in common; beside it, that of random graphs with as many connections.")]
pub struct Arguments {
    /// Run folders; of several, the distances between them too
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Folder for the pictures, of several runs one folder each in it [default: `topology` in
    /// each run's folder, that of the distances in the first one's]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    runs: Vec<RunReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distances: Option<Distances>,
    #[serde(serialize_with = "super::output::paths")]
    pictures: Vec<PathBuf>,
}

#[derive(Serialize)]
struct RunReport {
    #[serde(flatten)]
    wiring: Wiring,
    inputs: InputFacts,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let folders = arguments.runs.iter();
    let runs = folders.map(|folder| Run::open(folder));
    let runs = runs.collect::<Result<Vec<Run>>>()?;
    let wirings = runs.iter().map(Wiring::of).collect::<Result<Vec<_>>>()?;
    let trained = runs.iter().map(TrainedWiring::of);
    let trained = trained.collect::<Result<Vec<_>>>()?;
    let distances = match runs.len() {
        1 => None,
        _ => Some(Distances::between(&trained)?),
    };
    let [turnover, degrees, adjacency, distance] = TOPOLOGY_PICTURES;
    let mut pictures = Vec::new();
    for (place, (run, wiring)) in runs.iter().zip(&wirings).enumerate() {
        let folder = match &arguments.out {
            None => run.topology_path(),
            Some(out) if runs.len() == 1 => out.clone(),
            // two runs may have the same name
            Some(out) => out.join(format!("{}-{}", place + 1, wiring.run)),
        };
        for (name, drawing) in [
            (turnover, picture::turnover(wiring)?),
            (degrees, picture::degrees(wiring)?),
            (adjacency, picture::adjacency(&trained[place])?),
        ] {
            pictures.push(save(&folder, name, &drawing)?);
        }
    }
    if let Some(distances) = &distances {
        let folder = arguments.out.unwrap_or_else(|| runs[0].topology_path());
        pictures.push(save(&folder, distance, &picture::distance(distances)?)?);
    }
    let inputs = trained.iter().map(inputs::facts);
    let report = Report {
        runs: (wirings.into_iter().zip(inputs))
            .map(|(wiring, inputs)| RunReport { wiring, inputs })
            .collect(),
        distances,
        pictures,
    };
    if arguments.json {
        return print_json(&report);
    }
    for RunReport { wiring, inputs } in &report.runs {
        let (epochs, degrees) = (epochs(wiring), degrees_of(wiring));
        print(format_args!(
            "{}\n\n{epochs}\n{degrees}\n{}\n",
            wiring.run,
            described(inputs)
        ))?;
    }
    if let Some(distances) = &report.distances {
        print(described_distances(distances))?;
    }
    let pictures = report.pictures.iter();
    let pictures: String = pictures
        .map(|path| format!("{}\n", path.display()))
        .collect();
    print(format_args!("pictures\n{pictures}"))
}

fn save(folder: &Path, name: &str, drawing: &str) -> Result<PathBuf> {
    let hint = "name a folder that can be written by --out";
    fs::create_dir_all(folder).map_err(Error::io(folder, hint))?;
    let path = folder.join(name);
    file::write_atomic(&path, |out| out.write_all(drawing.as_bytes()))?;
    Ok(path)
}

fn described(inputs: &InputFacts) -> String {
    let listed = |list: &[InputConnections]| -> String {
        let one = |it: &InputConnections| format!("{} {}", it.input, it.connections);
        list.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!(
        "{} with the most connections: {}\n",
        inputs.kind,
        listed(&inputs.most)
    );
    text += &format!("with the fewest: {}\n", listed(&inputs.fewest));
    text += &format!("without any: {}\n", thousands(inputs.without as u64));
    if let Some(correlation) = inputs.frequency_correlation {
        text += &format!("rank correlation with frequency: {correlation:.3}\n");
    }
    text
}

fn described_distances(distances: &Distances) -> String {
    let mut runs = Table::new([
        Column::numbers("run"),
        Column::words("name"),
        Column::numbers("epoch"),
        Column::numbers("validation accuracy"),
    ]);
    for (number, run) in (1..).zip(&distances.runs) {
        runs.row([
            number.to_string(),
            run.run.clone(),
            run.epoch.to_string(),
            run.score.text(),
        ]);
    }
    let mut pairs = Table::new([
        Column::words("runs"),
        Column::words("matrix"),
        Column::numbers("distance"),
        Column::numbers("unmatched"),
        Column::numbers("random, matched"),
    ]);
    for (place, pair) in distances.pairs.iter().enumerate() {
        if place > 0 {
            pairs.rule();
        }
        for it in pair.matrices.iter().chain([&pair.all]) {
            pairs.row([
                format!("{}, {}", pair.runs[0] + 1, pair.runs[1] + 1),
                it.matrix.clone(),
                format!("{:.4}", it.distance),
                format!("{:.4}", it.unmatched),
                format!("{:.4} ± {:.4}", it.random, it.random_deviation),
            ]);
        }
    }
    let square = square(distances);
    format!(
        "distances: 0 alike, 1 nothing in common; random: {RANDOM_PAIRS} pairs of graphs with as many connections\n\n{runs}\n{square}\n{pairs}\n"
    )
}

/// Runs × runs, over all matrices.
fn square(distances: &Distances) -> String {
    let count = distances.runs.len();
    let mut text = String::from("    ");
    (1..=count).for_each(|number| text += &format!("  {number:>6}"));
    for row in 0..count {
        text += &format!("\n{:>4}", row + 1);
        (0..count).for_each(|column| text += &format!("  {:.4}", distances.of(row, column)));
    }
    text + "\n"
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

fn degrees_of(wiring: &Wiring) -> Table<7> {
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

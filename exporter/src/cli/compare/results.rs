//! Enters: the finished cells. Leaves: the table, printed and saved, and the pictures. Next: a
//! person reads them.

use std::path::Path;

use serde::Serialize;

use super::{Arguments, Outcome};
use crate::cli::output::{print, print_json, say};
use crate::compare::grid::Method;
use crate::compare::ledger::{CellRow, Ledger};
use crate::compare::summary::{
    Spread, Summary, mean_confusion, mean_epochs, own, summarize, table,
};
use crate::error::{Error, Result};
use crate::file;
use crate::report::confusion::{self, NamedMatrix};
use crate::report::curve;
use crate::report::parameters::{self, SizePoint, SizeSeries};
use crate::train::preset::Preset;

#[derive(Debug, Serialize)]
struct Shown<'a> {
    preset: Preset,
    command: &'a str,
    methods: &'a [Summary],
    cells: &'a [CellRow],
    left_out: &'a [String],
    missing: &'a [String],
    failed: &'a [String],
    files: Vec<String>,
}

/// Saves the table and the pictures, and prints the table or the object.
pub fn publish(
    arguments: &Arguments,
    command: &str,
    ledger: &Ledger,
    outcome: Outcome,
) -> Result<()> {
    let Outcome {
        rows,
        left_out,
        missing,
        failed,
    } = outcome;
    for what in &left_out {
        say(format_args!("left out: {what}"));
    }
    for what in &missing {
        say(format_args!("missing: {what}"));
    }
    let name = arguments.preset.name();
    let file = |what: &str| arguments.results.join(format!("{name}{what}"));
    let methods = summarize(&rows);
    let mut files = Vec::new();
    if !methods.is_empty() {
        let path = file(".md");
        let text = markdown(name, command, &methods, &rows);
        file::write_atomic(&path, |out| out.write_all(text.as_bytes()))?;
        files.push(path);
        for (what, draw) in PICTURES {
            let path = file(what);
            match draw(&path, name, &rows, ledger) {
                Ok(()) => files.push(path),
                Err(problem) => say(format_args!("not drawn: {name}{what}: {problem}")),
            }
        }
    }
    let files: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if arguments.json {
        return print_json(&Shown {
            preset: arguments.preset,
            command,
            methods: &methods,
            cells: &rows,
            left_out: &left_out,
            missing: &missing,
            failed: &failed,
            files,
        });
    }
    if methods.is_empty() {
        return Ok(());
    }
    print(table(&methods))?;
    say(format_args!("saved: {}", files.join(", ")));
    Ok(())
}

/// The command that makes the same, whatever the folders are here.
pub fn command(arguments: &Arguments) -> String {
    let mut words = format!("set-lstm compare --preset {}", arguments.preset.name());
    if arguments.preset != Preset::Reber {
        words += " --data PATH";
    }
    words += &format!(" --seeds {}", arguments.seeds);
    if arguments.sweep_seeds != 1 {
        words += &format!(" --sweep-seeds {}", arguments.sweep_seeds);
    }
    if !arguments.only.is_empty() {
        let only: Vec<&str> = arguments.only.iter().map(|method| method.name()).collect();
        words += &format!(" --only {}", only.join(","));
    }
    if let Some(density) = arguments.overrides.density {
        words += &format!(" --density {density}");
    }
    let overrides = toml::Table::try_from(&arguments.overrides).unwrap_or_default();
    for (option, value) in overrides {
        let value = match value {
            toml::Value::String(text) => text,
            // f32 options: no more digits than were typed
            toml::Value::Float(number) => (number as f32).to_string(),
            other => other.to_string(),
        };
        words += &format!(" --{option} {value}");
    }
    words
}

fn markdown(name: &str, command: &str, methods: &[Summary], rows: &[CellRow]) -> String {
    let distinct = |field: fn(&CellRow) -> &str| {
        let mut found: Vec<&str> = rows.iter().map(field).collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let dates = distinct(|row| &row.date);
    let date = match dates[..] {
        [first, .., last] => format!("{first} to {last}"),
        _ => dates.concat(),
    };
    let seeds = methods.iter().map(|it| it.seeds).max().unwrap_or(0);
    let picture = |what: &str| format!("![{name}: {what}]({name}-{what}.svg)\n\n");
    let mut text = format!("# {name}\n\n```sh\n{command}\n```\n\n");
    text += &format!(
        "{date}, {}, set-lstm {}; ",
        distinct(|row| &row.machine).join(", "),
        distinct(|row| &row.version).join(", ")
    );
    text += &match seeds {
        1 => "one seed.\n\n".to_owned(),
        _ => format!("mean ± standard deviation of {seeds} seeds.\n\n"),
    };
    text += &table(methods).markdown();
    text += "\nA model of a sparse method is its int8 file; of a fully connected one, one byte a weight, four\na bias, and the same table of words. RAM and instructions are those of seed 1 on the emulated\nboard. A bag of words counts whole documents.\n\n";
    text + &picture("parameters") + &picture("curves") + picture("confusion").trim_end() + "\n"
}

type Draw = fn(&Path, &str, &[CellRow], &Ledger) -> Result<()>;

const PICTURES: [(&str, Draw); 3] = [
    ("-parameters.svg", draw_parameters),
    ("-curves.svg", draw_curves),
    ("-confusion.svg", draw_confusion),
];

fn draw_parameters(path: &Path, name: &str, rows: &[CellRow], _: &Ledger) -> Result<()> {
    let series = |method: Method| {
        let mut densities: Vec<Option<u8>> = rows
            .iter()
            .filter(|row| row.method == method)
            .map(|row| row.percent)
            .collect();
        densities.sort_unstable();
        densities.dedup();
        let point = |percent| {
            let of = rows
                .iter()
                .filter(move |row| row.method == method && row.percent == percent);
            let accuracy = Spread::of(of.clone().map(|row| row.accuracy))?;
            Some(SizePoint {
                parameters: Spread::of(of.map(|row| row.parameters as f64))?.mean,
                accuracy: accuracy.mean,
                deviation: accuracy.deviation,
            })
        };
        SizeSeries {
            name: method.title().into(),
            points: densities.into_iter().filter_map(point).collect(),
        }
    };
    let mut all = Method::ALL.map(series).to_vec();
    all.retain(|series| !series.points.is_empty());
    parameters::save(path, &format!("{name}: accuracy against parameters"), &all)
}

fn draw_curves(path: &Path, name: &str, rows: &[CellRow], ledger: &Ledger) -> Result<()> {
    let mean = |method: Method| {
        let runs: Vec<_> = own(rows, method)
            .map(|row| ledger.epochs(row.cell()))
            .filter(|epochs| !epochs.is_empty())
            .collect();
        (method.title(), mean_epochs(&runs))
    };
    let mut means = Method::ALL.map(mean).to_vec();
    means.retain(|(_, epochs)| !epochs.is_empty());
    let runs: Vec<curve::Run<'_>> = means
        .iter()
        .map(|(name, epochs)| curve::Run { name, epochs })
        .collect();
    curve::save(path, &format!("{name}: training, mean over seeds"), &runs)
}

fn draw_confusion(path: &Path, name: &str, rows: &[CellRow], _: &Ledger) -> Result<()> {
    let Some(first) = rows.first() else {
        return Err(Error::Options("no cell is finished; train one".into()));
    };
    let classes: Vec<&str> = first.class_names().collect();
    let matrix = |method: Method| {
        Some(NamedMatrix {
            name: method.title().into(),
            shares: mean_confusion(rows, method)?,
        })
    };
    let matrices: Vec<NamedMatrix> = Method::ALL.into_iter().filter_map(matrix).collect();
    confusion::save(path, &format!("{name}: confusion"), &classes, &matrices)
}

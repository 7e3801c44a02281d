//! `set-lstm compare`.

mod cell;
mod child;
mod results;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::data::DataArguments;
use super::output::{print, print_json, say};
use super::train::threads;
use crate::compare::grid::{Cell, CellTask, Method, Plan};
use crate::compare::ledger::{CellRow, Ledger};
use crate::error::{Error, Result};
use crate::train::overrides::Overrides;
use crate::train::preset::Preset;
use cell::Bench;
use child::Children;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm compare --preset imdb --data aclImdb.tar.gz --seeds 3
  set-lstm compare --preset reber --seeds 1 --dry-run

Trains and tests every method on the same splits, each in a process of its own, and saves
one table and three pictures. Every finished training is kept in the results folder at once:
an interrupted comparison goes on from there, on another machine too, and a finished one is
only drawn again. The training options below hold for all methods.")]
pub struct Arguments {
    /// Which data set, and options that suit it
    #[arg(long)]
    preset: Preset,
    #[command(flatten)]
    data: DataArguments,
    /// Seeds of each method, from 1
    #[arg(long, value_name = "COUNT", default_value = "3")]
    seeds: NonZeroUsize,
    /// Seeds at the other densities of the picture of sizes; 0 leaves them out
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    sweep_seeds: u64,
    /// Methods, with commas between; all if not given
    #[arg(long, value_name = "METHODS", value_delimiter = ',')]
    only: Vec<Method>,
    /// Folder of the figures, the table and the pictures
    #[arg(long, value_name = "FOLDER", default_value = "docs/results")]
    results: PathBuf,
    /// Folder of the run folders; runs/compare/PRESET if not given
    #[arg(long, value_name = "FOLDER")]
    work: Option<PathBuf>,
    /// Documents to run on the emulated board for RAM and instructions; 0 leaves it out
    #[arg(long, value_name = "DOCUMENTS", default_value_t = 20)]
    device_documents: usize,
    /// List the trainings and which are done, and end
    #[arg(long)]
    dry_run: bool,
    /// Threads; all cores if not given
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// What became of a grid.
#[derive(Debug, Default)]
struct Outcome {
    rows: Vec<CellRow>,
    left_out: Vec<String>,
    missing: Vec<String>,
    failed: Vec<String>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let preset = arguments.preset;
    let plan = Plan {
        seeds: arguments.seeds.get() as u64,
        sweep_seeds: arguments.sweep_seeds,
        only: arguments.only.clone(),
        ..Plan::new(preset, &arguments.overrides)?
    };
    let mut ledger = Ledger::open(&arguments.results, preset.name())?;
    let default = || Path::new("runs/compare").join(preset.name());
    let work = arguments.work.clone().unwrap_or_else(default);
    if arguments.dry_run {
        let trainings = listing(&plan, &ledger, &work)?;
        return if arguments.json {
            print_json(&Listing { trainings })
        } else {
            print(trainings.iter().map(Listed::line).collect::<String>())
        };
    }
    for folder in [&arguments.results, &work] {
        let hint = "name another folder by --results or --work";
        fs::create_dir_all(folder).map_err(Error::io(folder, hint))?;
    }
    let outcome = fill(&arguments, &plan, &mut ledger, &work)?;
    let failed = outcome.failed.clone();
    let command = results::command(&arguments);
    results::publish(&arguments, &command, &ledger, outcome)?;
    match failed.len() {
        0 => Ok(()),
        count => Err(Error::Tool(format!(
            "{count} of {} trainings failed: {}; run the same command to try them again",
            plan.cells().len(),
            failed.join(", ")
        ))),
    }
}

/// The finished first cell of SET with these options.
fn reference(plan: &Plan, ledger: &Ledger) -> Result<Option<CellRow>> {
    let cell = Cell {
        method: Method::Set,
        percent: None,
        seed: 1,
    };
    let fingerprint = plan.task(cell, None)?.fingerprint()?;
    Ok(fingerprint.and_then(|it| ledger.row(cell, &it).cloned()))
}

/// All trainings in one object.
#[derive(Debug, Serialize)]
struct Listing {
    trainings: Vec<Listed>,
}

/// A training of the grid.
#[derive(Debug, Serialize)]
struct Listed {
    training: String,
    /// `done`, `to do` and the like.
    state: String,
}

impl Listed {
    fn line(&self) -> String {
        format!("{:<24}  {}\n", self.training, self.state)
    }
}

/// Every cell and its state.
fn listing(plan: &Plan, ledger: &Ledger, work: &Path) -> Result<Vec<Listed>> {
    let listed = |cell: Cell| {
        let task = plan.task(cell, reference(plan, ledger)?.as_ref())?;
        let state = match (&task, task.fingerprint()?) {
            (CellTask::LeftOut(why), _) => format!("left out: {why}"),
            (_, Some(it)) if ledger.row(cell, &it).is_some() => "done".into(),
            _ if ledger.any_row(cell).is_some() => "done with other options".into(),
            _ if work.join(cell.folder()).join("options.toml").exists() => "begun".into(),
            (CellTask::AfterSet, _) => "to do, after set seed 1".into(),
            _ => "to do".into(),
        };
        let training = cell.to_string();
        Ok(Listed { training, state })
    };
    plan.cells().into_iter().map(listed).collect()
}

/// Trains what is missing.
fn fill(arguments: &Arguments, plan: &Plan, ledger: &mut Ledger, work: &Path) -> Result<Outcome> {
    let children = Children::new()?;
    let bench = Bench {
        children: &children,
        work,
        data: arguments.data.path(),
        threads: threads(arguments.threads),
        device_documents: arguments.device_documents,
    };
    let cells = plan.cells();
    let bar = Grid::new(cells.len());
    let mut outcome = Outcome::default();
    let mut has_data = false;
    for cell in cells {
        let known = reference(plan, ledger)?;
        let task = plan.task(cell, known.as_ref())?;
        let fingerprint = task.fingerprint()?;
        let done = fingerprint.as_ref().and_then(|it| ledger.row(cell, it));
        match (&task, done, fingerprint.clone()) {
            (CellTask::LeftOut(why), ..) => outcome.left_out.push(format!("{cell}: {why}")),
            (CellTask::AfterSet, ..) => outcome.failed.push(format!(
                "{cell} (its size is that of set seed 1, which is not finished)"
            )),
            (_, Some(row), _) if !bench.can_complete(row) => outcome.rows.push(row.clone()),
            (CellTask::Train(options) | CellTask::CountWords(options), _, Some(fingerprint)) => {
                if !has_data {
                    arguments
                        .data
                        .corpus(options.preset, &options.corpus_options())?; // before the first, not at each
                    has_data = true;
                }
                if done.is_none() && ledger.any_row(cell).is_some() {
                    bar.note(&format!(
                        "{cell}: its figures are of other options; it is trained anew"
                    ));
                }
                bar.begin(cell);
                let mut watch = |line: &str| bar.watch(line);
                let finished = match &task {
                    CellTask::CountWords(_) => {
                        bench.bag_of_words(cell, options, fingerprint, &mut watch)
                    }
                    _ => bench.network(cell, options, &mut watch),
                };
                match finished {
                    Ok(finished) => {
                        let named = |what: &String| format!("{cell}: {what}");
                        outcome.missing.extend(finished.missing.iter().map(named));
                        bar.note(&format!(
                            "{cell}: accuracy {:.2} %, {:.0} s",
                            100.0 * finished.row.accuracy,
                            finished.row.training_seconds
                        ));
                        ledger.add(finished.row.clone(), &finished.epochs)?;
                        outcome.rows.push(finished.row);
                    }
                    Err(Error::Interrupted(what)) => {
                        bar.finish();
                        return Err(Error::Interrupted(what));
                    }
                    Err(problem) => {
                        bar.note(&format!("{cell} failed: {problem}"));
                        outcome.failed.push(format!("{cell} ({problem})"));
                    }
                }
            }
            (_, _, None) => {}
        }
        bar.advance();
    }
    bar.finish();
    Ok(outcome)
}

/// The progress of the whole grid.
struct Grid(ProgressBar);

impl Grid {
    fn new(cells: usize) -> Self {
        let bar = ProgressBar::new(cells as u64);
        let style = ProgressStyle::with_template(
            "{pos}/{len} {bar:28.cyan/dim}  {prefix}  {msg}  {elapsed}",
        );
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━╸─"));
        bar.enable_steady_tick(Duration::from_millis(500));
        Grid(bar)
    }

    fn begin(&self, cell: Cell) {
        self.0.set_prefix(cell.to_string());
        self.0.set_message("");
    }

    /// A line of a child: its epoch, or what is done.
    fn watch(&self, line: &str) {
        let words = line.split_whitespace().take(2).collect::<Vec<_>>();
        match words[..] {
            ["epoch", number] => self.0.set_message(format!("epoch {number}")),
            _ if line.starts_with(' ') || line.contains("INFO") => {}
            _ => self.0.set_message(line.to_owned()),
        }
    }

    fn note(&self, line: &str) {
        if self.0.is_hidden() {
            say(line)
        } else {
            self.0.println(line)
        }
    }

    fn advance(&self) {
        self.0.inc(1);
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}

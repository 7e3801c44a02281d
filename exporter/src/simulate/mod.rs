//! Enters: a model file and sequences. Leaves: [`Simulation`], what the firmware says
//! about them on an emulated microcontroller, compared with the host bit for bit. Next: the
//! command prints it.
//!
//! ```text
//! sequences ─▶ cases ──▶ firmware ──▶ report ──▶ Simulation
//!     answer    embed, build, run   parse    compare
//! ```

pub mod all;
pub mod cases;
pub mod firmware;
pub mod report;
pub mod serial;
pub mod talk;

pub use crate::boards as board;

use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::footprint::{FlashUse, Footprint, MeasuredRam};
use crate::report::table::{Column, Table, thousands};
use crate::sequences::{SequenceSet, Token};
use board::EmulatedBoard;
use cases::{answers, delta_answers};
use firmware::{Firmware, Folders, too_large};
use report::Report;
use serde::Serialize;
use set_lstm_runtime::Thresholds;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// How to simulate.
#[derive(Debug, Clone)]
pub struct SimulateOptions {
    /// The board.
    pub board: EmulatedBoard,
    /// Bytes of flash that the firmware may fill, test cases not counted; `None`: all that
    /// the board has.
    pub flash_budget: Option<u64>,
    /// Thresholds of delta stepping, for a model that is laid out for it.
    pub thresholds: Thresholds,
    /// How long the emulator may run.
    pub timeout: Duration,
    /// Where the firmware's sources and builds lie.
    pub folders: Folders,
}

impl Default for SimulateOptions {
    fn default() -> Self {
        SimulateOptions {
            board: EmulatedBoard::default(),
            flash_budget: None,
            thresholds: Thresholds::default(),
            timeout: Duration::from_secs(1800),
            folders: Folders::default(),
        }
    }
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulation {
    /// Name of the board.
    pub board: &'static str,
    /// Its core.
    pub core: &'static str,
    /// Sequences that were run.
    pub examples: usize,
    /// Sequences whose label, logits or state differ from the host's in any bit; the logits are
    /// those of every step, of a model that answers after every one.
    pub mismatches: usize,
    /// Share of labels that are right, 0 to 1; of a model that answers a class at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// What a step is: `token` or `sample`.
    pub step: &'static str,
    /// Steps of all sequences together.
    pub tokens: u64,
    /// Mean over all steps.
    pub instructions_per_token: u64,
    /// The longest step.
    pub instructions_longest_step: u64,
    /// Decoding and checking of the model, once at start.
    pub instructions_decode: u64,
    /// Flash and RAM.
    #[serde(flatten)]
    pub footprint: Footprint,
}

/// Runs sequences on an emulated microcontroller and compares with the host.
///
/// `path` names the model in errors.
///
/// # Errors
/// A model that does not decode, no sequence, too much for the board or the budget, a
/// missing tool, a firmware that does not build, crashes, hangs or refuses the model.
/// Answers that differ are no error; they are counted.
pub fn simulate(
    model: &AlignedBytes,
    path: &Path,
    sequences: &SequenceSet,
    options: &SimulateOptions,
) -> Result<Simulation> {
    let decoded = AnyModel::open(model, path)?;
    if sequences.is_empty() {
        return Err(Error::Options(
            "nothing to run; give at least one example".into(),
        ));
    }
    let thresholds = options.thresholds;
    let expected = if thresholds == Thresholds::default() {
        answers(&decoded, sequences)
    } else {
        delta_answers(&decoded, thresholds, sequences)?
    };
    let cases = cases::write_with(sequences, thresholds, &expected)?;
    let refuse = |problem: String| Error::TooLarge(format!("{}: {problem}", path.display()));
    let board = options.board;
    let over = ((model.len() + cases.len()) as u64).saturating_sub(board.flash);
    if over > 0 {
        return Err(refuse(too_large(board, over)));
    }
    let firmware = Firmware::build(board, "demo", model, &cases, &options.folders);
    let firmware = firmware.map_err(|error| match error {
        Error::TooLarge(problem) => refuse(problem),
        other => other,
    })?;
    let elf = firmware.elf()?;
    let flash = FlashUse::of_elf(&elf)?;
    let budget = options.flash_budget.unwrap_or(board.flash);
    if flash.flash_bytes > budget {
        let (flash, over) = (flash.flash_bytes, flash.flash_bytes - budget);
        return Err(refuse(format!(
            "the firmware takes {flash} bytes of flash, {over} more than the budget of {budget}; \
             allow more, or train a smaller or sparser model"
        )));
    }
    let run = firmware.run(options.timeout)?;
    let report = Report::parse(&run.text).ok_or_else(|| stopped(&run))?;
    if report.answers.len() != expected.len() {
        return Err(stopped(&run));
    }
    let different = report.answers.iter().zip(&expected).filter(|(a, b)| a != b);
    let mismatches = different.count();
    // the firmware compares as well: the two must agree on whether all is right
    if (run.code == Some(0)) != (mismatches == 0) {
        return Err(stopped(&run));
    }
    let labels = report.answers.iter().map(|answer| answer.label);
    let right = labels
        .zip(sequences.labels())
        .filter(|(a, b)| a == *b)
        .count();
    Ok(Simulation {
        board: board.name,
        core: board.core,
        examples: sequences.len(),
        mismatches,
        accuracy: decoded
            .task()
            .is_classification()
            .then_some(right as f64 / sequences.len() as f64),
        step: sequences.step_name(),
        tokens: report.tokens,
        instructions_per_token: report.instructions_per_token,
        instructions_longest_step: report.instructions_longest_step,
        instructions_decode: report.instructions_decode,
        footprint: flash.with_ram(MeasuredRam {
            state: report.state_bytes,
            model_handle: report.model_handle_bytes,
            decode_stack: report.decode_stack_bytes,
            step_stack: report.step_stack_bytes,
            application_stack: report.application_stack_bytes,
        }),
    })
}

/// What fills flash and RAM when a model runs on an emulated microcontroller: linked and
/// run with a few sequences that reach all over the vocabulary, or through every channel.
///
/// # Errors
/// Those of [`simulate`], and answers that differ from the host's.
pub fn footprint(
    model: &AlignedBytes,
    path: &Path,
    options: &SimulateOptions,
) -> Result<Footprint> {
    let sequences = spread(&AnyModel::open(model, path)?);
    let simulation = simulate(model, path, &sequences, options)?;
    if simulation.mismatches > 0 {
        return Err(Error::Tool(
            "the firmware's answers are not the host's; export the model again".into(),
        ));
    }
    Ok(simulation.footprint)
}

/// Four sequences of 32 steps, all different.
fn spread(model: &AnyModel<'_>) -> SequenceSet {
    let Some(channels) = model.channels() else {
        let vocabulary = model.vocabulary_size();
        let mut sequences = SequenceSet::of_tokens();
        for first in 0..4 {
            // at most 2^16 tokens: the cast keeps them
            let tokens = (0..32).map(|step| ((4 * step + first) * vocabulary / 128) as Token);
            sequences.push(tokens, 0);
        }
        return sequences;
    };
    let mut sequences = SequenceSet::of_samples(channels);
    for first in 0..4 {
        let samples = (0..32 * channels).map(|n| ((5 * n + first) % 17) as f32 - 8.5);
        sequences.push_samples(&samples.collect::<Vec<_>>(), 0);
    }
    sequences
}

/// The error of a program that ended too early: its own last word, if it had one.
pub(crate) fn stopped(run: &firmware::Run) -> Error {
    let own = run
        .text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("error: "));
    let last = || run.complaint.lines().last().unwrap_or("it printed nothing");
    let code = run
        .code
        .map_or("a crash".into(), |code| format!("code {code}"));
    Error::Tool(format!(
        "the firmware ended with {code}: {}; export the model again, and if that does not help \
         report it",
        own.unwrap_or_else(last)
    ))
}

impl fmt::Display for Simulation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([Column::words(self.board), Column::numbers(self.core)]);
        let mut row = |name: &str, value| table.row([name.into(), value]);
        row("examples", thousands(self.examples as u64));
        row("different from the host", thousands(self.mismatches as u64));
        if let Some(accuracy) = self.accuracy {
            row("accuracy", format!("{:.2} %", 100.0 * accuracy));
        }
        row(&format!("{}s", self.step), thousands(self.tokens));
        row(
            &format!("instructions per {}", self.step),
            thousands(self.instructions_per_token),
        );
        row(
            "instructions, longest step",
            thousands(self.instructions_longest_step),
        );
        row(
            "instructions to decode, once",
            thousands(self.instructions_decode),
        );
        writeln!(out, "{table}")?;
        self.footprint.fmt(out)
    }
}

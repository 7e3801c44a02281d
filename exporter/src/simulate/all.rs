//! Enters: a model file and sequences. Leaves: [`Simulations`], one [`Simulation`] a board,
//! side by side. Next: the command prints it.

use super::board::BOARDS;
use super::{SimulateOptions, Simulation, simulate};
use crate::device::AlignedBytes;
use crate::error::{Error, Result};
use crate::report::table::{Column, Table, bytes, thousands};
use crate::sequences::SequenceSet;
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// What all boards made of the same sequences.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulations {
    /// Boards that have room for the model.
    pub boards: Vec<Simulation>,
    /// Boards that have not.
    pub too_small: Vec<TooSmall>,
}

/// A board that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TooSmall {
    /// Name of the board.
    pub board: &'static str,
    /// By how much, and what to do.
    pub reason: String,
}

/// [`simulate`] on every board, whatever the options name. `watch` is told what begins.
///
/// # Errors
/// Those of [`simulate`], but for a model that is too large for some of the boards.
pub fn simulate_all(
    model: &AlignedBytes,
    path: &Path,
    sequences: &SequenceSet,
    options: &SimulateOptions,
    watch: impl Fn(&str),
) -> Result<Simulations> {
    let (mut boards, mut too_small) = (Vec::new(), Vec::new());
    for board in BOARDS {
        watch(board.name);
        let options = SimulateOptions {
            board,
            ..options.clone()
        };
        match simulate(model, path, sequences, &options) {
            Ok(simulation) => boards.push(simulation),
            Err(Error::TooLarge(reason)) => too_small.push(TooSmall {
                board: board.name,
                reason,
            }),
            Err(other) => return Err(other),
        }
    }
    match too_small.first() {
        Some(first) if boards.is_empty() => Err(Error::TooLarge(first.reason.clone())),
        _ => Ok(Simulations { boards, too_small }),
    }
}

impl Simulations {
    /// Answers that differ from the host's, of all boards together, and how many there are.
    pub fn mismatches(&self) -> (usize, usize) {
        let sum = |figure: fn(&Simulation) -> usize| self.boards.iter().map(figure).sum();
        (sum(|board| board.mismatches), sum(|board| board.examples))
    }
}

impl fmt::Display for Simulations {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([
            Column::words("board"),
            Column::words("core"),
            Column::numbers("instructions/step"),
            Column::numbers("to decode"),
            Column::numbers("RAM"),
            Column::numbers("stack, decode"),
            Column::numbers("step"),
            Column::numbers("flash"),
            Column::numbers("answers"),
            Column::numbers("different"),
        ]);
        for board in &self.boards {
            let (ram, flash) = (board.footprint.ram, board.footprint.flash);
            table.row([
                board.board.into(),
                board.core.into(),
                thousands(board.instructions_per_token),
                thousands(board.instructions_decode),
                bytes(ram.ram_bytes),
                bytes(ram.decode_stack_bytes),
                bytes(ram.step_stack_bytes),
                bytes(flash.flash_bytes),
                thousands(board.examples as u64),
                thousands(board.mismatches as u64),
            ]);
        }
        write!(out, "{table}")?;
        if let Some(first) = self.boards.first() {
            let (steps, step) = (thousands(first.tokens), first.step);
            writeln!(
                out,
                "\n(a step is a {step}; each board runs {steps} of them)"
            )?;
        }
        for TooSmall { board, reason } in &self.too_small {
            writeln!(out, "left out: {board}: {reason}")?;
        }
        Ok(())
    }
}

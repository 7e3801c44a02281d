//! Enters: a model and a board. Leaves: [`FootprintReport`], what fills flash and RAM part by part,
//! and what of it the engine adds to any firmware. Next: `set-lstm footprint` prints it.

use super::added::{self, AddedSize, LeastProgram};
use super::parts::{self, Part};
use super::published::{OTHERS, OtherEngine, OtherEngines};
use super::{FlashUse, Footprint, MeasuredRam};
use crate::boards::room::Application;
use crate::boards::{EmulatedBoard, RealBoard};
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::flash::BoardProgram;
use crate::report::table::bytes;
use crate::report::tree_map;
use crate::simulate::{SimulateOptions, footprint};
use serde::Serialize;
use std::fmt;
use std::path::Path;

/// Either sort of board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyBoard {
    /// Everything is measured in a run.
    Emulated(EmulatedBoard),
    /// Flash and statics are its program's; the stack is measured on an emulated board.
    Real(RealBoard),
}

/// What a model's firmware takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FootprintReport {
    /// Name of the board.
    pub board: &'static str,
    /// Its core.
    pub core: &'static str,
    /// What runs on it.
    pub application: &'static str,
    /// Where the stack was measured.
    pub stack_measured_on: &'static str,
    /// The sums.
    #[serde(flatten)]
    pub footprint: Footprint,
    /// Every part of flash.
    pub flash_parts: Vec<Part>,
    /// Every part of RAM.
    pub ram_parts: Vec<Part>,
    /// What the engine adds to a firmware that does nothing.
    pub added: AddedSize,
    /// What others take.
    pub others: [OtherEngine; 2],
}

impl FootprintReport {
    /// Builds and measures; the board of the options does not count.
    ///
    /// # Errors
    /// A model that does not decode or fit, a missing tool, a firmware that does not build, run or
    /// give the host's answers.
    pub fn measure(
        file: &AlignedBytes,
        path: &Path,
        board: AnyBoard,
        options: &SimulateOptions,
    ) -> Result<Self> {
        let emulated = match board {
            AnyBoard::Emulated(board) => board,
            AnyBoard::Real(board) => board.emulated(),
        };
        let model = AnyModel::open(file, path)?;
        let (mut name, mut core, mut application) = (emulated.name, emulated.core, "demo");
        let mut program = None;
        if let AnyBoard::Real(board) = board {
            let runs = Application::of(&model)?;
            let built = BoardProgram::build(board, runs, file, path, &options.folders)?;
            (name, core, application) = (board.name, board.core, runs.name());
            program = Some(FlashUse::of_program(&built.program));
        }
        let options = SimulateOptions {
            board: emulated,
            ..options.clone()
        };
        let mut found = footprint(file, path, &options)?;
        if let Some(flash) = program {
            let budget = options.flash_budget.unwrap_or(flash.flash_bytes);
            if flash.flash_bytes > budget {
                return Err(Error::TooLarge(format!(
                    "{}: the firmware takes {} bytes of flash, {} more than the budget of {budget}; \
                     allow more, or train a smaller or sparser model",
                    path.display(),
                    flash.flash_bytes,
                    flash.flash_bytes - budget
                )));
            }
            found = flash.with_ram(MeasuredRam::of(&found.ram));
        }
        Ok(FootprintReport {
            board: name,
            core,
            application,
            stack_measured_on: emulated.name,
            flash_parts: parts::of_flash(&found.flash, file, path)?,
            ram_parts: parts::of_ram(&found.ram),
            footprint: found,
            added: LeastProgram::of(&model).added(emulated, &options.folders)?,
            others: OTHERS,
        })
    }

    /// Draws both memories.
    ///
    /// # Errors
    /// The picture cannot be written.
    pub fn save_picture(&self, path: &Path, model: &Path) -> Result<()> {
        let name = model.file_name().unwrap_or(model.as_os_str());
        let title = format!(
            "{} in {} on {}, {}",
            name.to_string_lossy(),
            self.application,
            self.board,
            self.core
        );
        let maps = parts::maps(&self.footprint, &self.flash_parts, &self.ram_parts);
        tree_map::save(path, &title, &maps)
    }
}

impl fmt::Display for FootprintReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FootprintReport {
            board,
            core,
            application,
            stack_measured_on: emulated,
            ..
        } = self;
        writeln!(out, "{application} on {board}, {core}\n")?;
        writeln!(out, "{}", parts::table("flash", &self.flash_parts))?;
        let cases = self.footprint.flash.cases_bytes;
        if cases > 0 {
            let cases = bytes(cases);
            writeln!(out, "(and {cases} of test cases, which are not counted)\n")?;
        }
        write!(out, "{}", parts::table("RAM", &self.ram_parts))?;
        let ram = &self.footprint.ram;
        writeln!(
            out,
            "(stack: {} to decode, {} for a step; measured on {emulated})\n",
            bytes(ram.decode_stack_bytes),
            bytes(ram.step_stack_bytes),
        )?;
        writeln!(
            out,
            "what the engine adds to an empty firmware, the model not counted, in bytes\n\n{}\n{OtherEngines}",
            added::table(std::slice::from_ref(&self.added))
        )
    }
}

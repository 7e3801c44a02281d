//! Enters: a linked program and what it measured of itself. Leaves: [`Footprint`], what
//! fills flash and RAM. Next: `simulate` reports it, `parts` takes it further apart.
//!
//! Flash comes from the sections of the ELF file, by symbol: the engine is the runtime with
//! its crates and the calls of it that the demo keeps apart, the library is what the
//! compiler brings, the application is all the rest, texts included. Test cases are shown
//! and not counted. RAM comes from the statics and the painted stack.

pub mod added;
pub mod parts;
pub mod program;
pub mod published;
pub mod report;

use crate::error::Result;
use crate::report::table::{Column, Table, bytes};
use program::{LinkedProgram, Owner, Use};
use serde::Serialize;
use std::fmt;

/// Bytes of flash, by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FlashUse {
    /// All of it, test cases left out.
    pub flash_bytes: u64,
    /// Vector table.
    pub vector_table_bytes: u64,
    /// Code of the engine: decode, check, step, classify.
    pub engine_code_bytes: u64,
    /// Tables and other constants of the engine.
    pub engine_table_bytes: u64,
    /// Code of the core library and of the compiler's own routines.
    pub library_code_bytes: u64,
    /// Code and constants of the application.
    pub application_bytes: u64,
    /// The model file.
    pub model_bytes: u64,
    /// Test cases, not counted into the sum.
    pub cases_bytes: u64,
    /// Statics, which the RAM begins with.
    #[serde(skip)]
    statics: u64,
}

/// Bytes that a program says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeasuredRam {
    /// A state.
    pub state: u64,
    /// A decoded model's addresses and constants.
    pub model_handle: u64,
    /// Stack to decode.
    pub decode_stack: u64,
    /// Stack of a step.
    pub step_stack: u64,
    /// Stack of the application around them.
    pub application_stack: u64,
}

impl MeasuredRam {
    /// What was measured once before.
    pub fn of(ram: &RamUse) -> Self {
        MeasuredRam {
            state: ram.state_bytes,
            model_handle: ram.model_handle_bytes,
            decode_stack: ram.decode_stack_bytes,
            step_stack: ram.step_stack_bytes,
            application_stack: ram.application_stack_bytes,
        }
    }
}

/// Bytes of RAM, by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RamUse {
    /// All of it.
    pub ram_bytes: u64,
    /// A state.
    pub state_bytes: u64,
    /// A decoded model's addresses and constants.
    pub model_handle_bytes: u64,
    /// Other statics.
    pub static_bytes: u64,
    /// Stack of the engine: the larger of the next two.
    pub stack_bytes: u64,
    /// Stack to decode.
    pub decode_stack_bytes: u64,
    /// Stack of a step.
    pub step_stack_bytes: u64,
    /// Stack of the application around them.
    pub application_stack_bytes: u64,
}

/// What fills flash and RAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Footprint {
    /// Flash.
    #[serde(flatten)]
    pub flash: FlashUse,
    /// RAM.
    #[serde(flatten)]
    pub ram: RamUse,
}

impl FlashUse {
    /// Reads a linked program.
    ///
    /// # Errors
    /// Not a 32-bit ELF file.
    pub fn of_elf(elf: &[u8]) -> Result<Self> {
        Ok(FlashUse::of_program(&LinkedProgram::read(elf)?))
    }

    /// Sums up a linked program.
    pub fn of_program(program: &LinkedProgram) -> Self {
        let both = |owner| program.owned(owner, Use::Code) + program.owned(owner, Use::Table);
        let mut flash = FlashUse {
            flash_bytes: program.sizes.flash,
            vector_table_bytes: program.sizes.vector_table,
            engine_code_bytes: program.owned(Owner::Engine, Use::Code),
            engine_table_bytes: program.owned(Owner::Engine, Use::Table),
            library_code_bytes: program.owned(Owner::Library, Use::Code),
            application_bytes: 0,
            model_bytes: both(Owner::Model),
            cases_bytes: both(Owner::Cases),
            statics: program.sizes.statics,
        };
        flash.flash_bytes -= flash.cases_bytes.min(flash.flash_bytes);
        let named = flash.vector_table_bytes
            + flash.engine_code_bytes
            + flash.engine_table_bytes
            + flash.library_code_bytes
            + flash.model_bytes;
        flash.application_bytes = flash.flash_bytes.saturating_sub(named);
        flash
    }

    /// Together with what the program said when it ran.
    pub fn with_ram(self, measured: MeasuredRam) -> Footprint {
        let MeasuredRam {
            state,
            model_handle,
            decode_stack,
            step_stack,
            application_stack,
        } = measured;
        let stack = decode_stack.max(step_stack);
        let ram = RamUse {
            ram_bytes: self.statics + application_stack + stack,
            state_bytes: state,
            model_handle_bytes: model_handle,
            static_bytes: self.statics.saturating_sub(state + model_handle),
            stack_bytes: stack,
            decode_stack_bytes: decode_stack,
            step_stack_bytes: step_stack,
            application_stack_bytes: application_stack,
        };
        Footprint { flash: self, ram }
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Footprint { flash, ram } = self;
        let part = |title, rows: &[(&str, u64)], sum: u64| {
            let mut table = Table::new([Column::words(title), Column::numbers("")]);
            for (name, size) in rows {
                table.row([(*name).into(), bytes(*size)]);
            }
            table.rule();
            table.row(["together".into(), bytes(sum)]);
            table
        };
        let flash_rows = [
            ("vector table", flash.vector_table_bytes),
            ("engine, code", flash.engine_code_bytes),
            ("engine, tables", flash.engine_table_bytes),
            ("core library", flash.library_code_bytes),
            ("application", flash.application_bytes),
            ("model", flash.model_bytes),
        ];
        let ram_rows = [
            ("state", ram.state_bytes),
            ("model handle", ram.model_handle_bytes),
            ("other statics", ram.static_bytes),
            ("stack of the engine", ram.stack_bytes),
            ("stack of the application", ram.application_stack_bytes),
        ];
        writeln!(out, "{}", part("flash", &flash_rows, flash.flash_bytes))?;
        if flash.cases_bytes > 0 {
            let cases = bytes(flash.cases_bytes);
            writeln!(out, "(and {cases} of test cases, which are not counted)\n")?;
        }
        write!(out, "{}", part("RAM", &ram_rows, ram.ram_bytes))?;
        writeln!(
            out,
            "(stack: {} to decode, {} for a step)",
            bytes(ram.decode_stack_bytes),
            bytes(ram.step_stack_bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_ram_add_up() {
        let flash = FlashUse {
            statics: 3000,
            ..FlashUse::default()
        };
        let measured = MeasuredRam {
            state: 2696,
            model_handle: 300,
            decode_stack: 1000,
            step_stack: 300,
            application_stack: 500,
        };
        let ram = flash.with_ram(measured).ram;
        assert_eq!(
            (ram.static_bytes, ram.stack_bytes, ram.ram_bytes),
            (4, 1000, 4500)
        );
    }
}

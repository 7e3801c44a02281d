//! Enters: a linked program and what it measured of itself. Leaves: [`Footprint`], what
//! fills flash and RAM. Next: `simulate` reports it.
//!
//! Flash comes from the sections of the ELF file, by symbol: the engine is the runtime with
//! its crates and the calls of it that the demo keeps apart, the library is what the
//! compiler brings, the application is all the rest, texts included. Test cases are shown
//! and not counted. RAM comes from the statics and the painted stack.

use crate::error::{Error, Result};
use crate::report::table::{Column, Table, bytes};
use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind};
use serde::Serialize;
use std::fmt;

/// Who owns a symbol: the first of these that its mangled name mentions.
const OWNERS: [(&str, Owner); 14] = [
    ("13set_lstm_demo8embedded5MODEL", Owner::Model),
    ("13set_lstm_demo8embedded5CASES", Owner::Cases),
    ("13set_lstm_demo6engine", Owner::Engine),
    ("set_lstm_runtime", Owner::Engine),
    ("postcard", Owner::Engine),
    ("serde", Owner::Engine),
    ("heapless", Owner::Engine),
    ("bytemuck", Owner::Engine),
    ("3crc", Owner::Engine),
    ("4libm", Owner::Engine),
    ("micromath", Owner::Engine),
    ("compiler_builtins", Owner::Library),
    ("set_lstm", Owner::Application),
    ("cortex_m", Owner::Application),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Model,
    Cases,
    Engine,
    Library,
    Application,
}

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
        let file = ElfFile32::<Endianness>::parse(elf).map_err(|problem| {
            Error::Tool(format!(
                "the linked firmware is no ELF file: {problem}; build it again"
            ))
        })?;
        let mut flash = FlashUse::default();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
                continue;
            };
            if !sh_flags.contains(SHF_ALLOC) {
                continue;
            }
            let size = section.size();
            if sh_flags.contains(SHF_WRITE) {
                flash.statics += size;
            }
            if section.kind() != SectionKind::UninitializedData {
                flash.flash_bytes += size;
            }
            if section.name() == Ok(".vector_table") {
                flash.vector_table_bytes = size;
            }
        }
        for symbol in file.symbols() {
            let section = symbol
                .section_index()
                .and_then(|index| file.section_by_index(index).ok());
            let (Some(section), Ok(name)) = (section, symbol.name()) else {
                continue;
            };
            let is_code = match section.name() {
                Ok(".text") => true,
                Ok(".rodata") => false,
                _ => continue,
            };
            let part = match (owner(name), is_code) {
                (Owner::Model, _) => &mut flash.model_bytes,
                (Owner::Cases, _) => &mut flash.cases_bytes,
                (Owner::Engine, true) => &mut flash.engine_code_bytes,
                (Owner::Engine, false) => &mut flash.engine_table_bytes,
                (Owner::Library, true) => &mut flash.library_code_bytes,
                _ => continue,
            };
            *part += symbol.size();
        }
        flash.flash_bytes -= flash.cases_bytes.min(flash.flash_bytes);
        let named = flash.vector_table_bytes
            + flash.engine_code_bytes
            + flash.engine_table_bytes
            + flash.library_code_bytes
            + flash.model_bytes;
        flash.application_bytes = flash.flash_bytes.saturating_sub(named);
        Ok(flash)
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

fn owner(symbol: &str) -> Owner {
    let mentions = OWNERS
        .iter()
        .filter_map(|(name, owner)| Some((symbol.find(name)?, owner)));
    // of two names at one place the earlier in the list, which is the more particular
    let first = mentions.min_by_key(|(at, _)| *at);
    first.map_or(Owner::Library, |(_, owner)| *owner)
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
    fn symbols_go_to_the_first_owner_that_they_mention() {
        for (symbol, expected) in [
            ("_RNvNtCshC_13set_lstm_demo8embedded5MODEL", Owner::Model),
            ("_ZN13set_lstm_demo8embedded5CASES17h0123E", Owner::Cases),
            ("_RNvNtCshC_13set_lstm_demo6engine6decode", Owner::Engine),
            ("_RNvNtCshC_13set_lstm_demo3run7compare", Owner::Application),
            (
                "_RNvXs1i_NtC_4core3fmtRNtNtC_16set_lstm_runtime5error11DecodeErrorN",
                Owner::Engine,
            ),
            (
                "_RINvNtC_13set_lstm_qemu5stack7used_byNtC_13set_lstm_demo6engine5Ready",
                Owner::Application,
            ),
            (
                "_ZN104_$LT$set_lstm_runtime..int8..Int8$u20$as$u20$X$GT$3add17h0E",
                Owner::Engine,
            ),
            ("_RNvNtC_17compiler_builtins3mem6memcpy", Owner::Library),
            ("_RNvMsa_NtC_4core3fmtNtB5_9Formatter3pad", Owner::Library),
            ("__aeabi_uldivmod", Owner::Library),
        ] {
            assert_eq!(owner(symbol), expected, "{symbol}");
        }
    }

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

    #[test]
    fn what_is_no_elf_file_is_an_error() {
        assert!(FlashUse::of_elf(b"MZ").is_err());
    }
}

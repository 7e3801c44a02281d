//! Enters: a linked program. Leaves: [`Program`], the frame of each function and what it calls.
//! Next: `mod`, which finds the deepest way down.

use super::thumb::{self, Effect};
use crate::error::{Error, Result};
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use std::collections::BTreeMap;

/// What one function takes of the stack, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Name for people; the first of several.
    pub name: String,
    /// Bytes of its frame, or why there is no bound on it.
    pub frame: std::result::Result<u64, String>,
    /// Addresses of the functions that it calls or jumps to, without repetition.
    pub calls: Vec<u32>,
}

/// All functions of a program, by address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// The functions.
    pub functions: BTreeMap<u32, Function>,
}

impl Program {
    /// Reads a linked program for a Cortex-M.
    ///
    /// # Errors
    /// Not a 32-bit ELF file, or one without symbols.
    pub fn read(elf: &[u8]) -> Result<Self> {
        let broken = |problem: &dyn std::fmt::Display| {
            Error::Tool(format!(
                "the program is no linked ELF file: {problem}; build it again"
            ))
        };
        let file = ElfFile32::<Endianness>::parse(elf).map_err(|error| broken(&error))?;
        let data = data_ranges(&file);
        let mut functions = BTreeMap::new();
        for section in file.sections().filter(|s| s.kind() == SectionKind::Text) {
            let bytes = section.data().map_err(|error| broken(&error))?;
            let base = section.address() as u32;
            for symbol in file.symbols() {
                // of thumb code the lowest bit of an address is set
                let start = symbol.address() as u32 & !1;
                let is_here = symbol.section_index() == Some(section.index());
                if !is_here || symbol.kind() != SymbolKind::Text || symbol.size() == 0 {
                    continue;
                }
                let code = Code {
                    bytes,
                    base,
                    data: &data,
                };
                let end = start.saturating_add(symbol.size() as u32);
                let name = symbol.name().map_err(|error| broken(&error))?;
                functions
                    .entry(start)
                    .or_insert_with(|| code.function(name, start, end));
            }
        }
        if functions.is_empty() {
            return Err(broken(&"it has no symbols of functions"));
        }
        Ok(Program { functions })
    }
}

/// Where data lies between code: from `$d` to the next `$t` (ELF for the Arm Architecture).
fn data_ranges(file: &ElfFile32<'_, Endianness>) -> BTreeMap<u32, bool> {
    let marks = file.symbols().filter_map(|symbol| {
        let name = symbol.name().ok()?;
        let kind = name.split('.').next()?;
        let is_data = match kind {
            "$d" => true,
            "$t" => false,
            _ => return None,
        };
        Some((symbol.address() as u32, is_data))
    });
    marks.collect()
}

/// A section of code, and which of its bytes are none.
#[derive(Clone, Copy)]
struct Code<'f> {
    bytes: &'f [u8],
    base: u32,
    data: &'f BTreeMap<u32, bool>,
}

impl Code<'_> {
    fn word(&self, at: u32) -> Option<u32> {
        let start = at.checked_sub(self.base)? as usize;
        let bytes = self.bytes.get(start..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes))
    }

    fn halfword(&self, at: u32) -> Option<u16> {
        let start = at.checked_sub(self.base)? as usize;
        let bytes = self.bytes.get(start..)?.first_chunk()?;
        Some(u16::from_le_bytes(*bytes))
    }

    fn is_data(&self, at: u32) -> bool {
        let before = self.data.range(..=at).next_back();
        before.is_some_and(|(_, &is_data)| is_data)
    }

    /// Adds up what all instructions of a function do: more than any way through it does.
    fn function(self, symbol: &str, start: u32, end: u32) -> Function {
        let mut sum = Sum::default();
        let mut at = start;
        while at < end {
            if self.is_data(at) {
                at += 2;
                continue;
            }
            let Some(first) = self.halfword(at) else {
                sum.fail(at, "ends within an instruction");
                break;
            };
            let effect = if thumb::is_wide(first) {
                let second = self.halfword(at + 2).unwrap_or_default();
                thumb::wide(at, first, second)
            } else {
                thumb::narrow(at, first)
            };
            sum.add(at, effect, start..end);
            sum.remember(self, at, first);
            at += if thumb::is_wide(first) { 4 } else { 2 };
        }
        sum.calls.sort_unstable();
        sum.calls.dedup();
        Function {
            name: format!("{:#}", rustc_demangle::demangle(symbol)),
            frame: match sum.problem {
                Some(problem) => Err(problem),
                None => Ok(u64::from(sum.pushed) + u64::from(sum.down.max(sum.restored))),
            },
            calls: sum.calls,
        }
    }
}

/// What was found of a function so far.
#[derive(Default)]
struct Sum {
    pushed: u32,
    down: u32,
    restored: u32,
    calls: Vec<u32>,
    problem: Option<String>,
    /// A register that the instruction before has loaded with a number.
    loaded: Option<(u8, u32)>,
    /// A register that the instructions before have set below the frame pointer.
    below: Option<(u8, u32)>,
}

impl Sum {
    fn fail(&mut self, at: u32, what: &str) {
        self.problem.get_or_insert(format!("{what} at {at:#x}"));
    }

    fn add(&mut self, at: u32, effect: Effect, inside: std::ops::Range<u32>) {
        match effect {
            Effect::None => {}
            Effect::Push(bytes) => self.pushed = self.pushed.saturating_add(bytes),
            Effect::Down(bytes) => self.down = self.down.saturating_add(bytes),
            Effect::Restore(bytes) => self.restored = self.restored.max(bytes),
            Effect::AddRegister(register) => match self.loaded {
                // cores without wide instructions load a large frame's size as a number
                Some((loaded, number)) if loaded == register => {
                    let down = (number as i32).min(0).unsigned_abs();
                    self.down = self.down.saturating_add(down);
                }
                _ => self.fail(at, "moves the stack pointer by a register"),
            },
            Effect::SetRegister(register) => match self.below {
                Some((set, bytes)) if set == register => {
                    self.restored = self.restored.max(bytes);
                }
                _ => self.fail(at, "sets the stack pointer from a register"),
            },
            Effect::Call(target) => self.calls.push(target),
            Effect::Jump(target) if inside.contains(&target) => {}
            Effect::Jump(target) => self.calls.push(target),
            Effect::Indirect => self.fail(at, "calls or jumps by a register"),
            Effect::Unknown => self.fail(at, "moves the stack pointer in an unknown way"),
        }
    }

    /// Notes what the next instruction may take from a register.
    fn remember(&mut self, code: Code<'_>, at: u32, first: u16) {
        self.loaded = thumb::literal(at, first)
            .and_then(|(register, number)| Some((register, code.word(number)?)));
        self.below = match (thumb::below_frame_pointer(first), self.below) {
            (Some((register, true, bytes)), _) => Some((register, bytes)),
            (Some((register, false, more)), Some((set, bytes))) if set == register => {
                Some((register, bytes + more))
            }
            _ => None,
        };
    }
}

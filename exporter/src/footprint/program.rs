//! Enters: the bytes of a linked program. Leaves: [`LinkedSizes`], the bytes of its sections,
//! and [`OwnedSymbol`]s, who owns what is in them. Next: `mod` sums them up, `added` compares
//! two programs.

use crate::error::{Error, Result};
use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind};
use serde::Serialize;

/// Who owns a symbol: the first of these that its mangled name mentions.
const OWNERS: [(&str, Owner); 19] = [
    ("13set_lstm_demo8embedded5MODEL", Owner::Model),
    ("13set_lstm_demo8embedded5CASES", Owner::Cases),
    ("18set_lstm_sentiment8embedded5MODEL", Owner::Model),
    ("17set_lstm_activity8embedded5MODEL", Owner::Model),
    ("13set_lstm_demo6engine", Owner::Engine),
    ("12set_lstm_kit6memory", Owner::Engine),
    ("12least_engine", Owner::Engine),
    ("5least4exit", Owner::Application),
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

/// Whose code or constants a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The model file.
    Model,
    /// Test cases.
    Cases,
    /// The runtime with its crates.
    Engine,
    /// What the compiler brings.
    Library,
    /// All the rest.
    Application,
}

impl Owner {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Owner::Model => "model",
            Owner::Cases => "test cases",
            Owner::Engine => "engine",
            Owner::Library => "core library",
            Owner::Application => "application",
        }
    }
}

/// What a symbol names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// Instructions, in flash.
    Code,
    /// Constants, in flash.
    Table,
    /// Bytes of RAM.
    Static,
}

impl Use {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Use::Code => "code",
            Use::Table => "table",
            Use::Static => "static",
        }
    }
}

/// A named part of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnedSymbol {
    /// Name for people.
    pub name: String,
    /// Who owns it.
    pub owner: Owner,
    /// What it is.
    #[serde(rename = "use")]
    pub used_as: Use,
    /// Its size.
    pub bytes: u64,
}

/// Bytes of the sections of a linked program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkedSizes {
    /// All that lies in flash, the first contents of statics included.
    pub flash: u64,
    /// The vector table.
    pub vector_table: u64,
    /// Instructions, section `.text`.
    pub code: u64,
    /// Constants, section `.rodata`.
    pub tables: u64,
    /// Statics, which the RAM begins with.
    pub statics: u64,
}

/// A linked program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedProgram {
    /// Its sections.
    pub sizes: LinkedSizes,
    /// What is named in them, the largest first.
    pub symbols: Vec<OwnedSymbol>,
}

impl LinkedProgram {
    /// Reads a linked program for a Cortex-M.
    ///
    /// # Errors
    /// Not a 32-bit ELF file.
    pub fn read(elf: &[u8]) -> Result<Self> {
        let file = ElfFile32::<Endianness>::parse(elf).map_err(|problem| {
            Error::Tool(format!(
                "the linked firmware is no ELF file: {problem}; build it again"
            ))
        })?;
        let mut sizes = LinkedSizes::default();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
                continue;
            };
            if !sh_flags.contains(SHF_ALLOC) {
                continue;
            }
            let size = section.size();
            if sh_flags.contains(SHF_WRITE) {
                sizes.statics += size;
            }
            if section.kind() != SectionKind::UninitializedData {
                sizes.flash += size;
            }
            match section.name() {
                Ok(".vector_table") => sizes.vector_table = size,
                Ok(".text") => sizes.code = size,
                Ok(".rodata") => sizes.tables = size,
                _ => {}
            }
        }
        let symbols = file.symbols().filter_map(|symbol| {
            let section = file.section_by_index(symbol.section_index()?).ok()?;
            let used_as = match section.name().ok()? {
                ".text" => Use::Code,
                ".rodata" => Use::Table,
                ".data" | ".bss" => Use::Static,
                _ => return None,
            };
            let name = symbol.name().ok().filter(|_| symbol.size() > 0)?;
            Some(OwnedSymbol {
                name: format!("{:#}", rustc_demangle::demangle(name)),
                owner: owner(name),
                used_as,
                bytes: symbol.size(),
            })
        });
        let mut symbols: Vec<OwnedSymbol> = symbols.collect();
        symbols.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
        Ok(LinkedProgram { sizes, symbols })
    }

    /// Bytes of all that somebody owns, of one use.
    pub fn owned(&self, owner: Owner, used_as: Use) -> u64 {
        let of = |symbol: &&OwnedSymbol| symbol.owner == owner && symbol.used_as == used_as;
        self.symbols.iter().filter(of).map(|s| s.bytes).sum()
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
    fn what_is_no_elf_file_is_an_error() {
        assert!(LinkedProgram::read(b"MZ").is_err());
    }
}

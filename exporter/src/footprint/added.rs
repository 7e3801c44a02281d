//! Enters: a board, and what a model is. Leaves: [`AddedSize`], what decode, step and classify
//! add to a firmware that does nothing. Next: `set-lstm bench size` and `footprint` print it.
//!
//! Two programs are linked as any firmware here, `least-empty` and one that decodes a model,
//! takes a few steps and classifies, without texts, self-test and printing. The difference of
//! their sections is the engine with all that it needs of the core library; the model itself
//! is not counted.

use super::program::{LinkedProgram, OwnedSymbol, Owner, Use};
use crate::device::AnyModel;
use crate::error::Result;
use crate::report::table::{Column, Table, thousands};
use crate::simulate::board::EmulatedBoard;
use crate::simulate::firmware::{Firmware, Folders};
use serde::Serialize;
use set_lstm_runtime::wire::Kind;
use std::collections::BTreeMap;
use std::fmt;

/// The program that does nothing.
const EMPTY: &str = "least-empty";

/// The least program of a kind of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeastProgram {
    /// `int8` or `f32`.
    pub values: &'static str,
    /// `tokens` or `samples`.
    pub inputs: &'static str,
    /// Name of the program.
    pub program: &'static str,
}

/// One of each kind.
pub const LEAST_PROGRAMS: [LeastProgram; 4] = [
    LeastProgram {
        values: "int8",
        inputs: "tokens",
        program: "least-int8-tokens",
    },
    LeastProgram {
        values: "int8",
        inputs: "samples",
        program: "least-int8-samples",
    },
    LeastProgram {
        values: "f32",
        inputs: "tokens",
        program: "least-f32-tokens",
    },
    LeastProgram {
        values: "f32",
        inputs: "samples",
        program: "least-f32-samples",
    },
];

/// What the engine adds to a firmware, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddedSize {
    /// Name of the board.
    pub board: &'static str,
    /// Its core.
    pub core: &'static str,
    /// `int8` or `f32`.
    pub values: &'static str,
    /// `tokens` or `samples`.
    pub inputs: &'static str,
    /// Flash: code, tables, and first contents of statics.
    pub flash_bytes: u64,
    /// Instructions, section `.text`.
    pub code_bytes: u64,
    /// Constants, section `.rodata`, without the model.
    pub table_bytes: u64,
    /// Statics: what a decoded model keeps in RAM, and a state of 256 units.
    pub static_bytes: u64,
    /// What it consists of, the largest first; symbols of one name are added up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<OwnedSymbol>,
}

impl LeastProgram {
    /// The one for a model.
    pub fn of(model: &AnyModel<'_>) -> Self {
        let [int8_tokens, int8_samples, f32_tokens, f32_samples] = LEAST_PROGRAMS;
        match (model.kind(), model.channels()) {
            (Kind::Int8, None) => int8_tokens,
            (Kind::Int8, Some(_)) => int8_samples,
            (Kind::Float32, None) => f32_tokens,
            (Kind::Float32, Some(_)) => f32_samples,
        }
    }

    /// Links it and the empty one for a board, and takes the difference.
    ///
    /// # Errors
    /// A missing tool, or a program that does not build or fit.
    pub fn added(self, board: EmulatedBoard, folders: &Folders) -> Result<AddedSize> {
        let linked = |program| {
            let firmware = Firmware::build_bare(board, program, folders)?;
            LinkedProgram::read(&firmware.elf()?)
        };
        let (empty, full) = (linked(EMPTY)?, linked(self.program)?);
        let model = full.owned(Owner::Model, Use::Table);
        let more = |full: u64, empty: u64| full.saturating_sub(empty);
        Ok(AddedSize {
            board: board.name,
            core: board.core,
            values: self.values,
            inputs: self.inputs,
            flash_bytes: more(full.sizes.flash, empty.sizes.flash + model),
            code_bytes: more(full.sizes.code, empty.sizes.code),
            table_bytes: more(full.sizes.tables, empty.sizes.tables + model),
            static_bytes: more(full.sizes.statics, empty.sizes.statics),
            symbols: new_symbols(&empty, full),
        })
    }
}

/// Symbols that the empty program has not, those of one name as one.
fn new_symbols(empty: &LinkedProgram, full: LinkedProgram) -> Vec<OwnedSymbol> {
    let mut sums = BTreeMap::<(String, Use, Owner), u64>::new();
    for symbol in full.symbols {
        let is_old = empty.symbols.iter().any(|old| old.name == symbol.name);
        if !is_old && symbol.owner != Owner::Model {
            let key = (symbol.name, symbol.used_as, symbol.owner);
            *sums.entry(key).or_default() += symbol.bytes;
        }
    }
    let sum = |((name, used_as, owner), bytes)| OwnedSymbol {
        name,
        owner,
        used_as,
        bytes,
    };
    let mut symbols: Vec<OwnedSymbol> = sums.into_iter().map(sum).collect();
    symbols.sort_by_key(|symbol| std::cmp::Reverse(symbol.bytes));
    symbols
}

/// Rows of [`AddedSize`] as a table.
pub fn table(rows: &[AddedSize]) -> Table<7> {
    let mut table = Table::new([
        Column::words("board"),
        Column::words("core"),
        Column::words("engine"),
        Column::numbers("code"),
        Column::numbers("tables"),
        Column::numbers("flash"),
        Column::numbers("static RAM"),
    ]);
    for row in rows {
        table.row([
            row.board.into(),
            row.core.into(),
            format!("{} {}", row.values, row.inputs),
            thousands(row.code_bytes),
            thousands(row.table_bytes),
            thousands(row.flash_bytes),
            thousands(row.static_bytes),
        ]);
    }
    table
}

/// The symbols of one [`AddedSize`] as a table.
pub struct SymbolTable<'s>(pub &'s [OwnedSymbol]);

impl fmt::Display for SymbolTable<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([
            Column::numbers("bytes"),
            Column::words("of"),
            Column::words("use"),
            Column::words("symbol"),
        ]);
        for symbol in self.0 {
            table.row([
                thousands(symbol.bytes),
                symbol.owner.name().into(),
                symbol.used_as.name().into(),
                symbol.name.clone(),
            ]);
        }
        table.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::program::LinkedSizes;
    use super::*;

    fn symbol(name: &str, bytes: u64) -> OwnedSymbol {
        OwnedSymbol {
            name: name.into(),
            owner: Owner::Engine,
            used_as: Use::Code,
            bytes,
        }
    }

    #[test]
    fn symbols_of_one_name_are_one_and_those_of_the_empty_program_none() {
        let program = |symbols: &[(&str, u64)]| LinkedProgram {
            sizes: LinkedSizes::default(),
            symbols: symbols.iter().map(|(name, n)| symbol(name, *n)).collect(),
        };
        let empty = program(&[("Reset", 60)]);
        let full = program(&[("Reset", 60), ("step", 50), ("array", 30), ("array", 40)]);
        let expected = [symbol("array", 70), symbol("step", 50)];
        assert_eq!(new_symbols(&empty, full), expected);
    }
}

//! The boards that can be emulated, and what they have room for.

use crate::error::{Error, Result};

/// A board of QEMU and the firmware package that is made for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmulatedBoard {
    /// Name for people, and QEMU's name of the machine.
    pub name: &'static str,
    /// QEMU's name of the core.
    pub cpu: &'static str,
    /// Rust's name of the target.
    pub target: &'static str,
    /// Package in the folder `firmware-examples`.
    pub package: &'static str,
    /// Bytes of flash; as in the package's `memory.x`.
    pub flash: u64,
    /// Bytes of RAM; as in the package's `memory.x`.
    pub ram: u64,
}

/// All of them; the first is the default.
pub const BOARDS: [EmulatedBoard; 1] = [EmulatedBoard {
    name: "mps2-an386",
    cpu: "cortex-m4",
    target: "thumbv7em-none-eabihf",
    package: "set-lstm-qemu",
    flash: 4 << 20,
    ram: 4 << 20,
}];

impl EmulatedBoard {
    /// The board of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self> {
        let found = BOARDS.into_iter().find(|board| board.name == name);
        found.ok_or_else(|| {
            let names = BOARDS.map(|board| board.name).join(", ");
            Error::Options(format!("no board {name}; choose one of: {names}"))
        })
    }
}

impl Default for EmulatedBoard {
    fn default() -> Self {
        let [first, ..] = BOARDS;
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_board_is_an_error_that_lists_the_known() {
        assert_eq!(
            EmulatedBoard::named("mps2-an386").expect("known").flash,
            4_194_304
        );
        let error = EmulatedBoard::named("abacus").expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "no board abacus; choose one of: mps2-an386"
        );
    }
}

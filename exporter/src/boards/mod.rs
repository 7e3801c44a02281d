//! Enters: the name of a board. Leaves: what it is: real ones, which `set-lstm flash` writes
//! to, and emulated ones. This is the one list. Next: `room` tells whether a model fits.
//!
//! `firmware-examples/qemu/boards.rs` lists the emulated ones with what a program must know;
//! `firmware-examples/boards` has a folder for each real one.

pub mod room;

use crate::error::{Error, Result};

/// Package of the programs for all boards, in the folder `firmware-examples`.
pub const PACKAGE: &str = "set-lstm-qemu";

/// A board of QEMU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmulatedBoard {
    /// Name for people.
    pub name: &'static str,
    /// The core.
    pub core: &'static str,
    /// QEMU's name of the machine.
    pub machine: &'static str,
    /// Rust's name of the target.
    pub target: &'static str,
    /// Whether the core computes with f32.
    pub has_fpu: bool,
    /// Bytes of flash; as in the package's `memory` folder.
    pub flash: u64,
    /// Bytes of RAM; as in the package's `memory` folder.
    pub ram: u64,
}

/// All of them; the first is the default.
pub const BOARDS: [EmulatedBoard; 6] = [
    EmulatedBoard {
        name: "mps2-an386",
        core: "Cortex-M4F",
        machine: "mps2-an386",
        target: "thumbv7em-none-eabihf",
        has_fpu: true,
        flash: 4 << 20,
        ram: 4 << 20,
    },
    EmulatedBoard {
        name: "mps2-an500",
        core: "Cortex-M7F",
        machine: "mps2-an500",
        target: "thumbv7em-none-eabihf",
        has_fpu: true,
        flash: 4 << 20,
        ram: 4 << 20,
    },
    EmulatedBoard {
        name: "mps2-an505",
        core: "Cortex-M33F",
        machine: "mps2-an505",
        target: "thumbv8m.main-none-eabihf",
        has_fpu: true,
        flash: 4 << 20,
        ram: 4 << 20,
    },
    EmulatedBoard {
        name: "mps2-an385",
        core: "Cortex-M3",
        machine: "mps2-an385",
        target: "thumbv7m-none-eabi",
        has_fpu: false,
        flash: 4 << 20,
        ram: 4 << 20,
    },
    EmulatedBoard {
        name: "mps2-an385-m0",
        core: "code of a Cortex-M0",
        machine: "mps2-an385",
        target: "thumbv6m-none-eabi",
        has_fpu: false,
        flash: 4 << 20,
        ram: 4 << 20,
    },
    EmulatedBoard {
        name: "microbit",
        core: "Cortex-M0",
        machine: "microbit",
        target: "thumbv6m-none-eabi",
        has_fpu: false,
        flash: 256 << 10,
        ram: 16 << 10,
    },
];

/// A board for the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RealBoard {
    /// Name of its folder in `firmware-examples/boards`, and of its package.
    pub name: &'static str,
    /// The core.
    pub core: &'static str,
    /// The chip, as probe-rs calls it.
    pub chip: &'static str,
    /// Rust's name of the target.
    pub target: &'static str,
    /// Bytes of flash.
    pub flash: u64,
    /// Bytes of RAM.
    pub ram: u64,
    /// Clock in MHz.
    pub megahertz: u32,
    /// Bytes of statics of its programs but for model and state, at most: buffers of the
    /// serial port and of the log.
    pub statics: u64,
    /// Name of the emulated board whose code it runs.
    pub emulated: &'static str,
}

/// All of them.
pub const REAL_BOARDS: [RealBoard; 6] = [
    RealBoard {
        name: "nucleo-f446re",
        core: "Cortex-M4F",
        chip: "STM32F446RETx",
        target: "thumbv7em-none-eabihf",
        flash: 512 << 10,
        ram: 128 << 10,
        megahertz: 180,
        statics: 6 << 10,
        emulated: "mps2-an386",
    },
    RealBoard {
        name: "nucleo-f411re",
        core: "Cortex-M4F",
        chip: "STM32F411RETx",
        target: "thumbv7em-none-eabihf",
        flash: 512 << 10,
        ram: 128 << 10,
        megahertz: 100,
        statics: 6 << 10,
        emulated: "mps2-an386",
    },
    RealBoard {
        name: "nrf52840-dk",
        core: "Cortex-M4F",
        chip: "nRF52840_xxAA",
        target: "thumbv7em-none-eabihf",
        flash: 1 << 20,
        ram: 256 << 10,
        megahertz: 64,
        statics: 28 << 10,
        emulated: "mps2-an386",
    },
    RealBoard {
        name: "pico",
        core: "Cortex-M0+",
        chip: "RP2040",
        target: "thumbv6m-none-eabi",
        flash: 2 << 20,
        ram: 264 << 10,
        megahertz: 125,
        statics: 18 << 10,
        emulated: "mps2-an385-m0",
    },
    RealBoard {
        name: "pico2",
        core: "Cortex-M33F",
        chip: "RP235x",
        target: "thumbv8m.main-none-eabihf",
        flash: 4 << 20,
        ram: 520 << 10,
        megahertz: 150,
        statics: 18 << 10,
        emulated: "mps2-an505",
    },
    RealBoard {
        name: "microbit",
        core: "Cortex-M0",
        chip: "nRF51822_xxAA",
        target: "thumbv6m-none-eabi",
        flash: 256 << 10,
        ram: 16 << 10,
        megahertz: 16,
        statics: 6 << 10,
        emulated: "mps2-an385-m0",
    },
];

impl RealBoard {
    /// The board of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self> {
        let found = REAL_BOARDS.into_iter().find(|board| board.name == name);
        found.ok_or_else(|| {
            let names = REAL_BOARDS.map(|board| board.name).join(", ");
            Error::Options(format!("no board {name}; choose one of: {names}"))
        })
    }

    /// The emulated board whose code it runs.
    pub fn emulated(self) -> EmulatedBoard {
        let found = BOARDS.into_iter().find(|board| board.name == self.emulated);
        found.unwrap_or_default()
    }
}

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
        assert_eq!(EmulatedBoard::named("microbit").expect("known").ram, 16_384);
        let error = EmulatedBoard::named("abacus").expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "no board abacus; choose one of: mps2-an386, mps2-an500, mps2-an505, mps2-an385, \
             mps2-an385-m0, microbit"
        );
    }

    #[test]
    fn every_real_board_has_its_folder() {
        let boards = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-examples/boards");
        for board in REAL_BOARDS {
            let folder = format!("{boards}/{}", board.name);
            let read =
                |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).expect(file);
            let config = read(".cargo/config.toml");
            let target = format!("target = \"{}\"", board.target);
            assert!(config.contains(&target), "{config}");
            let runner = format!("probe-rs run --chip {}\"", board.chip);
            assert!(config.contains(&runner), "{config}");
            let package = format!("name = \"{}\"", board.name);
            assert!(read("Cargo.toml").contains(&package), "{folder}");
            let memory = read("memory.x");
            assert_eq!(length(&memory, "RAM"), board.ram, "{folder}");
            // what is booted from lies before the rest
            let boot = if memory.contains("BOOT2") { 256 } else { 0 };
            assert_eq!(length(&memory, "FLASH") + boot, board.flash, "{folder}");
            assert_eq!(board.emulated().target, board.target, "{folder}");
        }
        let folders = std::fs::read_dir(boards).expect("the boards").flatten();
        let of_boards = folders.filter(|folder| folder.path().join("memory.x").is_file());
        assert_eq!(of_boards.count(), REAL_BOARDS.len());
    }

    /// Value of a field in a line such as `name: "mps2-an386",`.
    fn field<'t>(text: &'t str, name: &str) -> &'t str {
        let (_, rest) = text.split_once(&format!("{name}: \"")).expect(name);
        rest.split_once('"').expect("closed").0
    }

    fn length(memory: &str, region: &str) -> u64 {
        let line = memory.lines().find(|line| line.trim().starts_with(region));
        let (_, length) = line.expect(region).split_once("LENGTH = ").expect(region);
        let (length, less) = length.split_once(" - ").unwrap_or((length, "0"));
        let less: u64 = less.parse().expect("a number");
        match length.split_at(length.len() - 1) {
            (mega, "M") => (mega.parse::<u64>().expect("a number") << 20) - less,
            (kilo, "K") => (kilo.parse::<u64>().expect("a number") << 10) - less,
            _ => panic!("{length}"),
        }
    }

    #[test]
    fn the_firmware_has_the_same_boards() {
        let package = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-examples/qemu");
        let read = |path: &str| std::fs::read_to_string(format!("{package}/{path}")).expect(path);
        let text = read("boards.rs");
        let entries: Vec<&str> = text.split("    Description {").skip(1).collect();
        assert_eq!(entries.len(), BOARDS.len());
        for (entry, board) in entries.into_iter().zip(BOARDS) {
            let found = ["name", "core", "target"].map(|name| field(entry, name));
            assert_eq!(found, [board.name, board.core, board.target]);
            let memory = read(&format!("memory/{}", field(entry, "memory")));
            let found = ["FLASH", "RAM"].map(|region| length(&memory, region));
            assert_eq!(found, [board.flash, board.ram], "{}", board.name);
        }
    }
}

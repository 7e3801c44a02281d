//! Enters: a board. Leaves: [`Parts`], all that a project for it has of its own: crates, memory
//! map, and the files about clocks, time and the serial port. Next: `mod` puts them together.

use super::ProjectBoard;
use super::template::Place;
use crate::boards::room::STACK;
use crate::boards::{EmulatedBoard, RealBoard};

/// What differs from board to board.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    /// Name and value of each dependency, but for the runtime.
    pub dependencies: Vec<[&'static str; 2]>,
    /// Versions of all crates.
    pub lock: &'static str,
    /// `.cargo/config.toml`.
    pub config: &'static str,
    /// `memory.x`.
    pub memory: &'static str,
    /// Linker scripts.
    pub scripts: &'static [&'static str],
    /// `src/board.rs`, in two parts.
    pub board: [&'static str; 2],
    /// `src/pace.rs`.
    pub pace: &'static str,
    /// `src/serial.rs`.
    pub serial: &'static str,
    /// What stands in the places of these files.
    pub places: Vec<Place>,
    /// Where the serial port is found; nothing for an emulated board.
    pub port: Option<&'static str>,
}

const RUNTIME: &str = "set-lstm-runtime";
const CORTEX_M_RT: [&str; 2] = ["cortex-m-rt", r#""0.7.5""#];
const DEFMT: [[&str; 2]; 2] = [["defmt", r#""1.2""#], ["defmt-rtt", r#""1.3""#]];
const CORTEX_M: [&str; 2] = [
    "cortex-m",
    r#"{ version = "0.7.7", features = ["inline-asm"] }"#,
];
/// Where no hardware library has critical sections of its own.
const CORTEX_M_WITH_SECTIONS: [&str; 2] = [
    "cortex-m",
    r#"{ version = "0.7.7", features = ["critical-section-single-core", "inline-asm"] }"#,
];

/// What only the chip decides.
struct Chip {
    title: &'static str,
    cortex_m: [&'static str; 2],
    library: &'static [[&'static str; 2]],
    lock: &'static str,
    memory: &'static str,
    flash_origin: &'static str,
    scripts: &'static [&'static str],
    board: &'static str,
    pace: &'static str,
    serial: &'static str,
    port: &'static str,
    /// Multiplier of the clock, and what the two buses are divided by.
    clocks: [&'static str; 3],
}

const SYSTICK: &str = include_str!("pace/systick.rs.in");
const PLAIN_MEMORY: &str = include_str!("memory/plain.x.in");
const SCRIPTS: &[&str] = &["link.x", "defmt.x"];
const OVER_USB: &str = "the serial port of the board's USB socket";
const ON_PINS: &str = "the serial port on pins 1 and 2, by a probe or an adapter of 3.3 V";

const NUCLEO_F446RE: Chip = Chip {
    title: "NUCLEO-F446RE (STM32F446RE, Cortex-M4F)",
    cortex_m: CORTEX_M_WITH_SECTIONS,
    library: &[[
        "embassy-stm32",
        r#"{ version = "0.6", default-features = false, features = ["rt", "stm32f446re", "unstable-pac"] }"#,
    ]],
    lock: include_str!("locks/nucleo.lock.in"),
    memory: PLAIN_MEMORY,
    flash_origin: "0x08000000",
    scripts: SCRIPTS,
    board: include_str!("board/nucleo.rs.in"),
    pace: SYSTICK,
    serial: include_str!("serial/nucleo.rs.in"),
    port: OVER_USB,
    clocks: ["MUL180", "DIV4", "DIV2"],
};
const NUCLEO_F411RE: Chip = Chip {
    title: "NUCLEO-F411RE (STM32F411RE, Cortex-M4F)",
    library: &[[
        "embassy-stm32",
        r#"{ version = "0.6", default-features = false, features = ["rt", "stm32f411re", "unstable-pac"] }"#,
    ]],
    clocks: ["MUL100", "DIV2", "DIV1"],
    ..NUCLEO_F446RE
};
const NRF52840_DK: Chip = Chip {
    title: "nRF52840-DK (nRF52840, Cortex-M4F)",
    cortex_m: CORTEX_M_WITH_SECTIONS,
    library: &[
        ["embassy-futures", r#""0.1.2""#],
        [
            "embassy-nrf",
            r#"{ version = "0.11", default-features = false, features = ["nrf52840", "rt"] }"#,
        ],
    ],
    lock: include_str!("locks/nrf52840.lock.in"),
    memory: PLAIN_MEMORY,
    flash_origin: "0x00000000",
    scripts: SCRIPTS,
    board: include_str!("board/nrf52840.rs.in"),
    pace: SYSTICK,
    serial: include_str!("serial/nrf52840.rs.in"),
    port: OVER_USB,
    clocks: [""; 3],
};
const PICO: Chip = Chip {
    title: "Raspberry Pi Pico (RP2040, Cortex-M0+)",
    cortex_m: CORTEX_M,
    library: &[[
        "embassy-rp",
        r#"{ version = "0.10", default-features = false, features = ["critical-section-impl", "rp2040", "rt", "time-driver", "unstable-pac"] }"#,
    ]],
    lock: include_str!("locks/rp.lock.in"),
    memory: include_str!("memory/pico.x.in"),
    flash_origin: "0x10000000",
    scripts: &["link.x", "defmt.x", "link-rp.x"],
    board: include_str!("board/rp.rs.in"),
    pace: SYSTICK,
    serial: include_str!("serial/rp.rs.in"),
    port: ON_PINS,
    clocks: [""; 3],
};
const PICO2: Chip = Chip {
    title: "Raspberry Pi Pico 2 (RP2350, Cortex-M33F)",
    library: &[[
        "embassy-rp",
        r#"{ version = "0.10", default-features = false, features = ["critical-section-impl", "rp235xa", "rt", "time-driver", "unstable-pac"] }"#,
    ]],
    memory: include_str!("memory/pico2.x.in"),
    scripts: SCRIPTS,
    ..PICO
};
const MICROBIT: Chip = Chip {
    title: "BBC micro:bit v1 (nRF51822, Cortex-M0)",
    cortex_m: CORTEX_M_WITH_SECTIONS,
    library: &[[
        "nrf-pac",
        r#"{ version = "0.4", default-features = false, features = ["nrf51", "rt"] }"#,
    ]],
    lock: include_str!("locks/microbit.lock.in"),
    memory: PLAIN_MEMORY,
    flash_origin: "0x00000000",
    scripts: SCRIPTS,
    board: include_str!("board/microbit.rs.in"),
    pace: include_str!("pace/microbit.rs.in"),
    serial: include_str!("serial/microbit.rs.in"),
    port: OVER_USB,
    clocks: [""; 3],
};

impl Parts {
    /// Of a board.
    pub fn of(board: ProjectBoard) -> Self {
        match board {
            ProjectBoard::Real(board) => of_real(board),
            ProjectBoard::Emulated(board) => of_emulated(board),
        }
    }

    /// The lines of the manifest, sorted by name; `runtime` is the value of the last one.
    pub fn manifest(&self, runtime: &str) -> String {
        let own = self.dependencies.iter().copied();
        let mut all: Vec<[&str; 2]> = own.chain([[RUNTIME, runtime]]).collect();
        all.sort_unstable();
        let lines = all
            .iter()
            .map(|[name, value]| format!("{name} = {value}\n"));
        lines.collect()
    }
}

fn of_real(board: RealBoard) -> Parts {
    let chip = chip_of(board.name);
    let [multiplier, bus_1, bus_2] = chip.clocks;
    let mut places = memory(
        chip.title,
        chip.flash_origin,
        "0x20000000",
        board.flash,
        board.ram,
    );
    places.extend([
        Place::new("CHIP", board.chip),
        Place::new("MEGAHERTZ", board.megahertz),
        Place::new("PLL_MUL", multiplier),
        Place::new("APB1", bus_1),
        Place::new("APB2", bus_2),
    ]);
    let own = [chip.cortex_m, CORTEX_M_RT].into_iter().chain(DEFMT);
    Parts {
        dependencies: own.chain(chip.library.iter().copied()).collect(),
        lock: chip.lock,
        config: include_str!("config-real.toml.in"),
        memory: chip.memory,
        scripts: chip.scripts,
        board: [chip.board, include_str!("board/log.rs.in")],
        pace: chip.pace,
        serial: chip.serial,
        places,
        port: Some(chip.port),
    }
}

/// What the boards' own list does not know of them.
fn chip_of(name: &str) -> Chip {
    match name {
        "nucleo-f411re" => NUCLEO_F411RE,
        "nrf52840-dk" => NRF52840_DK,
        "pico" => PICO,
        "pico2" => PICO2,
        "microbit" => MICROBIT,
        _ => NUCLEO_F446RE,
    }
}

fn of_emulated(board: EmulatedBoard) -> Parts {
    let title = format!("{} ({}, emulated by QEMU)", board.machine, board.core);
    // where the core finds its vectors, as `firmware-examples/qemu/memory` has it
    let [flash, ram] = match board.machine {
        "mps2-an505" => ["0x10000000", "0x38000000"],
        _ => ["0x00000000", "0x20000000"],
    };
    let mut places = memory(&title, flash, ram, board.flash, board.ram);
    places.push(Place::new("MACHINE", board.machine));
    Parts {
        dependencies: vec![CORTEX_M, CORTEX_M_RT, ["cortex-m-semihosting", r#""0.5""#]],
        lock: include_str!("locks/emulated.lock.in"),
        config: include_str!("config-emulated.toml.in"),
        memory: PLAIN_MEMORY,
        scripts: &["link.x"],
        board: [include_str!("board/emulated.rs.in"), ""],
        pace: include_str!("pace/emulated.rs.in"),
        serial: include_str!("serial/emulated.rs.in"),
        places,
        port: None,
    }
}

/// The places of a memory map.
fn memory(title: &str, flash_origin: &str, ram_origin: &str, flash: u64, ram: u64) -> Vec<Place> {
    vec![
        Place::new("BOARD", title),
        Place::new("FLASH_ORIGIN", flash_origin),
        Place::new("FLASH_KB", flash >> 10),
        Place::new("RAM_ORIGIN", ram_origin),
        Place::new("RAM_KB", ram >> 10),
        Place::new("STACK", STACK),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boards::REAL_BOARDS;
    use crate::new::template::fill;

    #[test]
    fn every_real_board_has_a_chip_of_its_own_and_the_memory_of_its_folder() {
        let boards = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-examples/boards");
        let mut titles: Vec<&str> = REAL_BOARDS.map(|board| chip_of(board.name).title).into();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), REAL_BOARDS.len());
        for board in REAL_BOARDS {
            let parts = Parts::of(ProjectBoard::Real(board));
            let path = format!("{boards}/{}/memory.x", board.name);
            let expected = std::fs::read_to_string(&path).expect(&path);
            let regions = |text: &str| -> Vec<String> {
                let lines = text.lines().filter(|line| line.contains("ORIGIN"));
                lines.map(|line| line.trim().to_owned()).collect()
            };
            let memory = fill(parts.memory, &parts.places);
            assert_eq!(regions(&memory), regions(&expected), "{}", board.name);
        }
    }
}

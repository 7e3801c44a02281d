//! Enters: a model and a board. Leaves: [`Room`], what the application takes with that model,
//! and what is left. Next: `set-lstm boards` lists it; `set-lstm flash` asks before it builds.
//!
//! Model file, state and handle are exact. The rest is a bound that was measured on linked
//! programs and rounded up, so that a model that is said to fit does; only the linker tells
//! the last kilobytes, which `set-lstm flash --build-only` asks.

use super::{EmulatedBoard, RealBoard};
use crate::device::AnyModel;
use crate::error::{Error, Result};
use serde::Serialize;
use set_lstm_runtime::wire::Kind;

/// Bytes of flash of the largest program without its model: engine, texts, serial port, log.
pub const PROGRAM_FLASH: u64 = 40 << 10;
/// Bytes of stack that the linker script of the boards keeps free.
pub const STACK: u64 = 3 << 10;
/// Statics of an emulated board's programs, but for model and state.
const EMULATED_STATICS: u64 = 256;

/// What runs on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Application {
    /// A line of text on the serial port, its label back.
    Sentiment,
    /// Samples one by one, the activity as it changes.
    Activity,
}

impl Application {
    /// Both.
    pub const ALL: [Application; 2] = [Application::Sentiment, Application::Activity];

    /// Name of the program.
    pub const fn name(self) -> &'static str {
        match self {
            Application::Sentiment => "sentiment",
            Application::Activity => "activity",
        }
    }

    /// The one that feeds a model what it reads.
    ///
    /// # Errors
    /// The model reads tokens and does not know their words.
    pub fn of(model: &AnyModel<'_>) -> Result<Self> {
        match (model.channels(), model.vocabulary()) {
            (Some(_), _) => Ok(Application::Activity),
            (None, Some(_)) => Ok(Application::Sentiment),
            (None, None) => Err(Error::Options(
                "the model reads tokens and its file has no words, so that no board can feed it; \
                 export it from a run with a vocabulary"
                    .into(),
            )),
        }
    }

    /// Refuses a model that reads something else.
    ///
    /// # Errors
    /// It does.
    pub fn check(self, model: &AnyModel<'_>) -> Result<()> {
        let fitting = Application::of(model)?;
        if fitting == self {
            return Ok(());
        }
        let (wanted, fitting) = (self.name(), fitting.name());
        Err(Error::Options(format!(
            "the application {wanted} cannot feed this model what it reads; take --app {fitting}"
        )))
    }
}

/// What a model takes on any board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ModelNeeds {
    /// The model file, in flash.
    pub model_bytes: u64,
    /// A state, in RAM.
    pub state_bytes: u64,
    /// A decoded model's addresses and constants, in RAM.
    pub model_handle_bytes: u64,
}

impl ModelNeeds {
    /// Of a model and its file.
    pub fn of(model: &AnyModel<'_>, file: &[u8]) -> Self {
        ModelNeeds {
            model_bytes: file.len() as u64,
            state_bytes: model.state_bytes(),
            model_handle_bytes: handle_bytes(model.kind(), model.layer_count() as u64),
        }
    }

    fn on(&self, flash: u64, ram: u64, statics: u64) -> Room {
        let flash_bytes = self.model_bytes + PROGRAM_FLASH;
        let ram_bytes = self.state_bytes + self.model_handle_bytes + statics + STACK;
        let left = |all: u64, taken: u64| all as i64 - taken as i64;
        Room {
            flash_bytes,
            ram_bytes,
            flash_left_bytes: left(flash, flash_bytes),
            ram_left_bytes: left(ram, ram_bytes),
        }
    }

    /// On a real board.
    pub fn on_real(&self, board: RealBoard) -> Room {
        self.on(board.flash, board.ram, board.statics)
    }

    /// On an emulated one.
    pub fn on_emulated(&self, board: EmulatedBoard) -> Room {
        self.on(board.flash, board.ram, EMULATED_STATICS)
    }
}

/// What a program with the model takes at most, in bytes, and what is left of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Room {
    /// Flash of all of it.
    pub flash_bytes: u64,
    /// RAM of all of it, stack included.
    pub ram_bytes: u64,
    /// Head-room of flash; negative: so much is missing.
    pub flash_left_bytes: i64,
    /// Head-room of RAM.
    pub ram_left_bytes: i64,
}

impl Room {
    /// Whether both suffice.
    pub fn fits(&self) -> bool {
        self.flash_left_bytes >= 0 && self.ram_left_bytes >= 0
    }
}

/// `size_of::<Model<_, L>>()` on a core of 32 bits.
fn handle_bytes(kind: Kind, layers: u64) -> u64 {
    132 + layers
        * match kind {
            Kind::Int8 => 264,
            Kind::Float32 => 308,
        }
}

#[cfg(test)]
mod tests {
    use super::super::REAL_BOARDS;
    use super::*;
    use crate::device::state_bytes;

    #[test]
    fn sizes_are_those_that_a_compiler_for_32_bits_says() {
        let states = |kind| {
            let shapes = [(2, 1), (256, 1), (256, 2), (64, 4)];
            shapes.map(|(units, layers)| state_bytes(kind, units, layers))
        };
        assert_eq!(states(Kind::Int8), [156, 2696, 3724, 1552]);
        assert_eq!(states(Kind::Float32), [296, 4360, 6412, 2832]);
        let handles = |kind| [1, 2, 4].map(|layers| handle_bytes(kind, layers));
        assert_eq!(handles(Kind::Int8), [396, 660, 1188]);
        assert_eq!(handles(Kind::Float32), [440, 748, 1364]);
    }

    #[test]
    fn what_is_missing_is_negative_and_does_not_fit() {
        let needs = ModelNeeds {
            model_bytes: 300_000,
            state_bytes: 2_696,
            model_handle_bytes: 396,
        };
        let [nucleo, .., microbit] = REAL_BOARDS;
        let room = needs.on_real(nucleo);
        assert!(room.fits());
        assert_eq!(room.flash_left_bytes, (512 << 10) - 300_000 - (40 << 10));
        let room = needs.on_real(microbit);
        assert!(!room.fits());
        assert_eq!(room.flash_left_bytes, (256 << 10) - 300_000 - (40 << 10));
        assert_eq!(
            room.ram_left_bytes,
            (16 << 10) - 2_696 - 396 - (6 << 10) - (3 << 10)
        );
    }
}

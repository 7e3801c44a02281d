//! Enters: the name of a board. Leaves: [`ProjectBoard`], a real or an emulated one. Next:
//! `parts` says what a project for it needs.

use crate::boards::room::{ModelNeeds, Room};
use crate::boards::{BOARDS, EmulatedBoard, REAL_BOARDS, RealBoard};
use crate::error::{Error, Result};

/// Another name of the first emulated board.
const QEMU: &str = "qemu";
/// The emulated board that is called as a real one is, by the name that it has here.
const QEMU_MICROBIT: &str = "qemu-microbit";

/// A board that a project can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectBoard {
    /// One for the desk.
    Real(RealBoard),
    /// One of QEMU's.
    Emulated(EmulatedBoard),
}

impl ProjectBoard {
    /// All of them, the real ones first.
    pub fn all() -> impl Iterator<Item = ProjectBoard> {
        let real = REAL_BOARDS.into_iter().map(ProjectBoard::Real);
        real.chain(BOARDS.into_iter().map(ProjectBoard::Emulated))
    }

    /// The board of a name; `qemu` is the first one that is emulated.
    ///
    /// # Errors
    /// There is none; which there are.
    pub fn named(name: &str) -> Result<Self> {
        if name == QEMU {
            return Ok(ProjectBoard::Emulated(EmulatedBoard::default()));
        }
        let found = ProjectBoard::all().find(|board| board.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = ProjectBoard::all().map(|board| board.name()).collect();
            let names = names.join(", ");
            Error::Options(format!("no board {name}; choose one of: {names}, {QEMU}"))
        })
    }

    /// Its name; that of the emulated micro:bit is `qemu-microbit`.
    pub fn name(self) -> &'static str {
        match self {
            ProjectBoard::Real(board) => board.name,
            ProjectBoard::Emulated(board) if board.name == "microbit" => QEMU_MICROBIT,
            ProjectBoard::Emulated(board) => board.name,
        }
    }

    /// The core, in words.
    pub fn core(self) -> &'static str {
        match self {
            ProjectBoard::Real(board) => board.core,
            ProjectBoard::Emulated(board) => board.core,
        }
    }

    /// Rust's name of the target.
    pub fn target(self) -> &'static str {
        match self {
            ProjectBoard::Real(board) => board.target,
            ProjectBoard::Emulated(board) => board.target,
        }
    }

    /// What a program with a model takes at most, and what is left.
    pub fn room(self, needs: &ModelNeeds) -> Room {
        match self {
            ProjectBoard::Real(board) => needs.on_real(board),
            ProjectBoard::Emulated(board) => needs.on_emulated(board),
        }
    }

    /// What `.cargo/config.toml` says to the compiler: of a core that has more than the name of
    /// its target says.
    pub(super) fn flags(self) -> String {
        match crate::toolchain::core_of(self.target()) {
            Some(core) => format!(
                "# the target alone leaves out the instructions for signal processing of this core\n\
                 rustflags = [\"-C\", \"target-cpu={core}\"]\n"
            ),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_has_a_name_of_its_own() {
        let mut names: Vec<&str> = ProjectBoard::all().map(ProjectBoard::name).collect();
        for &name in &names {
            assert_eq!(ProjectBoard::named(name).expect(name).name(), name);
        }
        let real = ProjectBoard::named("microbit").expect("a real one");
        assert!(matches!(real, ProjectBoard::Real(_)));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), REAL_BOARDS.len() + BOARDS.len());
        let first = ProjectBoard::named(QEMU).expect("the first").name();
        assert_eq!(first, BOARDS[0].name);
        let error = ProjectBoard::named("abacus").expect_err("none").to_string();
        assert!(error.ends_with("qemu-microbit, qemu"), "{error}");
        assert!(error.contains("nucleo-f446re, "), "{error}");
    }
}

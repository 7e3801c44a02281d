//! Enters: a model file and a real board. Leaves: [`BoardProgram`], the board's application with
//! the model inside, linked. Next: `probe` writes it, `footprint` takes it apart.
//!
//! ```text
//! model ──▶ BoardProgram ──▶ probe-rs run ──▶ log
//!   checks     cargo build      writes, resets, listens
//! ```

pub mod probe;

use crate::boards::RealBoard;
use crate::boards::room::{Application, ModelNeeds, STACK};
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::footprint::program::LinkedProgram;
use crate::simulate::firmware::{Folders, SPACE_HINT, absolute, does_not_build, overflow, replace};
use crate::toolchain::{Compiler, firmware_folder};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Folder of the boards in the folder `firmware-examples`.
const BOARDS_FOLDER: &str = "boards";

/// An application for a real board, linked.
#[derive(Debug)]
pub struct BoardProgram {
    /// The board.
    pub board: RealBoard,
    /// What it runs.
    pub application: Application,
    /// The ELF file.
    pub elf: PathBuf,
    /// What is in it.
    pub program: LinkedProgram,
}

impl BoardProgram {
    /// Builds the application of a board with a model inside; `path` names the model in errors.
    /// Builds on the same machine wait for each other.
    ///
    /// # Errors
    /// A model that the application does not run or the board has no room for, by how many
    /// bytes; a missing tool; the compiler's errors.
    pub fn build(
        board: RealBoard,
        application: Application,
        file: &AlignedBytes,
        path: &Path,
        folders: &Folders,
    ) -> Result<Self> {
        let model = AnyModel::open(file, path)?;
        application.check(&model)?;
        let refuse = |problem| Error::TooLarge(format!("{}: {problem}", path.display()));
        too_large_by_itself(board, &ModelNeeds::of(&model, file)).map_err(refuse)?;

        let compiler = Compiler::find(board.target)?;
        let workspace = firmware_folder(folders.sources.as_deref())?.join(BOARDS_FOLDER);
        let package = workspace.join(board.name);
        if !package.join("Cargo.toml").is_file() {
            return Err(Error::Tool(format!(
                "{} does not exist; take the sources of set-lstm that belong to this program",
                package.display()
            )));
        }
        let target = folders.target.clone().unwrap_or(workspace.join("target"));
        let inputs = target.join("embedded");
        fs::create_dir_all(&inputs).map_err(Error::io(&inputs, SPACE_HINT))?;
        // one build at a time: model and results have fixed names, so that an unchanged model
        // is not built again
        let lock = inputs.join("lock");
        let lock = File::create(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(Error::io(&lock, SPACE_HINT))?;
        let embedded = inputs.join("model.setl");
        replace(&embedded, file)?;
        let mut command = compiler.build(&package, &target);
        command.args(["--package", board.name, "--bin", application.name()]);
        command.env("SET_LSTM_MODEL", absolute(&embedded)?);
        let output = command.stdin(Stdio::null()).output().map_err(|problem| {
            Error::Tool(format!(
                "cargo: {problem}; run scripts/setup.sh of the sources"
            ))
        })?;
        if !output.status.success() {
            let output = String::from_utf8_lossy(&output.stderr);
            return Err(
                linker_refuses(board, &output).map_or_else(|| does_not_build(&output), refuse)
            );
        }
        let linked = target.join(board.target).join("release");
        let linked = linked.join(application.name());
        // all boards of a target are linked under one name
        let elf = inputs.join(format!("{}-{}.elf", board.name, application.name()));
        fs::copy(&linked, &elf).map_err(Error::io(&linked, SPACE_HINT))?;
        drop(lock);
        let bytes = fs::read(&elf).map_err(Error::io(&elf, "build it again"))?;
        let program = LinkedProgram::read(&bytes)?;
        no_room_for_stack(board, program.sizes.statics).map_err(refuse)?;
        Ok(BoardProgram {
            board,
            application,
            elf: absolute(&elf)?,
            program,
        })
    }

    /// Bytes of RAM that its statics and its least stack take.
    pub fn ram_bytes(&self) -> u64 {
        self.program.sizes.statics + STACK
    }
}

/// What no program can make good is said before one is built.
fn too_large_by_itself(board: RealBoard, needs: &ModelNeeds) -> std::result::Result<(), String> {
    let ram = needs.state_bytes + needs.model_handle_bytes + STACK;
    let over = needs.model_bytes.saturating_sub(board.flash);
    if over > 0 {
        let most = board.flash;
        let less = "train a smaller or sparser model";
        return Err(too_large(over, "the model", most, "flash", board, less));
    }
    match ram.saturating_sub(board.ram) {
        0 => Ok(()),
        over => Err(no_ram(over, board)),
    }
}

/// What the linker found too large; `None` if it found something else.
fn linker_refuses(board: RealBoard, output: &str) -> Option<String> {
    if let Some(over) = overflow(output, "FLASH") {
        let less = "train a smaller or sparser model";
        return Some(too_large(
            over,
            "the program with the model",
            board.flash,
            "flash",
            board,
            less,
        ));
    }
    if let Some(over) = overflow(output, "RAM") {
        return Some(no_ram(over + STACK, board));
    }
    // an assertion of the boards' linker script, which knows no figure
    output.contains("are left for the stack").then(|| {
        format!(
            "less than {STACK} of the {} bytes of RAM of {} are left for the stack; choose a \
             larger board, or train a model with fewer units",
            board.ram, board.name
        )
    })
}

fn no_room_for_stack(board: RealBoard, statics: u64) -> std::result::Result<(), String> {
    match (statics + STACK).saturating_sub(board.ram) {
        0 => Ok(()),
        over => Err(no_ram(over, board)),
    }
}

fn no_ram(over: u64, board: RealBoard) -> String {
    let what = format!("the program with {STACK} bytes of stack");
    let less = "train a model with fewer units";
    too_large(over, &what, board.ram, "RAM", board, less)
}

fn too_large(
    over: u64,
    what: &str,
    most: u64,
    memory: &str,
    board: RealBoard,
    less: &str,
) -> String {
    let name = board.name;
    format!(
        "{what} is {over} bytes too large for the {most} bytes of {memory} of {name}; choose a \
         larger board, or {less}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn microbit() -> RealBoard {
        RealBoard::named("microbit").expect("known")
    }

    fn needs(model_bytes: u64, state_bytes: u64) -> ModelNeeds {
        ModelNeeds {
            model_bytes,
            state_bytes,
            model_handle_bytes: 380,
        }
    }

    #[test]
    fn what_is_too_large_by_itself_is_told_by_how_much() {
        assert_eq!(
            too_large_by_itself(microbit(), &needs(262_144, 2_696)),
            Ok(())
        );
        let flash = too_large_by_itself(microbit(), &needs(262_151, 2_696));
        let flash = flash.expect_err("7 bytes more");
        assert!(
            flash.contains("7 bytes too large for the 262144"),
            "{flash}"
        );
        let state = 16_384 - 380 - STACK + 5;
        let ram = too_large_by_itself(microbit(), &needs(1, state));
        let ram = ram.expect_err("5 bytes more");
        assert!(
            ram.contains("5 bytes too large for the 16384 bytes of RAM"),
            "{ram}"
        );
    }

    #[test]
    fn the_linker_is_understood() {
        let flash = "rust-lld: error: section '.rodata' will not fit in region 'FLASH': \
                     overflowed by 4711 bytes\n";
        let flash = linker_refuses(microbit(), flash).expect("too large");
        assert!(flash.contains("4711 bytes too large"), "{flash}");
        let stack = "rust-lld: error: less than 3072 bytes of RAM are left for the stack; use";
        let stack = linker_refuses(microbit(), stack).expect("too large");
        assert!(stack.contains("less than 3072 of the 16384"), "{stack}");
        assert_eq!(linker_refuses(microbit(), "error[E0432]: unresolved"), None);
    }

    #[test]
    fn statics_leave_room_for_the_stack() {
        assert_eq!(no_room_for_stack(microbit(), 16_384 - STACK), Ok(()));
        let error = no_room_for_stack(microbit(), 16_385 - STACK).expect_err("a byte more");
        assert!(error.contains(" 1 bytes too large"), "{error}");
    }
}

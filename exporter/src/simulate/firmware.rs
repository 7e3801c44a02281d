//! Enters: a model file and a cases file. Leaves: [`Firmware`], a program linked for a board,
//! and what it prints under QEMU. Next: `report` reads the text, `footprint` the program.

use super::board::{EmulatedBoard, PACKAGE};
use crate::error::{Error, Result};
use crate::toolchain::{Compiler, firmware_folder, qemu};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};
use tempfile::TempPath;

const SPACE_HINT: &str = "make sure that the folder can be written to and has space";

/// Files that programs embed, and the variables that name them.
const EMBEDDED: [(&str, &str); 3] = [
    ("model.setl", "SET_LSTM_MODEL"),
    ("cases.bin", "SET_LSTM_CASES"),
    ("stretch.csv", "SET_LSTM_STRETCH"),
];

/// Where sources and results of a build lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// The folder `firmware-examples`; `None`: it is looked for.
    pub sources: Option<PathBuf>,
    /// Where to build; `None`: in the folder `target` of the sources.
    pub target: Option<PathBuf>,
}

/// A program for a board, linked. Its file is removed when this and all its clones are dropped.
#[derive(Debug, Clone)]
pub struct Firmware {
    board: EmulatedBoard,
    file: Arc<TempPath>,
}

/// What a program printed, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Standard output.
    pub text: String,
    /// What QEMU itself had to say.
    pub complaint: String,
    /// Exit code; `None` if the emulator crashed.
    pub code: Option<i32>,
}

impl Firmware {
    /// Builds a program (`demo`, or one of the others in the boards' package) with a model
    /// and cases inside. Builds on the same machine wait for each other.
    ///
    /// # Errors
    /// A missing tool, the compiler's errors, or a program that does not fit the board.
    pub fn build(
        board: EmulatedBoard,
        program: &str,
        model: &[u8],
        cases: &[u8],
        folders: &Folders,
    ) -> Result<Self> {
        let files = [Some(model), Some(cases), None];
        Firmware::build_with(board, program, "", files, folders)
    }

    /// Builds `sentiment` with a model inside.
    ///
    /// # Errors
    /// Those of [`Firmware::build`].
    pub fn build_sentiment(board: EmulatedBoard, model: &[u8], folders: &Folders) -> Result<Self> {
        let files = [Some(model), None, None];
        Firmware::build_with(board, "sentiment", "sentiment", files, folders)
    }

    /// The same program with its log switched on: defmt's frames, by semihosting.
    ///
    /// # Errors
    /// Those of [`Firmware::build`].
    pub fn build_logging(board: EmulatedBoard, model: &[u8], folders: &Folders) -> Result<Self> {
        let files = [Some(model), None, None];
        Firmware::build_with(board, "sentiment", "sentiment,defmt", files, folders)
    }

    /// Builds `activity` with a model and a recording inside, lines of numbers as
    /// `set-lstm stretch` writes them.
    ///
    /// # Errors
    /// Those of [`Firmware::build`].
    pub fn build_activity(
        board: EmulatedBoard,
        model: &[u8],
        stretch: &[u8],
        folders: &Folders,
    ) -> Result<Self> {
        let files = [Some(model), None, Some(stretch)];
        Firmware::build_with(board, "activity", "activity", files, folders)
    }

    /// Builds a program that embeds nothing (`bench-int8`, `bench-f32`).
    ///
    /// # Errors
    /// Those of [`Firmware::build`].
    pub fn build_bare(board: EmulatedBoard, program: &str, folders: &Folders) -> Result<Self> {
        Firmware::build_with(board, program, "", [None; 3], folders)
    }

    /// Builds a program with what it embeds, in the order of [`EMBEDDED`].
    fn build_with(
        board: EmulatedBoard,
        program: &str,
        features: &str,
        embedded: [Option<&[u8]>; 3],
        folders: &Folders,
    ) -> Result<Self> {
        let compiler = Compiler::find(board.target)?;
        let sources = firmware_folder(folders.sources.as_deref())?;
        let target = folders.target.clone().unwrap_or(sources.join("target"));
        let inputs = target.join("embedded");
        fs::create_dir_all(&inputs).map_err(Error::io(&inputs, SPACE_HINT))?;
        // one build at a time: inputs and results have fixed names, so that an unchanged
        // model is not built again
        let lock = inputs.join("lock");
        let lock = File::create(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(Error::io(&lock, SPACE_HINT))?;
        let mut command = compiler.build(&sources, &target);
        command.args(["--package", PACKAGE, "--bin", program]);
        command.args(["--no-default-features", "--features", features]);
        command.env("SET_LSTM_BOARD", board.name);
        for ((name, variable), bytes) in EMBEDDED.into_iter().zip(embedded) {
            let path = inputs.join(name);
            if let Some(bytes) = bytes {
                replace(&path, bytes)?;
            }
            // what a program does not embed is left as it is, so that nothing is built again
            if path.is_file() {
                command.env(variable, absolute(&path)?);
            }
        }
        let output = command.stdin(Stdio::null()).output().map_err(|problem| {
            Error::Tool(format!(
                "cargo: {problem}; run scripts/setup.sh of the sources"
            ))
        })?;
        if !output.status.success() {
            return Err(failed(board, &String::from_utf8_lossy(&output.stderr)));
        }
        let linked = target.join(board.target).join("release").join(program);
        let file = tempfile::NamedTempFile::new()
            .map_err(Error::io(std::env::temp_dir(), SPACE_HINT))?
            .into_temp_path();
        fs::copy(&linked, &file).map_err(Error::io(&linked, SPACE_HINT))?;
        drop(lock);
        let file = Arc::new(file);
        Ok(Firmware { board, file })
    }

    /// Where the ELF file lies.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// The board that the program is for.
    pub fn board(&self) -> EmulatedBoard {
        self.board
    }

    /// The bytes of the ELF file.
    ///
    /// # Errors
    /// The file was removed.
    pub fn elf(&self) -> Result<Vec<u8>> {
        fs::read(self.path()).map_err(Error::io(self.path(), "build the firmware again"))
    }

    /// Runs the program under QEMU, one instruction a nanosecond of its time.
    ///
    /// # Errors
    /// QEMU is missing, or the program has not ended after `timeout`.
    pub fn run(&self, timeout: Duration) -> Result<Run> {
        self.run_with(Stdio::null(), timeout)
    }

    /// [`Firmware::run`] with something on the program's standard input.
    ///
    /// # Errors
    /// Those of [`Firmware::run`].
    pub fn run_with(&self, input: impl Into<Stdio>, timeout: Duration) -> Result<Run> {
        let mut command = self.emulator()?;
        command.stdin(input);
        command.args(["-monitor", "none", "-serial", "none"]);
        run(command, timeout)
    }

    /// QEMU with the program, one instruction a nanosecond of its time; monitor and serial
    /// line are still to be named.
    pub(super) fn emulator(&self) -> Result<Command> {
        let mut command = Command::new(qemu()?);
        command.args(["-machine", self.board.machine, "-nographic"]);
        command.args(["-semihosting-config", "enable=on,target=native"]);
        command.args(["-icount", "shift=0", "-kernel"]);
        command.arg(self.path());
        Ok(command)
    }
}

/// Runs a command to its end, or kills it when its time is over.
fn run(mut command: Command, timeout: Duration) -> Result<Run> {
    let broken = |problem: std::io::Error| {
        Error::Tool(format!(
            "the emulator does not run: {problem}; install qemu-system-arm anew"
        ))
    };
    let pipes = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().map_err(broken)?;
    let (text, complaint) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let code = wait(&mut child, timeout).map_err(broken)?;
    let (text, complaint) = (joined(text), joined(complaint));
    match code {
        Some(code) => Ok(Run {
            text,
            complaint,
            code,
        }),
        None => Err(Error::Tool(format!(
            "the emulated program has not ended after {} s; give it more time or fewer examples",
            timeout.as_secs()
        ))),
    }
}

/// The exit code; `None` if the time was over, and the program then was ended.
pub(super) fn wait(child: &mut Child, timeout: Duration) -> std::io::Result<Option<Option<i32>>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.code()));
        }
        if start.elapsed() > timeout {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(Duration::from_millis(5));
    }
}

/// Reads a pipe to its end beside everything else, so that it never fills up.
fn reader(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // what came before an error is still worth showing
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn joined(reader: JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
}

/// Writes a file if it has other contents: its time decides whether cargo builds again.
fn replace(path: &Path, contents: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|found| found == contents) {
        return Ok(());
    }
    fs::write(path, contents).map_err(Error::io(path, SPACE_HINT))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(Error::io(path, SPACE_HINT))
}

/// The error of a build, shortened to what counts.
fn failed(board: EmulatedBoard, output: &str) -> Error {
    let over = |region: &str| {
        let rest = output
            .split_once(&format!("region '{region}': overflowed by "))?
            .1;
        rest.split(' ').next()?.parse().ok()
    };
    if let Some(over) = over("RAM") {
        return Error::TooLarge(format!(
            "the program is {over} bytes too large for the {} bytes of RAM of {}; choose a larger \
             board, or train a model with fewer units",
            board.ram, board.name
        ));
    }
    if let Some(over) = over("FLASH") {
        return Error::TooLarge(too_large(board, over));
    }
    let errors = output.find("error").map_or(output, |at| &output[at..]);
    Error::Tool(format!(
        "the firmware does not build; run scripts/setup.sh of the sources and try again\n{}",
        errors.trim_end()
    ))
}

/// Says that model and cases exceed the flash.
pub(super) fn too_large(board: EmulatedBoard, over: u64) -> String {
    let EmulatedBoard { name, flash, .. } = board;
    format!(
        "model and test cases are {over} bytes too large for the {flash} bytes of flash of \
         {name}; choose fewer examples, or train a smaller or sparser model"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, milliseconds: u64) -> Result<Run> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, Duration::from_millis(milliseconds))
    }

    #[test]
    fn text_and_code_of_a_program_are_kept_apart() {
        let run = shell("echo out; echo err >&2; exit 3", 60_000).expect("it ends");
        let (text, complaint) = ("out\n".to_owned(), "err\n".to_owned());
        assert_eq!(
            run,
            Run {
                text,
                complaint,
                code: Some(3)
            }
        );
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let start = Instant::now();
        let error = shell("exec sleep 60", 50).expect_err("it hangs");
        assert!(error.to_string().contains("has not ended"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_crashes_has_no_code() {
        assert_eq!(shell("kill -SEGV $$", 60_000).expect("it ends").code, None);
    }

    #[test]
    fn an_overflow_at_link_time_says_by_how_much() {
        let output = "error: linking failed\nrust-lld: error: section '.rodata' will not fit in \
                      region 'FLASH': overflowed by 4711 bytes\n";
        let error = failed(EmulatedBoard::default(), output).to_string();
        assert!(error.contains("4711 bytes too large"), "{error}");
        assert!(error.contains("4194304 bytes of flash"), "{error}");
        let microbit = EmulatedBoard::named("microbit").expect("known");
        let error = failed(microbit, &output.replace("FLASH", "RAM")).to_string();
        assert!(error.contains("16384 bytes of RAM of microbit"), "{error}");
    }

    #[test]
    fn errors_of_the_compiler_are_shown_without_its_progress() {
        let output = "   Compiling serde\nerror[E0432]: unresolved\n";
        let error = failed(EmulatedBoard::default(), output).to_string();
        assert!(error.ends_with("\nerror[E0432]: unresolved"), "{error}");
        assert!(!error.contains("serde"), "{error}");
    }
}

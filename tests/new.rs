//! `set-lstm new`: the project that it writes builds for every board with the versions that it
//! locks, fits, is formatted and free of lints, and says on the emulated ones what the host says.
//!
//! Needs the thumb targets and QEMU: without them these tests fail and name `scripts/setup.sh`.
//! All projects are built in the folder where the programs for real boards are, so that their
//! crates are built once; and they lie where the last ones lay, so that nothing piles up.

mod emulated;

mod guide;

mod refusals;

use crate::program::{ended_with_input, object, set_lstm};
use set_lstm::boards::room::PROGRAM_FLASH;
use set_lstm::boards::{REAL_BOARDS, RealBoard};
use set_lstm::footprint::program::LinkedProgram;
use set_lstm::toolchain::{Compiler, firmware_folder, qemu};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One project of a name at a time.
static PROJECTS: Mutex<()> = Mutex::new(());

fn one_at_a_time() -> MutexGuard<'static, ()> {
    PROJECTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The small models that the firmware has when no other is named.
fn committed(path: &str) -> PathBuf {
    let sources = firmware_folder(None).expect("the sources are here");
    sources.join(path)
}

fn samples_model() -> PathBuf {
    committed("activity/default/model.setl")
}

fn text_model() -> PathBuf {
    committed("sentiment/default/model.setl")
}

fn recording() -> PathBuf {
    committed("activity/default/stretch.csv")
}

/// Where everything is built.
fn target_folder() -> PathBuf {
    committed("boards/target")
}

/// A project, and what it was written for.
struct Project {
    folder: PathBuf,
    name: String,
    target: String,
}

impl Project {
    /// Writes it in the place of the one before.
    fn new(name: &str, board: &str, model: &Path, recording: Option<&Path>) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
        let folder = folder.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        let mut command = set_lstm!(
            format!("new @ --board {board} --model @ --json"),
            &folder,
            model
        );
        if let Some(path) = recording {
            command.arg("--samples").arg(path);
        }
        let written = object(command, &["folder", "package", "target", "reads", "files"]);
        assert_eq!(written["package"], name);
        let expected = if board == "qemu" { "mps2-an386" } else { board };
        assert_eq!(written["board"], expected);
        Project {
            folder,
            name: name.into(),
            target: written["target"].as_str().unwrap().into(),
        }
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap()
    }

    /// The linked program; built with exactly the versions of its lock file.
    fn build(&self) -> PathBuf {
        let compiler = Compiler::find(&self.target).expect("a compiler for the target");
        let mut command = compiler.build(&self.folder, &target_folder());
        let output = command.args(["--locked"]).output().expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{said}", self.name);
        assert!(!said.contains("warning"), "{}:\n{said}", self.name);
        let release = target_folder().join(&self.target).join("release");
        release.join(&self.name)
    }

    /// What cargo says that is no build, with the flags of its own.
    fn cargo(&self, words: &str) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.folder);
        command.args(words.split(' '));
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            command.env_remove(variable);
        }
        command.env("CARGO_TARGET_DIR", target_folder());
        command
    }

    /// What it prints when it is built and then started as `cargo run` does it.
    fn run(&self, typed: &str) -> String {
        self.run_with(&[], typed)
    }

    /// [`Project::run`] with more arguments for QEMU.
    fn run_with(&self, arguments: &[&str], typed: &str) -> String {
        let program = self.build();
        let config: toml::Table = self.read(".cargo/config.toml").parse().unwrap();
        let targets = config["target"].as_table().unwrap();
        let runner = targets.values().next().unwrap()["runner"].as_str().unwrap();
        let mut words = runner.split(' ');
        assert_eq!(words.next(), Some("qemu-system-arm"));
        let mut command = Command::new(qemu().unwrap());
        command.args(arguments).args(words).arg(program);
        let ended = ended_with_input(command, typed.as_bytes());
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
        ended.out
    }
}

/// What has to lie where the chip's boot ROM looks for it: a section, and its least length.
fn boot_section(board: &RealBoard) -> Option<(&'static str, u64)> {
    match board.name {
        "pico" => Some((".boot2", 256)),
        "pico2" => Some((".start_block", 20)),
        _ => None,
    }
}

#[test]
fn every_real_board_has_projects_for_samples_and_for_text_that_build_and_fit() {
    use object::{Object, ObjectSection};
    let _one = one_at_a_time();
    println!("{:<28}{:>8}{:>8}", "project", "flash", "statics");
    for board in REAL_BOARDS {
        for (name, model, samples) in [
            ("samples", samples_model(), Some(recording())),
            ("text", text_model(), None),
        ] {
            let name = format!("{}-{name}", board.name);
            let project = Project::new(&name, board.name, &model, samples.as_deref());
            assert_eq!(project.target, board.target);
            let elf = fs::read(project.build()).unwrap();
            let program = LinkedProgram::read(&elf).unwrap();
            let (flash, statics) = (program.sizes.flash, program.sizes.statics);
            println!("{name:<28}{flash:>8}{statics:>8}");
            // what `set-lstm boards` and the budgets in the module count on
            let file = fs::read(&model).unwrap();
            let own = file.len() as u64 + if samples.is_some() { 4 * 6 * 256 } else { 0 };
            assert!(flash > own + 16_000, "{name}: {flash}");
            assert!(flash - own <= PROGRAM_FLASH, "{name}: {flash} with {own}");
            assert!(statics <= board.statics, "{name}: {statics}");
            assert!(elf.windows(file.len()).any(|part| part == file), "{name}");
            let parsed = object::File::parse(&*elf).unwrap();
            for (section, least) in [(".vector_table", 64), (".defmt", 1)]
                .into_iter()
                .chain(boot_section(&board))
            {
                let found = parsed.section_by_name(section);
                let length = found.map_or(0, |section| section.size());
                assert!(length >= least, "{name}: {length} bytes of {section}");
            }
            let config: toml::Table = project.read(".cargo/config.toml").parse().unwrap();
            let runner = format!("probe-rs run --chip {}", board.chip);
            assert!(config["target"].to_string().contains(&runner), "{config}");
        }
    }
}

#[test]
fn what_is_written_is_formatted_and_free_of_lints() {
    let _one = one_at_a_time();
    let tool = |name: &str| {
        let output = Command::new("cargo").args([name, "--version"]).output();
        let is_there = output.is_ok_and(|output| output.status.success());
        if !is_there {
            eprintln!("LEFT OUT: new projects by cargo {name} (rustup component add)");
        }
        is_there
    };
    let (fmt, clippy) = (tool("fmt"), tool("clippy"));
    let passes = |mut command: Command| {
        let output = command.output().expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{errors}");
    };
    let boards = REAL_BOARDS.map(|board| board.name);
    for board in boards.into_iter().chain(["qemu"]) {
        for (kind, model) in [
            ("samples", samples_model()),
            ("text", text_model()),
            ("tokens", committed("../tests/golden/v1-int8-tokens.setl")),
        ] {
            let project = Project::new(&format!("form-{kind}"), board, &model, None);
            if fmt {
                passes(project.cargo("fmt --check"));
            }
            // where the compiler has the core library itself
            if clippy && board == "microbit" && has_core(&project.target) {
                passes(project.cargo("clippy --locked --release -- -D warnings"));
            }
        }
    }
}

/// Whether plain cargo builds for a target; `Compiler` knows other ways, for builds only.
fn has_core(target: &str) -> bool {
    let mut command = Command::new("rustc");
    command.args(["--print", "target-libdir", "--target", target]);
    let output = command.output().expect("rustc runs");
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let found = names.into_iter().any(|name| name.starts_with("libcore-"));
    if !found {
        eprintln!("LEFT OUT: plain cargo for {target} (rustup target add {target})");
    }
    found
}

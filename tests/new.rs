//! `set-lstm new`: the project that it writes builds for every board with the versions that it
//! locks, fits, is formatted and free of lints, and says on the emulated ones what the host says.
//!
//! Needs the thumb targets and QEMU: without them these tests fail and name `scripts/setup.sh`.
//! All projects are built in the folder where the programs for real boards are, so that their
//! crates are built once; and they lie where the last ones lay, so that nothing piles up.

mod guide;

mod refusals;

use crate::models::{KINDS, packed, random_model};
use crate::program::{ended_with_input, object, printed, set_lstm, trained};
use set_lstm::boards::room::PROGRAM_FLASH;
use set_lstm::boards::{REAL_BOARDS, RealBoard};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::footprint::program::LinkedProgram;
use set_lstm::toolchain::{Compiler, firmware_folder, qemu};
use set_lstm::train::parameters::Shape;
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

/// What a project of samples prints if it says what the host says.
fn expected_of_samples(model: &Path, samples: &Path) -> String {
    let predicted = object(
        set_lstm!("predict @ @ --json", model, samples),
        &["predictions"],
    );
    let file = AlignedBytes::read(model).unwrap();
    let checksum = u32::from_le_bytes(file[12..16].try_into().unwrap());
    let mut text = format!("model {checksum:08x} reads samples\n");
    let (mut number, mut last) = (0, None);
    for window in predicted["predictions"].as_array().unwrap() {
        assert_eq!(window["tokens"], 128);
        number += 128;
        let class = window["class"].as_str().unwrap();
        let score = window["score"].as_f64().unwrap() as f32;
        if last.replace(class) != Some(class) {
            text += &format!("sample {number}: {class} (score {score}), 0 late\n");
        }
    }
    text + &format!("no more samples after {number}, 0 late\n")
}

#[test]
fn samples_are_answered_as_predict_answers_them_to_the_last_bit() {
    let _one = one_at_a_time();
    let (model, samples) = (samples_model(), recording());
    let expected = expected_of_samples(&model, &samples);
    assert_eq!(expected.matches("sample ").count(), 2, "{expected}");
    // with the instructions of an M33, and with none for floating point at all
    for board in ["qemu", "mps2-an505", "qemu-microbit"] {
        let name = format!("emulated-samples-{board}");
        let project = Project::new(&name, board, &model, Some(&samples));
        assert_eq!(project.run(""), expected, "{board}");
    }
}

/// Real movements, if there are any: as many answers as there are changes.
#[test]
fn real_samples_are_answered_as_predict_answers_them() {
    let Some(data) = crate::sensors::data("real samples in a new project", "hapt") else {
        return;
    };
    let _one = one_at_a_time();
    let folder = tempfile::tempdir().unwrap();
    let samples = folder.path().join("walk.csv");
    let words = "stretch --windows 6 --data @ --out @";
    printed(set_lstm!(words, &data, &samples));
    let model = samples_model();
    let project = Project::new("emulated-real-samples", "qemu", &model, Some(&samples));
    assert_eq!(project.run(""), expected_of_samples(&model, &samples));
}

/// Without a recording a project is fed with what the model tests itself with.
#[test]
fn without_a_recording_two_windows_are_answered() {
    let _one = one_at_a_time();
    let project = Project::new("emulated-self-test", "qemu", &samples_model(), None);
    let said = project.run("");
    let last = said.lines().last().unwrap();
    assert_eq!(last, "no more samples after 256, 0 late", "{said}");
    assert!(said.contains("\nsample 128: "), "{said}");
    assert!(
        project
            .read("src/samples.rs")
            .contains("[f32; CHANNELS]; 7]")
    );
}

/// The pace of the real boards, by the timer that the emulated core has, too; one instruction
/// takes a nanosecond there.
#[test]
fn samples_wait_for_the_timer_and_late_ones_are_counted() {
    const BY_NANOSECONDS: [&str; 2] = ["-icount", "shift=0"];
    let _one = one_at_a_time();
    let (model, samples) = (samples_model(), recording());
    let real = Project::new("pace-real", "nucleo-f446re", &model, None);
    let pace = real.read("src/pace.rs");
    let project = Project::new("emulated-pace", "qemu", &model, Some(&samples));
    let main = project.read("src/main.rs");
    // microseconds, and what the timer can count: all of a period, or less than it
    for (period, most, is_late) in [(200, 24, false), (200, 11, false), (2, 24, true)] {
        let pace = pace.replace("MEGAHERTZ: u32 = 180;", "MEGAHERTZ: u32 = 25;");
        let pace = pace.replace("1 << 24;", &format!("1 << {most};"));
        let main = main.replace("PERIOD: u32 = 20000;", &format!("PERIOD: u32 = {period};"));
        fs::write(project.folder.join("src/pace.rs"), pace).unwrap();
        fs::write(project.folder.join("src/main.rs"), main).unwrap();
        let said = project.run_with(&BY_NANOSECONDS, "");
        if !is_late {
            assert_eq!(
                said,
                expected_of_samples(&model, &samples),
                "{period} {most}"
            );
            continue;
        }
        let (_, late) = said.rsplit_once(", ").unwrap();
        let late: u32 = late.strip_suffix(" late\n").unwrap().parse().unwrap();
        assert!((200..=256).contains(&late), "{said}");
    }
}

#[test]
fn lines_of_text_are_answered_as_predict_answers_them() {
    let _one = one_at_a_time();
    let model = text_model();
    let texts = [
        "A wonderful film, truly moving.",
        "not good, a dull and boring story",
        "zyzzyva",
        "1 < 2",
    ];
    let mut command = set_lstm!("predict @", &model);
    command.args(texts);
    let predicted = printed(command);
    for board in ["qemu", "qemu-microbit"] {
        let name = format!("emulated-text-{board}");
        let project = Project::new(&name, board, &model, None);
        let too_long = "x ".repeat(600);
        let [first, rest @ ..] = &texts;
        let typed = format!("{first}\n{too_long}\r\n\r\n\n{}\n", rest.join("\r\n"));
        let said = project.run(&typed);
        let mut answers = said.split("> ").skip(1);
        for (number, line) in predicted.lines().enumerate() {
            let [class, score, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let answer = format!("{class}  {score}\r\n");
            assert_eq!(answers.next(), Some(&*answer), "{said}");
            if number == 0 {
                let error = answers.next().unwrap();
                assert!(error.contains("the line is too long"), "{said}");
            }
        }
        assert_eq!(answers.next(), Some(""), "{said}");
    }
}

#[test]
fn tokens_and_floating_point_are_the_hosts() {
    let _one = one_at_a_time();
    let shape = Shape {
        vocabulary: 40,
        embedding: 9,
        hidden: 12,
        logits: 3,
    };
    let bytes = packed(&random_model(shape, 0.4, 5), KINDS[1]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.setl");
    fs::write(&path, &*bytes).unwrap();
    let project = Project::new("emulated-tokens", "qemu", &path, None);
    let main = project.read("src/main.rs");
    let (_, tokens) = main.split_once("= [\n").unwrap();
    let tokens = tokens.split_once("\n];").unwrap().0;
    let tokens = tokens.split([',', '\n']).map(str::trim);
    let tokens: Vec<u16> = tokens.filter_map(|token| token.parse().ok()).collect();
    assert_eq!(tokens.len(), 19, "{main}");
    let model = AnyModel::from_bytes(&bytes).unwrap();
    let class = AnyState::new(&model).run(&model, &*tokens);
    let name = model.class_name(class.label).unwrap();
    let expected = format!("19 tokens: {name} (score {})", class.score);
    assert_eq!(project.run("").lines().last(), Some(&*expected));
}

/// The command that the project's own README has, and its code goes on with another type of
/// numbers.
#[test]
fn another_model_takes_the_place_of_the_old_one() {
    let _one = one_at_a_time();
    let project = Project::new("emulated-update", "qemu", &trained().int8, None);
    let before = project.run("B T B\n");
    let readme = project.read("README.md");
    let (_, command) = readme.split_once("`set-lstm export RUN ").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    let words = format!("export @ --values f32 {command}");
    let mut command = set_lstm!(words, &trained().run);
    command.current_dir(&project.folder);
    printed(command);
    let after = project.run("B T B\n");
    let class = |said: &str| {
        said.rsplit("> ")
            .nth(1)
            .map(|it| it.split(' ').next().unwrap().to_owned())
    };
    assert_eq!(class(&before), class(&after), "{before}{after}");
    assert_ne!(
        before.lines().next(),
        after.lines().next(),
        "another checksum"
    );
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

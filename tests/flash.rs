//! `set-lstm flash`: what it builds and what it asks of probe-rs, which is a script here that
//! writes down its arguments; and what it says if something is missing or too large.
//!
//! The boards are stubs without any crate, linked by a thumb compiler: without one these tests
//! fail and name `scripts/setup.sh`.

use crate::firmware::{INT8, SMALL, model};
use crate::models::large_file;
use crate::program::{Ended, ended, number, object, printed, refused, set_lstm, trained};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The least that a compiler and a linker take for a program.
const MAIN: &str = "#![no_std]
#![no_main]
static MODEL: &[u8] = include_bytes!(env!(\"SET_LSTM_MODEL\"));
static mut BUFFER: [u32; 100] = [0; 100];
#[unsafe(no_mangle)]
extern \"C\" fn start() -> ! {
    loop {
        core::hint::black_box((MODEL, &raw mut BUFFER));
    }
}
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
";
const BUILD: &str = "fn main() {
    println!(\"cargo::rerun-if-env-changed=SET_LSTM_MODEL\");
    println!(\"cargo::rustc-link-search={}\", std::env::var(\"CARGO_MANIFEST_DIR\").unwrap());
    println!(\"cargo::rustc-link-arg-bins=-Tmemory.x\");
}
";
const MANIFEST: &str = "[package]
name = \"NAME\"
version = \"0.1.0\"
edition = \"2024\"
[[bin]]
name = \"sentiment\"
path = \"main.rs\"
";

/// A folder with the boards, the program's own folder of tools, and what is on the path.
struct Desk {
    folder: TempDir,
}

impl Desk {
    /// With two boards; the second has no room for anything.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("firmware/demo/Cargo.toml", "");
        let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"nucleo-f446re\", \"pico\"]\n\
                         [profile.release]\npanic = \"abort\"\n";
        write("firmware/boards/Cargo.toml", workspace);
        for (board, flash) in [("nucleo-f446re", "512K"), ("pico", "1K")] {
            let file = |name: &str| format!("firmware/boards/{board}/{name}");
            let memory = format!(
                "MEMORY {{ FLASH : ORIGIN = 0x08000000, LENGTH = {flash}\n\
                 RAM : ORIGIN = 0x20000000, LENGTH = 16K }}\nENTRY(start)\nSECTIONS {{\n\
                 .text : {{ *(.text*) }} > FLASH\n.rodata : {{ *(.rodata*) }} > FLASH\n\
                 .bss : {{ *(.bss*) }} > RAM }}\n"
            );
            write(&file("Cargo.toml"), &MANIFEST.replace("NAME", board));
            write(&file("main.rs"), MAIN);
            write(&file("build.rs"), BUILD);
            write(&file("memory.x"), &memory);
        }
        fs::create_dir(folder.path().join("bin")).unwrap();
        Desk { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a script in the place of probe-rs.
    #[cfg(unix)]
    fn install_probe_rs(&self, listed: &str, run: &str) {
        use std::os::unix::fs::PermissionsExt;
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> {}\ncase $1 in\nlist) echo '{listed}' ;;\nrun) {run} ;;\nesac\n",
            self.path("calls").display()
        );
        let program = self.path("bin/probe-rs");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The command with the script before all other programs.
    fn flash(&self, words: &str, model: &Path) -> Command {
        let mut command = set_lstm!(format!("flash {words} @"), model);
        let path = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(
            [self.path("bin")]
                .into_iter()
                .chain(std::env::split_paths(&path)),
        );
        command.env("PATH", path.unwrap());
        command.env("SET_LSTM_FIRMWARE", self.path("firmware"));
        command
    }

    /// What the script was called with, a line a call.
    fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }
}

const PROBE: &str = "[0]: STLink V2-1 -- 0483:374b (ST-LINK)";

#[cfg(unix)]
#[test]
fn a_model_is_built_in_written_and_its_log_shown() {
    let desk = Desk::new();
    desk.install_probe_rs(PROBE, "echo sentiment on a board");
    let file = &trained().int8;
    let log = printed(desk.flash("--board nucleo-f446re", file));
    assert_eq!(log, "sentiment on a board\n");
    let calls = desk.calls();
    let (list, run) = calls.split_once('\n').unwrap();
    assert_eq!(list, "list");
    let elf = run.trim_end().strip_prefix("run --chip STM32F446RETx ");
    let elf = fs::read(elf.unwrap_or_else(|| panic!("{calls}"))).unwrap();
    let model = fs::read(file).unwrap();
    assert!(elf.windows(model.len()).any(|bytes| bytes == model));
}

#[cfg(unix)]
#[test]
fn what_probe_rs_refuses_ends_with_an_error() {
    let desk = Desk::new();
    desk.install_probe_rs(PROBE, "echo 'no such core' >&2; exit 3");
    let command = desk.flash("--board nucleo-f446re", &trained().int8);
    let message = refused(command, "ended with code 3", "PROBE_RS_PROBE");
    assert!(
        message.contains("nucleo-f446re with the chip STM32F446RETx"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn without_a_probe_nothing_is_built() {
    let desk = Desk::new();
    desk.install_probe_rs("No debug probes were found.", "exit 1");
    let command = desk.flash("--board nucleo-f446re", &trained().int8);
    refused(command, "no debug probe is connected", "probe-setup");
    assert_eq!(desk.calls(), "list\n");
    assert!(!desk.path("firmware/boards/target").exists());
}

#[test]
fn without_probe_rs_it_says_where_to_get_it() {
    let desk = Desk::new();
    let mut command = desk.flash("--board nucleo-f446re", &trained().int8);
    command.env("PATH", desk.path("bin"));
    refused(command, "probe-rs", "probe-rs-tools");
}

#[test]
fn a_build_alone_needs_no_probe_and_tells_what_is_left() {
    let desk = Desk::new();
    let file = &trained().int8;
    let words = "--board nucleo-f446re --build-only";
    let shown = object(
        desk.flash(&format!("{words} --json"), file),
        &["board", "chip", "application", "elf"],
    );
    assert_eq!(shown["application"], "sentiment");
    let elf = shown["elf"].as_str().unwrap();
    assert_eq!(printed(desk.flash(words, file)), format!("{elf}\n"));
    let [flash, left, ram, ram_left] = [
        "flash_bytes",
        "flash_left_bytes",
        "ram_bytes",
        "ram_left_bytes",
    ]
    .map(|key| number(&shown, key));
    assert_eq!(flash + left, 524_288.0, "{shown}");
    let model = fs::metadata(file).unwrap().len() as f64;
    assert!(flash > model && flash < model + 1_000.0, "{shown}");
    // a hundred words, and the least stack
    assert_eq!(
        (ram, ram + ram_left),
        (400.0 + 3_072.0, 131_072.0),
        "{shown}"
    );
}

#[test]
fn a_model_that_does_not_fit_is_refused_by_how_much() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.setl");
    // by itself: before anything is built
    let large = large_file();
    let over = large.len() - 262_144;
    fs::write(&file, &*large).unwrap();
    let command = desk.flash("--board microbit --build-only", &file);
    refused(
        command,
        &format!("{over} bytes too large for the 262144"),
        "sparser model",
    );
    assert!(!desk.path("firmware/boards/target").exists());
    // by the linker, which adds the program to it; there are 1,024 bytes
    let file = &trained().int8;
    let command = desk.flash("--board pico --build-only", file);
    let message = refused(command, "bytes too large", "sparser model");
    let at_least = fs::metadata(file).unwrap().len() - 1_024;
    let over = message.split(" bytes too large").next().unwrap();
    let over: u64 = over.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((at_least..at_least + 1_000).contains(&over), "{message}");
}

#[test]
fn what_no_application_feeds_is_refused() {
    let desk = Desk::new();
    let command = desk.flash("--board pico --app activity --build-only", &trained().int8);
    refused(command, "activity cannot feed", "--app sentiment");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.setl");
    fs::write(&file, &*model(SMALL, INT8)).unwrap();
    let command = desk.flash("--board pico --build-only", &file);
    refused(command, "no words", "vocabulary");
    fs::write(&file, &model(SMALL, INT8)[..40]).unwrap();
    let Ended { code, err, .. } = ended(desk.flash("--board pico --build-only", &file));
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("tokens.setl: "), "{err}");
}

#[test]
fn an_unknown_board_is_wrong_usage_that_lists_the_known() {
    let Ended { code, err, .. } = ended(set_lstm!("flash --board toaster @", "m.setl"));
    assert_eq!(code, Some(2));
    for board in ["nucleo-f446re", "nrf52840-dk", "pico2", "microbit"] {
        assert!(err.contains(board), "{err}");
    }
}

#[test]
fn sources_without_the_board_are_an_error() {
    let desk = Desk::new();
    let command = desk.flash("--board nrf52840-dk --build-only", &trained().int8);
    refused(command, "nrf52840-dk does not exist", "sources of set-lstm");
}

//! What the linker proves: no call of the runtime can panic. And the compiler: none of its
//! code is unsafe.
//!
//! `firmware-examples/proof` holds every call; its panic handler calls a symbol that does not
//! exist. Needs a thumb compiler: without one these tests fail and name `scripts/setup.sh`.

use object::{Object, ObjectSymbol};
use set_lstm::toolchain::{Compiler, firmware_folder};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Cortex-M0 and M0+, M3, M4F and M7, M33.
pub const TARGETS: [&str; 4] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabihf",
];
/// Kinds of numbers times capacities of a state.
const STATES: usize = 2 * 10;

/// One link at a time: the program has one name, whatever its features.
static LINKER: Mutex<()> = Mutex::new(());

/// Links the program; its bytes, or what the linker says.
pub fn link(target: &str, features: &str, opt_level: &str) -> Result<Vec<u8>, String> {
    let _one = LINKER.lock().unwrap_or_else(PoisonError::into_inner);
    let sources = firmware_folder(None).expect("the sources are here");
    let folder = sources.join("target");
    let compiler = Compiler::find(target).expect("a compiler for the target");
    let mut command = compiler.build(&sources, &folder);
    command.args(["--package", "set-lstm-proof", "--features", features]);
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", opt_level);
    let output = command.output().expect("cargo runs");
    if output.status.success() {
        let program = folder.join(target).join("release/set-lstm-proof");
        Ok(std::fs::read(program).expect("the linked program"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn the_linker_finds_no_panic_path_on_any_core() {
    for target in TARGETS {
        // `s` as the examples ship, and 3, at which other code is left
        for (features, opt_level) in [("", "s"), ("postcard-writes", "3")] {
            let elf = link(target, features, opt_level)
                .unwrap_or_else(|error| panic!("{target}, opt-level {opt_level}:\n{error}"));
            let elf = object::File::parse(&*elf).expect("an ELF file");
            // nothing was folded away
            let count = |name: &str| {
                let names = elf.symbols();
                names
                    .filter(|s| s.name().is_ok_and(|s| s.contains(name)))
                    .count()
            };
            let states = count("set_lstm_proof5calls11of_capacity");
            assert_eq!(states, STATES, "{target}, opt-level {opt_level}");
            assert_eq!(count("begin_unwind"), 0, "{target}, opt-level {opt_level}");
        }
    }
}

#[test]
fn the_linker_refuses_one_panic_among_all_calls() {
    for target in [TARGETS[0], TARGETS[2]] {
        let error = link(target, "panics", "s").expect_err("a panic path is left");
        let message = "undefined symbol: a_panic_path_is_left_in_this_program";
        assert!(error.contains(message), "{target}:\n{error}");
    }
}

/// `forbid` cannot be allowed again further down; and nobody has taken it away.
#[test]
fn the_runtime_has_no_unsafe_block() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src");
    let root = std::fs::read_to_string(folder.join("lib.rs")).expect("the runtime's sources");
    assert!(root.lines().any(|line| line == "#![forbid(unsafe_code)]"));
    let (mut files, mut found, mut folders) = (0, Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_some_and(|ending| ending == "setl") {
                continue; // a model of the documentation
            }
            files += 1;
            let text = std::fs::read_to_string(&path).expect("a source");
            let code = text.lines().filter_map(|line| line.split("//").next());
            let words =
                code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
            found.extend(words.filter(|&word| word == "unsafe").map(|_| path.clone()));
        }
    }
    assert!(files > 15, "{files} files");
    assert!(found.is_empty(), "unsafe in {found:?}");
}

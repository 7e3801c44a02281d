//! `export --rust`: the module compiles in a crate of its own, and beyond a budget it does not,
//! and says by how much.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{ended, printed, refused, set_lstm, trained};

/// How cargo ended; its errors may well speak of panics, those of constants.
#[derive(Debug)]
struct Built {
    code: Option<i32>,
    out: String,
    err: String,
}

/// A crate with nothing but the module `model`, in a folder of its own.
struct Crate(tempfile::TempDir);

impl Crate {
    fn new() -> Crate {
        let folder = tempfile::tempdir().unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        // the versions that are there already: nothing is fetched
        fs::copy(sources.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
        let runtime = sources.join("runtime");
        let manifest = format!(
            "[package]\nname = \"firmware\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nset-lstm-runtime = {{ path = {runtime:?} }}\n"
        );
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        Crate(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn main(&self, text: &str) {
        fs::write(self.at("src/main.rs"), text).unwrap();
    }

    /// What cargo says; all crates share one folder for what they build.
    fn cargo(&self, command: &str) -> Built {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .args([command, "--offline", "--quiet"])
            .current_dir(self.0.path());
        cargo
            .env("RUSTFLAGS", "-D warnings")
            .env_remove("RUSTC_WRAPPER");
        cargo.env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust_module"),
        );
        let output = cargo.output().expect("cargo starts");
        Built {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// `export --rust` into a crate, the model file in another folder than the module.
fn exported(firmware: &Crate, model: &Path, options: &str) {
    let module = firmware.at("src/model.rs");
    let words = format!("export @ --out @ --rust @ {options}");
    printed(set_lstm!(words, &trained().run, model, &module));
}

#[test]
fn a_module_within_its_budgets_runs_and_classifies() {
    let firmware = Crate::new();
    let model = firmware.at("reber.setl");
    exported(&firmware, &model, "--ram-budget 8K --flash-budget 1M");
    firmware.main(
        r#"mod model;

fn main() {
    let network = model::model().expect("the model decodes");
    let mut state = model::state(&network).expect("the state has room");
    assert_eq!(network.self_test(&mut state), Ok(3));
    assert_eq!(network.hidden(), model::HIDDEN);
    assert_eq!(network.vocabulary_size(), model::VOCABULARY);
    assert_eq!(network.checksum(), model::CHECKSUM);
    assert_eq!(model::RAM_BYTES, size_of_val(&state) + size_of_val(&network));
    assert!(model::RAM_BYTES <= model::RAM_BUDGET && model::FLASH_BYTES <= model::FLASH_BUDGET);
    println!("{} {} {:?}", model::CAPACITY, model::FLASH_BYTES, model::CLASSES);
}
"#,
    );
    let ran = firmware.cargo("run");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let length = fs::metadata(&model).unwrap().len();
    assert!(ran.out.contains(&format!(" {length} [\"")), "{}", ran.out);
}

#[test]
fn over_a_budget_the_compiler_stops_and_says_by_how_much() {
    let firmware = Crate::new();
    let model = firmware.at("reber.setl");
    firmware.main("mod model;\n\nfn main() {}\n");
    exported(&firmware, &model, "--flash-budget 1000");
    let length = fs::metadata(&model).unwrap().len();
    let checked = firmware.cargo("check");
    assert_eq!(checked.code, Some(101), "{checked:?}");
    let message = format!(
        "FLASH over budget by {} bytes: {length} where the budget is 1000",
        length - 1000
    );
    assert!(
        checked.err.contains(&message),
        "no {message:?} in: {}",
        checked.err
    );
    assert!(!checked.err.contains("RAM over"), "{}", checked.err);

    exported(&firmware, &model, "--ram-budget 0 --flash-budget 1M");
    let checked = firmware.cargo("check");
    assert_eq!(checked.code, Some(101), "{checked:?}");
    let (_, by) = checked
        .err
        .split_once("RAM over budget by ")
        .expect(&checked.err);
    let by: u64 = by.split(' ').next().unwrap().parse().unwrap();
    let message = format!("by {by} bytes: {by} where the budget is 0");
    assert!(checked.err.contains(&message), "{}", checked.err);
    assert!(!checked.err.contains("FLASH over"), "{}", checked.err);

    // one byte more and one byte less than that
    for (budget, code) in [(by, 0), (by - 1, 101)] {
        exported(&firmware, &model, &format!("--ram-budget {budget}"));
        let checked = firmware.cargo("check");
        assert_eq!(checked.code, Some(code), "{budget}: {}", checked.err);
    }
}

#[test]
fn a_model_file_that_is_not_the_modules_does_not_compile() {
    let firmware = Crate::new();
    let model = firmware.at("reber.setl");
    firmware.main("mod model;\n\nfn main() {}\n");
    exported(&firmware, &model, "");
    let checked = firmware.cargo("check");
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    let bytes = fs::read(&model).unwrap();
    for changed in [
        &bytes[..bytes.len() - 4],
        &[&bytes[..12], &[!bytes[12]], &bytes[13..]].concat(),
    ] {
        fs::write(&model, changed).unwrap();
        let checked = firmware.cargo("check");
        assert_eq!(checked.code, Some(101), "{checked:?}");
        assert!(checked.err.contains("export both again"), "{}", checked.err);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("a.setl");
    let module = folder.path().join("none/model.rs");
    let command = set_lstm!("export @ --out @ --rust @", &trained().run, &model, &module);
    refused(command, "none", "choose another place");
    for (options, part) in [
        ("--ram-budget 6K", "--rust"),
        (
            "--rust m.rs --ram-budget 6G",
            "write it like 6144, 6K or 1M",
        ),
    ] {
        let words = format!("export @ --out @ {options}");
        let ended = ended(set_lstm!(words, &trained().run, &model));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains(part), "{ended:?}");
    }
}

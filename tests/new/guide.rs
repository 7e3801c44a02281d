//! The guide, `docs/firmware.md`: its commands are run as they stand there, and print what stands
//! there.

use super::{Project, committed, has_core, one_at_a_time, samples_model, target_folder};
use crate::program::{Ended, ended, set_lstm};
use std::path::Path;
use std::process::Command;

const GUIDE: &str = include_str!("../../docs/firmware.md");

/// The blocks of a language.
fn blocks(language: &str) -> impl Iterator<Item = &str> {
    let parts = GUIDE.split("\n```").skip(1).step_by(2);
    parts.filter_map(move |part| part.strip_prefix(language)?.strip_prefix('\n'))
}

#[cfg(unix)]
#[test]
fn its_commands_print_what_it_says() {
    let _one = one_at_a_time();
    if !has_core("thumbv7em-none-eabihf") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("bin")).unwrap();
    let link = |from: &Path, name| std::os::unix::fs::symlink(from, at(name)).unwrap();
    let program = set_lstm!("");
    link(program.get_program().as_ref(), "bin/set-lstm");
    link(&committed("").canonicalize().unwrap(), "firmware-examples");
    let mut command = Command::new("sh");
    let script = blocks("sh").next().unwrap();
    command
        .args(["-e", "-c", script])
        .current_dir(folder.path());
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", at("bin").display()));
    command.env("CARGO_TARGET_DIR", target_folder());
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(variable);
    }
    let Ended { code, out, err } = ended(command);
    assert_eq!(code, Some(0), "{err}");
    let said = out.strip_prefix("blinky-ears\n").expect(&out);
    let printed = blocks("text").next().unwrap();
    assert_eq!(said.trim_end(), printed.trim_end());
    let lock = std::fs::read_to_string(at("blinky-ears/Cargo.lock")).unwrap();
    assert!(lock.contains("name = \"blinky-ears\""), "{lock}");
}

/// The command for another model is that of the project's README, with its budgets.
#[test]
fn its_command_for_another_model_is_that_of_the_project() {
    let _one = one_at_a_time();
    let project = Project::new("blinky-ears", "qemu", &samples_model(), None);
    let readme = project.read("README.md").replace("\n   ", " ");
    let command = blocks("text").nth(1).unwrap().trim();
    let command = command.replace("runs/walk", "RUN");
    assert!(readme.contains(&command), "no {command} in {readme}");
}

#[test]
fn it_names_files_that_a_project_has() {
    let _one = one_at_a_time();
    for (name, model) in [
        ("guide-samples", samples_model()),
        ("guide-text", super::text_model()),
    ] {
        let project = Project::new(name, "nucleo-f446re", &model, None);
        let mut files: Vec<String> = Vec::new();
        list(&project.folder, "", &mut files);
        for file in files {
            let file = file.replace(name, "blinky-ears");
            let is_said = GUIDE.contains(&format!("`{file}`"));
            assert!(
                is_said || [".gitignore", "README.md"].contains(&&*file),
                "{file}"
            );
        }
    }
}

fn list(folder: &Path, before: &str, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{before}{}", entry.file_name().to_str().unwrap());
        match entry.path().is_dir() {
            true => list(&entry.path(), &format!("{name}/"), files),
            false => files.push(name),
        }
    }
}

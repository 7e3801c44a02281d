//! The licences of everything that programs of here are linked from, by cargo's own list: for
//! this machine, for emulated boards, for real ones.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const PERMISSIVE: [&str; 7] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "Zlib",
    "Unicode-3.0",
];

/// Checks all crates of the workspace in a folder, of which there are more than `least`.
fn assert_permissive(folder: &str, least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new("cargo");
    command.current_dir(root.join(folder));
    command.args(["metadata", "--locked", "--format-version", "1"]);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > least, "{folder}: {}", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        // every part of an AND needs one licence of its ORs
        let is_permissive = licence.replace(['(', ')'], "").split(" AND ").all(|part| {
            let mut choices = part.split(" OR ").flat_map(|choice| choice.split('/'));
            choices.any(|choice| PERMISSIVE.contains(&choice.trim()))
        });
        assert!(is_permissive, "{}: {licence}", package["name"]);
    }
}

#[test]
fn all_crates_of_the_command_have_permissive_licences() {
    assert_permissive(".", 150);
}

#[test]
fn all_crates_of_the_firmware_have_permissive_licences() {
    assert_permissive("firmware-examples", 30);
}

#[test]
fn all_crates_of_the_boards_have_permissive_licences() {
    assert_permissive("firmware-examples/boards", 100);
}

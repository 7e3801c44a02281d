//! What is not written, and why; and that what is written is all or nothing, the same every time.

use super::{recording, samples_model, text_model};
use crate::models::large_file;
use crate::program::{Ended, ended, object, refused, set_lstm};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// All files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(folder).unwrap();
            let name = inside.to_str().unwrap().replace('\\', "/");
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn the_same_command_writes_the_same_bytes_and_lists_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for place in ["here", "a place"] {
        let place = folder.path().join(place);
        fs::create_dir(&place).unwrap();
        let words = "new @ --board pico --model @ --samples @ --period 8000 --json";
        let project = place.join("ears");
        let command = set_lstm!(words, &project, &samples_model(), &recording());
        let written = object(command, &["runtime", "flash_budget", "ram_budget"]);
        let listed = written["files"].as_array().unwrap().iter();
        let listed: Vec<&str> = listed.map(|file| file.as_str().unwrap()).collect();
        let found = files(&project);
        assert_eq!(listed, found.keys().collect::<Vec<_>>());
        // nothing unfinished is left beside it
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
        all.push(found);
    }
    assert_eq!(all[0], all[1]);
    let main = String::from_utf8(all[0]["src/main.rs"].clone()).unwrap();
    assert!(main.contains("const PERIOD: u32 = 8000;"), "{main}");
    assert_eq!(
        all[0]["model/ears.setl"],
        fs::read(samples_model()).unwrap()
    );
}

#[test]
fn a_folder_that_exists_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("ears");
    fs::create_dir(&project).unwrap();
    let new = || set_lstm!("new @ --board qemu --model @", &project, &samples_model());
    refused(new(), "ears exists", "another name");
    assert_eq!(fs::read_dir(&project).unwrap().count(), 0);
    fs::remove_dir(&project).unwrap();
    fs::write(&project, "mine").unwrap();
    refused(new(), "ears exists", "another name");
    assert_eq!(fs::read(&project).unwrap(), b"mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_no_crate_is_called_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // a word of Rust, a letter first, a crate that it depends on
    for name in [
        "match",
        "2ears",
        "two words",
        "heapless",
        "critical_section",
    ] {
        let project = folder.path().join(name);
        let command = set_lstm!("new @ --board pico --model @", &project, &samples_model());
        refused(command, name, "like blinky-ears");
    }
    let absent = folder.path().join("no/ears");
    let command = set_lstm!("new @ --board pico --model @", &absent, &samples_model());
    refused(command, "ears", "folder above exists");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_does_not_fit_is_refused_by_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let large = large_file();
    fs::write(at("large.setl"), &*large).unwrap();
    let over = large.len() + (40 << 10) - (256 << 10);
    let command = set_lstm!(
        "new @ --board microbit --model @",
        &at("e"),
        &at("large.setl")
    );
    let named = format!("{over} bytes too large for the flash of microbit");
    refused(command, &named, "sparser model");
    // a recording that fills the flash: 24 bytes a sample
    let line = "1,2,3,4,5,6\n";
    fs::write(at("long.csv"), line.repeat(10_000)).unwrap();
    let over = fs::metadata(samples_model()).unwrap().len() + (40 << 10) + 240_000 - (256 << 10);
    let words = "new @ --board microbit --model @ --samples @";
    let command = set_lstm!(words, &at("e"), &samples_model(), &at("long.csv"));
    refused(command, &format!("{over} bytes"), "fewer samples");
    assert!(!at("e").exists());
}

#[test]
fn samples_and_boards_that_are_not_right_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let words = "new @ --board qemu --model @ --samples @";
    let command = set_lstm!(words, &at("e"), &text_model(), &recording());
    refused(command, "reads no samples", "leave --samples out");
    fs::write(at("two.csv"), "1,2\n").unwrap();
    let command = set_lstm!(words, &at("e"), &samples_model(), &at("two.csv"));
    refused(command, "two.csv: line 1: 2 numbers", "commas or blanks");
    let words = "new @ --board qemu --model @ --runtime nowhere";
    let command = set_lstm!(words, &at("e"), &text_model());
    refused(command, "nowhere is neither", "--runtime 0.1");
    for words in ["--board toaster", "--board qemu --period 0"] {
        let command = set_lstm!(format!("new @ {words} --model @"), &at("e"), &text_model());
        let Ended { code, err, .. } = ended(command);
        assert_eq!(code, Some(2), "{err}");
        assert!(
            err.contains("qemu-microbit") || err.contains("--period"),
            "{err}"
        );
    }
    assert!(!at("e").exists());
}

#[test]
fn a_version_of_the_runtime_is_left_to_cargo() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("ears");
    let words = "new @ --board pico --model @ --runtime 0.1 --json";
    let written = object(set_lstm!(words, &project, &text_model()), &["runtime"]);
    assert_eq!(written["runtime"], "\"0.1\"");
    let found = files(&project);
    let text = |name: &str| String::from_utf8(found[name].clone()).unwrap();
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let version = manifest["dependencies"]["set-lstm-runtime"].as_str();
    assert_eq!(version, Some("0.1"));
    assert!(!text("Cargo.lock").contains("set-lstm-runtime"));
}

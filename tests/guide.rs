//! The guide, `docs/guide.md`: its commands are run word for word, in its order, on the recordings
//! that it names, and end with labels that an emulated board prints.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::{Ended, ended, set_lstm};
use set_lstm::dataset::stream::decompress;
use set_lstm::toolchain::firmware_folder;

const GUIDE: &str = include_str!("../docs/guide.md");

/// The blocks of a language.
fn blocks(language: &str) -> Vec<&str> {
    let parts = GUIDE.split("\n```").skip(1).step_by(2);
    parts
        .filter_map(|part| part.strip_prefix(language)?.strip_prefix('\n'))
        .collect()
}

/// The folder `RawData` of the smartphone recordings, as a reader unpacks it.
fn unpack(archive: &Path, into: &Path) {
    let mut tar = tar::Archive::new(decompress(archive).unwrap());
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let name = path.file_name().unwrap().to_owned();
        if entry.header().entry_type().is_file() && path.parent().unwrap().ends_with("RawData") {
            entry.unpack(into.join(name)).unwrap();
        }
    }
}

#[cfg(unix)]
#[test]
fn from_a_table_to_labels_of_a_board() {
    let Some(data) = crate::sensors::data("the guide", "hapt") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["bin", "RawData"] {
        fs::create_dir(at(name)).unwrap();
    }
    unpack(&data.join("hapt/HAPT.tar.zst"), &at("RawData"));
    let link = |from: &Path, name| std::os::unix::fs::symlink(from, at(name)).unwrap();
    link(set_lstm!("").get_program().as_ref(), "bin/set-lstm");
    let sources = firmware_folder(None).expect("the sources are here");
    link(&sources.canonicalize().unwrap(), "firmware-examples");

    let script = blocks("sh").join("\n");
    assert!(script.contains("set-lstm train") && script.contains("cargo run"));
    let mut command = Command::new("sh");
    command
        .args(["-e", "-c", &script])
        .current_dir(folder.path());
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", at("bin").display()));
    command.env("CARGO_TARGET_DIR", sources.join("boards/target"));
    for variable in [
        "SET_LSTM_DATA",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
    ] {
        command.env_remove(variable);
    }
    let Ended { code, out, err } = ended(command);
    assert_eq!(code, Some(0), "{out}\n{err}");

    // the weights are those of this machine's instructions, so that a label may differ
    let said: Vec<&str> = out
        .lines()
        .skip_while(|line| !line.starts_with("model "))
        .collect();
    let shown: Vec<&str> = blocks("text").last().unwrap().trim().lines().collect();
    let words = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let labels = |lines: &[&str]| -> Vec<String> {
        let samples = lines.iter().filter(|line| line.starts_with("sample "));
        samples
            .map(|line| line.split(' ').nth(2).unwrap().to_owned())
            .collect()
    };
    let expected = ["model ", "no more samples after 8000, 0 late"];
    let [first, last] = [said[0], said[said.len() - 1]];
    assert!(
        first.starts_with(expected[0]) && last == expected[1],
        "{out}"
    );
    assert_eq!(
        (words(first), last),
        (words(shown[0]), shown[shown.len() - 1])
    );
    let (said, shown) = (labels(&said), labels(&shown));
    for label in ["walking", "lying", "sitting"] {
        assert!(said.iter().any(|it| it == label), "{said:?}");
        assert!(shown.iter().any(|it| it == label), "{shown:?}");
    }
}

/// What the page leaves to the reader is little, and named.
#[test]
fn what_is_not_run_is_the_installation_and_the_board() {
    let all = GUIDE.matches("\n```sh").count();
    let left_out = ["sh install", "sh board"].map(|name| blocks(name).len());
    assert_eq!((all - blocks("sh").len(), left_out), (2, [1, 1]));
}

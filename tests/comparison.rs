//! `set-lstm compare` on the generated strings: interrupted, moved to another machine, with a
//! training that fails, with figures of other options.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::program::{Ended, ended, number, object, printed, refused, set_lstm};

const SMALL: &str = "compare --preset reber --seeds 1 --sweep-seeds 0 --device-documents 0 \
                     --threads 1 --hidden-size 12 --embedding-size 8";

fn compare(folder: &Path, options: &str) -> Command {
    let [results, work] = ["results", "work"].map(|name| folder.join(name));
    set_lstm!(
        format!("{SMALL} {options} --results @ --work @"),
        &results,
        &work
    )
}

/// The cells of the file without what a clock, a memory or a place says.
fn cells(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("results/reber.csv")).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let measured = ["training_seconds", "cpu_seconds", "peak_memory_bytes"];
    let kept = |line: &str| {
        let fields = line.split(',').zip(&head);
        let fields = fields.filter(|(_, name)| !measured.contains(name));
        fields.map(|(field, _)| field).collect::<Vec<_>>().join(",")
    };
    lines.map(kept).collect()
}

fn names(object: &Value) -> Vec<&str> {
    let methods = object["methods"].as_array().unwrap();
    methods
        .iter()
        .map(|it| it["method"].as_str().unwrap())
        .collect()
}

#[test]
fn a_comparison_goes_on_where_it_stopped_and_is_drawn_again_without_training() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let all = object(
        compare(&whole, "--epochs 2 --json"),
        &["methods", "cells", "command", "files"],
    );
    assert_eq!(
        names(&all),
        [
            "set",
            "set-plus",
            "static",
            "dense-small",
            "dense",
            "bag-of-words"
        ]
    );
    let small = &all["cells"][3];
    let set = &all["cells"][0];
    assert!(number(small, "model_bytes") <= number(set, "model_bytes"));
    assert!(number(small, "parameters") > number(set, "parameters"));

    // a part first; then without the figures, as if killed before they were kept
    printed(compare(&parts, "--epochs 2 --only set,static"));
    assert_eq!(
        cells(&parts),
        [cells(&whole)[0].clone(), cells(&whole)[2].clone()]
    );
    fs::remove_file(parts.join("results/reber.csv")).unwrap();
    let trained = parts.join("work/set-seed1/model.safetensors");
    let before = fs::metadata(&trained).unwrap().modified().unwrap();
    printed(compare(&parts, "--epochs 2"));
    assert_eq!(cells(&parts), cells(&whole));
    let after = fs::metadata(&trained).unwrap().modified().unwrap();
    assert_eq!(after, before, "a finished run is used");

    // only the figures came along
    fs::remove_dir_all(parts.join("work")).unwrap();
    let pictures = [
        "reber-parameters.svg",
        "reber-curves.svg",
        "reber-confusion.svg",
    ];
    let read = |name: &str| fs::read_to_string(parts.join("results").join(name)).unwrap();
    let drawn = pictures.map(read);
    let table = read("reber.md");
    for name in pictures {
        fs::remove_file(parts.join("results").join(name)).unwrap();
    }
    printed(compare(&parts, "--epochs 2"));
    assert_eq!(pictures.map(read), drawn);
    assert_eq!(read("reber.md"), table);
    assert!(
        table.contains("set-lstm compare --preset reber --seeds 1"),
        "{table}"
    );
    assert!(
        table.contains("| SET |") && !table.contains("work"),
        "{table}"
    );
    assert_eq!(fs::read_dir(parts.join("work")).unwrap().count(), 0);
}

#[test]
fn a_failing_training_is_named_and_the_others_finish() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("work")).unwrap();
    fs::write(folder.path().join("work/static-seed1"), "in the way").unwrap();
    let options = "--epochs 1 --only static,set,dense-small";
    let Ended { code, out, err } = ended(compare(folder.path(), options));
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("error: 1 of 3 trainings failed: static seed 1 ("),
        "{err}"
    );
    assert!(err.contains("run the same command"), "{err}");
    assert!(
        out.contains("SET") && !out.contains("static sparse"),
        "{out}"
    );
    assert_eq!(
        cells(folder.path()).len(),
        2,
        "it is not written as finished"
    );
    fs::remove_file(folder.path().join("work/static-seed1")).unwrap();
    printed(compare(folder.path(), options));
    assert_eq!(cells(folder.path()).len(), 3);
}

#[test]
fn figures_of_other_options_are_trained_anew_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    printed(compare(folder.path(), "--epochs 1 --only set"));
    let before = cells(folder.path());
    let listed = printed(compare(folder.path(), "--epochs 2 --only set --dry-run"));
    assert!(listed.contains("done with other options"), "{listed}");
    assert_eq!(cells(folder.path()), before);
    let again = ended(compare(folder.path(), "--epochs 2 --only set"));
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(
        again
            .err
            .contains("set seed 1: its figures are of other options")
    );
    let after = cells(folder.path());
    assert!(after.len() == 1 && after != before);
    let listed = printed(compare(folder.path(), "--epochs 2 --only set --dry-run"));
    assert!(listed.ends_with("done\n"), "{listed}");
}

#[test]
fn a_damaged_file_and_options_of_its_own_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    printed(compare(folder.path(), "--epochs 1 --only set"));
    let path = folder.path().join("results/reber.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("set,,1", "set,,one")).unwrap();
    let command = compare(folder.path(), "--epochs 1 --only set");
    let message = refused(command, "reber.csv: line 2: ", "restore it");
    assert!(message.contains("seed"), "{message}");
    let command = set_lstm!("compare --preset reber --seed 3");
    refused(command, "sets --topology and --seed itself", "--seeds");
    let command = set_lstm!(
        "compare --preset imdb --data= --results @ --work @",
        folder.path(),
        folder.path()
    );
    refused(command, "imdb", "SET_LSTM_DATA");
}

#[cfg(unix)]
#[test]
fn an_interrupted_training_of_a_comparison_can_go_on() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    let folder = tempfile::tempdir().unwrap();
    let mut command = compare(folder.path(), "--epochs 5000 --only set");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let run = folder.path().join("work/set-seed1");
    let start = Instant::now();
    while !run.join("model.safetensors").exists() {
        assert!(start.elapsed() < Duration::from_secs(120), "no first epoch");
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = format!("kill -INT {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(ended.code, Some(130), "{}", ended.err);
    assert!(ended.err.contains("interrupted; the same command goes on"));
    assert!(!folder.path().join("results/reber.csv").exists());
    // the training itself was told: it has ended, and saved what it had
    let epochs = || fs::read_to_string(run.join("metrics.csv")).unwrap();
    let then = epochs();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(epochs(), then);
    assert!(run.join("checkpoint.safetensors").exists());
    assert!(!run.join("trained.json").exists());
}

//! `set-lstm topology` on trainings of a few seconds.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{object, printed, refused, set_lstm};

const SMALL: &str = "--preset reber --hidden-size 24 --embedding-size 16 --epochs 3";

fn trained(folder: &Path, name: &str, options: &str) -> PathBuf {
    let run = folder.join(name);
    printed(set_lstm!(format!("train {SMALL} {options} --out @"), &run));
    run
}

fn assert_drawn(folder: &Path, names: &[&str]) {
    for name in names {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.starts_with("<svg"), "{name}");
        assert!(!text.contains("NaN"), "{name}");
    }
}

#[test]
fn one_run_is_told_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let run = trained(folder.path(), "run", "");
    let text = printed(set_lstm!("topology @", &run));
    for word in [
        "left of the start",
        "embedding",
        "W i",
        "U o",
        "with the most",
        "adjacency.svg",
    ] {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
    assert_drawn(
        &run.join("topology"),
        &["turnover.svg", "degrees.svg", "adjacency.svg"],
    );
    let out = folder.path().join("pictures");
    let command = set_lstm!("topology @ --json --out @", &run, &out);
    let object = object(command, &["runs", "pictures"]);
    assert_drawn(&out, &["turnover.svg", "degrees.svg", "adjacency.svg"]);
    let epochs = object["runs"][0]["epochs"].as_array().unwrap();
    assert_eq!(epochs.len(), 1 + 3);
    let turnover = |epoch: usize| epochs[epoch]["turnover"].as_f64().unwrap();
    assert_eq!(
        [turnover(0), turnover(1)],
        [0.0, 0.0],
        "nothing moves before its first epoch"
    );
    assert!(turnover(2) > 0.0 && turnover(3) > 0.0);
    assert_eq!(object["runs"][0]["inputs"]["kind"], "words");
}

#[test]
fn two_seeds_are_apart_and_a_run_is_not_from_itself() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = [1, 2].map(|seed| {
        trained(
            folder.path(),
            &format!("seed-{seed}"),
            &format!("--seed {seed}"),
        )
    });
    let distance = |a: &Path, b: &Path| {
        let found = object(
            set_lstm!("topology @ @ --json", a, b),
            &["runs", "distances", "pictures"],
        );
        let all = &found["distances"]["pairs"][0]["all"];
        ["distance", "random"].map(|name| all[name].as_f64().unwrap())
    };
    let [there, random] = distance(&a, &b);
    assert!(there > 0.0 && there < 1.0, "{there}");
    assert!(random > 0.0 && random < 1.0, "{random}");
    assert_eq!(distance(&b, &a)[0], there);
    assert_eq!(distance(&a, &a)[0], 0.0);
    assert_drawn(&a.join("topology"), &["distance.svg"]);
    let text = printed(set_lstm!("topology @ @", &a, &b));
    assert!(
        text.contains("random, matched") && text.contains("seed-2"),
        "{text}"
    );
}

#[test]
fn what_has_no_topology_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dense = trained(folder.path(), "dense", "--topology dense");
    refused(
        set_lstm!("topology @", &dense),
        "a dense run has no topology",
        "name a run of",
    );
    let [a, b] = [("a", 24), ("b", 20)].map(|(name, units)| {
        let run = folder.path().join(name);
        let options = SMALL.replace("-size 24", &format!("-size {units}"));
        printed(set_lstm!(format!("train {options} --out @"), &run));
        run
    });
    refused(
        set_lstm!("topology @ @", &a, &b),
        "a has 16 inputs and 24 units",
        "compare runs of the same sizes",
    );
    for epoch in 0..=3 {
        fs::remove_file(a.join(format!("topology/epoch-{epoch:03}.safetensors"))).unwrap();
    }
    refused(
        set_lstm!("topology @", &a),
        "no history of the connections",
        "train it again",
    );
}

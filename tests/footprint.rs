//! `set-lstm footprint`: its parts are the whole to the byte, on every sort of model and core,
//! as a table, as an object and as a picture.
//!
//! Needs QEMU and the thumb targets: without them these tests fail and name
//! `scripts/setup.sh`.

use crate::firmware::INT8;
use crate::models::{packed, random_stack};
use crate::program::{ended, number, object, printed, set_lstm, trained};
use crate::samples;
use serde_json::Value;
use set_lstm::train::parameters::Shape;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Name and bytes of all parts under a key.
#[track_caller]
fn parts(shown: &Value, key: &str) -> BTreeMap<String, u64> {
    let rows = shown[key]
        .as_array()
        .unwrap_or_else(|| panic!("no {key} in {shown}"));
    let part = |row: &Value| {
        let name = row["part"].as_str().unwrap().to_owned();
        (name, row["bytes"].as_u64().unwrap())
    };
    let parts: BTreeMap<String, u64> = rows.iter().map(part).collect();
    assert_eq!(parts.len(), rows.len(), "a name twice: {shown}");
    parts
}

/// The footprint of a model, all sums checked.
#[track_caller]
fn checked(file: &Path, board: &str) -> Value {
    let words = format!("footprint @ --board {board} --json");
    let shown = object(
        set_lstm!(words, file),
        &["flash_parts", "ram_parts", "added", "others"],
    );
    assert_eq!(shown["board"], board);
    for (key, whole) in [("flash_parts", "flash_bytes"), ("ram_parts", "ram_bytes")] {
        let sum: u64 = parts(&shown, key).values().sum();
        assert_eq!(sum as f64, number(&shown, whole), "{shown}");
        let shares = shown[key].as_array().unwrap().iter();
        let shares: f64 = shares.map(|row| number(row, "share")).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{shares}");
    }
    let of_model = ["embedding", "gates", "vocabulary", "rest_of_model"];
    let rows = shown["flash_parts"].as_array().unwrap().iter();
    let rows = rows.filter(|row| of_model.contains(&row["group"].as_str().unwrap()));
    let sum: f64 = rows.map(|row| number(row, "bytes")).sum();
    assert_eq!(sum, number(&shown, "model_bytes"));
    assert_eq!(sum, fs::metadata(file).unwrap().len() as f64);
    shown
}

#[test]
fn words_embedding_and_each_matrix_are_parts() {
    for (file, values) in [(&trained().int8, "int8"), (&trained().f32, "f32")] {
        let shown = checked(file, "mps2-an386");
        let flash = parts(&shown, "flash_parts");
        // the activations of the f32 engine are computed
        let tables = (values == "int8").then_some("engine, tables");
        let expected = [
            "vector table",
            "engine, code",
            "core library",
            "application",
            "vocabulary",
            "embedding",
            "W_i",
            "W_f",
            "W_g",
            "W_o",
            "U_i",
            "U_f",
            "U_g",
            "U_o",
            "biases of the gates",
            "head",
            "header, self-test",
        ];
        let expected: Vec<&str> = expected.into_iter().chain(tables).collect();
        for name in &expected {
            assert!(flash.contains_key(*name), "no {name} in {flash:?}");
        }
        assert_eq!(flash.len(), expected.len(), "{flash:?}");
        assert_eq!(flash["vector table"], 1_024);
        let inspected = object(set_lstm!("inspect @ --json", file), &["matrices"]);
        for matrix in inspected["matrices"].as_array().unwrap() {
            let name = matrix["matrix"].as_str().unwrap();
            let bits = number(matrix, "bits") * number(matrix, "connections");
            assert_eq!(flash[name] as f64, (bits / 8.0).round(), "{name}");
        }
        let ram = parts(&shown, "ram_parts");
        assert!(
            ram["state"] > 0 && ram["stack of the engine"] > 0,
            "{ram:?}"
        );
        let added = &shown["added"];
        assert_eq!([&added["values"], &added["inputs"]], [values, "tokens"]);
    }
}

#[test]
fn sensors_and_stacks_have_their_parts_on_the_smallest_core() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.setl");
    fs::write(&file, &*samples::small_file(INT8)).unwrap();
    let shown = checked(&file, "mps2-an385-m0");
    let flash = parts(&shown, "flash_parts");
    for name in ["statistics of the samples", "UW_i", "UW_o"] {
        assert!(flash.contains_key(name), "no {name} in {flash:?}");
    }
    assert!(!flash.contains_key("embedding"), "{flash:?}");
    assert_eq!(shown["added"]["inputs"], "samples");
    let shape = Shape {
        vocabulary: 30,
        embedding: 12,
        hidden: 13,
        logits: 1,
    };
    fs::write(&file, &*packed(&random_stack(shape, &[9], 0.4, 1), INT8)).unwrap();
    let flash = parts(&checked(&file, "microbit"), "flash_parts");
    for name in ["W_i", "U_o"] {
        assert!(flash.contains_key(name), "no {name} in {flash:?}");
    }
    assert!(flash.keys().any(|name| name.contains("2_")), "{flash:?}");
}

#[test]
fn what_the_engine_adds_is_what_the_bench_says() {
    let shown = checked(&trained().int8, "mps2-an386");
    let bench = object(
        set_lstm!("bench size --boards mps2-an386 --json"),
        &["rows"],
    );
    let tokens = &bench["rows"][0];
    assert_eq!([&tokens["values"], &tokens["inputs"]], ["int8", "tokens"]);
    let [own, of_bench] = [&shown["added"], tokens].map(|row| number(row, "flash_bytes"));
    // the length of the model that is embedded meanwhile takes an instruction or two
    assert!((own - of_bench).abs() < 16.0, "{shown} {bench}");
    assert_eq!(shown["others"], bench["others"]);
}

#[test]
fn the_table_is_aligned_and_the_picture_names_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("f.svg");
    let text = printed(set_lstm!("footprint @ --svg @", &trained().int8, &picture));
    let rows = |title: &str| {
        let lines = text.lines().skip_while(|line| !line.starts_with(title));
        let table: Vec<&str> = lines
            .take_while(|line| !line.is_empty() && !line.starts_with('('))
            .collect();
        assert!(table.len() > 4, "{title} in:\n{text}");
        let width = table[0].chars().count();
        assert!(
            table.iter().all(|line| line.chars().count() == width),
            "{text}"
        );
        assert!(table.last().unwrap().starts_with("together"), "{text}");
        assert!(table.last().unwrap().ends_with("100.0"), "{text}");
    };
    rows("flash");
    rows("RAM");
    for part in [
        "demo on mps2-an386, Cortex-M4F",
        "MicroFlow: 34.3 KB",
        "int8 tokens",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    let svg = fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg"), "{svg}");
    for name in [
        "embedding",
        "gates",
        "engine",
        "stack",
        "engine, code",
        "application",
    ] {
        assert!(svg.contains(&format!("\n{name}\n")), "no {name} in {svg}");
    }
}

#[test]
fn an_unknown_board_lists_both_sorts() {
    let ended = ended(set_lstm!("footprint @ --board toaster", "m.setl"));
    assert_eq!(ended.code, Some(2));
    for board in ["mps2-an386", "microbit", "nucleo-f446re", "pico2"] {
        assert!(ended.err.contains(board), "{}", ended.err);
    }
}

//! `set-lstm boards`: every board, and whether a model fits on it; what it says at most is no
//! less than what a linked program takes.
//!
//! Needs QEMU and the thumb targets: without them these tests fail and name
//! `scripts/setup.sh`.

use crate::firmware::{INT8, SMALL, model};
use crate::models::{packed, random_model};
use crate::program::{number, object, printed, set_lstm, trained};
use serde_json::Value;
use set_lstm::boards::room::ModelNeeds;
use set_lstm::boards::{BOARDS, EmulatedBoard, REAL_BOARDS};
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::pack::Values;
use set_lstm::simulate::{SimulateOptions, footprint};
use set_lstm::train::parameters::Shape;
use std::fs;
use std::path::Path;

/// The row of a board.
fn row<'s>(shown: &'s Value, board: &str) -> &'s Value {
    let rows = shown["boards"].as_array().unwrap();
    let found = rows.iter().find(|row| row["board"] == board);
    found.unwrap_or_else(|| panic!("no {board} in {shown}"))
}

#[test]
fn every_board_is_listed_with_what_it_has() {
    let shown = object(set_lstm!("boards --json"), &["boards"]);
    let names = shown["boards"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|row| row["board"].as_str().unwrap()).collect();
    let real = REAL_BOARDS.map(|board| board.name);
    assert_eq!(
        names,
        [&real[..], &BOARDS.map(|board| board.name)[..]].concat()
    );
    let pico = row(&shown, "pico2");
    assert_eq!(pico["chip"], "RP235x");
    let figures = ["flash_bytes", "ram_bytes", "megahertz"].map(|key| number(pico, key));
    assert_eq!(figures, [4_194_304.0, 532_480.0, 150.0]);
    assert!(pico.get("fits").is_none(), "no model, no verdict: {pico}");
    let table = printed(set_lstm!("boards"));
    let line = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("no {name} in:\n{table}"))
    };
    for part in [
        "Cortex-M4F",
        "180 MHz",
        "512 KB",
        "128 KB",
        "probe-rs STM32F446RETx",
    ] {
        assert!(line("nucleo-f446re").contains(part), "{part} in\n{table}");
    }
    assert!(line("mps2-an505").contains("QEMU mps2-an505"), "{table}");
}

#[test]
fn a_model_fits_or_it_is_said_what_is_missing() {
    let shown = object(
        set_lstm!("boards @ --json", &trained().int8),
        &["application"],
    );
    assert_eq!(shown["application"], "sentiment");
    let bytes = fs::metadata(&trained().int8).unwrap().len() as f64;
    assert_eq!(number(&shown, "model_bytes"), bytes);
    assert!(
        shown["boards"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["fits"] == true)
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.setl");
    let bytes = larger_than_a_microbit(&file);
    let shown = object(set_lstm!("boards @ --json", &file), &["boards"]);
    assert!(shown.get("application").is_none(), "no words: {shown}");
    let microbit = row(&shown, "microbit");
    assert_eq!(microbit["fits"], false);
    let left = number(&microbit["needed"], "flash_left_bytes");
    assert!(left <= 262_144.0 - bytes as f64, "{microbit}");
    assert_eq!(row(&shown, "pico2")["fits"], true);
    let table = printed(set_lstm!("boards @", &file));
    let microbits = table.lines().filter(|line| line.starts_with("microbit"));
    assert!(
        microbits.clone().count() == 2,
        "real and emulated:\n{table}"
    );
    assert!(
        microbits.clone().all(|line| line.contains("missing")),
        "{table}"
    );
    assert_eq!(table.matches("missing").count(), 2, "{table}");
}

/// Writes a model of some 300 KB; its length.
fn larger_than_a_microbit(path: &Path) -> usize {
    let shape = Shape {
        vocabulary: 20,
        embedding: 128,
        hidden: 128,
        logits: 1,
    };
    let model = packed(&random_model(shape, 0.4, 1), Values::Float32);
    fs::write(path, &*model).unwrap();
    assert!((262_144..450_000).contains(&model.len()), "{}", model.len());
    model.len()
}

#[test]
fn what_is_said_to_be_taken_is_no_less_than_what_is() {
    for (board, values) in [
        ("mps2-an386", INT8),
        ("mps2-an386", Values::Float32),
        ("microbit", INT8),
    ] {
        let board = EmulatedBoard::named(board).unwrap();
        let file = model(SMALL, values);
        assert_no_less(board, &file);
    }
}

#[track_caller]
fn assert_no_less(board: EmulatedBoard, file: &AlignedBytes) {
    let needs = ModelNeeds::of(&AnyModel::from_bytes(file).unwrap(), file);
    let options = SimulateOptions {
        board,
        ..SimulateOptions::default()
    };
    let measured = footprint(file, Path::new("m.setl"), &options).unwrap();
    let (flash, ram) = (measured.flash, measured.ram);
    assert_eq!(needs.model_bytes, flash.model_bytes);
    assert_eq!(needs.state_bytes, ram.state_bytes);
    assert!(
        needs.model_handle_bytes >= ram.model_handle_bytes,
        "{needs:?} {ram:?}"
    );
    let room = needs.on_emulated(board);
    assert!(room.flash_bytes >= flash.flash_bytes, "{room:?} {flash:?}");
    assert!(room.ram_bytes >= ram.ram_bytes, "{room:?} {ram:?}");
    // and not so much more that nothing would ever fit
    assert!(
        room.flash_bytes < flash.flash_bytes + (24 << 10),
        "{room:?} {flash:?}"
    );
    assert!(
        room.ram_bytes < ram.ram_bytes + (4 << 10),
        "{room:?} {ram:?}"
    );
}

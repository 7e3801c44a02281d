//! What the engine adds to a firmware: the smallest programs run, and their difference to the
//! empty one adds up.
//!
//! Needs QEMU and the thumb targets: without them these tests fail and name
//! `scripts/setup.sh`.

use crate::firmware::{INT8, SMALL, model};
use crate::program::{number, object, printed, set_lstm};
use set_lstm::footprint::added::LEAST_PROGRAMS;
use set_lstm::pack::Values;
use set_lstm::simulate::board::EmulatedBoard;
use set_lstm::simulate::firmware::{Firmware, Folders};
use std::time::Duration;

#[test]
fn the_smallest_programs_decode_step_and_classify() {
    let board = EmulatedBoard::default();
    for (kind, values) in [(INT8, "int8"), (Values::Float32, "f32")] {
        let model = model(SMALL, kind);
        for least in LEAST_PROGRAMS {
            let firmware = Firmware::build(board, least.program, &model, &[], &Folders::default());
            let run = firmware.unwrap().run(Duration::from_secs(60)).unwrap();
            // the other engine refuses the file: so the model is really read
            let expected = if least.values == values { 0 } else { 1 };
            assert_eq!(run.code, Some(expected), "{least:?} {values} {run:?}");
        }
    }
}

#[test]
fn what_the_engine_adds_is_code_and_tables_by_core() {
    let words = "bench size --boards mps2-an386,mps2-an385-m0 --symbols 500 --json";
    let shown = object(set_lstm!(words), &["rows", "others"]);
    let rows = shown["rows"].as_array().unwrap();
    let kinds = rows.iter().map(|row| {
        let [board, values, inputs] = ["board", "values", "inputs"].map(|k| row[k].as_str());
        [board.unwrap(), values.unwrap(), inputs.unwrap()]
    });
    let expected = [
        ["mps2-an386", "int8", "tokens"],
        ["mps2-an386", "int8", "samples"],
        ["mps2-an386", "f32", "tokens"],
        ["mps2-an386", "f32", "samples"],
        ["mps2-an385-m0", "int8", "tokens"],
        ["mps2-an385-m0", "int8", "samples"],
    ];
    assert!(kinds.eq(expected), "{shown}");
    for row in rows {
        let [flash, code, tables, statics] =
            ["flash_bytes", "code_bytes", "table_bytes", "static_bytes"].map(|k| number(row, k));
        // no static has first contents, so nothing but these two lies in flash
        assert_eq!(flash, code + tables, "{row}");
        let of_use = |wanted: &str| -> f64 {
            let all = row["symbols"].as_array().unwrap().iter();
            let wanted = all.filter(|symbol| symbol["use"] == wanted);
            wanted.map(|symbol| number(symbol, "bytes")).sum()
        };
        // fill lies between functions, and the program's own few bytes have new names
        let unnamed = (code - of_use("code")).abs();
        assert!(unnamed < 0.05 * code, "{unnamed} of {row}");
        // the state of 256 units is 10 or 16 bytes a unit, the rest is the model's
        let unit = if row["values"] == "int8" { 10.0 } else { 16.0 };
        let model = statics - 256.0 * unit;
        assert!((300.0..900.0).contains(&model), "{row}");
        assert_eq!(of_use("static"), statics, "{row}");
    }
}

#[test]
fn the_size_is_told_beside_that_of_others() {
    let text = printed(set_lstm!("bench size --boards mps2-an386 --symbols 3"));
    for part in [
        "int8 tokens",
        "static RAM",
        "TensorFlow Lite Micro: 25.2 KB",
        "measured",
        "MicroFlow: 34.3 KB",
        "published",
        "activation::TABLE",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
}

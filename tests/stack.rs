//! The stack of decode and step: the bound that the program's own code gives, against what a
//! run under QEMU has painted over, of the very same program on every emulated board.
//!
//! Needs QEMU and a thumb compiler, as `firmware.rs` does.

use crate::firmware::{INT8, SMALL, host_answers, model, sequences};
use crate::program::{object, refused, set_lstm};
use crate::proof::{TARGETS, link};
use set_lstm::pack::Values;
use set_lstm::simulate::board::BOARDS;
use set_lstm::simulate::cases;
use set_lstm::simulate::firmware::{Firmware, Folders};
use set_lstm::simulate::report::Report;
use set_lstm::stack_bound::StackBound;
use set_lstm::stack_bound::program::Program;
use std::time::Duration;

/// A bound is at most this many times what a run takes: no run goes the deepest way at every
/// call, and a frame is counted in full even where it grows only later.
const FACTOR: u64 = 2;

#[test]
fn no_run_is_deeper_than_the_bound_of_its_code() {
    for board in BOARDS {
        for values in [INT8, Values::Float32] {
            let (model, sequences) = (model(SMALL, values), sequences(SMALL.vocabulary));
            let cases = cases::write(&sequences, &host_answers(&model, &sequences)).unwrap();
            let built = Firmware::build(board, "demo", &model, &cases, &Folders::default());
            let firmware = built.expect("the firmware builds");
            let run = firmware.run(Duration::from_secs(300)).expect("it ends");
            assert_eq!(run.code, Some(0), "{run:?}");
            let painted = Report::parse(&run.text).expect("a whole report");
            let program = Program::read(&firmware.elf().unwrap()).expect("an ELF file");
            for (name, painted) in [
                ("set_lstm_demo::engine::decode", painted.decode_stack_bytes),
                ("set_lstm_demo::engine::steps", painted.step_stack_bytes),
            ] {
                let bound = StackBound::of(&program, name).expect("a bound");
                println!(
                    "{} {values:?} {name}: painted {painted}\n{bound}",
                    board.core
                );
                assert!(painted <= bound.bytes, "{name}: {painted}\n{bound}");
                assert!(
                    bound.bytes <= FACTOR * painted,
                    "{name}: {painted}\n{bound}"
                );
            }
            // what prints calls through `dyn Write`: no bound, and said so
            let error = StackBound::of(&program, "set_lstm_demo::run::compare").unwrap_err();
            assert!(error.to_string().contains("by a register"), "{error}");
        }
    }
}

#[test]
fn decode_and_step_have_a_bound_on_every_core() {
    for target in TARGETS {
        let program = Program::read(&link(target, "", "s").unwrap()).expect("an ELF file");
        for (name, most) in [("decode", 3_000), ("step", 1_000)] {
            let name = format!("set_lstm_proof::calls::{name}");
            let bound = StackBound::of(&program, &name).expect("a bound");
            println!("{target} {name}\n{bound}");
            assert!(
                bound.bytes > 100 && bound.bytes < most,
                "{target} {name}\n{bound}"
            );
        }
    }
}

#[test]
fn the_command_prints_the_bound_or_why_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("proof.elf");
    std::fs::write(&program, link(TARGETS[0], "", "s").unwrap()).unwrap();
    let command = set_lstm!("stack-bound @ calls::decode calls::step --json", &program);
    let found = object(command, &["bounds"]);
    let bounds = found["bounds"].as_array().unwrap();
    assert_eq!(bounds.len(), 2);
    for bound in bounds {
        let path = bound["path"].as_array().unwrap();
        let bytes = path.iter().map(|frame| frame["bytes"].as_u64().unwrap());
        assert_eq!(bound["bytes"].as_u64(), Some(bytes.sum()), "{bound}");
    }
    // what prints calls through a table
    refused(
        set_lstm!("stack-bound @ core::fmt::write", &program),
        "by a register",
        "measure by painting",
    );
    refused(
        set_lstm!("stack-bound @ no_such_function", &program),
        "no_such_function",
        "not inlined",
    );
}

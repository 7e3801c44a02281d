//! Every emulated core: the same answers as the host's, bit for bit, in int8 and f32; and no
//! more instructions, stack, code and bytes than the committed table allows.
//!
//! Needs QEMU and the thumb targets: without them these tests fail and name
//! `scripts/setup.sh`.

use crate::models::{packed, random_model};
use crate::program::{ended, number, object, printed, set_lstm, trained};
use set_lstm::bench::device::DeviceOptions;
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::pack::Values;
use set_lstm::sequences::SequenceSet;
use set_lstm::simulate::board::{BOARDS, EmulatedBoard};
use set_lstm::simulate::cases::{self, CaseAnswer, answers};
use set_lstm::simulate::firmware::{Firmware, Folders, Run};
use set_lstm::simulate::report::Report;
use set_lstm::simulate::{SimulateOptions, simulate};
use set_lstm::train::parameters::Shape;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::Duration;

/// What `set-lstm bench device` measured when it was last worth a change.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bench/device.csv");

fn model() -> AlignedBytes {
    let shape = Shape {
        vocabulary: 30,
        embedding: 12,
        hidden: 13,
        logits: 3,
    };
    packed(&random_model(shape, 0.4, 5), Values::Float32)
}

/// A sequence of every length from 1 to 9.
fn sequences() -> SequenceSet {
    let mut set = SequenceSet::of_tokens();
    for length in 1..10 {
        set.push((0..length).map(|step| (step * 11 + length) % 30), 0);
    }
    set
}

/// A model and its cases as a program reads them from standard input.
fn pair(model: &[u8], cases: &[u8]) -> Vec<u8> {
    let lengths = [32, model.len(), cases.len()].map(|field| (field as u32).to_le_bytes());
    let fill = &[0; 3][..model.len().next_multiple_of(4) - model.len()];
    [&lengths.concat(), model, fill, cases].concat()
}

fn run(board: EmulatedBoard, program: &str, input: &[u8]) -> Run {
    let firmware = Firmware::build_bare(board, program, &Folders::default()).unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input).unwrap();
    file.rewind().unwrap();
    firmware.run_with(file, Duration::from_secs(300)).unwrap()
}

#[test]
fn int8_answers_are_the_hosts_on_every_board_side_by_side() {
    let words = "simulate @ --preset reber --limit 3 --board all --json";
    let shown = object(set_lstm!(words, &trained().int8), &["boards"]);
    assert_eq!(shown["too_small"].as_array().unwrap().len(), 0, "{shown}");
    let boards = shown["boards"].as_array().unwrap();
    let names = |key: &str| -> Vec<&str> {
        let names = boards.iter().map(|board| board[key].as_str().unwrap());
        names.collect()
    };
    assert_eq!(names("board"), BOARDS.map(|board| board.name));
    assert_eq!(names("core"), BOARDS.map(|board| board.core));
    for board in boards {
        assert_eq!(number(board, "mismatches"), 0.0, "{board}");
        assert_eq!(number(board, "examples"), 3.0, "{board}");
        assert!(number(board, "step_stack_bytes") > 0.0, "{board}");
    }
    let instructions = |n: usize| number(&boards[n], "instructions_per_token");
    // M4F, M3, M0: each lacks something that the one before has
    assert!(instructions(0) < instructions(3) && instructions(3) < instructions(4));
    // the code of an M0 takes as many instructions on an M3 as on an M0
    let difference = instructions(4) - instructions(5);
    assert!(difference.abs() <= 0.01 * instructions(5), "{difference}");
}

#[test]
fn f32_answers_are_the_hosts_on_every_board() {
    let (model, sequences) = (model(), sequences());
    let expected = answers(&AnyModel::from_bytes(&model).unwrap(), &sequences);
    let input = pair(&model, &cases::write(&sequences, &expected).unwrap());
    // one program a core, and two models in a row
    let input = [&*input, &input].concat();
    for board in DeviceOptions::default().boards {
        let run = run(board, "bench-f32", &input);
        assert_eq!(run.code, Some(0), "{}: {run:?}", board.name);
        let found: Vec<Vec<CaseAnswer>> = (run.text.split("board      ").skip(1))
            .map(|text| Report::parse(text).unwrap().answers)
            .collect();
        assert_eq!(found, [&*expected, &expected], "{}", board.name);
    }
    let options = SimulateOptions {
        board: EmulatedBoard::named("microbit").unwrap(),
        ..SimulateOptions::default()
    };
    let simulation = simulate(&model, Path::new("random"), &sequences, &options).unwrap();
    assert_eq!((simulation.examples, simulation.mismatches), (9, 0));
}

#[test]
fn a_wrong_answer_and_a_broken_input_end_with_an_error() {
    let (model, sequences) = (model(), sequences());
    let mut expected = answers(&AnyModel::from_bytes(&model).unwrap(), &sequences);
    expected[2].digest ^= 1;
    let cases = cases::write(&sequences, &expected).unwrap();
    let wrong = pair(&model, &cases);
    let [mut large, mut capacity] = [wrong.clone(), wrong.clone()];
    large[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    capacity[0] = 33;
    for (input, message) in [
        (&*wrong, "1 answers are not the host's"),
        (&wrong[..wrong.len() - 1], "the input ends within a model"),
        (&large, "larger than the buffer"),
        (&capacity, "no such capacity"),
    ] {
        let run = run(EmulatedBoard::default(), "bench-f32", input);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.text.contains(message), "{message} in {}", run.text);
    }
}

#[test]
fn a_board_without_room_is_left_out_by_name() {
    let shape = Shape {
        vocabulary: 9000,
        embedding: 64,
        hidden: 64,
        logits: 1,
    };
    let large = packed(&random_model(shape, 0.5, 1), Values::Float32);
    assert!(large.len() > 256 << 10);
    let mut sequences = SequenceSet::of_tokens();
    sequences.push([1, 2], 0);
    let options = SimulateOptions {
        board: EmulatedBoard::named("microbit").unwrap(),
        ..SimulateOptions::default()
    };
    let error = simulate(&large, Path::new("m.setl"), &sequences, &options).unwrap_err();
    let error = error.to_string();
    assert!(
        error.starts_with("m.setl: model and test cases are"),
        "{error}"
    );
    assert!(
        error.contains("262144 bytes of flash of microbit"),
        "{error}"
    );
}

/// After a change that is worth it, write the table anew with
/// `set-lstm bench device --out docs/bench`.
#[test]
fn no_figure_has_grown_beyond_the_committed_table() {
    let ended = ended(set_lstm!("bench device --check @", TABLE));
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    // 8 figures of 46 models in int8 on five boards, in f32 on three; 16 models more on the first
    let figures = 8 * (8 * 46 + 16);
    let last = ended.out.lines().last().unwrap();
    assert!(
        last.starts_with(&format!("{figures} figures compared, 0 ")),
        "{last}"
    );
}

#[test]
fn a_figure_that_has_grown_fails_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("bench");
    printed(set_lstm!("bench device --boards mps2-an385 --out @", &out));
    let path = out.join("device.csv");
    let table = std::fs::read_to_string(&path).unwrap();
    let line = |line: &str| -> Option<String> {
        let fields = line.strip_prefix("mps2-an385,int8,samples,9,64,50,10,")?;
        let mut fields: Vec<String> = fields.split(',').map(str::to_owned).collect();
        let step: u64 = fields[1].parse().unwrap();
        fields[1] = (step * 97 / 100).to_string();
        Some(format!(
            "mps2-an385,int8,samples,9,64,50,10,{}",
            fields.join(",")
        ))
    };
    let table: Vec<String> = (table.lines())
        .map(|text| line(text).unwrap_or_else(|| text.to_owned()))
        .collect();
    std::fs::write(&path, table.join("\n")).unwrap();
    let words = "bench device --boards mps2-an385 --check @";
    let ended = ended(set_lstm!(words, &path));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let grown: Vec<&str> = (ended.out.lines())
        .filter(|line| line.starts_with("grown: "))
        .collect();
    assert_eq!(grown.len(), 1, "{}", ended.out);
    let name = "mps2-an385 int8, H 64, E 9, dense input, W 50 %, U 10 %: instructions of a step";
    assert!(grown[0].contains(name), "{}", grown[0]);
    assert!(
        ended.err.contains("write the table again by --out"),
        "{}",
        ended.err
    );
}

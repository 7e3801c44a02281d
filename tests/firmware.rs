//! The firmware on an emulated Cortex-M4F: it gives the host's answers bit for bit, prints
//! the committed text, and ends with an error whenever something is not right.
//!
//! Needs QEMU and a thumb compiler: without them these tests fail and name
//! `scripts/setup.sh`.

use crate::models::{class_names, random_model};
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::sequences::SequenceSet;
use set_lstm::simulate::cases::{self, CaseAnswer, answers};
use set_lstm::simulate::firmware::{Firmware, Folders, Run};
use set_lstm::simulate::{SimulateOptions, footprint, simulate};
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::Task;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The model that is embedded when no other is named, its cases, and what it prints.
const DEFAULT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../firmware-examples/demo/default"
);
pub const INT8: Values = Values::Int8 { embedding_bits: 6 };

pub const SMALL: Shape = Shape {
    vocabulary: 60,
    embedding: 16,
    hidden: 15,
    logits: 1,
};

/// A random model with some five connections a row of each matrix.
pub fn model(shape: Shape, values: Values) -> AlignedBytes {
    let model = random_model(shape, 5.0 / shape.embedding as f64, 1);
    let options = PackOptions {
        values,
        classes: class_names(&model),
        vocabulary: None,
        task: Task::CLASSIFICATION,
        outputs: None,
        statistics: None,
        max_tokens: 0,
        seed: 1,
    };
    let packed = pack(&model, &options).expect("a small model can be packed");
    AlignedBytes::from(packed)
}

/// Sequences of 1 to 41 tokens, with tokens beyond the vocabulary among them.
pub fn sequences(vocabulary: usize) -> SequenceSet {
    let mut set = SequenceSet::of_tokens();
    for sequence in 0..5 {
        let tokens =
            (0..=10 * sequence).map(|step| ((step * 37 + sequence) % (vocabulary + 3)) as u16);
        set.push(tokens, (sequence % 2) as u8);
    }
    set
}

pub fn host_answers(model: &AlignedBytes, sequences: &SequenceSet) -> Vec<CaseAnswer> {
    let model = AnyModel::from_bytes(model).expect("a whole model");
    answers(&model, sequences)
}

/// Runs a program of the board with these inputs.
fn run(program: &str, model: &[u8], cases: &[u8]) -> Run {
    let board = SimulateOptions::default().board;
    let built = Firmware::build(board, program, model, cases, &Folders::default());
    let firmware = built.expect("the firmware builds");
    firmware
        .run(Duration::from_secs(300))
        .expect("the firmware ends")
}

#[track_caller]
fn assert_fails_with(run: &Run, message: &str) {
    assert_eq!(run.code, Some(1), "{run:?}");
    let last = run
        .text
        .lines()
        .rev()
        .find(|line| line.starts_with("error: "));
    assert!(
        last.is_some_and(|line| line.contains(message)),
        "no {message:?} in {}",
        run.text
    );
}

fn assert_equal_on_device(shape: Shape, values: Values) {
    let (model, sequences) = (model(shape, values), sequences(shape.vocabulary));
    let simulation = simulate(
        &model,
        Path::new("random"),
        &sequences,
        &SimulateOptions::default(),
    )
    .expect("the firmware runs to its end");
    assert_eq!((simulation.examples, simulation.mismatches), (5, 0));
    assert_eq!(simulation.tokens, 1 + 11 + 21 + 31 + 41);
    let labels = host_answers(&model, &sequences);
    let right = labels
        .iter()
        .zip(sequences.labels())
        .filter(|(a, b)| a.label == **b);
    assert_eq!(simulation.accuracy, Some(right.count() as f64 / 5.0));
    let footprint = simulation.footprint;
    assert_eq!(footprint.flash.model_bytes, model.len() as u64);
    assert!(simulation.instructions_per_token > 1000, "{simulation}");
    assert!(simulation.instructions_longest_step >= simulation.instructions_per_token);
}

#[test]
fn int8_answers_are_the_hosts_to_the_last_bit() {
    assert_equal_on_device(SMALL, INT8);
}

#[test]
fn f32_answers_are_the_hosts_to_the_last_bit() {
    assert_equal_on_device(SMALL, Values::Float32);
}

#[test]
fn several_logits_and_the_most_units_are_the_hosts_to_the_last_bit() {
    let shape = Shape {
        vocabulary: 40,
        embedding: 256,
        hidden: 256,
        logits: 3,
    };
    assert_equal_on_device(shape, INT8);
}

#[test]
fn one_bit_of_an_expected_logit_is_a_mismatch() {
    let (model, sequences) = (model(SMALL, INT8), sequences(60));
    let mut expected = host_answers(&model, &sequences);
    expected[3].logits[0] ^= 1;
    let cases = cases::write(&sequences, &expected).expect("short sequences");
    let run = run("demo", &model, &cases);
    assert_fails_with(&run, "1 answers are not the host's");
    assert!(
        run.text
            .contains(&format!("{:#010x}  label", expected[3].logits[0])),
        "{}",
        run.text
    );
}

#[test]
fn a_damaged_model_is_refused_in_the_decoders_words() {
    let (mut damaged, sequences) = (model(SMALL, INT8).to_vec(), sequences(60));
    let cases = cases::write(&sequences, &[]).expect("no sequence");
    let last = damaged.len() - 1;
    damaged[last] ^= 0x10;
    let problem = AnyModel::from_bytes(&AlignedBytes::from(damaged.clone()))
        .expect_err("one bit has changed")
        .to_string();
    assert_fails_with(&run("demo", &damaged, &cases), &problem);
}

#[test]
fn cases_that_are_cut_off_are_refused() {
    let (model, sequences) = (model(SMALL, INT8), sequences(60));
    let cases = cases::write(&sequences, &host_answers(&model, &sequences)).expect("short");
    for cut in [&cases[..cases.len() - 1], &cases[..3], &[]] {
        assert_fails_with(&run("demo", &model, cut), "the cases are damaged");
    }
}

#[test]
fn a_panic_ends_with_an_error() {
    let run = run("panics", &model(SMALL, INT8), &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.text.contains("on purpose"), "{run:?}");
}

#[test]
fn a_hard_fault_ends_with_an_error() {
    assert_fails_with(&run("faults", &model(SMALL, INT8), &[]), "hard fault");
}

#[test]
fn a_model_beyond_the_board_or_the_budget_is_refused_by_how_much() {
    let (model, sequences) = (model(SMALL, INT8), sequences(60));
    let refused = |options| {
        simulate(&model, Path::new("m.setl"), &sequences, &options)
            .expect_err("too large")
            .to_string()
    };
    let mut options = SimulateOptions::default();
    options.board.flash = 1_000;
    let cases = cases::write(&sequences, &host_answers(&model, &sequences)).expect("short");
    let over = model.len() + cases.len() - 1_000;
    let error = refused(options);
    assert!(
        error.starts_with("m.setl: ") && error.contains(&format!("{over} bytes too large")),
        "{error}"
    );
    let options = SimulateOptions {
        flash_budget: Some(10_000),
        ..SimulateOptions::default()
    };
    let error = refused(options);
    assert!(error.contains("more than the budget of 10000"), "{error}");
}

#[test]
fn a_footprint_has_all_its_parts_and_they_add_up() {
    let model = model(SMALL, INT8);
    let footprint = footprint(&model, Path::new("m.setl"), &SimulateOptions::default())
        .expect("the firmware runs to its end");
    let flash = footprint.flash;
    let parts = [
        flash.vector_table_bytes,
        flash.engine_code_bytes,
        flash.engine_table_bytes,
        flash.library_code_bytes,
        flash.application_bytes,
        flash.model_bytes,
    ];
    assert!(parts.iter().all(|&part| part > 0), "{flash:?}");
    assert_eq!(parts.iter().sum::<u64>(), flash.flash_bytes);
    // two tables of 256 words, and little else
    assert!(
        (2048..2200).contains(&flash.engine_table_bytes),
        "{flash:?}"
    );
    let ram = footprint.ram;
    assert!(
        ram.step_stack_bytes > 0 && ram.step_stack_bytes < ram.decode_stack_bytes,
        "{ram:?}"
    );
    assert!(
        ram.ram_bytes >= ram.state_bytes + ram.stack_bytes,
        "{ram:?}"
    );
}

/// What is committed in `firmware-examples/demo/default` is what this version makes. After
/// a change of the format or of the arithmetic, write it anew with
/// `SET_LSTM_REGENERATE=1 cargo test -p set-lstm-tests the_committed_default`.
#[test]
fn the_committed_default_and_its_text_are_current() {
    let shape = Shape {
        hidden: 16,
        ..SMALL
    };
    let model = model(shape, INT8);
    let sequences = sequences(60);
    let cases = cases::write(&sequences, &host_answers(&model, &sequences)).expect("short");
    let run = run("demo", &model, &cases);
    assert_eq!(run.code, Some(0), "{run:?}");
    let current = [
        ("model.setl", model.to_vec()),
        ("cases.bin", cases),
        ("expected.txt", without_measurements(&run.text).into_bytes()),
    ];
    for (name, bytes) in current {
        let path = PathBuf::from(DEFAULT).join(name);
        if std::env::var_os("SET_LSTM_REGENERATE").is_some() {
            std::fs::write(&path, &bytes).expect("the sources can be written to");
        }
        let committed = std::fs::read(&path).unwrap_or_default();
        assert!(
            committed == bytes,
            "{name} is not current, see the comment at this test; the text now:\n{}",
            run.text
        );
    }
}

/// The report with a `#` for each figure that depends on the compiler.
fn without_measurements(text: &str) -> String {
    let measured = ["instructions", "stack", "static", "state", "model handle"];
    let line = |line: &str| {
        if measured.iter().any(|name| line.starts_with(name)) {
            let name = line.trim_end_matches(|c: char| c.is_ascii_digit());
            format!("{} #\n", name.trim_end())
        } else if line.starts_with("    ") && line.contains("0x") {
            // number and tokens stay, instructions per token go
            format!("{}{:>18}{}\n", &line[..15], "#", &line[33..])
        } else {
            format!("{line}\n")
        }
    };
    text.lines().map(line).collect()
}

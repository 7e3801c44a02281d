//! The same on emulated boards, bit for bit: the demo, and the two applications.
//!
//! Needs QEMU and the thumb targets: without them these tests fail and name
//! `scripts/setup.sh`.

use super::{NUMBERS, TASKS, file, of_samples, of_tokens, options, scale};
use crate::firmware::{host_answers, sequences};
use crate::models::{KINDS, vocabulary};
use crate::samples::{recordings, statistics};
use crate::serial::budgets::assert_cannot_panic;
use crate::serial::{activity, begin};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::pack::{Values, pack};
use set_lstm::sequences::SequenceSet;
use set_lstm::simulate::board::EmulatedBoard;
use set_lstm::simulate::talk::Reply;
use set_lstm::simulate::{SimulateOptions, Simulation, footprint, simulate};
use set_lstm_runtime::{Task, Thresholds};
use std::path::Path;

fn simulated(file: &AlignedBytes, set: &SequenceSet, thresholds: Thresholds) -> Simulation {
    let options = SimulateOptions {
        thresholds,
        ..SimulateOptions::default()
    };
    simulate(file, Path::new("answers"), set, &options).unwrap()
}

#[test]
fn every_answer_is_the_hosts_to_the_last_bit() {
    let raw = recordings(&statistics(3), &[1, 12, 40]);
    let tokens = sequences(19);
    for task in TASKS {
        for values in KINDS {
            for (model, set) in [(of_samples(2), &raw), (of_tokens(3), &tokens)] {
                let file = file(&model, task, values);
                let simulation = simulated(&file, set, Thresholds::default());
                assert_eq!(simulation.mismatches, 0, "{task:?} {values:?}");
                assert_eq!(simulation.examples, set.len());
                assert_eq!(simulation.tokens as usize, set.step_count());
                assert_eq!(simulation.accuracy, None);
                assert!(!simulation.to_string().contains("accuracy"), "{simulation}");
            }
        }
    }
}

#[test]
fn every_answer_of_delta_stepping_is_the_hosts() {
    let raw = recordings(&statistics(3), &[1, 12, 40]);
    let file = file(&of_samples(2), TASKS[2], Values::Int8Delta);
    let thresholds = Thresholds {
        hidden: 0.02,
        input: 0.1,
    };
    assert_eq!(simulated(&file, &raw, thresholds).mismatches, 0);
    assert!(footprint(&file, Path::new("m.setl"), &SimulateOptions::default()).is_ok());
}

/// What a model says after the last step alone would not tell of the others.
#[test]
fn the_digest_is_of_every_step_where_every_step_counts() {
    let set = sequences(19);
    let digests = |task: Task| -> Vec<u32> {
        let answers = host_answers(&file(&of_tokens(2), task, KINDS[0]), &set);
        answers.into_iter().map(|answer| answer.digest).collect()
    };
    assert_eq!(digests(NUMBERS), digests(Task::CLASSIFICATION));
    assert_eq!(digests(TASKS[2]), digests(TASKS[0]));
    let pairs = digests(NUMBERS).into_iter().zip(digests(TASKS[2]));
    assert!(pairs.into_iter().all(|(end, every)| end != every));
}

/// Six digits, as the board prints them.
fn assert_near(said: f32, exact: f32) {
    assert!(
        (said - exact).abs() <= 6e-6 * exact.abs().max(0.1),
        "{said} {exact}"
    );
}

#[test]
fn numbers_are_typed_at_and_answered() {
    let (model, outputs, none) = (of_tokens(3), scale(3), statistics(0));
    let words = vocabulary(19);
    let mut options = options(&model, NUMBERS, KINDS[0], &outputs, &none);
    options.vocabulary = Some(&words);
    let file: AlignedBytes = pack(&model, &options).unwrap().into();
    let mut board = begin(EmulatedBoard::default(), &file);
    let host = AnyModel::from_bytes(&file).unwrap();
    let mut state = AnyState::new(&host);
    for text in ["a3 a7", "what is a1?"] {
        let said = board.ask(text.as_bytes()).unwrap();
        let Reply::Answer(answer) = Reply::parse(&said) else {
            panic!("{said}");
        };
        state.run(&host, &host.encode(text).unwrap());
        assert_eq!((answer.class, answer.score), (None, None));
        assert_eq!(answer.logits, state.logit_bits(&host));
        let names = answer.values.iter().map(|value| value.name.as_str());
        assert!(names.eq(host.names()), "{said}");
        for (value, exact) in answer.values.iter().zip(state.values(&host)) {
            assert_near(value.value, exact);
        }
    }
}

#[test]
fn numbers_follow_the_samples_of_a_board() {
    let file = file(&of_samples(2), TASKS[2], KINDS[0]);
    let host = AnyModel::from_bytes(&file).unwrap();
    let stretch: Vec<[f32; 3]> = (0..30)
        .map(|step| [step as f32 / 4.0, -16.0, 12.5 - step as f32])
        .collect();
    let line = |[a, b, c]: &[f32; 3]| format!("{a},{b},{c}\n");
    let csv: String = stretch.iter().map(line).collect();
    let (firmware, text) = activity(EmulatedBoard::default(), &file, csv.as_bytes());
    assert_cannot_panic(&firmware); // numbers are printed without core::fmt
    let said: Vec<&str> = text.lines().filter(|line| line.contains('\t')).collect();
    assert_eq!(said.len(), stretch.len(), "{text}");
    let mut state = AnyState::new(&host);
    for (step, (sample, said)) in stretch.iter().zip(said).enumerate() {
        let in_window = step % 12; // as many samples as the file says that training saw
        if in_window == 0 {
            state.reset();
        }
        state.step_samples(&host, sample);
        let fields: Vec<&str> = said.trim_end().split('\t').collect();
        let values = state.values(&host);
        for ((field, name), exact) in fields.iter().zip(host.names()).zip(&values) {
            let number = field
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('='));
            assert_near(number.unwrap().parse().unwrap(), *exact);
        }
        let bits = state.logit_bits(&host);
        let bits: Vec<String> = bits.iter().map(|bits| format!("{bits:08x}")).collect();
        let end = [
            format!("{} samples", in_window + 1),
            format!("logits {}", bits.join(",")),
        ];
        assert_eq!(fields[values.len()..], end);
    }
    assert!(text.ends_with(" late\r\n"), "{text}");
    assert_eq!(text.matches("longest step").count(), 1, "{text}");
}

//! Files that earlier versions of the program wrote: each one still decodes, and gives the
//! answers that it gave on the day it was written, bit for bit.
//!
//! `golden/NAME.setl` is the model, `golden/NAME.txt` its answers, a line each: label, bits of
//! the logits, digest of the state, and behind a bar the input, a text or samples; of a model of
//! numbers the label is `-`, and their bits stand before the bar. Neither is ever written again: a version of the format adds files and leaves the old ones alone.

use crate::models::{class_names, random_model, random_stack, tokens, vocabulary};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::normalization::Normalization;
use set_lstm::output_scale::OutputScale;
use set_lstm::pack::{self, PackOptions, Values};
use set_lstm::sequences::Sequence;
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::{Answer, Moment, Task};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// All files, by the version of the format that they have.
const FILES: [(u8, &str); 11] = [
    (1, "v1-int8-words"),
    (1, "v1-int8-samples"),
    (1, "v1-int8-tokens"),
    (1, "v1-f32-words"),
    (1, "v1-f32-samples"),
    (2, "v2-int8-words"),
    (2, "v2-int8-samples"),
    (2, "v2-f32-words"),
    (2, "v2-f32-samples"),
    (2, "v2-int8-stack"),
    (2, "v2-int8-numbers"),
];

/// A golden file with this ending.
pub fn path(name: &str, ending: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    folder.join(format!("{name}.{ending}"))
}

/// Every golden model file: its name, and its bytes brought to this version.
pub fn files() -> impl Iterator<Item = (&'static str, AlignedBytes)> {
    FILES.into_iter().map(|(version, name)| {
        let path = path(name, "setl");
        let old = std::fs::read(&path).unwrap();
        assert_eq!(pack::version(&old), Some(version.into()), "{name}");
        assert!(old.len() <= 20 * 1024, "{name}: {} bytes", old.len());
        (name, AlignedBytes::read(path).unwrap())
    })
}

/// Label, logits and digest of an input, as the lines have them.
fn answer(model: &AnyModel<'_>, input: &str) -> String {
    let mut state = AnyState::new(model);
    let class = match model.channels() {
        Some(channels) => {
            let values: Vec<f32> = input
                .split_whitespace()
                .map(|number| number.parse().unwrap())
                .collect();
            let values = &values;
            assert_eq!(values.len() % channels, 0, "{input}");
            state.run(model, Sequence::Samples { values, channels })
        }
        None => match model.vocabulary() {
            Some(_) => state.run(model, &model.encode(input).unwrap()),
            None => {
                let tokens = input.split_whitespace().map(|token| token.parse().unwrap());
                state.run(model, &tokens.collect::<Vec<u16>>())
            }
        },
    };
    let numbers = state.values(model);
    let mut line = match numbers[..] {
        [] => class.label.to_string(),
        _ => "-".into(),
    };
    for word in state.logit_bits(model).into_iter().chain([state.digest()]) {
        write!(line, " {word:08x}").unwrap();
    }
    for number in numbers {
        write!(line, " {:08x}", number.to_bits()).unwrap();
    }
    line
}

#[test]
fn every_golden_file_gives_the_answers_of_its_day() {
    for (name, file) in files() {
        let model = AnyModel::from_bytes(&file).unwrap();
        let mut state = AnyState::new(&model);
        assert_eq!(model.self_test(&mut state), Ok(3), "{name}");
        let lines = std::fs::read_to_string(path(name, "txt")).unwrap();
        assert!(lines.lines().count() >= 5, "{name}");
        for line in lines.lines() {
            let (expected, input) = line.split_once(" | ").unwrap();
            assert_eq!(answer(&model, input), expected, "{name}: {input}");
        }
    }
}

#[test]
fn no_golden_file_is_left_out() {
    let folder = path("x", "setl");
    let folder = std::fs::read_dir(folder.parent().unwrap()).unwrap();
    let mut found: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort_unstable();
    let mut listed: Vec<String> = FILES
        .iter()
        .flat_map(|(_, name)| [format!("{name}.setl"), format!("{name}.txt")])
        .collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

/// Inputs of every length, with what the model does not know among them.
fn inputs(model: &AnyModel<'_>) -> Vec<String> {
    let lengths = (1..).zip([1, 2, 5, 13, 40, 100]);
    match model.channels() {
        Some(channels) => lengths
            .map(|(seed, length)| {
                let draws = tokens(length * channels, 60_000, seed);
                let values = draws
                    .iter()
                    .map(|&draw| (f32::from(draw) - 30_000.0) / 977.0);
                let values: Vec<String> = values.map(|value| value.to_string()).collect();
                values.join(" ")
            })
            .collect(),
        None => lengths
            .map(|(seed, length)| {
                let tokens = tokens(length, model.vocabulary_size() + 3, seed);
                let words: Vec<String> = match model.vocabulary() {
                    Some(_) => tokens.iter().map(|token| format!("a{token}")).collect(),
                    None => tokens.iter().map(u16::to_string).collect(),
                };
                words.join(" ")
            })
            .collect(),
    }
}

/// How the files were made, for the version that comes next: names that exist are left alone.
#[test]
#[ignore = "writes the files that are missing; run once by hand when the format has a new version"]
fn write_missing_golden_files() {
    let text = Shape {
        vocabulary: 150,
        embedding: 24,
        hidden: 33,
        logits: 3,
    };
    let sensors = Shape {
        vocabulary: 0,
        embedding: 5,
        hidden: 24,
        logits: 1,
    };
    let statistics = Normalization {
        mean: vec![0.0, 3.5, -20.0, 1e3, 7.0],
        factor: vec![0.05, 0.1, 0.03, 1e-3, 0.0],
    };
    let outputs = OutputScale {
        mean: vec![-3.25, 1e4],
        deviation: vec![0.01, 725.0],
    };
    let words = vocabulary(text.vocabulary);
    for (name, _) in FILES.map(|(version, name)| (name, version)) {
        let (setl, txt) = (path(name, "setl"), path(name, "txt"));
        if !setl.exists() {
            let numbers = name.ends_with("numbers");
            let samples = numbers || name.ends_with("samples");
            let (shape, density) = if numbers {
                (
                    Shape {
                        logits: 2,
                        ..sensors
                    },
                    0.5,
                )
            } else if samples {
                (sensors, 0.8) // rows of more than one strip
            } else {
                (text, 0.15)
            };
            let model = if name.ends_with("stack") {
                random_stack(shape, &[20, 17], density, 7)
            } else {
                random_model(shape, density, 7)
            };
            let options = PackOptions {
                values: if name.contains("f32") {
                    Values::Float32
                } else {
                    Values::Int8 { embedding_bits: 5 }
                },
                classes: if numbers {
                    vec!["force".into(), "torque of the axle".into()]
                } else {
                    class_names(&model)
                },
                vocabulary: (!samples).then_some(&words),
                task: if numbers {
                    Task {
                        answer: Answer::Values,
                        moment: Moment::EveryStep,
                    }
                } else {
                    Task::CLASSIFICATION
                },
                outputs: numbers.then_some(&outputs),
                statistics: samples.then_some(&statistics),
                max_tokens: if samples { 0 } else { 250 },
                seed: 7,
            };
            std::fs::write(&setl, pack::pack(&model, &options).unwrap()).unwrap();
        }
        if !txt.exists() {
            let file = AlignedBytes::read(&setl).unwrap();
            let model = AnyModel::from_bytes(&file).unwrap();
            let line = |input: String| format!("{} | {input}\n", answer(&model, &input));
            let lines: String = inputs(&model).into_iter().map(line).collect();
            std::fs::write(&txt, lines).unwrap();
        }
    }
}

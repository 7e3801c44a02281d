//! Models that answer numbers, or after every step: their file and its rules, the engines
//! against the oracle, and the commands. `board` has the same on emulated boards.

mod board;

use crate::damage::{forge, forged, survives};
use crate::models::{KINDS, Oracle, class_names, random_model, tokens, vocabulary};
use crate::program::{object, printed, set_lstm};
use crate::samples::{recordings, statistics};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::load::InputCode;
use set_lstm::model_file::{self, ModelCard};
use set_lstm::normalization::Normalization;
use set_lstm::output_scale::OutputScale;
use set_lstm::pack::compact::compact;
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::report::score::Score;
use set_lstm::run::Run;
use set_lstm::sparse_model::SparseModel;
use set_lstm::train::parameters::Shape;
use set_lstm::train::preset::Preset;
use set_lstm_runtime::error::Fault;
use set_lstm_runtime::wire::{File, Section};
use set_lstm_runtime::{Answer, DecodeError, DeltaState, Int8, Model, Moment, Task, Thresholds};
use std::fs;

/// Everything that a model can be asked, but for a class at the end.
const TASKS: [Task; 3] = [
    Task {
        answer: Answer::Class,
        moment: Moment::EveryStep,
    },
    NUMBERS,
    Task {
        answer: Answer::Values,
        moment: Moment::EveryStep,
    },
];
const NUMBERS: Task = Task {
    answer: Answer::Values,
    moment: Moment::End,
};

/// Far from zero and narrow, around zero and wide.
fn scale(numbers: usize) -> OutputScale {
    let all = [(1013.25, 0.5), (-0.25, 300.0), (21.5, 4.0)];
    let (mean, deviation) = all.into_iter().cycle().take(numbers).unzip();
    OutputScale { mean, deviation }
}

/// What is packed with a model of this task.
fn options<'a>(
    model: &SparseModel,
    task: Task,
    values: Values,
    outputs: &'a OutputScale,
    statistics: &'a Normalization,
) -> PackOptions<'a> {
    let names = ["pressure", "current of phase 1", "T"].map(String::from);
    let is_class = task.answer == Answer::Class;
    PackOptions {
        values,
        task,
        classes: if is_class {
            class_names(model)
        } else {
            names[..model.logits()].into()
        },
        outputs: (!is_class).then_some(outputs),
        vocabulary: None,
        statistics: model.channels().map(|_| statistics),
        max_tokens: 12,
        seed: 1,
    }
}

fn file(model: &SparseModel, task: Task, values: Values) -> AlignedBytes {
    let (outputs, statistics) = (
        scale(model.logits()),
        statistics(model.channels().unwrap_or(0)),
    );
    let options = options(model, task, values, &outputs, &statistics);
    pack(model, &options).unwrap().into()
}

fn of_samples(logits: usize) -> SparseModel {
    let shape = Shape {
        vocabulary: 0,
        embedding: 3,
        hidden: 5,
        logits,
    };
    random_model(shape, 0.5, 3)
}

fn of_tokens(logits: usize) -> SparseModel {
    let shape = Shape {
        vocabulary: 19,
        embedding: 7,
        hidden: 6,
        logits,
    };
    random_model(shape, 0.4, 2)
}

/// Two numbers after every step, of samples.
pub fn small_file(values: Values) -> AlignedBytes {
    file(&of_samples(2), TASKS[2], values)
}

#[test]
fn a_file_says_its_task_and_of_classes_at_the_end_it_has_nothing_more() {
    let model = of_samples(2);
    let plain = file(&model, Task::CLASSIFICATION, KINDS[0]);
    assert_eq!(plain[7], 0);
    for task in TASKS {
        let file = file(&model, task, KINDS[0]);
        assert_eq!(file[7], task.byte());
        assert_eq!(File::peek(&file).unwrap().header.task, task);
        assert_eq!(AnyModel::from_bytes(&file).unwrap().task(), task);
        let more: Vec<(String, usize)> = File::peek(&file)
            .unwrap()
            .sections()
            .filter(|(section, _)| {
                matches!(section, Section::OutputMean | Section::OutputDeviation)
            })
            .map(|(section, bytes)| (section.to_string(), bytes.len()))
            .collect();
        let of_numbers = if task.answer == Answer::Values { 8 } else { 0 };
        let expected = ["output.mean", "output.deviation"].map(|name| (name.into(), of_numbers));
        assert_eq!(more, expected);
    }
}

/// The number that each logit stands for, and the logits are the formula's.
#[test]
fn numbers_are_deviations_from_a_mean_and_those_of_the_formula() {
    for logits in [1, 2, 3] {
        let model = of_samples(logits);
        let (outputs, statistics) = (scale(logits), statistics(3));
        let raw = recordings(&statistics, &[1, 9, 30]);
        for (values, bound) in [(KINDS[0], 0.03), (KINDS[1], 1e-5)] {
            let file = file(&model, NUMBERS, values);
            let device = AnyModel::from_bytes(&file).unwrap();
            assert_eq!(device.logits(), logits);
            let mut state = AnyState::new(&device);
            for k in 0..raw.len() {
                let mut oracle = Oracle::new(&model);
                for sample in raw.sequence(k).samples() {
                    let normal = sample.iter().zip(&statistics.mean).zip(&statistics.factor);
                    let x: Vec<f64> = normal
                        .map(|((raw, mean), factor)| ((raw - mean) * factor).clamp(-8.0, 8.0))
                        .map(f64::from)
                        .collect();
                    oracle.step_inputs(&x);
                }
                state.run(&device, raw.sequence(k));
                let (found, stored) = (state.values(&device), state.logits(&device));
                assert_eq!(found.len(), logits);
                for (n, exact) in oracle.logits().into_iter().enumerate() {
                    let (mean, deviation) = (outputs.mean[n], outputs.deviation[n]);
                    assert_eq!(found[n], mean + deviation * stored[n]);
                    let exact = f64::from(mean) + f64::from(deviation) * exact;
                    // and the last bit of a number
                    let most = bound * f64::from(deviation) + f64::from(mean.abs()) * 1e-7;
                    let error = (f64::from(found[n]) - exact).abs();
                    assert!(error <= most, "{values:?} {n}: {error} of {most}");
                }
            }
        }
    }
}

/// Two dozen deviations: more than any logit of a class needs, and far from the end of Q16.
#[test]
fn numbers_far_from_their_mean_keep_their_precision_in_int8() {
    let mut model = of_samples(2);
    model.head.iter_mut().for_each(|weight| *weight *= 40.0);
    model.head_bias = vec![12.0, -9.5];
    let raw = recordings(&statistics(3), &[4, 25, 60]);
    let files = KINDS.map(|values| file(&model, NUMBERS, values));
    let [int8, float32] = files
        .each_ref()
        .map(|file| AnyModel::from_bytes(file).unwrap());
    let mut states = (AnyState::new(&int8), AnyState::new(&float32));
    let mut largest = 0_f32;
    for k in 0..raw.len() {
        states.0.run(&int8, raw.sequence(k));
        states.1.run(&float32, raw.sequence(k));
        let logits = (states.0.logits(&int8), states.1.logits(&float32));
        for (found, exact) in logits.0.into_iter().zip(logits.1) {
            largest = largest.max(exact.abs());
            // in proportion to the head: what the smaller one of the test above has
            assert!((found - exact).abs() < 40.0 * 0.03, "{found} {exact}");
        }
    }
    assert!(largest > 20.0, "{largest}");
}

#[test]
fn a_model_of_classes_has_no_numbers() {
    let file = file(&of_tokens(3), TASKS[0], KINDS[0]);
    let model = AnyModel::from_bytes(&file).unwrap();
    let mut state = AnyState::new(&model);
    state.run(&model, &tokens(9, 19, 1));
    assert!(state.values(&model).is_empty());
    assert_eq!(model.names(), ["class 0", "class 1", "class 2"]);
}

#[test]
fn numbers_come_from_delta_stepping_too() {
    let file = file(&of_samples(2), TASKS[2], Values::Int8Delta);
    let model = Model::<Int8>::from_bytes(&file).unwrap();
    let mut delta = DeltaState::<16>::new(&model, Thresholds::default()).unwrap();
    let any = AnyModel::from_bytes(&file).unwrap();
    let mut state = AnyState::new(&any);
    let raw = recordings(&statistics(3), &[20]);
    let mut samples = raw.sequence(0).samples();
    state.run_each(&any, raw.sequence(0), |state| {
        delta.step_samples(&model, samples.next().unwrap());
        let found: Vec<f32> = delta.values(&model).collect();
        assert_eq!(found, state.values(&any));
    });
    assert_eq!(samples.next(), None);
}

#[test]
fn every_flipped_bit_is_refused_and_behind_a_right_checksum_runs_or_is_refused() {
    for (model, values) in [(of_tokens(2), KINDS[0]), (of_samples(2), KINDS[1])] {
        let file = file(&model, TASKS[2], values);
        assert!(file.len() < 2000, "{}", file.len());
        let mut runs = 0;
        for bit in 0..8 * file.len() {
            let mut bytes = file.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!survives(&bytes.clone().into()), "{values:?}, bit {bit}");
            runs += usize::from(survives(&forge(bytes)));
        }
        assert!(runs > 0);
        for length in 0..file.len() {
            assert!(!survives(&forge(file[..length].to_vec())), "{length}");
        }
    }
}

#[test]
fn a_task_that_is_not_known_or_not_the_files_is_refused() {
    let with = |file: &AlignedBytes, byte: u8| {
        let mut bytes = file.to_vec();
        bytes[7] = byte;
        AnyModel::from_bytes(&forge(bytes)).map(drop)
    };
    let model = of_samples(2);
    let classes = file(&model, Task::CLASSIFICATION, KINDS[0]);
    let numbers = file(&model, NUMBERS, KINDS[0]);
    for byte in [4, 8, 0x80, 0xff] {
        let error = with(&classes, byte).unwrap_err();
        assert_eq!(error, DecodeError::Task { found: byte });
        assert!(error.to_string().contains("update the program"), "{error}");
    }
    // the sections of numbers would be some of the reference, or the other way round
    for byte in [2, 3] {
        assert!(with(&classes, byte).is_err());
    }
    for byte in [0, 1] {
        assert_eq!(with(&numbers, byte), Err(DecodeError::Header));
    }
    assert_eq!(with(&numbers, 3), Ok(()));
    // of one logit there are two classes, but one number
    let one = file(&of_samples(1), NUMBERS, KINDS[0]);
    assert_eq!(with(&one, 0), Err(DecodeError::Header));
}

#[test]
fn a_scale_that_is_none_is_refused_by_section_and_index() {
    let file = file(&of_tokens(3), NUMBERS, KINDS[0]);
    let cases = [
        (Section::OutputMean, f32::NAN),
        (Section::OutputMean, f32::INFINITY),
        (Section::OutputDeviation, 0.0),
        (Section::OutputDeviation, -0.0),
        (Section::OutputDeviation, -1.0),
        (Section::OutputDeviation, f32::MIN_POSITIVE / 2.0),
        (Section::OutputDeviation, f32::INFINITY),
        (Section::OutputDeviation, f32::NAN),
    ];
    for (section, value) in cases {
        let expected = DecodeError::Content {
            section,
            index: 2,
            fault: Fault::Value,
        };
        let found = forged(&file, section, 8, &value.to_le_bytes());
        assert_eq!(found, Err(expected), "{value}");
    }
    for (section, value) in [
        (Section::OutputMean, f32::MIN),
        (Section::OutputDeviation, f32::MAX),
        (Section::OutputDeviation, f32::MIN_POSITIVE),
    ] {
        assert_eq!(forged(&file, section, 8, &value.to_le_bytes()), Ok(()));
    }
}

#[test]
fn what_does_not_go_together_is_not_packed() {
    let (model, outputs) = (of_samples(2), scale(2));
    let statistics = statistics(3);
    let right = options(&model, NUMBERS, KINDS[0], &outputs, &statistics);
    assert!(pack(&model, &right).is_ok());
    let refused = |edit: &dyn Fn(&mut PackOptions<'_>), part: &str| {
        let mut options = right.clone();
        edit(&mut options);
        let error = pack(&model, &options).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("; "), "{error}");
    };
    refused(&|options| options.outputs = None, "without their scale");
    refused(
        &|options| options.task = TASKS[0],
        "a scale of numbers for a model of classes",
    );
    refused(
        &|options| options.classes = vec!["one".into()],
        "1 number names for 2 numbers",
    );
    let wrong = |mean: &[f32], deviation: &[f32]| OutputScale {
        mean: mean.into(),
        deviation: deviation.into(),
    };
    for (scale, part) in [
        (wrong(&[1.0], &[1.0, 2.0]), "of other numbers"),
        (wrong(&[1.0, f32::NAN], &[1.0, 2.0]), "no number"),
        (wrong(&[1.0, 2.0], &[1.0, 0.0]), "not above zero"),
    ] {
        let mut options = right.clone();
        options.outputs = Some(&scale);
        let error = pack(&model, &options).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_compact_file_carries_the_task() {
    for task in TASKS {
        let file = file(&of_samples(2), task, KINDS[0]);
        let small = compact(&file).unwrap().bytes;
        assert_eq!(small[7], 0);
        let mut back = vec![0; file.len()];
        set_lstm_runtime::compact::unpack_into(&small, &mut back).unwrap();
        assert_eq!(back, *file);
        let mut other = small.clone();
        other[7] = task.byte();
        let refused = set_lstm_runtime::compact::unpack_into(&other, &mut back);
        let found = task.byte();
        assert_eq!(refused, Err(DecodeError::Task { found }));
    }
}

/// A run as training leaves it.
fn run(folder: &std::path::Path, model: &SparseModel, task: Task) -> Run {
    let statistics = statistics(3);
    let (outputs, code) = (
        scale(model.logits()),
        InputCode::Samples(statistics.clone()),
    );
    let run = Run::create(folder, &Preset::Reber.options(), &code, false).unwrap();
    let packed = options(model, task, KINDS[0], &outputs, &statistics);
    let card = ModelCard {
        format: ModelCard::FORMAT,
        classes: packed.classes,
        max_tokens: 40,
        only_tokens: false,
        statistics: Some(statistics.clone()),
        pooling: Default::default(),
        task,
        outputs: packed.outputs.cloned(),
        epoch: 1,
        score: Score::R2(0.0),
    };
    model_file::save(&run.folder().join("model.safetensors"), &card, model).unwrap();
    run
}

#[test]
fn a_run_is_exported_inspected_and_asked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let model = of_samples(2);
    let csv = at("raw.csv");
    fs::write(&csv, "-10, 3 12\n-20,8,0\n\n1,2,3\n").unwrap();
    for (task, words) in TASKS.into_iter().zip([
        "a class after every step",
        "numbers at the end",
        "numbers after every step",
    ]) {
        let run = run(&at(&format!("run{}", task.byte())), &model, task);
        let (out, module) = (at("m.setl"), at("m.rs"));
        printed(set_lstm!(
            "export @ --out @ --values f32 --rust @",
            run.folder(),
            &out,
            &module
        ));
        let bytes = AlignedBytes::read(&out).unwrap();
        assert_eq!(AnyModel::from_bytes(&bytes).unwrap().task(), task);
        let shown = printed(set_lstm!("inspect @", &out));
        assert!(shown.contains(words), "{shown}");
        let json = object(set_lstm!("inspect @ --json", &out), &["task", "classes"]);
        let is_class = task.answer == Answer::Class;
        let answer = if is_class { "class" } else { "values" };
        assert_eq!(json["task"]["answer"], answer);
        let text = fs::read_to_string(&module).unwrap();
        let item = if is_class {
            "CLASSES: [&str; 2]"
        } else {
            "NUMBERS: [&str; 2] = [\"pressure\", \"current of phase 1\"]"
        };
        assert!(text.contains(item) && text.contains(words), "{text}");
        // the run itself and its file in f32: normalised by another order, so nearly the same
        for asked in [&out, run.folder()] {
            asked_for(asked, &csv, task);
        }
    }
}

/// What `predict` prints of two recordings, the first of two steps, the second of one.
fn asked_for(model: &std::path::Path, csv: &std::path::Path, task: Task) {
    let shown = printed(set_lstm!("predict @ @", model, csv));
    let lines: Vec<Vec<&str>> = shown
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let names = csv.display().to_string();
    let ends: Vec<[&str; 2]> = lines
        .iter()
        .map(|fields| [fields[2], fields[3].strip_prefix(&names).unwrap()])
        .collect();
    let every_step = task.moment == Moment::EveryStep;
    let expected = match every_step {
        true => vec![["1", ":1"], ["2", ":1"], ["1", ":4"]],
        false => vec![["2", ":1"], ["1", ":4"]],
    };
    assert_eq!(ends, expected, "{shown}");
    let json = object(
        set_lstm!("predict @ @ --json", model, csv),
        &["predictions"],
    );
    let all = json["predictions"].as_array().unwrap().iter();
    let steps = all.flat_map(|prediction| match prediction.get("steps") {
        Some(steps) => steps.as_array().unwrap().clone(),
        None => vec![prediction.clone()],
    });
    for (line, step) in lines.iter().zip(steps) {
        let answer = &line[..2];
        if task.answer == Answer::Class {
            let score = format!("{:.3}", step["score"].as_f64().unwrap());
            assert_eq!(answer, [step["class"].as_str().unwrap(), &score]);
            continue;
        }
        let values = step["values"].as_array().unwrap();
        for (value, found) in values.iter().zip(answer) {
            let (name, number) = found.split_once('=').unwrap();
            assert_eq!(name, value["name"].as_str().unwrap());
            let number: f32 = number.parse().unwrap();
            assert_eq!(
                f64::from(number),
                f64::from(value["value"].as_f64().unwrap() as f32)
            );
        }
        assert_eq!(values.len(), 2);
    }
}

#[test]
fn a_text_is_answered_with_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let (model, outputs) = (of_tokens(1), scale(1));
    let (words, statistics) = (vocabulary(19), statistics(0));
    let mut options = options(&model, NUMBERS, KINDS[0], &outputs, &statistics);
    options.vocabulary = Some(&words);
    let path = folder.path().join("m.setl");
    fs::write(&path, pack(&model, &options).unwrap()).unwrap();
    let shown = printed(set_lstm!("predict @ @", &path, "a3 a7 a1"));
    let fields: Vec<&str> = shown.trim_end().split('\t').collect();
    let [number, "3", "a3 a7 a1"] = fields[..] else {
        panic!("{shown}");
    };
    let number: f32 = number.strip_prefix("pressure=").unwrap().parse().unwrap();
    assert!((1000.0..1030.0).contains(&number), "{shown}");
}

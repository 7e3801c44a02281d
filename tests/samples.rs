//! Models that read raw samples of sensors: their file, the engines against oracle and
//! training kernels, and their way from a run to the emulated board.

use crate::damage::{forge, forged, survives};
use crate::format::place;
use crate::models::{KINDS, Oracle, class_names, packed, random_model, small_model, tokens};
use crate::program::{ended_with_input, object, printed, refused, set_lstm};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::load::InputCode;
use set_lstm::model_file::{self, ModelCard};
use set_lstm::normalization::Normalization;
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::predict::Predictor;
use set_lstm::quantize::quantize;
use set_lstm::report::score::Score;
use set_lstm::run::Run;
use set_lstm::sequences::SequenceSet;
use set_lstm::simulate::{SimulateOptions, footprint, simulate};
use set_lstm::sparse_model::{SparseMatrix, SparseModel};
use set_lstm::train::engine::Engine;
use set_lstm::train::parameters::{Densities, Parameters, Shape};
use set_lstm::train::preset::Preset;
use set_lstm::train::topology::Density;
use set_lstm_runtime::Task;
use set_lstm_runtime::error::Fault;
use set_lstm_runtime::wire::{File, Place, Section};
use set_lstm_runtime::{DecodeError, Gate};
use std::path::Path;

pub fn model(channels: usize, hidden: usize, density: f64, seed: u64) -> SparseModel {
    let shape = Shape {
        vocabulary: 0,
        embedding: channels,
        hidden,
        logits: 3,
    };
    random_model(shape, density, seed)
}

/// Channels of all sizes; the last one never changes.
pub fn statistics(channels: usize) -> Normalization {
    let mean = (0..channels).map(|k| (k as f32 - 1.5) * 10.0).collect();
    let factor = |k| {
        if k + 1 == channels && channels > 2 {
            0.0
        } else {
            0.25 * (k + 1) as f32
        }
    };
    let factor = (0..channels).map(factor).collect();
    Normalization { mean, factor }
}

/// Raw recordings around the means, some samples beyond the limit.
pub fn recordings(statistics: &Normalization, lengths: &[usize]) -> SequenceSet {
    let channels = statistics.channels();
    let mut set = SequenceSet::of_samples(channels);
    for (seed, &length) in (1..).zip(lengths) {
        let draws = tokens(length * channels, 60_000, seed);
        let values = draws.iter().enumerate().map(|(n, &draw)| {
            let k = n % channels;
            let deviation = 1.0 / statistics.factor[k].max(0.1);
            let z = (f32::from(draw) / 60_000.0 - 0.5) * if n % 50 == 7 { 30.0 } else { 4.0 };
            statistics.mean[k] + z * deviation
        });
        set.push_samples(&values.collect::<Vec<_>>(), (seed % 3) as u8);
    }
    set
}

pub fn file(model: &SparseModel, statistics: &Normalization, values: Values) -> AlignedBytes {
    let options = PackOptions {
        values,
        classes: class_names(model),
        vocabulary: None,
        task: Task::CLASSIFICATION,
        outputs: None,
        statistics: Some(statistics),
        max_tokens: 0,
        seed: 1,
    };
    pack(model, &options).unwrap().into()
}

pub fn small_file(values: Values) -> AlignedBytes {
    file(&model(3, 5, 0.4, 1), &statistics(3), values)
}

/// A model with as many units, classes and connections as the preset `hapt` makes.
pub fn file_of_hapts_size() -> AlignedBytes {
    let shape = Shape {
        vocabulary: 0,
        embedding: 6,
        hidden: 48,
        logits: 6,
    };
    file(&random_model(shape, 0.233, 1), &statistics(6), KINDS[0])
}

/// The largest error of a logit against the formula in f64, over all recordings.
fn largest_error(exact: &SparseModel, file: &AlignedBytes, raw: &SequenceSet) -> f64 {
    let statistics = statistics(exact.embedding_size());
    let runtime = AnyModel::from_bytes(file).unwrap();
    let mut state = AnyState::new(&runtime);
    let mut largest = 0_f64;
    for k in 0..raw.len() {
        state.run(&runtime, raw.sequence(k));
        let mut oracle = Oracle::new(exact);
        for sample in raw.sequence(k).samples() {
            let normal = sample.iter().zip(&statistics.mean).zip(&statistics.factor);
            let x = normal.map(|((&raw, &mean), &factor)| {
                ((f64::from(raw) - f64::from(mean)) * f64::from(factor)).clamp(-8.0, 8.0)
            });
            oracle.step_inputs(&x.collect::<Vec<_>>());
        }
        let logits = state.logits(&runtime);
        for (found, exact) in logits.iter().zip(oracle.logits()) {
            largest = largest.max((f64::from(*found) - exact).abs());
        }
    }
    largest
}

#[test]
fn the_engines_stay_near_f64_for_few_channels_and_for_more_than_are_kept() {
    for (channels, hidden, density) in [(1, 3, 1.0), (9, 64, 0.3), (40, 33, 0.2), (256, 5, 0.1)] {
        let model = model(channels, hidden, density, 2);
        let statistics = statistics(channels);
        let raw = recordings(&statistics, &[0, 1, 17, 60]);
        let f32 = file(&model, &statistics, Values::Float32);
        let float32 = largest_error(&model, &f32, &raw);
        let exact = quantize(&model, 8).unwrap();
        let int8 = file(&model, &statistics, KINDS[0]);
        let int8 = largest_error(&exact.dequantize(), &int8, &raw);
        let bits = exact.state_bits();
        println!("{channels} channels: f32 {float32:.1e}, int8 {int8:.1e}, {bits} bits of state");
        assert!(float32 < 1e-4 && int8 < 2e-2, "{float32:e} {int8:e}");
    }
}

#[test]
fn raw_samples_on_the_device_are_what_training_saw() {
    let (model, statistics) = (model(9, 32, 0.3, 3), statistics(9));
    let raw = recordings(&statistics, &[5, 30, 77]);
    let trained = Engine::new(Parameters::from_model(&model), 1, 1).infer(&statistics.apply(&raw));
    let file = file(&model, &statistics, Values::Float32);
    let runtime = AnyModel::from_bytes(&file).unwrap();
    assert_eq!(
        (runtime.channels(), runtime.vocabulary_size()),
        (Some(9), 0)
    );
    let mut state = AnyState::new(&runtime);
    for (k, trained) in trained.chunks_exact(3).enumerate() {
        state.run(&runtime, raw.sequence(k));
        for (found, trained) in state.logits(&runtime).iter().zip(trained) {
            assert!((found - trained).abs() < 1e-4, "{found} {trained}");
        }
    }
}

#[test]
fn a_step_of_another_kind_or_length_has_an_answer() {
    for values in KINDS {
        let (file, tokens) = (small_file(values), packed(&small_model(1), values));
        let [samples, tokens] = [&file, &tokens].map(|f| AnyModel::from_bytes(f).unwrap());
        let after = |model: &AnyModel<'_>, step: &dyn Fn(&mut AnyState)| {
            let mut state = AnyState::new(model);
            step(&mut state);
            state.digest()
        };
        let means = statistics(3).mean;
        let by = |raw: &[f32]| after(&samples, &|state| state.step_samples(&samples, raw));
        assert_eq!(by(&[4.0]), by(&[4.0, means[1], means[2]]));
        assert_eq!(by(&[4.0, 5.0, 6.0, 7.0]), by(&[4.0, 5.0, 6.0]));
        assert_ne!(by(&[4.0]), by(&[]));
        assert_eq!(by(&[f32::NAN]), by(&[f32::NEG_INFINITY]));
        // a token is a sample of means, and a sample is no input at all to a model of tokens
        assert_eq!(after(&samples, &|state| state.step(&samples, 7)), by(&[]));
        let by = |raw: &[f32]| after(&tokens, &|state| state.step_samples(&tokens, raw));
        assert_eq!(by(&[1.0, 2.0]), by(&[]));
        assert_eq!((tokens.channels(), tokens.vocabulary_size()), (None, 19));
    }
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused_or_runs() {
    for values in KINDS {
        let file = small_file(values);
        assert!(survives(&file));
        let mut runs = 0;
        for bit in 0..8 * file.len() {
            let mut bytes = file.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!survives(&bytes.clone().into()), "{values:?}, bit {bit}");
            runs += usize::from(survives(&forge(bytes)));
        }
        let all = 8 * file.len();
        println!("{values:?}: {runs} of {all} files with one flipped bit are models");
        assert!(runs > all / 2 && runs < all * 19 / 20, "{runs} of {all}");
        for length in 0..file.len() {
            assert!(!survives(&forge(file[..length].to_vec())), "{length}");
        }
    }
}

#[test]
fn statistics_that_are_no_numbers_are_refused_by_section_and_index() {
    for values in KINDS {
        let file = small_file(values);
        let cases = [
            (Section::InputMean, 1, f32::NAN),
            (Section::InputMean, 2, f32::INFINITY),
            (Section::InputFactor, 0, f32::INFINITY),
            (Section::InputFactor, 2, -1.0),
        ];
        for (section, index, value) in cases {
            let found = forged(&file, section, 4 * index as usize, &value.to_le_bytes());
            let fault = Fault::Value;
            let expected = DecodeError::Content {
                section,
                index,
                fault,
            };
            assert_eq!(found, Err(expected));
        }
    }
}

/// Two channels, two units; all weights are exact.
#[test]
fn a_tiny_file_is_these_bytes() {
    let matrix = |row_start: &[u32], column: &[u16], value: &[f32]| SparseMatrix {
        rows: row_start.len() - 1,
        columns: 2,
        row_start: row_start.to_vec(),
        column: column.to_vec(),
        value: value.to_vec(),
    };
    let empty = || matrix(&[0, 0, 0], &[], &[]);
    let input = matrix(&[0, 1, 2], &[0, 1], &[1.0, -1.0]);
    let model = SparseModel {
        embedding: matrix(&[0], &[], &[]),
        input: [input, empty(), empty(), empty()],
        recurrent: [empty(), empty(), empty(), empty()],
        bias: [vec![0.0; 2], vec![0.5; 2], vec![1.0; 2], vec![0.0; 2]],
        upper: Vec::new(),
        head: vec![1.0, -1.0],
        head_bias: vec![0.25],
    };
    let statistics = Normalization {
        mean: vec![1.0, -2.0],
        factor: vec![0.5, 0.0],
    };
    let [float32, int8] = [Values::Float32, KINDS[0]].map(|v| file(&model, &statistics, v));
    let numbers = |largest: u32| -> [u32; 19] {
        [
            0, 2, 1, // no vocabulary: 2 channels; logits
            0, 32, largest, 0, 0, 0, // samples: no fill units, words or longest row
            0, 0, 0, // no words, no head of int8
            0, 13, 58, // any length; 2 connections, 8 biases, a head of 3; reference
            2, 1, 0, 0, // layer 1: 2 units, joined
        ]
    };
    let numbers = numbers(0).map(u32::to_le_bytes);
    assert_eq!(float32[21..97], *numbers.as_flattened());
    let header = File::peek(&int8).unwrap().header;
    assert_eq!((header.rows.value_bits, header.rows.largest), (0, 2048));
    for file in [&float32, &int8] {
        let of = |section| &file[place(file, section)];
        for section in [Section::RowBlock, Section::RowLength, Section::RowBits] {
            assert!(of(section).is_empty(), "{section}");
        }
        let [one, minus_two, half, zero] = [1.0_f32, -2.0, 0.5, 0.0].map(f32::to_le_bytes);
        assert_eq!(of(Section::InputMean), [one, minus_two].concat());
        assert_eq!(of(Section::InputFactor), [half, zero].concat());
        // 3 steps, a zero, the means, then both limits: 16 deviations of 2
        let [up, down] = [33.0_f32, -31.0].map(f32::to_le_bytes);
        let [above, below] = [14.0_f32, -18.0].map(f32::to_le_bytes);
        let reference = [[3, 0, 0, 0], one, minus_two, up, above, down, below].concat();
        assert_eq!(of(Section::Reference)[..28], reference);
        assert_eq!(of(Section::Reference).len(), 3 * (4 + 8) + 8 * (3 + 3 + 4));
        // each unit of gate i has a strip of one pair, of no h
        let i = Place::from(Gate::Input);
        assert!(of(Section::InputStart(i)).is_empty());
        assert_eq!(of(Section::StripUnit(i)), [0, 1]);
        assert_eq!(
            of(Section::Shape(0)),
            [[2, 0].as_slice(), &[0; 62]].concat()
        );
    }
}

#[test]
fn inputs_that_do_not_fit_their_statistics_are_not_packed() {
    let refused = |model: &SparseModel, statistics: Option<&Normalization>| {
        let options = PackOptions {
            values: KINDS[0],
            classes: class_names(model),
            vocabulary: None,
            task: Task::CLASSIFICATION,
            outputs: None,
            statistics,
            max_tokens: 0,
            seed: 1,
        };
        pack(model, &options).unwrap_err().to_string()
    };
    let (samples, tokens) = (model(3, 5, 0.4, 1), small_model(1));
    let mut infinite = statistics(3);
    infinite.factor[1] = f32::INFINITY;
    for (error, part) in [
        (refused(&samples, None), "without their statistics"),
        (refused(&samples, Some(&statistics(4))), "other channels"),
        (refused(&samples, Some(&infinite)), "not numbers"),
        (refused(&tokens, Some(&statistics(7))), "a model of tokens"),
    ] {
        assert!(error.contains(part) && error.contains("; pack"), "{error}");
    }
}

/// A run as training leaves it.
fn run(folder: &Path, model: &SparseModel, statistics: &Normalization) -> Run {
    let code = InputCode::Samples(statistics.clone());
    let run = Run::create(folder, &Preset::Reber.options(), &code, false).unwrap();
    let card = ModelCard {
        pooling: Default::default(),
        task: Default::default(),
        outputs: None,
        format: ModelCard::FORMAT,
        classes: ["sit", "walk", "run"].map(String::from).into(),
        max_tokens: 40,
        only_tokens: false,
        statistics: Some(statistics.clone()),
        epoch: 1,
        score: Score::Accuracy(0.5),
    };
    model_file::save(&run.folder().join("model.safetensors"), &card, model).unwrap();
    run
}

#[test]
fn a_run_on_recordings_is_exported_inspected_and_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (model, statistics) = (model(3, 12, 0.4, 1), statistics(3));
    let run = run(&folder.path().join("run"), &model, &statistics);
    let raw = recordings(&statistics, &[20, 33]);
    let csv = folder.path().join("walk.csv");
    let mut text = String::new();
    for k in 0..raw.len() {
        for sample in raw.sequence(k).samples() {
            text += &format!("{}, {} {}\n", sample[0], sample[1], sample[2]);
        }
        text += "\n";
    }
    std::fs::write(&csv, &text).unwrap();
    let of_run = printed(set_lstm!("predict @ @", run.folder(), &csv));
    for (values, bound) in [("f32", 2e-3), ("int8", 5e-2)] {
        let out = folder.path().join(values);
        let words = format!("export @ --out @ --values {values} --json");
        let exported = object(set_lstm!(words, run.folder(), &out), &["model_bytes"]);
        assert_eq!(exported["self_test_sequences"], 3);
        assert_eq!(exported["dense_parameters"], 4 * 12 * 16 + 3 * 13);
        let inspection = object(set_lstm!("inspect @ --json", &out), &["sections"]);
        assert_eq!(
            (&inspection["vocabulary"], &inspection["embedding"]),
            (&0.into(), &3.into())
        );
        // W and U of each gate in one
        assert_eq!(inspection["matrices"].as_array().unwrap().len(), 4);
        let inspection = printed(set_lstm!("inspect @", &out));
        for part in ["raw samples", "channels, hidden", "input.factor"] {
            assert!(inspection.contains(part), "{part} in\n{inspection}");
        }
        let of_file = printed(set_lstm!("predict @ @", &out, &csv));
        assert_eq!(of_file.lines().count(), 2);
        for (k, (a, b)) in of_run.lines().zip(of_file.lines()).enumerate() {
            let [a, b] = [a, b].map(|line| line.split('\t').collect::<Vec<_>>());
            let steps = ["20", "33"][k];
            let place = format!("{}:{}", csv.display(), [1, 22][k]);
            assert_eq!((a[0], a[2], a[3]), (b[0], steps, &place[..]), "{a:?} {b:?}");
            let [a, b] = [a[1], b[1]].map(|score| score.parse::<f64>().unwrap());
            assert!((a - b).abs() < bound, "{a} {b}");
        }
        let ended = ended_with_input(set_lstm!("predict @", &out), text.as_bytes());
        assert_eq!(
            ended
                .out
                .replace("standard input", &csv.display().to_string()),
            of_file
        );
        std::fs::write(folder.path().join("bad.csv"), "1,2,3\n1,2\n").unwrap();
        let bad = set_lstm!("predict @ @", &out, &folder.path().join("bad.csv"));
        refused(bad, "bad.csv: line 2: 2 numbers", "give 3 numbers a line");
        let other = set_lstm!("evaluate @ --preset reber", &out);
        refused(other, "the model's classes are", "--preset");
    }
}

#[test]
fn a_predictor_refuses_what_it_does_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), &model(3, 12, 0.4, 1), &statistics(3));
    let mut predictor = Predictor::of_run(&run).unwrap();
    assert_eq!(predictor.channels(), Some(3));
    let error = predictor.predict_recording(&[1.0], "x".into()).unwrap_err();
    assert!(error.to_string().contains("such samples"), "{error}");
    let error = predictor.predict(b"a text").unwrap_err();
    assert!(
        error.to_string().contains("give files of numbers"),
        "{error}"
    );
}

/// Nine sensors, half of `W`, a tenth of `U`: what recordings of people ask for.
fn of_sensors() -> SparseModel {
    let shape = Shape {
        vocabulary: 0,
        embedding: 9,
        hidden: 64,
        logits: 6,
    };
    let densities = Densities {
        embedding: Density::Share(0.5),
        input: Density::Share(0.5),
        recurrent: Density::Share(0.1),
        fan_in_multiple: 1,
        shared: false,
    };
    set_lstm::random_model::random_model(shape, densities, 1)
}

#[test]
fn the_board_gives_the_hosts_answers_to_the_last_bit() {
    let statistics = statistics(9);
    let raw = recordings(&statistics, &[1, 12, 50]);
    for values in KINDS {
        let file = file(&of_sensors(), &statistics, values);
        let options = SimulateOptions::default();
        let simulation = simulate(&file, Path::new("sensors"), &raw, &options).unwrap();
        println!("{values:?}, {} bytes\n{simulation}", file.len());
        assert_eq!((simulation.examples, simulation.mismatches), (3, 0));
        assert_eq!((simulation.tokens, simulation.step), (63, "sample"));
        if values == KINDS[0] {
            assert!(simulation.instructions_per_token < 25_000, "{simulation}");
        }
    }
}

#[test]
fn a_footprint_is_measured_with_samples() {
    let file = small_file(KINDS[0]);
    let options = SimulateOptions::default();
    let footprint = footprint(&file, Path::new("small"), &options).unwrap();
    assert_eq!(footprint.flash.model_bytes, file.len() as u64);
}

//! Delta stepping: a file laid out by columns, whose sums are kept from step to step.

use crate::damage::{forge, survives};
use crate::models::Oracle;
use crate::samples::{file, model, recordings, statistics};
use proptest::prelude::*;
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::inspect::inspect;
use set_lstm::pack::Values;
use set_lstm::pack::compact::compact;
use set_lstm::quantize::quantize_as;
use set_lstm::sequences::SequenceSet;
use set_lstm::simulate::{SimulateOptions, simulate};
use set_lstm_runtime::wire::InputLayout;
use set_lstm_runtime::{DeltaError, DeltaState, Int8, Model, State, Thresholds};
use std::path::Path;

const N: usize = 2048;

fn decoded(file: &AlignedBytes) -> Model<'_, Int8> {
    Model::from_bytes(file).unwrap()
}

fn exact(hidden: f32, input: f32) -> Thresholds {
    Thresholds { hidden, input }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn without_a_threshold_it_is_the_ordinary_state_to_the_last_bit(
        (channels, hidden) in (1_usize..40, 1_usize..70),
        density in 0.02..1.0_f64,
        seed in 0_u64..1000,
    ) {
        let statistics = statistics(channels);
        let file = file(&model(channels, hidden, density, seed), &statistics, Values::Int8Delta);
        equals_the_ordinary_state(&file, &recordings(&statistics, &[40, 1, 25]));
    }
}

/// From one end of a channel to the other is more than 16 bits.
#[test]
fn a_jump_over_the_whole_range_is_no_exception() {
    let statistics = statistics(2);
    let file = file(&model(2, 3, 1.0, 0), &statistics, Values::Int8Delta);
    let mut raw = SequenceSet::of_samples(2);
    raw.push_samples(&[-1e9, 1e9, 1e9, -1e9, -1e9, -1e9, 1e9, 1e9], 0);
    equals_the_ordinary_state(&file, &raw);
}

#[test]
fn without_a_threshold_more_than_one_block_is_the_ordinary_state_too() {
    let statistics = statistics(300);
    let file = file(&model(300, 520, 0.02, 5), &statistics, Values::Int8Delta);
    equals_the_ordinary_state(&file, &recordings(&statistics, &[12]));
}

fn equals_the_ordinary_state(file: &AlignedBytes, raw: &SequenceSet) {
    let model = decoded(file);
    let mut plain = Box::new(State::<Int8, N>::new(&model).unwrap());
    let mut delta = Box::new(DeltaState::<N>::new(&model, exact(0.0, 0.0)).unwrap());
    model.self_test(&mut *plain).unwrap();
    for k in 0..raw.len() {
        plain.reset();
        delta.reset();
        for sample in raw.sequence(k).samples() {
            plain.step_samples(&model, sample);
            delta.step_samples(&model, sample);
            assert_eq!(plain.digest(), delta.digest());
        }
        assert_eq!(plain.classify(&model), delta.classify(&model));
        let logits: Vec<i32> = delta.logits(&model).collect();
        assert!(plain.logits(&model).eq(logits));
    }
}

/// The formula in f64 with the weights of the file, led by the device's own `h`: so an error is
/// that of one step, and what moved is known exactly.
#[test]
fn with_thresholds_a_step_multiplies_what_was_last_sent() {
    let (channels, hidden) = (6, 48);
    let statistics = statistics(channels);
    let trained = model(channels, hidden, 0.3, 9);
    let quantized = quantize_as(&trained, 8, InputLayout::Delta).unwrap();
    let dequantized = quantized.dequantize();
    let one = f64::from(1_u32 << quantized.state_bits());
    let file = file(&trained, &statistics, Values::Int8Delta);
    let model = decoded(&file);
    let raw = recordings(&statistics, &[120]);
    for (of_h, of_x) in [(0.05, 0.1), (0.2, 0.02), (0.0, 0.5)] {
        let mut state = DeltaState::<64>::new(&model, exact(of_h, of_x)).unwrap();
        let mut sent = vec![0.0; hidden + channels];
        let (mut columns, mut largest) = (0, 0_f64);
        for sample in raw.sequence(0).samples() {
            let real = |values: &[i16], one: f64| -> Vec<f64> {
                values.iter().map(|&value| f64::from(value) / one).collect()
            };
            let (h, c) = (real(state.hidden(), one), real(state.cell(), 4096.0));
            let x = sample.iter().zip(&statistics.mean).zip(&statistics.factor);
            let x = x.map(|((&raw, &mean), &factor)| {
                let normal = ((raw - mean) * factor).clamp(-8.0, 8.0);
                f64::from((normal * 256.0).round()) / 256.0
            });
            for (j, value) in h.iter().copied().chain(x).enumerate() {
                let threshold = if j < hidden {
                    (f64::from(of_h) * one).floor() / one
                } else {
                    f64::from((of_x * 256.0).floor()) / 256.0
                };
                if (value - sent[j]).abs() > threshold {
                    sent[j] = value;
                    columns += 1;
                }
            }
            let mut oracle = Oracle::new(&dequantized);
            oracle.layers = vec![[sent[..hidden].to_vec(), c]];
            oracle.step_inputs(&sent[hidden..]);
            state.step_samples(&model, sample);
            for (found, exact) in real(state.hidden(), one).iter().zip(&oracle.h) {
                largest = largest.max((found - exact).abs());
            }
        }
        println!("{of_h}, {of_x}: largest error of a step {largest:.1e}, {columns} columns");
        assert_eq!(state.columns_read(), columns);
        assert!(largest < 2e-3, "{largest:e}");
        assert!(columns > 100 && columns < 120 * (hidden + channels) as u32);
    }
}

#[test]
fn what_moves_less_than_the_threshold_is_never_read() {
    let statistics = statistics(3);
    let file = file(&model(3, 20, 0.5, 2), &statistics, Values::Int8Delta);
    let model = decoded(&file);
    let mut state = DeltaState::<32>::new(&model, exact(9.0, 9.0)).unwrap();
    let mut still = state.clone();
    for sample in recordings(&statistics, &[30]).sequence(0).samples() {
        state.step_samples(&model, sample);
        still.step_samples(&model, &statistics.mean);
    }
    assert_eq!((state.columns_read(), state.digest()), (0, still.digest()));
    // what is no threshold counts as none
    let odd = DeltaState::<32>::new(&model, exact(f32::NAN, -1.0)).unwrap();
    let none = DeltaState::<32>::new(&model, exact(0.0, 0.0)).unwrap();
    assert_eq!(format!("{odd:?}"), format!("{none:?}"));
}

#[test]
fn other_files_are_refused_with_what_to_do() {
    let statistics = statistics(3);
    let joined = file(&model(3, 20, 0.5, 2), &statistics, crate::models::KINDS[0]);
    let error = DeltaState::<32>::new(&decoded(&joined), Thresholds::default()).unwrap_err();
    assert_eq!(error, DeltaError::Layout);
    assert!(error.to_string().contains("--delta"), "{error}");
    let delta = file(&model(3, 20, 0.5, 2), &statistics, Values::Int8Delta);
    let error = DeltaState::<16>::new(&decoded(&delta), Thresholds::default()).unwrap_err();
    assert!(error.to_string().contains("23 units"), "{error}");
}

#[test]
fn the_compact_form_and_the_inspection_know_the_layout() {
    let statistics = statistics(9);
    let file = file(&model(9, 60, 0.2, 4), &statistics, Values::Int8Delta);
    let packed = compact(&file).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.setz");
    std::fs::write(&path, &packed.bytes).unwrap();
    assert_eq!(&AlignedBytes::read(&path).unwrap()[..], &file[..]);
    let inspection = inspect(&file, Path::new("model")).unwrap();
    let names: Vec<&str> = inspection
        .matrices
        .iter()
        .map(|m| m.matrix.as_str())
        .collect();
    assert_eq!(names, ["UW_i", "UW_g", "UW_f", "UW_o"]);
}

#[test]
fn every_flipped_bit_behind_a_right_checksum_is_refused_or_runs() {
    let statistics = statistics(3);
    let file = file(&model(3, 5, 0.4, 1), &statistics, Values::Int8Delta);
    let raw = recordings(&statistics, &[20]);
    let mut runs = 0;
    for bit in 0..8 * file.len() {
        let mut bytes = file.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let forged = forge(bytes);
        if !survives(&forged) {
            continue;
        }
        let Ok(AnyModel::Int8(model)) = AnyModel::from_bytes(&forged) else {
            continue;
        };
        if let Ok(mut state) = DeltaState::<8>::new(&model, exact(0.01, 0.01)) {
            runs += 1;
            for sample in raw.sequence(0).samples() {
                state.step_samples(&model, sample);
            }
            assert!(state.classify(&model).score >= 0.0);
        }
    }
    assert!(runs > 8 * file.len() / 4, "{runs} of {}", 8 * file.len());
}

/// Linked with the state that the file asks for, and every logit and state of the board equal to
/// the host's; and fewer instructions than all columns take.
#[test]
fn the_board_steps_by_what_changes_to_the_hosts_last_bit() {
    let statistics = statistics(6);
    let trained = model(6, 48, 0.3, 3);
    let mut slow = SequenceSet::of_samples(6);
    for (k, label) in (0..3).zip([0, 1, 2]) {
        let values = (0..60 * 6).map(|n| {
            let (step, channel) = (n / 6, n % 6);
            statistics.mean[channel] + (step as f32 / 20.0 + k as f32).sin() * 2.0
        });
        slow.push_samples(&values.collect::<Vec<_>>(), label);
    }
    let run = |values, thresholds| {
        let file = file(&trained, &statistics, values);
        let options = SimulateOptions {
            thresholds,
            ..SimulateOptions::default()
        };
        simulate(&file, Path::new("model"), &slow, &options).unwrap()
    };
    let all = run(crate::models::KINDS[0], Thresholds::default());
    let moved = run(Values::Int8Delta, exact(0.1, 0.1));
    let (all, moved, mismatches) = (
        all.instructions_per_token,
        moved.instructions_per_token,
        moved.mismatches,
    );
    println!("{all} instructions a sample, {moved} by what changes");
    assert_eq!(mismatches, 0);
    assert!(moved < all, "{moved} {all}");
}

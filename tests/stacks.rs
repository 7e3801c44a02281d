//! Models of several layers and of more than 256 units or inputs: the same answers as the
//! oracle, whatever the capacity of the state.

use crate::models::{Oracle, packed, random_model, random_stack, tokens};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::pack::Values;
use set_lstm::quantize::quantize;
use set_lstm::sparse_model::SparseModel;
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::wire::{File, InputLayout, Section};
use set_lstm_runtime::{DecodeError, Float32, Int8, Model, State};

const INT8: Values = Values::Int8 { embedding_bits: 8 };

fn shape(vocabulary: usize, embedding: usize, hidden: usize) -> Shape {
    Shape {
        vocabulary,
        embedding,
        hidden,
        logits: 3,
    }
}

/// Models of all kinds of blocks: segments of rows alone, of columns alone, of both, the last
/// one small; and stacks, whose upper layers are narrower and wider.
fn models() -> Vec<SparseModel> {
    vec![
        random_model(shape(60, 40, 300), 0.05, 1),
        random_model(shape(60, 300, 40), 0.05, 2),
        random_model(shape(60, 513, 512), 0.02, 3),
        random_stack(shape(60, 30, 40), &[70], 0.2, 4),
        random_stack(shape(60, 20, 50), &[20, 30, 9], 0.2, 5),
        random_stack(shape(60, 20, 300), &[257], 0.05, 6),
    ]
}

/// Bits of the logits and the digest after a sequence, in a state of capacity `N`.
fn answer<const N: usize>(file: &AlignedBytes, sequence: &[u16]) -> (Vec<u32>, u32) {
    let model = Model::<Int8, 4>::from_bytes(file).unwrap();
    let mut state = State::<Int8, N, 4>::new(&model).unwrap();
    sequence.iter().for_each(|&token| state.step(&model, token));
    let logits = state.logits(&model).map(|logit| logit as u32).collect();
    (logits, state.digest())
}

#[test]
fn f32_is_the_oracle_to_rounding() {
    for model in models() {
        let file = packed(&model, Values::Float32);
        let runtime = AnyModel::from_bytes(&file).unwrap();
        let (mut state, mut oracle) = (AnyState::new(&runtime), Oracle::new(&model));
        for token in tokens(20, 60, 7) {
            state.step(&runtime, token);
            oracle.step(token);
        }
        for (found, exact) in state.logits(&runtime).into_iter().zip(oracle.logits()) {
            assert!(
                (f64::from(found) - exact).abs() < 1e-5,
                "{found} for {exact}"
            );
        }
    }
}

#[test]
fn int8_is_the_oracle_of_its_integers_to_the_state() {
    for (number, model) in models().into_iter().enumerate() {
        let exact = quantize(&model, 8).unwrap().dequantize();
        let file = packed(&model, INT8);
        let runtime = AnyModel::from_bytes(&file).unwrap();
        let (mut state, mut oracle) = (AnyState::new(&runtime), Oracle::new(&exact));
        for token in tokens(20, 60, 7) {
            state.step(&runtime, token);
            oracle.step(token);
        }
        for (found, exact) in state.logits(&runtime).into_iter().zip(oracle.logits()) {
            let error = (f64::from(found) - exact).abs();
            assert!(error < 6e-3, "model {number}: {found} for {exact}");
        }
    }
}

#[test]
fn the_capacity_changes_no_bit() {
    let sequence = tokens(30, 60, 8);
    let small = random_stack(shape(60, 30, 40), &[70], 0.2, 4);
    let file = packed(&small, INT8);
    let expected = answer::<128>(&file, &sequence);
    for found in [
        answer::<256>(&file, &sequence),
        answer::<512>(&file, &sequence),
        answer::<2048>(&file, &sequence),
    ] {
        assert_eq!(found, expected);
    }
    let large = packed(&random_model(shape(60, 300, 300), 0.05, 1), INT8);
    assert_eq!(
        answer::<512>(&large, &sequence),
        answer::<1024>(&large, &sequence)
    );
}

#[test]
fn a_stack_is_saved_and_goes_on_as_if_never_interrupted() {
    let model = random_stack(shape(60, 20, 50), &[20, 30], 0.2, 5);
    let file = packed(&model, INT8);
    let runtime = Model::<Int8, 3>::from_bytes(&file).unwrap();
    let sequence = tokens(40, 60, 9);
    let mut straight = State::<Int8, 128, 3>::new(&runtime).unwrap();
    sequence
        .iter()
        .for_each(|&token| straight.step(&runtime, token));
    let mut state = State::<Int8, 128, 3>::new(&runtime).unwrap();
    sequence[..17]
        .iter()
        .for_each(|&token| state.step(&runtime, token));
    let stored = serde_json::to_vec(&state.save(&runtime)).unwrap();
    let mut other = State::<Int8, 128, 3>::new(&runtime).unwrap();
    other
        .restore(&runtime, &serde_json::from_slice(&stored).unwrap())
        .unwrap();
    sequence[17..]
        .iter()
        .for_each(|&token| other.step(&runtime, token));
    assert_eq!(other.digest(), straight.digest());
    assert_ne!(other.digest(), state.digest());
}

#[test]
fn too_many_layers_or_units_are_refused_by_their_number() {
    let file = packed(
        &random_stack(shape(60, 20, 50), &[20, 30], 0.2, 5),
        Values::Float32,
    );
    let refused = Model::<Float32, 2>::from_bytes(&file).map(drop);
    assert_eq!(refused, Err(DecodeError::Layers { found: 3 }));
    let model = Model::<Float32, 3>::from_bytes(&file).unwrap();
    // 20 units and the 50 below them
    assert_eq!(
        (model.layer_count(), model.hidden(), model.units()),
        (3, 30, 70)
    );
    let refused = State::<Float32, 64, 3>::new(&model).map(drop).unwrap_err();
    assert_eq!((refused.units, refused.capacity), (70, 64));
}

#[test]
fn upper_layers_are_joined_and_their_sections_have_their_own_names() {
    let file = packed(&random_stack(shape(60, 20, 50), &[20], 0.2, 5), INT8);
    let opened = File::peek(&file).unwrap();
    let layouts = opened
        .header
        .layers
        .map(|layer| (layer.hidden, layer.layout));
    assert_eq!(
        layouts[..2],
        [(50, InputLayout::Columns), (20, InputLayout::Joined)]
    );
    let names: Vec<String> = Section::all(2).map(|section| section.to_string()).collect();
    for name in ["shape", "unit.f", "layer2.shape", "layer2.unit.f"] {
        assert!(names.iter().any(|found| found == name), "{name}");
    }
}

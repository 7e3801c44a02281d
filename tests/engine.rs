//! The engines against plain oracles, step by step, interrupted and side by side.

use crate::models::{KINDS, Oracle, class_names, packed, random_model, small_model, tokens};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::quantize::quantize;
use set_lstm::sparse_model::SparseModel;
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::Task;
use set_lstm_runtime::{
    Arithmetic, Float32, Int8, Model, RestoreError, SelfTestError, Snapshot, State, wire::File,
};

/// Sums of squares, for root mean squares.
#[derive(Default)]
pub struct Errors {
    squares: f64,
    count: u32,
    largest: f64,
}

impl Errors {
    fn add(&mut self, error: f64) {
        self.squares += error * error;
        self.count += 1;
        self.largest = self.largest.max(error.abs());
    }

    pub fn rms(&self) -> f64 {
        (self.squares / f64::from(self.count)).sqrt()
    }
}

/// Errors of `h` along a sequence, and the largest of any logit at its end.
fn f32_errors(model: &SparseModel, sequence: &[u16]) -> (Errors, f64) {
    let file = packed(model, Values::Float32);
    let runtime = Model::<Float32>::from_bytes(&file).unwrap();
    let mut state = State::<Float32, 256>::new(&runtime).unwrap();
    let (mut oracle, mut errors) = (Oracle::new(model), Errors::default());
    for &token in sequence {
        state.step(&runtime, token);
        oracle.step(token);
        let pairs = state.hidden().iter().zip(&oracle.h);
        pairs.for_each(|(&found, exact)| errors.add(f64::from(found) - exact));
    }
    let logits = state.logits(&runtime).zip(oracle.logits());
    let off = logits.map(|(found, exact)| (f64::from(found) - exact).abs());
    (errors, off.fold(0.0, f64::max))
}

/// The same for int8; the oracle has the weights that the integers stand for.
pub fn int8_errors(model: &SparseModel, embedding_bits: u8, sequence: &[u16]) -> (Errors, f64) {
    let exact = quantize(model, embedding_bits).unwrap();
    let one = f64::from(1_u32 << exact.state_bits());

    let exact = exact.dequantize();
    let file = packed(model, Values::Int8 { embedding_bits });
    let runtime = Model::<Int8>::from_bytes(&file).unwrap();
    let mut state = State::<Int8, 256>::new(&runtime).unwrap();
    let (mut oracle, mut errors) = (Oracle::new(&exact), Errors::default());
    for &token in sequence {
        state.step(&runtime, token);
        oracle.step(token);
        let pairs = state.hidden().iter().zip(&oracle.h);
        pairs.for_each(|(&found, exact)| errors.add(f64::from(found) / one - exact));
    }
    let logits = state.logits(&runtime).zip(oracle.logits());
    let off = logits.map(|(found, exact)| (f64::from(found) / 65536.0 - exact).abs());
    (errors, off.fold(0.0, f64::max))
}

fn imdb_size(seed: u64) -> SparseModel {
    let shape = Shape {
        vocabulary: 20_000,
        embedding: 256,
        hidden: 256,
        logits: 1,
    };
    random_model(shape, 0.035, seed)
}

#[test]
fn f32_stays_near_f64_over_200_steps_of_imdb_size() {
    for seed in 1..=3 {
        let (errors, logit) = f32_errors(&imdb_size(seed), &tokens(200, 20_000, seed));
        println!(
            "seed {seed}: rms {:.1e}, largest {:.1e}, logit {logit:.1e}",
            errors.rms(),
            errors.largest
        );
        assert!(errors.rms() < 3e-7 && errors.largest < 1e-5 && logit < 1e-5);
    }
}

#[test]
fn int8_stays_near_f64_over_200_steps_of_imdb_size() {
    for (seed, bits) in [(1, 8), (2, 6), (3, 5)] {
        let (errors, logit) = int8_errors(&imdb_size(seed), bits, &tokens(200, 20_000, seed));
        println!(
            "seed {seed}: rms {:.2e}, largest {:.2e}, logit {logit:.2e}",
            errors.rms(),
            errors.largest
        );
        assert!(errors.rms() < 4e-4 && errors.largest < 5e-3 && logit < 5e-3);
    }
}

#[test]
fn a_run_is_its_steps() {
    let model = small_model(1);
    let sequence = tokens(40, 25, 1); // some are beyond the vocabulary
    for values in KINDS {
        let file = packed(&model, values);
        let runtime = AnyModel::from_bytes(&file).unwrap();
        let (mut at_once, mut by_steps) = (AnyState::new(&runtime), AnyState::new(&runtime));
        at_once.run(&runtime, &tokens(9, 19, 2)); // leaves nothing behind
        let class = at_once.run(&runtime, &sequence);
        sequence
            .iter()
            .for_each(|&token| by_steps.step(&runtime, token));
        assert_eq!(at_once.digest(), by_steps.digest());
        assert_eq!(at_once.logit_bits(&runtime), by_steps.logit_bits(&runtime));
        assert_eq!(class, by_steps.classify(&runtime));
    }
}

#[test]
fn a_capacity_beyond_the_model_changes_nothing() {
    let file = packed(&small_model(1), Values::Int8 { embedding_bits: 8 });
    let model = Model::<Int8>::from_bytes(&file).unwrap();
    let mut tight = State::<Int8, 8>::new(&model).unwrap();
    let mut wide = State::<Int8, 256>::new(&model).unwrap();
    for token in tokens(40, 19, 1) {
        tight.step(&model, token);
        wide.step(&model, token);
        assert_eq!(tight.hidden(), wide.hidden());
        assert_eq!(tight.digest(), wide.digest());
    }
    let refused = State::<Int8, 4>::new(&model).unwrap_err();
    assert_eq!((refused.units, refused.capacity), (5, 4));
}

/// Interrupted at every place, by a snapshot that goes through its bytes, into a state that
/// has seen something else.
fn interrupted<A: Arithmetic>(file: &AlignedBytes) {
    let model = Model::<A>::from_bytes(file).unwrap();
    let sequence = tokens(20, 19, 3);
    let new = || State::<A, 8>::new(&model).unwrap();
    let mut whole = new();
    sequence.iter().for_each(|&token| whole.step(&model, token));
    for place in 0..=sequence.len() {
        let (before, after) = sequence.split_at(place);
        let (mut first, mut second) = (new(), new());
        before.iter().for_each(|&token| first.step(&model, token));
        let stored = serde_json::to_string(&first.save(&model)).unwrap();
        let snapshot: Snapshot<A, 8> = serde_json::from_str(&stored).unwrap();
        second.step(&model, 3);
        second.restore(&model, &snapshot).unwrap();
        after.iter().for_each(|&token| second.step(&model, token));
        assert_eq!(second.digest(), whole.digest(), "interrupted at {place}");
    }
}

#[test]
fn a_restored_state_goes_on_as_if_never_interrupted() {
    let [int8, float32] = KINDS.map(|values| packed(&small_model(1), values));
    interrupted::<Int8>(&int8);
    interrupted::<Float32>(&float32);
}

#[test]
fn a_snapshot_that_is_damaged_or_of_another_model_is_refused() {
    let values = Values::Int8 { embedding_bits: 8 };
    let [own, other] = [1, 2].map(|seed| packed(&small_model(seed), values));
    let [own, other] = [&own, &other].map(|file| Model::<Int8>::from_bytes(file).unwrap());
    let mut state = State::<Int8, 8>::new(&own).unwrap();
    tokens(9, 19, 1)
        .iter()
        .for_each(|&token| state.step(&own, token));
    let digest = state.digest();
    let foreign = State::<Int8, 8>::new(&other).unwrap().save(&other);
    assert_eq!(state.restore(&own, &foreign), Err(RestoreError::OtherModel));
    let stored = serde_json::to_value(state.save(&own)).unwrap();
    for field in ["h", "c"] {
        let mut damaged = stored.clone();
        let value = &mut damaged["layers"][0][field][2];
        *value = (value.as_i64().unwrap() ^ 4).into();
        let damaged: Snapshot<Int8, 8> = serde_json::from_value(damaged).unwrap();
        assert_eq!(
            state.restore(&own, &damaged),
            Err(RestoreError::Damaged),
            "{field}"
        );
    }
    assert_eq!(state.digest(), digest);
}

#[test]
fn two_states_over_one_model_do_not_disturb_each_other() {
    for values in KINDS {
        let file = packed(&small_model(1), values);
        let model = AnyModel::from_bytes(&file).unwrap();
        let sequences = [tokens(30, 19, 1), tokens(30, 19, 2)];
        let alone = [0, 1].map(|n| {
            let mut state = AnyState::new(&model);
            state.run(&model, &sequences[n]);
            state.digest()
        });
        let mut states = [AnyState::new(&model), AnyState::new(&model)];
        for (&a, &b) in sequences[0].iter().zip(&sequences[1]) {
            states[0].step(&model, a);
            states[1].step(&model, b);
        }
        assert_eq!(states.map(|state| state.digest()), alone);
    }
}

#[test]
fn the_self_test_finds_a_wrong_answer() {
    for values in KINDS {
        let file = packed(&small_model(1), values);
        let model = AnyModel::from_bytes(&file).unwrap();
        assert_eq!(model.self_test(&mut AnyState::new(&model)), Ok(3));
        // the last halfword is the digest of the last sequence
        let mut bytes = file.to_vec();
        let fill = 2 * usize::from(File::peek(&file).unwrap().header.reference_halfwords % 2 == 1);
        let last = bytes.len() - 1 - fill;
        bytes[last] ^= 1;
        let checksum = set_lstm_runtime::wire::checksum(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        let wrong = AlignedBytes::from(bytes);
        let wrong = AnyModel::from_bytes(&wrong).unwrap();
        let found = wrong.self_test(&mut AnyState::new(&wrong));
        assert_eq!(found, Err(SelfTestError::Digest { sequence: 2 }));
    }
}

/// How a random model is drawn: small enough to be read when a property fails.
#[derive(Debug, Clone)]
struct Recipe {
    shape: Shape,
    density: f64,
    /// What the gates' weights are multiplied by.
    factor: f32,
    seed: u64,
}

impl Recipe {
    fn model(&self) -> SparseModel {
        let mut model = random_model(self.shape, self.density, self.seed);
        // a full row has many times the inputs of a trained one
        let row = (self.density * self.shape.embedding as f64 / 16.0).max(1.0);
        let factor = self.factor / row as f32;
        let matrices = model.input.iter_mut().chain(&mut model.recurrent);
        let weights = matrices.flat_map(|matrix| &mut matrix.value);
        weights.for_each(|weight| *weight *= factor);
        model
    }
}

prop_compose! {
    fn recipe()(
        vocabulary in 1..40_usize,
        embedding in 1..=256_usize,
        hidden in 1..=256_usize,
        logits in 1..4_usize,
        density in prop_oneof![Just(0.0), 0.001..0.2, Just(1.0)],
        factor in prop_oneof![Just(1e-3_f32), Just(1.0), 0.5..1.5_f32],
        seed in any::<u64>(),
    ) -> Recipe {
        let shape = Shape { vocabulary, embedding, hidden, logits };
        Recipe { shape, density, factor, seed }
    }
}

/// The same cases in every run; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` draw others.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn f32_is_near_f64_for_any_shape(recipe in recipe()) {
        let model = recipe.model();
        let sequence = tokens(12, model.vocabulary_size(), recipe.seed);
        let (errors, logit) = f32_errors(&model, &sequence);
        prop_assert!(errors.largest < 1e-4 && logit < 1e-3, "{:e} {logit:e}", errors.largest);
    }

    #[test]
    fn int8_is_near_f64_for_any_shape(recipe in recipe()) {
        let model = recipe.model();
        let sequence = tokens(12, model.vocabulary_size(), recipe.seed);
        let (errors, logit) = int8_errors(&model, 6, &sequence);
        // of full rows the sums fit only if the state has fewer bits
        let unit = 1.0 / f64::from(1_u32 << quantize(&model, 6).unwrap().state_bits());
        prop_assert!(
            errors.rms() < 1e-3 + 2.0 * unit && errors.largest < 1e-2 + 16.0 * unit && logit < 1e-2 + 4.0 * unit,
            "{:e} {:e} {logit:e} {unit:e}", errors.rms(), errors.largest
        );
    }

    /// Weights of any size: the exporter refuses, or the device runs within its ranges.
    #[test]
    fn weights_without_measure_run_or_are_refused(
        recipe in recipe(),
        exponents in prop::array::uniform4(-30..30_i32),
    ) {
        let (mut model, seed) = (recipe.model(), recipe.seed);
        let [embedding, input, recurrent, bias] = exponents.map(|n| 2_f32.powi(n));
        model.embedding.value.iter_mut().for_each(|value| *value *= embedding);
        model.input.iter_mut().flat_map(|m| &mut m.value).for_each(|value| *value *= input);
        model.recurrent.iter_mut().flat_map(|m| &mut m.value).for_each(|value| *value *= recurrent);
        model.bias.iter_mut().flatten().for_each(|value| *value *= bias);
        for values in KINDS {
            let options = PackOptions {
                values,
                classes: class_names(&model),
                vocabulary: None,
                task: Task::CLASSIFICATION,
                outputs: None,
                statistics: None,
                max_tokens: 0,
                seed,
            };
            let Ok(file) = pack(&model, &options) else { continue };
            let file = AlignedBytes::from(file);
            let runtime = AnyModel::from_bytes(&file).unwrap();
            let mut state = AnyState::new(&runtime);
            let class = state.run(&runtime, &tokens(30, model.vocabulary_size(), seed));
            prop_assert!(class.score >= 0.0 && class.score.is_finite());
            prop_assert!(usize::from(class.label) < model.classes());
        }
    }
}

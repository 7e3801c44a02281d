//! The attack on model files: any bytes are refused or run, and then they run as promised.

use super::forge::{Aligned, forge};
use super::random::Random;
use super::snapshot::{Bits, restore_any};
use set_lstm_runtime::wire::{File, Kind, MAX_LAYERS, MAX_UNITS};
use set_lstm_runtime::{Answer, DecodeError, Float32, Int8, Model, RestoreError, Snapshot, State};

/// Units that a state of the attack has room for: as many as the format allows.
const CAPACITY: usize = 2 * MAX_UNITS as usize;
/// Layers that a model of the attack has room for.
const LAYERS: usize = MAX_LAYERS;
/// Steps of one attack, half of them before the interruption.
const STEPS: usize = 64;

/// What became of one attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The bytes are not a model.
    Refused(DecodeError),
    /// They ran.
    Ran {
        /// Forged states that the model took, of those that were offered.
        restored: u32,
    },
}

/// Makes length and checksum right, decodes, and runs what decodes.
pub fn attack(bytes: &[u8]) -> Outcome {
    let mut bytes = bytes.to_vec();
    forge(&mut bytes);
    let file = Aligned::new(&bytes);
    let file = file.bytes();
    match File::peek(file).map(|file| file.kind) {
        Ok(Kind::Int8) => run::<Int8>(file),
        Ok(Kind::Float32) => run::<Float32>(file),
        Err(error) => Outcome::Refused(error),
    }
}

fn run<A: Bits>(file: &[u8]) -> Outcome {
    let model = match Model::<A, LAYERS>::from_bytes(file) {
        Ok(model) => model,
        Err(error) => return Outcome::Refused(error),
    };
    let seed = model.checksum().into();
    let new = || State::<A, CAPACITY, LAYERS>::new(&model).expect("room for any model");
    let (mut at_once, mut interrupted, mut other) = (new(), new(), new());
    let _ = model.self_test(&mut at_once); // its answers may be wrong by now
    let (mut one, mut two) = (Random::new(seed), Random::new(seed));
    for step in 0..STEPS {
        feed(&model, &mut at_once, &mut one);
        if step == STEPS / 2 {
            // through bytes, into a state that has seen something else
            let snapshot = postcard::to_allocvec(&interrupted.save(&model)).expect("memory");
            let snapshot: Snapshot<A, CAPACITY, LAYERS> =
                postcard::from_bytes(&snapshot).expect("whole");
            interrupted = other.clone();
            let restored = interrupted.restore(&model, &snapshot);
            assert_eq!(restored, Ok(()), "a model takes its own states");
        }
        feed(&model, &mut interrupted, &mut two);
        feed(&model, &mut other, &mut Random::new(step as u64));
        assert_eq!(at_once.digest(), interrupted.digest(), "step {step}");
    }
    check(&model, &at_once);
    read_text(&model, &mut at_once, file);
    let restored = (0..8).map(|seed| flipped(&model, &mut other, seed)).sum();
    Outcome::Ran { restored }
}

/// One step: a token, or a sample of any numbers and of any length.
fn feed<A: Bits>(
    model: &Model<'_, A, LAYERS>,
    state: &mut State<A, CAPACITY, LAYERS>,
    random: &mut Random,
) {
    let Some(channels) = model.channels() else {
        return state.step(model, random.word() as u16);
    };
    let length = random.below(channels + 2);
    let sample: Vec<_> = (0..length).map(|_| any_number(random)).collect();
    state.step_samples(model, &sample);
}

fn any_number(random: &mut Random) -> f32 {
    let bits = random.word();
    match random.below(3) {
        0 => f32::from_bits(bits), // also infinite, and none
        1 => (bits as i32 >> 20) as f32,
        _ => bits as f32 / u32::MAX as f32,
    }
}

/// What holds of every state of every model.
fn check<A: Bits>(model: &Model<'_, A, LAYERS>, state: &State<A, CAPACITY, LAYERS>) {
    assert_eq!(state.logits(model).count(), model.logits());
    let class = state.classify(model);
    assert!(class.score >= 0.0 && class.score.is_finite(), "{class:?}");
    assert!(
        usize::from(class.label) < model.logits().max(2),
        "{class:?}"
    );
    match model.task().answer {
        Answer::Class => {
            assert!(model.class_name(class.label).is_some(), "{class:?}");
            assert_eq!(state.values(model).count(), 0);
        }
        Answer::Values => {
            assert_eq!(state.values(model).count(), model.logits());
            assert_eq!(model.names().count(), model.logits());
            // of a huge mean and deviation infinite
            assert!(state.values(model).all(|value| !value.is_nan()));
        }
    }
    let back = state.clone().restore(model, &state.save(model));
    assert_eq!(back, Ok(()), "every state that a step leaves is one");
}

/// The bytes of the file, as if they were text.
fn read_text<A: Bits>(
    model: &Model<'_, A, LAYERS>,
    state: &mut State<A, CAPACITY, LAYERS>,
    text: &[u8],
) {
    let Some(mut tokenizer) = model.tokenizer() else {
        return;
    };
    let mut step = |token: u16| {
        assert!(usize::from(token) < model.vocabulary_size(), "{token}");
        state.step(model, token);
    };
    for &byte in text.iter().take(512) {
        tokenizer.push(byte).into_iter().for_each(&mut step);
    }
    tokenizer.finish().into_iter().for_each(step);
    check(model, state);
}

/// Steps on from a state of any numbers; whether the model took it.
fn flipped<A: Bits>(
    model: &Model<'_, A, LAYERS>,
    state: &mut State<A, CAPACITY, LAYERS>,
    seed: u64,
) -> u32 {
    let mut random = Random::new(u64::from(model.checksum()) << 8 | seed);
    let before = state.digest();
    match restore_any(model, state, &mut random) {
        Ok(()) => {
            (0..8).for_each(|_| feed(model, state, &mut random));
            check(model, state);
            1
        }
        Err(RestoreError::Damaged) => {
            assert_eq!(state.digest(), before, "a refused state changes nothing");
            0
        }
        Err(RestoreError::OtherModel) => panic!("the checksum is this model's"),
    }
}

//! Enters: the application's wishes. Leaves: what the runtime says. Next: `run`.
//!
//! All calls of the runtime, none of them inlined into the application: so the linked
//! program tells which code is the engine's, and the stack of each call can be measured.

use crate::board::Board;
use crate::cases::{Case, Steps};
use crate::report::Measured;
use crate::run::Failure;
use crate::stepper::Stepper;
use core::hint::black_box;
use set_lstm_runtime::{Arithmetic, Class, Logit, Model, Moment};

/// What the application keeps in RAM: the model's addresses and constants, and the state.
#[derive(Debug)]
pub struct Memory<'a, A: Arithmetic, S: Stepper<A, L>, const L: usize> {
    model: Option<Model<'a, A, L>>,
    state: S,
}

impl<A: Arithmetic, S: Stepper<A, L>, const L: usize> Memory<'_, A, S, L> {
    /// Nothing decoded yet.
    pub const EMPTY: Self = Memory {
        model: None,
        state: S::EMPTY,
    };
}

/// A model and the state that belongs to it.
pub(crate) struct Ready<'m, 'a, A: Arithmetic, S: Stepper<A, L>, const L: usize> {
    pub model: &'m Model<'a, A, L>,
    pub state: &'m mut S,
}

/// From the model's bytes to a state that is ready for its first step.
#[inline(never)]
pub(crate) fn decode<'m, 'a, A: Arithmetic, S: Stepper<A, L>, const L: usize>(
    bytes: &'a [u8],
    memory: &'m mut Memory<'a, A, S, L>,
) -> Result<Ready<'m, 'a, A, S, L>, Failure> {
    let Memory { model, state } = memory;
    // no `map_err`: each would be one more copy on the stack
    let model = match Model::from_bytes(bytes) {
        Ok(decoded) => model.insert(decoded),
        Err(error) => return Err(Failure::Decode(error)),
    };
    match state.fit(model) {
        Ok(()) => Ok(Ready { model, state }),
        Err(failure) => Err(failure),
    }
}

/// The self-test of the model; how many sequences it has.
#[inline(never)]
pub(crate) fn self_test<A: Arithmetic, S: Stepper<A, L>, const L: usize>(
    ready: &mut Ready<'_, '_, A, S, L>,
) -> Result<u8, Failure> {
    let Ready { model, state } = ready;
    model.self_test(*state).map_err(Failure::SelfTest)
}

/// One sequence, its steps counted one by one.
#[inline(never)]
pub(crate) fn steps<B: Board, A: Arithmetic, S: Stepper<A, L>, const L: usize>(
    board: &mut B,
    ready: &mut Ready<'_, '_, A, S, L>,
    case: &Case<'_>,
    measured: &mut Measured<B>,
) {
    ready.state.reset();
    match case.steps {
        Steps::Tokens(tokens) => {
            let tokens = tokens.iter().map(|&token| u16::from_le_bytes(token));
            count(board, ready, tokens, measured, S::step);
        }
        Steps::Samples { values, channels } => {
            let samples = values.chunks_exact(channels.max(1)); // no panic path
            count(board, ready, samples, measured, S::step_samples);
        }
    }
}

/// Steps that do nothing, counted as all others: what counting itself costs.
#[inline(never)]
pub(crate) fn no_steps<B: Board, A: Arithmetic, S: Stepper<A, L>, const L: usize>(
    board: &mut B,
    ready: &mut Ready<'_, '_, A, S, L>,
    steps: u16,
    measured: &mut Measured<B>,
) {
    let nothing = |_: &mut S, _: &Model<'_, A, L>, token| {
        black_box(token);
    };
    count(board, ready, 0..steps, measured, nothing);
}

/// Steps of one kind. The counts join without a gap, so that the sum is exact whatever the
/// counter's granularity.
#[inline(never)]
fn count<'a, B: Board, A: Arithmetic, S: Stepper<A, L>, const L: usize, X>(
    board: &mut B,
    ready: &mut Ready<'_, 'a, A, S, L>,
    sequence: impl Iterator<Item = X>,
    measured: &mut Measured<B>,
    step: impl Fn(&mut S, &Model<'a, A, L>, X),
) {
    let Ready { model, state } = ready;
    let mut last = board.ticks();
    for inputs in sequence {
        step(state, model, inputs);
        let now = board.ticks();
        measured.add_step(now - last);
        last = now;
    }
}

/// The class after the last step, and the digest that a case expects. Of a model that answers
/// after every step this takes all steps once more, uncounted.
#[inline(never)]
pub(crate) fn classify<A: Arithmetic, S: Stepper<A, L>, const L: usize>(
    ready: &mut Ready<'_, '_, A, S, L>,
    case: &Case<'_>,
) -> (Class, u32) {
    let Ready { model, state } = ready;
    let digest = match model.task().moment {
        Moment::End => state.digest(),
        Moment::EveryStep => {
            let mut digest = FNV_OFFSET;
            state.reset();
            match case.steps {
                Steps::Tokens(tokens) => {
                    for &token in tokens {
                        state.step(model, u16::from_le_bytes(token));
                        add_logits(&mut digest, *state, model);
                    }
                }
                Steps::Samples { values, channels } => {
                    for samples in values.chunks_exact(channels.max(1)) {
                        state.step_samples(model, samples);
                        add_logits(&mut digest, *state, model);
                    }
                }
            }
            add(digest, state.digest())
        }
    };
    (state.classify(model), digest)
}

/// Where FNV-1a begins.
const FNV_OFFSET: u32 = 0x811c_9dc5;

fn add(hash: u32, word: u32) -> u32 {
    let add = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    word.to_le_bytes().into_iter().fold(hash, add)
}

fn add_logits<A: Arithmetic, S: Stepper<A, L>, const L: usize>(
    digest: &mut u32,
    state: &S,
    model: &Model<'_, A, L>,
) {
    for logit in state.logits(model) {
        *digest = add(*digest, logit.bits());
    }
}

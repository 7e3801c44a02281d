//! Enters: the application's wishes. Leaves: what the runtime says. Next: `run`.
//!
//! All calls of the runtime, none of them inlined into the application: so the linked
//! program tells which code is the engine's, and the stack of each call can be measured.

use crate::board::Board;
use crate::cases::{Case, Steps};
use crate::embedded::{CAPACITY, Engine};
use crate::report::Measured;
use crate::run::Failure;
use set_lstm_runtime::{Class, Model, State};

/// What the application keeps in RAM: the model's addresses and constants, and the state.
#[derive(Debug)]
pub struct Memory {
    model: Option<Model<'static, Engine>>,
    state: Option<State<Engine, CAPACITY>>,
}

impl Memory {
    /// Nothing decoded yet.
    pub const EMPTY: Memory = Memory {
        model: None,
        state: None,
    };
}

/// A model and the state that belongs to it.
pub(crate) struct Ready<'m> {
    pub model: &'m Model<'static, Engine>,
    pub state: &'m mut State<Engine, CAPACITY>,
}

/// From flash to a state that is ready for its first step.
#[inline(never)]
pub(crate) fn decode<'m>(
    bytes: &'static [u8],
    memory: &'m mut Memory,
) -> Result<Ready<'m>, Failure> {
    let Memory { model, state } = memory;
    // no `map_err`: each would be one more copy on the stack
    let model = match Model::from_bytes(bytes) {
        Ok(decoded) => model.insert(decoded),
        Err(error) => return Err(Failure::Decode(error)),
    };
    let state = match State::new(model) {
        Ok(new) => state.insert(new),
        Err(error) => return Err(Failure::Capacity(error)),
    };
    Ok(Ready { model, state })
}

/// The self-test of the model; how many sequences it has.
#[inline(never)]
pub(crate) fn self_test(ready: &mut Ready<'_>) -> Result<u8, Failure> {
    let Ready { model, state } = ready;
    model.self_test(state).map_err(Failure::SelfTest)
}

/// One sequence, its steps counted one by one.
#[inline(never)]
pub(crate) fn steps<B: Board>(
    board: &mut B,
    ready: &mut Ready<'_>,
    case: &Case<'_>,
    measured: &mut Measured,
) {
    ready.state.reset();
    match case.steps {
        Steps::Tokens(tokens) => {
            let tokens = tokens.iter().map(|&token| u16::from_le_bytes(token));
            count(board, ready, tokens, measured, State::step);
        }
        Steps::Samples { values, channels } => {
            let samples = values.chunks_exact(channels.max(1)); // no panic path
            count(board, ready, samples, measured, State::step_samples);
        }
    }
}

/// Steps of one kind. The counts join without a gap, so that the sum is exact whatever the
/// counter's granularity.
#[inline(never)]
fn count<B: Board, S>(
    board: &mut B,
    ready: &mut Ready<'_>,
    sequence: impl Iterator<Item = S>,
    measured: &mut Measured,
    step: impl Fn(&mut State<Engine, CAPACITY>, &Model<'static, Engine>, S),
) {
    let Ready { model, state } = ready;
    let mut last = board.instructions();
    for inputs in sequence {
        step(state, model, inputs);
        let now = board.instructions();
        measured.add_step(now - last);
        last = now;
    }
}

/// The class after the last step, and the digest of the state.
#[inline(never)]
pub(crate) fn classify(ready: &Ready<'_>) -> (Class, u32) {
    (ready.state.classify(ready.model), ready.state.digest())
}

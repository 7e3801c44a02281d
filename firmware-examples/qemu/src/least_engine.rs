//! Decode, step, classify: all of the engine that a program of tokens or samples cannot do without.

use core::hint::black_box;
use set_lstm_demo::embedded::model;
use set_lstm_runtime::{Arithmetic, Model, State};

/// Room for the units of most models; it is a matter of RAM alone.
pub const UNITS: usize = 256;
/// Steps of the one sequence.
const STEPS: u16 = 8;

/// Whether the model in flash has given a class after a few steps.
pub fn run<A: Arithmetic>(
    place: &mut Option<Model<'static, A>>,
    state: &mut State<A, UNITS>,
    step: impl Fn(&mut State<A, UNITS>, &Model<'static, A>, u16),
) -> bool {
    let Ok(decoded) = Model::from_bytes(model()) else {
        return false;
    };
    let model = place.insert(decoded);
    if state.fit(model).is_err() {
        return false;
    }
    for number in 0..black_box(STEPS) {
        step(state, model, number);
    }
    let class = black_box(state.classify(model));
    usize::from(class.label) <= model.logits()
}

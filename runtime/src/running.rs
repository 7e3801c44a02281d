//! What the two kinds of state have in common. Next: `self_test` runs either, and so may an
//! application that does not care which it has.

use crate::arithmetic::Arithmetic;
use crate::classify::Class;
use crate::delta::DeltaState;
use crate::int8::Int8;
use crate::model::Model;
use crate::state::State;

/// A sequence on its way through a model: a [`State`], or a [`DeltaState`]. The methods are those
/// of the two types.
pub trait Running<A: Arithmetic, const L: usize> {
    /// Back to the beginning of a sequence.
    fn reset(&mut self);
    /// One step by a token.
    fn step(&mut self, model: &Model<'_, A, L>, token: u16);
    /// One step by a raw sample of all channels.
    fn step_samples(&mut self, model: &Model<'_, A, L>, samples: &[f32]);
    /// The logits of the sequence so far.
    fn logits<'s>(&'s self, model: &'s Model<'_, A, L>) -> impl Iterator<Item = A::Logit> + 's;
    /// The numbers of a regression after the steps so far.
    fn values<'s>(&'s self, model: &'s Model<'_, A, L>) -> impl Iterator<Item = f32> + 's;
    /// The class of the sequence so far.
    fn classify(&self, model: &Model<'_, A, L>) -> Class;
    /// FNV-1a of `h` and `c`.
    fn digest(&self) -> u32;
}

impl<A: Arithmetic, const N: usize, const L: usize> Running<A, L> for State<A, N, L> {
    fn reset(&mut self) {
        State::reset(self);
    }

    fn step(&mut self, model: &Model<'_, A, L>, token: u16) {
        State::step(self, model, token);
    }

    fn step_samples(&mut self, model: &Model<'_, A, L>, samples: &[f32]) {
        State::step_samples(self, model, samples);
    }

    fn logits<'s>(&'s self, model: &'s Model<'_, A, L>) -> impl Iterator<Item = A::Logit> + 's {
        State::logits(self, model)
    }

    fn values<'s>(&'s self, model: &'s Model<'_, A, L>) -> impl Iterator<Item = f32> + 's {
        State::values(self, model)
    }

    fn classify(&self, model: &Model<'_, A, L>) -> Class {
        State::classify(self, model)
    }

    fn digest(&self) -> u32 {
        State::digest(self)
    }
}

impl<const N: usize, const L: usize> Running<Int8, L> for DeltaState<N> {
    fn reset(&mut self) {
        DeltaState::reset(self);
    }

    /// A model of samples takes any token for a sample of means.
    fn step(&mut self, model: &Model<'_, Int8, L>, _token: u16) {
        DeltaState::step_samples(self, model, &[]);
    }

    fn step_samples(&mut self, model: &Model<'_, Int8, L>, samples: &[f32]) {
        DeltaState::step_samples(self, model, samples);
    }

    fn logits<'s>(&'s self, model: &'s Model<'_, Int8, L>) -> impl Iterator<Item = i32> + 's {
        DeltaState::logits(self, model)
    }

    fn values<'s>(&'s self, model: &'s Model<'_, Int8, L>) -> impl Iterator<Item = f32> + 's {
        DeltaState::values(self, model)
    }

    fn classify(&self, model: &Model<'_, Int8, L>) -> Class {
        DeltaState::classify(self, model)
    }

    fn digest(&self) -> u32 {
        DeltaState::digest(self)
    }
}

//! The two kinds of state, as the application places and prepares them. Next: `engine` steps.

use crate::run::Failure;
use set_lstm_runtime::{
    Arithmetic, DeltaError, DeltaState, Int8, Model, Running, State, Thresholds,
};

/// A state that the application can run.
pub trait Stepper<A: Arithmetic, const L: usize>: Running<A, L> {
    /// Of no model yet.
    const EMPTY: Self;

    /// Makes it one of this model, exact whatever its kind: for the self-test.
    ///
    /// # Errors
    /// The model does not fit.
    fn fit(&mut self, model: &Model<'_, A, L>) -> Result<(), Failure>;

    /// Thresholds of the sequences, where the kind has such.
    fn set_thresholds(&mut self, model: &Model<'_, A, L>, thresholds: Thresholds);
}

impl<A: Arithmetic, const N: usize, const L: usize> Stepper<A, L> for State<A, N, L> {
    const EMPTY: Self = State::EMPTY;

    fn fit(&mut self, model: &Model<'_, A, L>) -> Result<(), Failure> {
        State::fit(self, model).map_err(Failure::Capacity)
    }

    fn set_thresholds(&mut self, _: &Model<'_, A, L>, _: Thresholds) {}
}

impl<const N: usize, const L: usize> Stepper<Int8, L> for DeltaState<N> {
    const EMPTY: Self = DeltaState::EMPTY;

    fn fit(&mut self, model: &Model<'_, Int8, L>) -> Result<(), Failure> {
        let fitted = DeltaState::fit(self, model, Thresholds::default());
        fitted.map_err(|error| match error {
            DeltaError::Layout => Failure::Layout,
            DeltaError::Capacity(error) => Failure::Capacity(error),
        })
    }

    fn set_thresholds(&mut self, model: &Model<'_, Int8, L>, thresholds: Thresholds) {
        DeltaState::set_thresholds(self, model, thresholds);
    }
}

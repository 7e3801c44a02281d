//! Enters: the hidden state of every step. Leaves: the one that the output layer reads.
//! Next: `chunk` and its dense counterpart keep to it on both ways.
//!
//! Steps of a lane whose sequence has not begun do not count, and a sequence without
//! steps yields zeros. Firmware knows the last state only: nothing is added up there.

use serde::{Deserialize, Serialize};

/// What of the hidden state over time the output layer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// That of the last step.
    #[default]
    Last,
    /// The mean over the steps.
    Mean,
    /// The largest value of each unit over the steps; of equal ones the first.
    Max,
}

impl Pooling {
    /// Whether it is the last state, as a device reads it.
    pub fn is_last(&self) -> bool {
        *self == Pooling::Last
    }
}

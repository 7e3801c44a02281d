//! Enters: the numbers that a regression is to answer. Leaves: [`OutputScale`], their mean and
//! spread, in whose units training works. Next: `pack` sends it to the device, which answers
//! `mean + deviation · logit`.

use serde::{Deserialize, Serialize};

/// What turns the logits of a regression into its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputScale {
    /// Mean of each number.
    pub mean: Vec<f32>, // [outputs]
    /// Standard deviation of each number; 1 of one that never changes.
    pub deviation: Vec<f32>, // [outputs]
}

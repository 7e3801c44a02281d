//! Enters: how many answers are right, or how far numbers are off. Leaves: [`Score`], the one
//! figure of an epoch that people read. Next: `metrics` keeps it, `curve` draws it.

use serde::{Deserialize, Serialize};

/// How well a part of the data is answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Score {
    /// Share of the answers that name the class, 0 to 1.
    #[serde(rename = "validation_accuracy")]
    Accuracy(f64),
    /// Share of the variance of the numbers that is explained, at most 1.
    #[serde(rename = "validation_r2")]
    R2(f64),
}

impl Score {
    /// The figure itself.
    pub fn value(self) -> f64 {
        match self {
            Score::Accuracy(value) | Score::R2(value) => value,
        }
    }

    /// The same kind with another figure.
    #[must_use]
    pub fn with(self, value: f64) -> Self {
        match self {
            Score::Accuracy(_) => Score::Accuracy(value),
            Score::R2(_) => Score::R2(value),
        }
    }

    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Score::Accuracy(_) => "accuracy",
            Score::R2(_) => "R²",
        }
    }

    /// As people read it: `87.31 %`, or `0.8731`.
    pub fn text(self) -> String {
        match self {
            Score::Accuracy(value) => format!("{:.2} %", 100.0 * value),
            Score::R2(value) => format!("{value:.4}"),
        }
    }
}

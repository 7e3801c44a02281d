//! Enters: how many answers are right, or answers and the numbers that they should be. Leaves:
//! [`Score`], the one figure of an epoch that people read, and [`Errors`] behind R². Next: `metrics` keeps it, `curve` draws it.

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

/// How far the answers to one number are off, summed over those that are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Answers that are known.
    pub known: usize,
    /// Squared errors.
    pub square: f64,
    /// Absolute errors.
    pub absolute: f64,
    /// Squared distances of the number from its own mean.
    pub variance: f64,
}

impl Errors {
    /// Of number `output` of `outputs`; a number that is not known is NaN.
    pub fn of(answers: &[f32], values: &[f32], output: usize, outputs: usize) -> Self {
        // both are [answers x outputs]
        let pairs = answers.iter().zip(values).skip(output).step_by(outputs);
        let known = pairs.filter(|(_, value)| !value.is_nan());
        let known = known.map(|(&answer, &value)| (f64::from(answer), f64::from(value)));
        let count = known.clone().count();
        let sum: f64 = known.clone().map(|(_, value)| value).sum();
        let mean = sum / count.max(1) as f64;
        let mut errors = Errors {
            known: count,
            square: 0.0,
            absolute: 0.0,
            variance: 0.0,
        };
        for (answer, value) in known {
            errors.square += (answer - value).powi(2);
            errors.absolute += (answer - value).abs();
            errors.variance += (value - mean).powi(2);
        }
        errors
    }

    /// `1 - squared error / variance`: 1 is perfect, 0 is as good as always to answer the mean.
    /// `None` if the number never changes.
    pub fn r2(&self) -> Option<f64> {
        (self.variance > 0.0).then(|| 1.0 - self.square / self.variance)
    }
}

/// The mean R² of the numbers that change; `None` if none does.
pub fn mean_r2(all: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let all: Vec<f64> = all.into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

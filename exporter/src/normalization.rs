//! Enters: the recordings that are trained on. Leaves: [`Normalization`], mean and spread of
//! each channel, and recordings in these units. Next: `train` sees only such numbers; `pack`
//! sends the statistics to the device, which takes raw samples.

use serde::{Deserialize, Serialize};
use set_lstm_runtime::samples::normalize;

use crate::sequences::SequenceSet;

/// What turns raw samples into those that training sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// Mean of each channel.
    pub mean: Vec<f32>, // [channels]
    /// One over the standard deviation of each channel; 0 of one that never changes.
    pub factor: Vec<f32>, // [channels]
}

impl Normalization {
    /// The statistics of a set.
    ///
    /// # Panics
    /// If it is a set of tokens.
    pub fn of(set: &SequenceSet) -> Self {
        let channels = set.channels().expect("a set of recordings");
        let count = set.step_count().max(1) as f64;
        let samples = || (0..set.len()).flat_map(|k| set.sequence(k).samples());
        let mut mean = vec![0.0; channels];
        for sample in samples() {
            for (sum, &x) in mean.iter_mut().zip(sample) {
                *sum += f64::from(x);
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        let mut square = vec![0.0; channels];
        for sample in samples() {
            for ((sum, &x), mean) in square.iter_mut().zip(sample).zip(&mean) {
                *sum += (f64::from(x) - mean).powi(2);
            }
        }
        let factor = |square: f64| {
            let deviation = (square / count).sqrt();
            // a channel that never changes says nothing
            let factor = (1.0 / deviation) as f32;
            if factor.is_finite() { factor } else { 0.0 }
        };
        Normalization {
            mean: mean.iter().map(|&mean| mean as f32).collect(),
            factor: square.into_iter().map(factor).collect(),
        }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// The set in the units of training.
    ///
    /// # Panics
    /// If it has other channels.
    pub fn apply(&self, set: &SequenceSet) -> SequenceSet {
        assert_eq!(set.channels(), Some(self.channels()), "the same channels");
        let mut normalised = set.empty_like();
        let mut values = Vec::new();
        for k in 0..set.len() {
            values.clear();
            for sample in set.sequence(k).samples() {
                let statistics = self.mean.iter().zip(&self.factor);
                values.extend(
                    sample
                        .iter()
                        .zip(statistics)
                        .map(|(&x, (&mean, &factor))| normalize(x, mean, factor)),
                );
            }
            normalised.push_samples(&values, set.target(k));
        }
        normalised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_mean_zero_and_deviation_one_and_a_constant_one_is_silent() {
        let mut set = SequenceSet::of_samples(2);
        set.push_samples(&[1.0, 5.0, 3.0, 5.0], 0);
        set.push_samples(&[1.0, 5.0, 3.0, 5.0, 2.0, 5.0, 2.0, 5.0], 1);
        let statistics = Normalization::of(&set);
        assert_eq!(statistics.mean, [2.0, 5.0]);
        assert_eq!(statistics.factor, [(1.5_f64).sqrt() as f32, 0.0]);
        let normalised = statistics.apply(&set);
        let first: Vec<&[f32]> = normalised.sequence(0).samples().collect();
        let one = statistics.factor[0];
        assert_eq!(first, [[-one, 0.0], [one, 0.0]]);
        assert_eq!(normalised.labels(), set.labels());
    }
}

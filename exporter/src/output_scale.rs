//! Enters: the numbers that a regression is to answer. Leaves: [`OutputScale`], their mean and
//! spread, in whose units training works. Next: `pack` sends it to the device, which answers
//! `mean + deviation · logit`.

use serde::{Deserialize, Serialize};
use set_lstm_runtime::wire::{Answer, Moment};

use crate::sequences::SequenceSet;
use crate::target::Target;

/// What turns the logits of a regression into its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputScale {
    /// Mean of each number.
    pub mean: Vec<f32>, // [outputs]
    /// Standard deviation of each number; 1 of one that never changes.
    pub deviation: Vec<f32>, // [outputs]
}

impl OutputScale {
    /// The statistics of a set, without the numbers that nobody knows (NaN); `None` of classes.
    pub fn of(set: &SequenceSet) -> Option<OutputScale> {
        let values = set.values(); // [answers x outputs]
        if !matches!(set.task().answer, Answer::Values) {
            return None;
        }
        let statistics = (0..set.outputs()).map(|output| {
            let of_output = values.iter().skip(output).step_by(set.outputs());
            let known = || of_output.clone().filter(|x| x.is_finite()).copied();
            let count = known().count().max(1) as f64;
            let mean = known().map(f64::from).sum::<f64>() / count;
            let square = |x| (f64::from(x) - mean).powi(2);
            let deviation = (known().map(square).sum::<f64>() / count).sqrt() as f32;
            let changes = deviation.is_normal() && (1.0 / deviation).is_finite();
            (mean as f32, if changes { deviation } else { 1.0 })
        });
        let (mean, deviation) = statistics.unzip();
        Some(OutputScale { mean, deviation })
    }

    /// How many numbers there are.
    pub fn outputs(&self) -> usize {
        self.mean.len()
    }

    /// The set with its numbers in the units of training: `(x - mean) / deviation`.
    ///
    /// # Panics
    /// If it has other numbers, or classes.
    pub fn apply(&self, set: &SequenceSet) -> SequenceSet {
        let task = set.task();
        assert!(
            matches!(task.answer, Answer::Values) && set.outputs() == self.outputs(),
            "the same numbers"
        );
        let mut scaled = set.empty_like();
        let mut values = Vec::new();
        for k in 0..set.len() {
            values.clear();
            if let Target::Values(raw) | Target::ValuesOfSteps(raw) = set.target(k) {
                let statistics = self.mean.iter().zip(&self.deviation).cycle();
                let in_units = |(&x, (&mean, &deviation))| (x - mean) / deviation;
                values.extend(raw.iter().zip(statistics).map(in_units));
            }
            let target = match task.moment {
                Moment::End => Target::Values(&values),
                Moment::EveryStep => Target::ValuesOfSteps(&values),
            };
            scaled.push_sequence(set.sequence(k), target);
        }
        scaled
    }

    /// The set with its numbers in the units of the data again: the way back of
    /// [`OutputScale::apply`].
    ///
    /// # Panics
    /// If it has other numbers, or classes.
    pub fn undo(&self, set: &SequenceSet) -> SequenceSet {
        let back = OutputScale {
            mean: self
                .mean
                .iter()
                .zip(&self.deviation)
                .map(|(mean, deviation)| -mean / deviation)
                .collect(),
            deviation: self
                .deviation
                .iter()
                .map(|deviation| 1.0 / deviation)
                .collect(),
        };
        back.apply(set)
    }

    /// Turns the logits of one answer, or of several end to end, into the numbers of the data:
    /// `mean + deviation · logit`.
    pub fn restore(&self, logits: &mut [f32]) {
        let statistics = self.mean.iter().zip(&self.deviation).cycle();
        for (logit, (mean, deviation)) in logits.iter_mut().zip(statistics) {
            *logit = mean + deviation * *logit;
        }
    }
}

#[cfg(test)]
mod tests {
    use set_lstm_runtime::wire::Task;

    use super::*;

    #[test]
    fn numbers_have_mean_zero_and_deviation_one_and_unknown_ones_stay_unknown() {
        let task = Task {
            answer: Answer::Values,
            moment: Moment::EveryStep,
        };
        let mut set = SequenceSet::of_samples(1).answering(task, 2);
        let values = [1.0, 7.0, f32::NAN, 7.0, 5.0, 7.0];
        set.push_samples(&[0.0; 3], Target::ValuesOfSteps(&values));
        let scale = OutputScale::of(&set).unwrap();
        assert_eq!(scale.mean, [3.0, 7.0]);
        assert_eq!(scale.deviation, [2.0, 1.0]);
        let scaled = scale.apply(&set);
        assert!(scaled.values()[2].is_nan());
        let mut known = scaled.values().to_vec();
        known.remove(2);
        assert_eq!(known, [-1.0, 0.0, 0.0, 1.0, 0.0]);
        let again = scale.undo(&scaled);
        assert!(again.values()[2].is_nan());
        let close = |(a, b): (&f32, &f32)| a.is_nan() || (a - b).abs() < 1e-5;
        assert!(again.values().iter().zip(&values).all(close));
        let mut back = scaled.values().to_vec();
        scale.restore(&mut back);
        assert_eq!((back[0], back[1], back[4]), (1.0, 7.0, 5.0));
        assert_eq!(scaled.sequence(0), set.sequence(0));
    }

    #[test]
    fn classes_have_no_scale_and_numbers_of_which_none_is_known_have_a_plain_one() {
        assert_eq!(OutputScale::of(&SequenceSet::of_tokens()), None);
        let task = Task {
            answer: Answer::Values,
            moment: Moment::End,
        };
        let set = SequenceSet::of_tokens().answering(task, 1);
        let scale = OutputScale::of(&set).unwrap();
        assert_eq!((scale.mean, scale.deviation), (vec![0.0], vec![1.0]));
    }
}

//! Enters: the numbers of the data, and those that a model answers. Leaves: [`ValueEvaluation`],
//! how far they are apart. Next: the command line prints it.

use serde::Serialize;
use set_lstm_runtime::Moment;

use crate::sequences::SequenceSet;

/// How a model does that answers numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueEvaluation {
    /// Sequences.
    pub examples: usize,
    /// Steps of which a number is known, of answers after every step; absent of answers at the
    /// end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Mean R² of the numbers that change; absent if none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// Each number by itself.
    pub outputs: Vec<OutputEvaluation>,
}

/// How far one number is off, in the units of the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutputEvaluation {
    /// Its name.
    pub name: String,
    /// Answers that are known.
    pub known: usize,
    /// Square root of the mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Standard deviation of the number itself: the `rmse` of always answering its mean.
    pub deviation: f64,
    /// `1 - (rmse / deviation)²`; absent if it never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
}

impl ValueEvaluation {
    /// Compares the answers with the targets of the set, both in the units of the data; a number
    /// that is not known (NaN) does not count.
    pub fn new(set: &SequenceSet, answers: &[f32], names: &[&str]) -> Self {
        let width = set.outputs();
        let outputs: Vec<OutputEvaluation> = (0..width)
            .map(|k| {
                let name = names
                    .get(k)
                    .map_or_else(|| k.to_string(), |&name| name.into());
                let pairs = answers.iter().zip(set.values()).skip(k).step_by(width);
                OutputEvaluation::new(name, pairs.map(|(&answer, &value)| (answer, value)))
            })
            .collect();
        let known = |answer: &&[f32]| answer.iter().any(|value| !value.is_nan());
        let steps = || set.values().chunks_exact(width).filter(known).count();
        let r2: Vec<f64> = outputs.iter().filter_map(|it| it.r2).collect();
        ValueEvaluation {
            examples: set.len(),
            steps: (set.task().moment == Moment::EveryStep).then(steps),
            r2: (!r2.is_empty()).then(|| r2.iter().sum::<f64>() / r2.len() as f64),
            outputs,
        }
    }
}

impl OutputEvaluation {
    /// Of pairs of an answer and the number that it should be.
    fn new(name: String, pairs: impl Iterator<Item = (f32, f32)> + Clone) -> Self {
        let known = pairs.filter(|(_, value)| !value.is_nan());
        let known = known.map(|(answer, value)| (f64::from(answer), f64::from(value)));
        let count = known.clone().count();
        let mean_of = |sum: f64| sum / count.max(1) as f64;
        let mean = mean_of(known.clone().map(|(_, value)| value).sum());
        let (mut square, mut absolute, mut variance) = (0.0, 0.0, 0.0);
        for (answer, value) in known {
            square += (answer - value).powi(2);
            absolute += (answer - value).abs();
            variance += (value - mean).powi(2);
        }
        OutputEvaluation {
            name,
            known: count,
            rmse: mean_of(square).sqrt(),
            mae: mean_of(absolute),
            deviation: mean_of(variance).sqrt(),
            r2: (variance > 0.0).then(|| 1.0 - square / variance),
        }
    }
}

#[cfg(test)]
mod tests {
    use set_lstm_runtime::{Answer, Task};

    use super::*;
    use crate::target::Target;

    #[test]
    fn figures_are_those_made_by_hand() {
        let task = Task {
            answer: Answer::Values,
            moment: Moment::EveryStep,
        };
        let mut set = SequenceSet::of_tokens().answering(task, 2);
        set.push([0; 2], Target::ValuesOfSteps(&[1.0, 8.0, 3.0, 8.0]));
        set.push(
            [0; 2],
            Target::ValuesOfSteps(&[5.0, f32::NAN, f32::NAN, f32::NAN]),
        );
        let answers = [2.0, 8.0, 3.0, 9.0, 3.0, 7.0, 100.0, 100.0];
        let found = ValueEvaluation::new(&set, &answers, &["speed", "height"]);
        assert_eq!((found.examples, found.steps), (2, Some(3)));
        let [speed, height] = &found.outputs[..] else {
            panic!("{found:?}");
        };
        // errors 1 0 2 of 1 3 5, errors 0 1 of 8 8
        assert_eq!((&speed.name[..], speed.known, speed.mae), ("speed", 3, 1.0));
        assert!((speed.rmse - (5.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((speed.deviation - (8.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(speed.r2, Some(1.0 - 5.0 / 8.0));
        assert_eq!((height.known, height.mae, height.r2), (2, 0.5, None));
        assert_eq!(found.r2, speed.r2);
    }
}

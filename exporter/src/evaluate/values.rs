//! Enters: the numbers of the data, and those that a model answers. Leaves: [`ValueEvaluation`],
//! how far they are apart. Next: the command line prints it.

use serde::Serialize;
use set_lstm_runtime::Moment;

use crate::report::score::{Errors, mean_r2};
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
                OutputEvaluation::new(name, Errors::of(answers, set.values(), k, width))
            })
            .collect();
        let known = |answer: &&[f32]| answer.iter().any(|value| !value.is_nan());
        let steps = || set.values().chunks_exact(width).filter(known).count();
        ValueEvaluation {
            examples: set.len(),
            steps: (set.task().moment == Moment::EveryStep).then(steps),
            r2: mean_r2(outputs.iter().map(|it| it.r2)),
            outputs,
        }
    }
}

impl OutputEvaluation {
    fn new(name: String, errors: Errors) -> Self {
        let mean_of = |sum: f64| sum / errors.known.max(1) as f64;
        OutputEvaluation {
            name,
            known: errors.known,
            rmse: mean_of(errors.square).sqrt(),
            mae: mean_of(errors.absolute),
            deviation: mean_of(errors.variance).sqrt(),
            r2: errors.r2(),
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

//! Enters: labels, and the classes that a model names. Leaves: [`ClassEvaluation`], how many it
//! gets right. Next: the command line prints it.

use serde::Serialize;
use set_lstm_runtime::Moment;

use crate::sequences::SequenceSet;
use crate::target::UNLABELLED;

/// How a model does that names classes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassEvaluation {
    /// Sequences.
    pub examples: usize,
    /// Labelled steps, of answers after every step; absent of answers at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Sequences, or labelled steps, whose class was named.
    pub correct: usize,
    /// `correct / examples`, or `correct / steps`.
    pub accuracy: f64,
    /// The mean over classes of `2 TP / (2 TP + FP + FN)`.
    pub macro_f1: f64,
    /// How many of class `[row]` were called `[column]`.
    pub confusion: Vec<Vec<usize>>, // [classes x classes]
}

impl ClassEvaluation {
    /// Counts predictions against labels, one a sequence or one a step; a step without a label
    /// does not count.
    pub fn new(set: &SequenceSet, predictions: &[u8], classes: usize) -> Self {
        let mut confusion = vec![vec![0; classes]; classes];
        let mut answers = 0;
        for (&label, &predicted) in set.labels().iter().zip(predictions) {
            if label != UNLABELLED {
                answers += 1;
                confusion[usize::from(label)][usize::from(predicted)] += 1;
            }
        }
        let correct = (0..classes).map(|class| confusion[class][class]).sum();
        let f1 = |class: usize| {
            let hits = 2 * confusion[class][class];
            let of_class: usize = confusion[class].iter().sum();
            let called: usize = confusion.iter().map(|row| row[class]).sum();
            hits as f64 / (of_class + called).max(1) as f64
        };
        ClassEvaluation {
            examples: set.len(),
            steps: (set.task().moment == Moment::EveryStep).then_some(answers),
            correct,
            accuracy: correct as f64 / answers.max(1) as f64,
            macro_f1: (0..classes).map(f1).sum::<f64>() / classes.max(1) as f64,
            confusion,
        }
    }
}

#[cfg(test)]
mod tests {
    use set_lstm_runtime::{Answer, Task};

    use super::*;
    use crate::target::Target;

    #[test]
    fn counts_are_those_made_by_hand() {
        let mut set = SequenceSet::of_tokens();
        for label in [0, 0, 0, 1, 1, 2] {
            set.push([0], label);
        }
        let evaluation = ClassEvaluation::new(&set, &[0, 0, 1, 1, 0, 2], 3);
        assert_eq!((evaluation.examples, evaluation.correct), (6, 4));
        assert_eq!(evaluation.steps, None);
        assert_eq!(evaluation.confusion, [[2, 1, 0], [1, 1, 0], [0, 0, 1]]);
        // F1: 2·2/(3+3), 2·1/(2+2), 2·1/(1+1)
        assert!((evaluation.macro_f1 - (4.0 / 6.0 + 0.5 + 1.0) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn steps_without_a_label_do_not_count() {
        let labelling = Task {
            answer: Answer::Class,
            moment: Moment::EveryStep,
        };
        let mut set = SequenceSet::of_tokens().answering(labelling, 1);
        set.push([0; 3], Target::ClassOfSteps(&[0, UNLABELLED, 1]));
        set.push([0; 1], Target::ClassOfSteps(&[1]));
        let evaluation = ClassEvaluation::new(&set, &[0, 1, 0, 1], 2);
        assert_eq!((evaluation.examples, evaluation.steps), (2, Some(3)));
        assert_eq!(evaluation.confusion, [[1, 0], [1, 1]]);
        assert!((evaluation.accuracy - 2.0 / 3.0).abs() < 1e-12);
    }
}

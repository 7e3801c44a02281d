//! Enters: nothing. Leaves: [`Target`], what one sequence is to be answered with. Next:
//! `sequences` keeps them, `train` fits them.

use set_lstm_runtime::wire::{Answer, Moment, Task};

/// The label of a step of which nobody knows the class: it is neither trained nor counted.
pub const UNLABELLED: u8 = u8::MAX;

/// What a sequence is to be answered with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target<'a> {
    /// A class, after the last step.
    Class(u8),
    /// A class after every step, or [`UNLABELLED`].
    ClassOfSteps(&'a [u8]), // [steps]
    /// Numbers, after the last step.
    Values(&'a [f32]), // [outputs]
    /// Numbers after every step; NaN where nobody knows one.
    ValuesOfSteps(&'a [f32]), // [steps x outputs]
}

impl<'a> Target<'a> {
    /// The class of the whole; `None` of any other target.
    pub fn class(self) -> Option<u8> {
        match self {
            Target::Class(class) => Some(class),
            _ => None,
        }
    }

    /// How many answers it wants of a sequence of `steps` steps.
    pub fn answers(self, steps: usize) -> usize {
        match self.task().moment {
            Moment::End => 1,
            Moment::EveryStep => steps,
        }
    }

    /// Whether somebody knows the answer, or one of its numbers; of a target of every step,
    /// that of any step.
    pub fn is_known(self) -> bool {
        match self {
            Target::Class(class) => class != UNLABELLED,
            Target::ClassOfSteps(labels) => labels.iter().any(|&label| label != UNLABELLED),
            Target::Values(values) | Target::ValuesOfSteps(values) => {
                values.iter().any(|value| !value.is_nan())
            }
        }
    }

    /// What one step is to be answered with, of `outputs` numbers if they are numbers; a
    /// target of the whole is that of its only answer, number 0.
    pub fn of_step(self, step: usize, outputs: usize) -> Self {
        match self {
            Target::Class(_) | Target::Values(_) => self,
            Target::ClassOfSteps(labels) => Target::Class(labels[step]),
            Target::ValuesOfSteps(values) => {
                Target::Values(&values[step * outputs..(step + 1) * outputs])
            }
        }
    }

    /// The kind of it.
    pub fn task(self) -> Task {
        let (answer, moment) = match self {
            Target::Class(_) => (Answer::Class, Moment::End),
            Target::ClassOfSteps(_) => (Answer::Class, Moment::EveryStep),
            Target::Values(_) => (Answer::Values, Moment::End),
            Target::ValuesOfSteps(_) => (Answer::Values, Moment::EveryStep),
        };
        Task { answer, moment }
    }

    /// The same for the last `kept` of `steps` steps.
    pub fn of_last(self, kept: usize, steps: usize) -> Self {
        let surplus = steps.saturating_sub(kept);
        match self {
            Target::Class(_) | Target::Values(_) => self,
            Target::ClassOfSteps(labels) => Target::ClassOfSteps(&labels[surplus..]),
            Target::ValuesOfSteps(values) => {
                let outputs = values.len().checked_div(steps).unwrap_or(0);
                Target::ValuesOfSteps(&values[surplus * outputs..])
            }
        }
    }
}

/// The same with its own memory, for whoever keeps it.
#[derive(Debug, Clone, PartialEq)]
pub enum KeptTarget {
    /// As [`Target::Class`].
    Class(u8),
    /// As [`Target::ClassOfSteps`].
    ClassOfSteps(Vec<u8>), // [steps]
    /// As [`Target::Values`].
    Values(Vec<f32>), // [outputs]
    /// As [`Target::ValuesOfSteps`].
    ValuesOfSteps(Vec<f32>), // [steps x outputs]
}

impl KeptTarget {
    /// What it is.
    pub fn target(&self) -> Target<'_> {
        match self {
            KeptTarget::Class(class) => Target::Class(*class),
            KeptTarget::ClassOfSteps(labels) => Target::ClassOfSteps(labels),
            KeptTarget::Values(values) => Target::Values(values),
            KeptTarget::ValuesOfSteps(values) => Target::ValuesOfSteps(values),
        }
    }
}

impl From<Target<'_>> for KeptTarget {
    fn from(target: Target<'_>) -> Self {
        match target {
            Target::Class(class) => KeptTarget::Class(class),
            Target::ClassOfSteps(labels) => KeptTarget::ClassOfSteps(labels.to_vec()),
            Target::Values(values) => KeptTarget::Values(values.to_vec()),
            Target::ValuesOfSteps(values) => KeptTarget::ValuesOfSteps(values.to_vec()),
        }
    }
}

impl From<u8> for Target<'_> {
    fn from(class: u8) -> Self {
        Target::Class(class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_one_by_one() {
        let steps = Target::ValuesOfSteps(&[1.0, f32::NAN, f32::NAN, f32::NAN]);
        assert_eq!(steps.answers(2), 2);
        let known: Vec<bool> = (0..2).map(|k| steps.of_step(k, 2).is_known()).collect();
        assert_eq!((steps.is_known(), known), (true, vec![true, false]));
        let labels = Target::ClassOfSteps(&[UNLABELLED, 3]);
        assert_eq!(labels.of_step(1, 1), Target::Class(3));
        assert!(!labels.of_step(0, 1).is_known());
        let whole = Target::Values(&[0.5]);
        assert_eq!((whole.answers(9), whole.of_step(0, 1)), (1, whole));
    }
}

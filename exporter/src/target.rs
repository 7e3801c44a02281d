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

impl Target<'_> {
    /// The class of the whole; `None` of any other target.
    pub fn class(self) -> Option<u8> {
        match self {
            Target::Class(class) => Some(class),
            _ => None,
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

impl From<u8> for Target<'_> {
    fn from(class: u8) -> Self {
        Target::Class(class)
    }
}

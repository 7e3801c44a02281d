//! Enters: byte 7 of the preamble. Leaves: [`Task`], what a model answers, and when. Next: `file`
//! reads it, and the application asks for it.

use serde::{Deserialize, Serialize};

/// What a model was trained to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Task {
    /// What the logits mean.
    pub answer: Answer,
    /// After which steps they count.
    pub moment: Moment,
}

/// What the logits of a model mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// A class (classification): one logit for two classes, else one a class.
    #[default]
    Class = 0,
    /// Numbers (regression): one logit a number, in standard deviations from its mean.
    Values = 2,
}

/// After which steps the answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Moment {
    /// After the last one of a sequence.
    #[default]
    End = 0,
    /// After every one (sequence labelling, or a regression that follows a signal).
    EveryStep = 1,
}

impl Task {
    /// A class after the last step.
    pub const CLASSIFICATION: Task = Task {
        answer: Answer::Class,
        moment: Moment::End,
    };

    /// Whether it is a class after the last step.
    pub const fn is_classification(&self) -> bool {
        self.byte() == Task::CLASSIFICATION.byte()
    }

    /// Whether it is an answer after every step.
    pub const fn is_every_step(&self) -> bool {
        matches!(self.moment, Moment::EveryStep)
    }

    /// The byte that says so.
    pub const fn byte(self) -> u8 {
        self.answer as u8 | self.moment as u8
    }

    /// What a byte says; `None` if nothing that is known.
    pub const fn of_byte(byte: u8) -> Option<Task> {
        let answer = match byte & 2 {
            0 => Answer::Class,
            _ => Answer::Values,
        };
        let moment = match byte & 1 {
            0 => Moment::End,
            _ => Moment::EveryStep,
        };
        if byte > 3 {
            return None;
        }
        Some(Task { answer, moment })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_tells_answer_and_moment() {
        for byte in 0..=3 {
            assert_eq!(Task::of_byte(byte).map(Task::byte), Some(byte));
        }
        assert_eq!(Task::of_byte(0), Some(Task::CLASSIFICATION));
        assert_eq!(Task::of_byte(4), None);
    }
}

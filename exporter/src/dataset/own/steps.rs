//! Enters: texts, tokens or samples as a program has them. Leaves: [`Steps`], those of one
//! document. Next: `own` checks and keeps them.

use crate::sequences::Token;

/// The steps of one document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Steps<'a> {
    /// A text: a step a word, as the device cuts it.
    Text(&'a str),
    /// Numbers of one's own vocabulary.
    Tokens(&'a [Token]),
    /// A recording at even intervals, raw, step by step.
    Samples(&'a [f32]), // [steps x channels]
}

impl<'a> From<&'a str> for Steps<'a> {
    fn from(text: &'a str) -> Self {
        Steps::Text(text)
    }
}

impl<'a> From<&'a [Token]> for Steps<'a> {
    fn from(tokens: &'a [Token]) -> Self {
        Steps::Tokens(tokens)
    }
}

impl<'a> From<&'a [f32]> for Steps<'a> {
    fn from(samples: &'a [f32]) -> Self {
        Steps::Samples(samples)
    }
}

/// What an iterator may hand out as the steps of a document.
pub trait KeepsSteps {
    /// The same, borrowed.
    fn steps(&self) -> Steps<'_>;
}

impl KeepsSteps for Vec<f32> {
    fn steps(&self) -> Steps<'_> {
        Steps::Samples(self)
    }
}

impl KeepsSteps for Vec<Token> {
    fn steps(&self) -> Steps<'_> {
        Steps::Tokens(self)
    }
}

impl KeepsSteps for String {
    fn steps(&self) -> Steps<'_> {
        Steps::Text(self)
    }
}

impl KeepsSteps for &str {
    fn steps(&self) -> Steps<'_> {
        Steps::Text(self)
    }
}

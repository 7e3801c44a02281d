//! Enters: a set of sequences. Leaves: [`Sample`], one of them with its target, and [`Noise`],
//! what else a loss depends on. Next: `chunk` runs up to `L` of them at a time.

use rand_chacha::ChaCha8Rng;

use crate::sequences::{Sequence, SequenceSet};
use crate::target::Target;

/// One sequence with its target.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Its tokens or samples, the last one last.
    pub inputs: Sequence<'a>,
    /// What it is to be answered with.
    pub target: Target<'a>,
}

impl<'a> Sample<'a> {
    /// The sequence of that number.
    pub fn of(set: &'a SequenceSet, index: usize) -> Self {
        Sample {
            inputs: set.sequence(index),
            target: set.target(index),
        }
    }
}

/// The sequences of those numbers.
pub fn samples<'a>(set: &'a SequenceSet, numbers: &[u32]) -> Vec<Sample<'a>> {
    let numbers = numbers.iter();
    numbers.map(|&k| Sample::of(set, k as usize)).collect()
}

/// What the loss of a chunk depends on beside weights and samples.
#[derive(Debug, Clone)]
pub struct Noise {
    /// Share of word types whose embedding is dropped in this chunk.
    pub word_dropout: f32,
    /// Share of hidden units that the output layer does not see.
    pub output_dropout: f32,
    /// Share of hidden units that are dropped at all steps of a sequence.
    pub recurrent_dropout: f32,
    /// Label smoothing.
    pub smoothing: f32,
    /// The chunk's own random stream.
    pub rng: ChaCha8Rng,
}

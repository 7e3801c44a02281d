//! Enters: the sequences of a chunk. Leaves: `W·x + b` once for every unique token or
//! for every sample, and from its gradient those of embedding, `W` and bias. Next: `chunk`.
//!
//! As in the sparse engine a token that occurs often is multiplied once, here in one
//! product for all unique tokens, and dropout is by word type. All dropped words share
//! one row, since each contributes only the bias.

use super::gradient::DenseGradient;
use super::matrix::PaddedMatrix;
use super::weights::DenseWeights;
use crate::sequences::Token;
use crate::train::parameters::{Parameters, Part, Shape};
use crate::train::words::IDLE;
use ndarray::linalg::general_mat_mul;

/// The row of all dropped words. Row [`IDLE`] is zero, as in the sparse engine.
const DROPPED: u32 = 1;
const FIRST: usize = 2;

/// Unique tokens of one chunk and their rows.
#[derive(Debug, Default)]
pub struct DenseWords {
    slot_of: Vec<u32>, // [vocabulary], IDLE = not in this chunk
    seen: Vec<Token>,  // [unique], dropped ones too
    kept: Vec<Token>,  // [slots - FIRST]
    keep: Vec<f32>,    // [slots - FIRST], 1 / (1 - dropout)
    samples: Vec<f32>, // [slots - FIRST x channels], of recordings
    channels: usize,   // of recordings
    x: PaddedMatrix,   // [slots - FIRST x embedding], keep · embedding or samples
    /// `W·x + b` of each slot; on the way back its gradient.
    pub rows: PaddedMatrix, // [slots x 4 units]
}

impl DenseWords {
    /// Forgets the last chunk.
    pub fn clear(&mut self, shape: Shape) {
        self.slot_of.resize(shape.vocabulary, IDLE);
        self.samples.clear();
        self.channels = shape.embedding;
        for &token in &self.seen {
            self.slot_of[token as usize] = IDLE;
        }
        self.seen.clear();
        self.kept.clear();
        self.keep.clear();
    }

    /// The slot of a token; a new one if this chunk has not seen it. `keep` is asked
    /// once per unique token, in order of appearance; 0 drops the word.
    pub fn slot(&mut self, token: Token, keep: impl FnOnce() -> f32) -> u32 {
        // A token beyond the vocabulary counts as the unknown word 0.
        let known = (token as usize) < self.slot_of.len();
        let token = if known { token } else { 0 };
        let slot = &mut self.slot_of[token as usize];
        if *slot == IDLE {
            self.seen.push(token);
            let keep = keep();
            *slot = if keep == 0.0 {
                DROPPED
            } else {
                self.kept.push(token);
                self.keep.push(keep);
                (FIRST + self.kept.len() - 1) as u32
            };
        }
        *slot
    }

    /// The slot of a sample, always a new one.
    pub fn sample(&mut self, values: &[f32]) -> u32 {
        let slot = FIRST + self.samples.len() / self.channels;
        self.samples.extend_from_slice(values);
        slot as u32
    }

    /// Slots with a row of their own: words that are not dropped, or samples.
    fn filled(&self) -> usize {
        self.kept.len() + self.samples.len() / self.channels
    }

    /// `rows[slot] = b + W · keep · embedding[token]`, or `b + W · sample`.
    pub fn forward(&mut self, parameters: &Parameters, weights: &DenseWeights) {
        let width = parameters.shape.embedding;
        let embedding = parameters.part(Part::Embedding);
        let filled = self.filled();
        self.x.resize(filled, width);
        for (k, (&token, &keep)) in self.kept.iter().zip(&self.keep).enumerate() {
            let from = &embedding[token as usize * width..][..width];
            for (x, value) in self.x.row_mut(k).iter_mut().zip(from) {
                *x = keep * value;
            }
        }
        for (k, sample) in self.samples.chunks_exact(width).enumerate() {
            self.x.row_mut(k)[..width].copy_from_slice(sample);
        }
        self.rows.resize(FIRST + filled, weights.bias.len());
        self.rows.row_mut(IDLE as usize).fill(0.0);
        for slot in DROPPED as usize..self.rows.rows() {
            self.rows.row_mut(slot).copy_from_slice(&weights.bias);
        }
        let mut rows = self.rows.view_mut(FIRST..FIRST + filled);
        let by_column = weights.input.whole().reversed_axes();
        general_mat_mul(1.0, &self.x.whole(), &by_column, 1.0, &mut rows);
    }

    /// Zeros in every row: before the gradients are collected in the same place.
    pub fn reset_rows(&mut self, width: usize) {
        self.rows.reset(FIRST + self.filled(), width);
    }

    /// From `rows[slot] = ∂loss/∂(W·x + b)` to the gradients of embedding, `W` and bias.
    pub fn backward(&self, weights: &DenseWeights, gradient: &mut DenseGradient) {
        gradient.bias.clear();
        gradient.bias.resize(weights.bias.len(), 0.0);
        for slot in DROPPED as usize..self.rows.rows() {
            for (sum, d) in gradient.bias.iter_mut().zip(self.rows.row(slot)) {
                *sum += d;
            }
        }
        let d = self.rows.view(FIRST..self.rows.rows());
        let (x, w) = (self.x.whole(), weights.input.whole());
        let width = w.ncols();
        gradient.input.resize(weights.bias.len(), width);
        let mut to_input = gradient.input.whole_mut();
        general_mat_mul(1.0, &d.t(), &x, 0.0, &mut to_input);
        gradient.tokens.clone_from(&self.kept);
        gradient.embedding.resize(self.kept.len(), width);
        if self.kept.is_empty() {
            return; // recordings, or no word that was not dropped
        }
        let mut to_embedding = gradient.embedding.whole_mut();
        general_mat_mul(1.0, &d, &w, 0.0, &mut to_embedding);
        for (k, &keep) in self.keep.iter().enumerate() {
            let row = gradient.embedding.row_mut(k);
            row.iter_mut().for_each(|g| *g *= keep);
        }
    }
}

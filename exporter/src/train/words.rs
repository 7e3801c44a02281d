//! Enters: the sequences of a chunk. Leaves: `W·x + b` once for every unique token or
//! for every sample, and from its gradient those of embedding, `W` and bias. Next: `lstm`.
//!
//! A chunk sees a token many times, but `W·embedding[token]` is the same each time:
//! it is computed once per unique token (a fourth to a third of the occurrences),
//! through the few connections of that token, into a row of `4 · hidden` values.
//! Dropout of embeddings is by word type: a dropped token contributes only the bias
//! in the whole chunk (Gal and Ghahramani 2016), so all dropped ones share one row.
//! A sample of a recording is an input vector as it is, and no two are taken for one.

use super::network::Network;
use super::parameters::{Part, Shape};
pub use super::simd::Line;
use super::simd::{Block, Lanes};
use crate::sequences::Token;

/// The slot of lanes whose sequence has not begun: a row of zeros. With it the
/// candidate gate is tanh(0) = 0, so cell state and hidden state stay exactly 0 and
/// every gradient that matters stays exactly 0: no lane mask is needed anywhere.
pub const IDLE: u32 = 0;

/// The slot that all dropped words share: their row is the bias. It stays in the caches,
/// where a row for each of them would not.
const DROPPED: u32 = 1;

/// The slot of the first word that is not dropped.
const FIRST: u32 = 2;

/// Unique tokens of one chunk and their rows.
#[derive(Debug, Default)]
pub struct Words {
    slot_of: Vec<u32>,   // [vocabulary], IDLE = not in this chunk
    unique: Vec<Token>,  // [slots - FIRST]; slot = position + FIRST
    dropped: Vec<Token>, // those of the slot DROPPED
    samples: Vec<f32>,   // [slots - FIRST x channels], of recordings
    channels: usize,     // of recordings
    scale: f32,          // of embeddings: 1 / (1 - dropout)
    rows: Vec<Line>,     // [slots x lines]
    lines: usize,        // of one row: 4 hidden / 16, and one more against cache-set conflicts
    input_sum: Vec<f32>, // [nnz of W, by column]
}

impl Words {
    /// Forgets the last chunk. `rows` is the number of gate rows, a multiple of 16;
    /// embeddings are multiplied by `scale`.
    pub fn clear(&mut self, shape: Shape, rows: usize, scale: f32) {
        self.slot_of.resize(shape.vocabulary, IDLE);
        self.samples.clear();
        self.channels = shape.embedding;
        for token in self.unique.drain(..).chain(self.dropped.drain(..)) {
            self.slot_of[token as usize] = IDLE;
        }
        self.scale = scale;
        self.lines = rows / 16 + 1;
    }

    /// The slot of a token; a new one if this chunk has not seen it. `is_dropped` is asked
    /// once per unique token, in order of appearance.
    pub fn slot(&mut self, token: Token, is_dropped: impl FnOnce() -> bool) -> u32 {
        // A token beyond the vocabulary counts as the unknown word 0.
        let token = if (token as usize) < self.slot_of.len() {
            token
        } else {
            0
        };
        let slot = &mut self.slot_of[token as usize];
        if *slot == IDLE {
            if is_dropped() {
                self.dropped.push(token);
                *slot = DROPPED;
            } else {
                *slot = FIRST + self.unique.len() as u32;
                self.unique.push(token);
            }
        }
        *slot
    }

    /// The slot of a sample, always a new one.
    pub fn sample(&mut self, values: &[f32]) -> u32 {
        let slot = FIRST + (self.samples.len() / self.channels) as u32;
        self.samples.extend_from_slice(values);
        slot
    }

    /// Slots with a row of their own: words that are not dropped, or samples.
    fn filled(&self) -> usize {
        self.unique.len() + self.samples.len() / self.channels
    }

    /// The row of one slot, in lines of 16 gate rows.
    #[inline(always)]
    pub fn row(&self, slot: u32) -> &[Line] {
        &self.rows[slot as usize * self.lines..][..self.lines]
    }

    /// Adds 16 gate rows, those of line `line`, to the rows of the slots, lane by lane.
    #[inline(always)]
    pub fn add<S: Lanes, const L: usize>(
        &mut self,
        simd: S,
        slots: &[u32; L],
        line: usize,
        values: &[Block<L>; 16],
    ) {
        let place = slots.map(|slot| slot as usize * self.lines + line);
        simd.transpose_add(values, &mut self.rows, place);
    }

    /// `row[slot] = b + W · embedding[token]`, or `b + W · sample`.
    #[inline(always)]
    pub fn forward(&mut self, network: &Network) {
        let parameters = &network.parameters;
        let bias = parameters.part(Part::Bias);
        let embedding = parameters.part(Part::Embedding);
        let columns = &network.input_by_column;
        self.reset_rows();
        let mut rows = self
            .rows
            .chunks_exact_mut(self.lines)
            .skip(DROPPED as usize);
        if let Some(row) = rows.next() {
            flat_mut(row)[..bias.len()].copy_from_slice(bias);
        }
        let add_column = |row: &mut [f32], column: usize, x: f32| {
            let range = columns.range(column);
            let weights = network.input_value[range.clone()].iter();
            for (&r, &w) in columns.row[range].iter().zip(weights) {
                row[r as usize] += x * w;
            }
        };
        let mut rows = rows.map(|row| {
            let row = flat_mut(row);
            row[..bias.len()].copy_from_slice(bias);
            row
        });
        for (&token, row) in self.unique.iter().zip(rows.by_ref()) {
            for e in parameters.embedding.range(token as usize) {
                let column = parameters.embedding.column[e] as usize;
                add_column(row, column, embedding[e] * self.scale);
            }
        }
        for (sample, row) in self.samples.chunks_exact(self.channels).zip(rows) {
            for (column, &x) in sample.iter().enumerate() {
                add_column(row, column, x);
            }
        }
    }

    /// Zeros in every row: before the gradients are collected in the same place.
    pub fn reset_rows(&mut self) {
        let lines = (self.filled() + FIRST as usize) * self.lines;
        self.rows.clear();
        self.rows.resize(lines, Line::default());
    }

    /// From `row[slot] = ∂loss/∂(W·x + b)` to the gradients of embedding, `W` and bias,
    /// which are added to `gradient`.
    #[inline(always)]
    pub fn backward(&mut self, network: &Network, gradient: &mut [f32]) {
        let parameters = &network.parameters;
        let embedding = parameters.part(Part::Embedding);
        let columns = &network.input_by_column;
        let bias = parameters.range(Part::Bias);
        self.input_sum.clear();
        self.input_sum.resize(network.input_value.len(), 0.0);
        let mut rows = self.rows.chunks_exact(self.lines).skip(DROPPED as usize);
        if let Some(row) = rows.next() {
            add(flat(row), &mut gradient[bias.clone()]);
        }
        let mut rows = rows.map(flat);
        for (&token, row) in self.unique.iter().zip(rows.by_ref()) {
            add(row, &mut gradient[bias.clone()]);
            for e in parameters.embedding.range(token as usize) {
                let x = embedding[e] * self.scale;
                let range = columns.range(parameters.embedding.column[e] as usize);
                let mut dot = 0.0;
                for ((&r, &w), g) in columns.row[range.clone()]
                    .iter()
                    .zip(&network.input_value[range.clone()])
                    .zip(&mut self.input_sum[range])
                {
                    let d = row[r as usize];
                    dot += w * d;
                    *g += x * d;
                }
                gradient[e] += self.scale * dot;
            }
        }
        for (sample, row) in self.samples.chunks_exact(self.channels).zip(rows) {
            add(row, &mut gradient[bias.clone()]);
            for (column, &x) in sample.iter().enumerate() {
                let range = columns.range(column);
                let sums = self.input_sum[range.clone()].iter_mut();
                for (&r, g) in columns.row[range].iter().zip(sums) {
                    *g += x * row[r as usize];
                }
            }
        }
        let input = parameters.range(Part::Input);
        for (&k, sum) in columns.connection.iter().zip(&self.input_sum) {
            gradient[input.start + k as usize] += sum;
        }
    }
}

/// The values of a row of lines, one after the other.
#[inline(always)]
fn flat_mut(lines: &mut [Line]) -> &mut [f32] {
    bytemuck::must_cast_slice_mut(lines)
}

/// The same to read.
#[inline(always)]
fn flat(lines: &[Line]) -> &[f32] {
    bytemuck::must_cast_slice(lines)
}

#[inline(always)]
fn add(values: &[f32], sums: &mut [f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

//! Enters: the gradients of one chunk, each where its product left it. Leaves: their
//! sum in the order of the parameters. Next: `optimizer` takes the sum of a batch.
//!
//! Embedding rows exist only for the tokens that the chunk kept: a chunk needs 3 MB,
//! not the 23 MB of a whole gradient.

use super::matrix::PaddedMatrix;
use super::weights::gate_rows;
use crate::sequences::Token;
use crate::train::parameters::{Parameters, Part, Shape};

/// Gradient of one chunk.
#[derive(Debug, Default)]
pub struct DenseGradient {
    /// Tokens that have embedding rows.
    pub tokens: Vec<Token>, // [tokens]
    /// Of their embedding rows.
    pub embedding: PaddedMatrix, // [tokens x embedding]
    /// Of `W`, in the order of `weights`.
    pub input: PaddedMatrix, // [4 units x embedding]
    /// Of `U`, in the order of `weights`.
    pub recurrent: PaddedMatrix, // [4 units x units]
    /// Of the biases, in the order of `weights`.
    pub bias: Vec<f32>, // [4 units]
    /// Of the output layer.
    pub head: Vec<f32>, // [logits x hidden]
    /// Of its biases.
    pub head_bias: Vec<f32>, // [logits]
}

impl DenseGradient {
    /// Nothing yet of the output layer.
    pub fn clear_head(&mut self, shape: Shape) {
        self.head.clear();
        self.head.resize(shape.logits * shape.hidden, 0.0);
        self.head_bias.clear();
        self.head_bias.resize(shape.logits, 0.0);
    }

    /// Adds it to a gradient in the order of the parameters.
    pub fn add_to(&self, parameters: &Parameters, gradient: &mut [f32]) {
        let (width, hidden) = (parameters.shape.embedding, parameters.shape.hidden);
        let start = |part| parameters.range(part).start;
        let (input, recurrent) = (start(Part::Input), start(Part::Recurrent));
        let bias = start(Part::Bias);
        for (k, &token) in self.tokens.iter().enumerate() {
            let to = start(Part::Embedding) + token as usize * width;
            add(&mut gradient[to..], self.embedding.row(k));
        }
        for (from, to) in gate_rows(hidden) {
            add(&mut gradient[input + to * width..], self.input.row(from));
            add(
                &mut gradient[recurrent + to * hidden..],
                &self.recurrent.row(from)[..hidden],
            );
            gradient[bias + to] += self.bias[from];
        }
        add(&mut gradient[start(Part::Head)..], &self.head);
        add(&mut gradient[start(Part::HeadBias)..], &self.head_bias);
    }
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

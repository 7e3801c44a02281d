//! Enters: what training grew. Leaves: [`SparseModel`], the plain f32 model that
//! evaluation, quantising and packing read. Next: `quantize`.
//!
//! Nothing here is dense: a matrix is its existing connections in compressed
//! sparse rows, and each of the eight gate matrices has a topology of its own.

use set_lstm_runtime::gate::Gate;

use crate::output_scale::OutputScale;

/// A sparse matrix in compressed sparse rows, columns ascending within a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseMatrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Where each row begins in `column` and `value`; one more entry than rows.
    pub row_start: Vec<u32>, // [rows + 1]
    /// Column of each connection, strictly ascending within its row.
    pub column: Vec<u16>, // [nnz]
    /// Weight of each connection.
    pub value: Vec<f32>, // [nnz]
}

impl SparseMatrix {
    /// Number of connections (stored entries, a stored zero included).
    pub fn nnz(&self) -> usize {
        self.column.len()
    }

    /// Connections over positions, 0 to 1.
    pub fn density(&self) -> f64 {
        self.nnz() as f64 / (self.rows * self.columns).max(1) as f64
    }

    /// The connections of one row: columns and weights.
    pub fn row(&self, row: usize) -> (&[u16], &[f32]) {
        let range = self.row_start[row] as usize..self.row_start[row + 1] as usize;
        (&self.column[range.clone()], &self.value[range])
    }
}

/// One layer of a stack, above the first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseLayer {
    /// `W`, one matrix a gate, in the order of [`Gate::ALL`].
    pub input: [SparseMatrix; Gate::COUNT], // each [hidden size x hidden size below]
    /// `U`, one matrix a gate.
    pub recurrent: [SparseMatrix; Gate::COUNT], // each [hidden size x hidden size]
    /// One bias a gate and unit.
    pub bias: [Vec<f32>; Gate::COUNT], // each [hidden size]
}

/// A layer of a model, wherever it stands.
#[derive(Debug, Clone, Copy)]
pub struct LayerView<'a> {
    /// `W`, one matrix a gate.
    pub input: &'a [SparseMatrix; Gate::COUNT],
    /// `U`, one matrix a gate.
    pub recurrent: &'a [SparseMatrix; Gate::COUNT],
    /// One bias a gate and unit.
    pub bias: &'a [Vec<f32>; Gate::COUNT],
}

impl LayerView<'_> {
    /// Number of hidden units.
    pub fn hidden_size(&self) -> usize {
        self.recurrent[0].rows
    }

    /// Length of an input.
    pub fn input_size(&self) -> usize {
        self.input[0].columns
    }
}

/// An LSTM with a sparse embedding and a dense linear head, in f32. Training makes one layer; a
/// stack of several comes from elsewhere.
///
/// The formula is the usual one, for gates `i f g o`:
/// `pre = W x + U h + b; c = σ(f)·c + σ(i)·tanh(g); h = σ(o)·tanh(c)`,
/// and the logits are `head · h_T + head_bias` of the last state.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseModel {
    /// One row a token, one column an input feature; without rows the inputs are samples.
    pub embedding: SparseMatrix, // [vocabulary x embedding size]
    /// `W`, one matrix a gate, in the order of [`Gate::ALL`].
    pub input: [SparseMatrix; Gate::COUNT], // each [hidden size x embedding size]
    /// `U`, one matrix a gate, in the order of [`Gate::ALL`].
    pub recurrent: [SparseMatrix; Gate::COUNT], // each [hidden size x hidden size]
    /// One bias a gate and unit.
    pub bias: [Vec<f32>; Gate::COUNT], // each [hidden size]
    /// Layers above the first, each reading the hidden state of the one below.
    pub upper: Vec<SparseLayer>,
    /// Output layer, row-major.
    pub head: Vec<f32>, // [logits x hidden size]
    /// One bias a logit. Two classes share one logit: positive means class 1.
    pub head_bias: Vec<f32>, // [logits]
}

impl SparseModel {
    /// Number of tokens that the embedding knows; 0 if the inputs are samples.
    pub fn vocabulary_size(&self) -> usize {
        self.embedding.rows
    }

    /// Length of an embedding row or channels of a sample, the LSTM's input size.
    pub fn embedding_size(&self) -> usize {
        self.embedding.columns
    }

    /// Numbers of a sample; `None` if the inputs are tokens.
    pub fn channels(&self) -> Option<usize> {
        (self.vocabulary_size() == 0).then_some(self.embedding_size())
    }

    /// All layers, the first one's first.
    pub fn layers(&self) -> impl Iterator<Item = LayerView<'_>> + Clone {
        let first = LayerView {
            input: &self.input,
            recurrent: &self.recurrent,
            bias: &self.bias,
        };
        let upper = self.upper.iter().map(|layer| LayerView {
            input: &layer.input,
            recurrent: &layer.recurrent,
            bias: &layer.bias,
        });
        std::iter::once(first).chain(upper)
    }

    /// Number of hidden units, of the last layer if there are several.
    pub fn hidden_size(&self) -> usize {
        let last = self
            .upper
            .last()
            .map_or(&self.recurrent, |layer| &layer.recurrent);
        last[0].rows
    }

    /// Number of logits: one for two classes, else one a class.
    pub fn logits(&self) -> usize {
        self.head_bias.len()
    }

    /// Number of classes that the logits tell apart.
    pub fn classes(&self) -> usize {
        if self.logits() == 1 { 2 } else { self.logits() }
    }

    /// The same answers from logits of another scale: `w' = w·d/d'`, and the bias
    /// `b' = (b·d + m - m')/d'`, with mean `m` and deviation `d` before, `m'` and `d'` after.
    pub fn rescale_outputs(&mut self, from: &OutputScale, to: &OutputScale) {
        let hidden = self.head.len() / self.logits().max(1);
        let rows = self.head.chunks_exact_mut(hidden.max(1));
        for (output, (row, bias)) in rows.zip(&mut self.head_bias).enumerate() {
            let [before, after] = [from, to].map(|scale| {
                let [mean, deviation] = [scale.mean[output], scale.deviation[output]];
                [mean, deviation].map(f64::from)
            });
            let moved = f64::from(*bias) * before[1] + before[0] - after[0];
            *bias = (moved / after[1]) as f32;
            row.iter_mut()
                .for_each(|weight| *weight = (f64::from(*weight) * before[1] / after[1]) as f32);
        }
    }

    /// Connections of the gate matrices of all layers together.
    pub fn gate_connections(&self) -> usize {
        let matrices = self
            .layers()
            .flat_map(|layer| layer.input.iter().chain(layer.recurrent));
        matrices.map(SparseMatrix::nnz).sum()
    }

    /// Parameters that exist: connections, biases and output layer.
    pub fn parameters(&self) -> usize {
        self.embedding.nnz()
            + self.gate_connections()
            + self
                .layers()
                .flat_map(|layer| layer.bias.iter().map(Vec::len))
                .sum::<usize>()
            + self.head.len()
            + self.head_bias.len()
    }

    /// Parameters of the fully connected counterpart of the same sizes.
    pub fn dense_parameters(&self) -> usize {
        let layers = self.layers().map(|layer| {
            let (input, hidden) = (layer.input_size(), layer.hidden_size());
            Gate::COUNT * hidden * (input + hidden + 1)
        });
        self.vocabulary_size() * self.embedding_size()
            + layers.sum::<usize>()
            + self.logits() * (self.hidden_size() + 1)
    }
}

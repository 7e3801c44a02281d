//! Enters: what training grew. Leaves: [`SparseModel`], the plain f32 model that
//! evaluation, quantising and packing read. Next: `quantize`.
//!
//! Nothing here is dense: a matrix is its existing connections in compressed
//! sparse rows, and each of the eight gate matrices has a topology of its own.

use set_lstm_runtime::gate::Gate;

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

/// A single-layer LSTM with a sparse embedding and a dense linear head, in f32.
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

    /// Number of hidden units.
    pub fn hidden_size(&self) -> usize {
        self.recurrent[0].rows
    }

    /// Number of logits: one for two classes, else one a class.
    pub fn logits(&self) -> usize {
        self.head_bias.len()
    }

    /// Number of classes that the logits tell apart.
    pub fn classes(&self) -> usize {
        if self.logits() == 1 { 2 } else { self.logits() }
    }

    /// Connections of the eight gate matrices together.
    pub fn gate_connections(&self) -> usize {
        self.input
            .iter()
            .chain(&self.recurrent)
            .map(SparseMatrix::nnz)
            .sum()
    }

    /// Parameters that exist: connections, biases and output layer.
    pub fn parameters(&self) -> usize {
        self.embedding.nnz()
            + self.gate_connections()
            + self.bias.iter().map(Vec::len).sum::<usize>()
            + self.head.len()
            + self.head_bias.len()
    }

    /// Parameters of the fully connected counterpart of the same sizes.
    pub fn dense_parameters(&self) -> usize {
        let (v, e, h, l) = (
            self.vocabulary_size(),
            self.embedding_size(),
            self.hidden_size(),
            self.logits(),
        );
        v * e + Gate::COUNT * h * (e + h + 1) + l * (h + 1)
    }
}

//! Enters: [`Parameters`] in which every connection exists. Leaves: [`DenseWeights`],
//! the gate matrices in the order that the products want. Next: `chunk` and `words`.
//!
//! A row of `W`, `U` and bias is `4 · unit + gate` among the parameters and
//! `gate · units + unit` here: the gates of neighbouring units stand side by side, so
//! that gate functions run over whole vectors without moving a value. Units are padded
//! with zero weights to a multiple of sixteen: such a unit's candidate is tanh(0) = 0,
//! so its state and all its gradients stay exactly 0.

use super::matrix::PaddedMatrix;
use crate::train::parameters::{Parameters, Part, Shape, row};
use set_lstm_runtime::gate::Gate;

/// Units come in whole vectors.
const GROUP: usize = 16;

/// `W`, `U` and bias, copied once a batch.
#[derive(Debug, Default)]
pub struct DenseWeights {
    units: usize, // hidden, padded
    /// `W`.
    pub input: PaddedMatrix, // [4 units x embedding]
    /// `U`.
    pub recurrent: PaddedMatrix, // [4 units x units]
    /// `U` with its rows as columns.
    pub recurrent_by_column: PaddedMatrix, // [units x 4 units]
    /// Biases.
    pub bias: Vec<f32>, // [4 units]
}

/// Hidden units with their padding.
pub fn padded(hidden: usize) -> usize {
    hidden.next_multiple_of(GROUP)
}

/// Where the gates of the hidden units stand: `(row here, row among the parameters)`.
pub fn gate_rows(hidden: usize) -> impl Iterator<Item = (usize, usize)> {
    let units = padded(hidden);
    Gate::ALL.into_iter().flat_map(move |gate| {
        (0..hidden).map(move |unit| (gate.index() * units + unit, row(unit, gate)))
    })
}

impl DenseWeights {
    /// Copies the weights.
    ///
    /// # Panics
    /// If a connection is missing: then the sparse engine is the one to take.
    pub fn fill(&mut self, parameters: &Parameters) {
        let Shape {
            vocabulary,
            embedding,
            hidden,
            ..
        } = parameters.shape;
        assert!(
            parameters.embedding.nnz() == vocabulary * embedding
                && parameters.input.nnz() == Gate::COUNT * hidden * embedding
                && parameters.recurrent.nnz() == Gate::COUNT * hidden * hidden,
            "a connection is missing: train these parameters with the sparse engine"
        );
        self.units = padded(hidden);
        let rows = Gate::COUNT * self.units;
        self.input.reset(rows, embedding);
        self.recurrent.reset(rows, self.units);
        self.recurrent_by_column.reset(self.units, rows);
        self.bias.clear();
        self.bias.resize(rows, 0.0);
        let input = parameters.part(Part::Input);
        let recurrent = parameters.part(Part::Recurrent);
        let bias = parameters.part(Part::Bias);
        for (to, from) in gate_rows(hidden) {
            self.input
                .row_mut(to)
                .copy_from_slice(&input[from * embedding..][..embedding]);
            self.recurrent.row_mut(to)[..hidden]
                .copy_from_slice(&recurrent[from * hidden..][..hidden]);
            self.bias[to] = bias[from];
        }
        let transposed = self.recurrent.whole().reversed_axes();
        self.recurrent_by_column.whole_mut().assign(&transposed);
    }

    /// Hidden units, padded.
    pub fn units(&self) -> usize {
        self.units
    }
}

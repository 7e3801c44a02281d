//! Enters: [`Parameters`]. Leaves: [`Network`], the same weights also by columns, as
//! the kernels read them. Next: `chunk`, in every thread at once.

use super::parameters::{Parameters, Part};
use super::topology::Transposed;

/// A read-only view of the weights for one batch.
#[derive(Debug, Clone)]
pub struct Network {
    /// Weights and topology.
    pub parameters: Parameters,
    /// `W` by columns.
    pub input_by_column: Transposed,
    /// Weights of `W` by columns.
    pub input_value: Vec<f32>, // [nnz of W]
    /// `U` by columns.
    pub recurrent_by_column: Transposed,
    /// Weights of `U` by columns.
    pub recurrent_value: Vec<f32>, // [nnz of U]
}

impl Network {
    /// Sorts the connections by column once.
    pub fn new(parameters: Parameters) -> Self {
        let input_by_column = parameters.input.transposed(parameters.shape.embedding);
        let recurrent_by_column = parameters.recurrent.transposed(parameters.shape.hidden);
        let mut network = Network {
            input_value: vec![0.0; input_by_column.row.len()],
            recurrent_value: vec![0.0; recurrent_by_column.row.len()],
            parameters,
            input_by_column,
            recurrent_by_column,
        };
        network.refresh();
        network
    }

    /// Copies changed weights into the column order: after every optimiser step.
    pub fn refresh(&mut self) {
        let parameters = &self.parameters;
        copy(
            parameters.part(Part::Input),
            &self.input_by_column,
            &mut self.input_value,
        );
        copy(
            parameters.part(Part::Recurrent),
            &self.recurrent_by_column,
            &mut self.recurrent_value,
        );
    }
}

fn copy(by_row: &[f32], order: &Transposed, by_column: &mut [f32]) {
    for (value, &k) in by_column.iter_mut().zip(&order.connection) {
        *value = by_row[k as usize];
    }
}

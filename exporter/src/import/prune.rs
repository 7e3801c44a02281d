//! Enters: [`DenseNetwork`] and how many connections shall stay. Leaves: [`SparseModel`], the
//! largest of each matrix. Next: `run` keeps it, the trainer goes on from it.
//!
//! A weight's magnitude is the simplest measure of what it does, and a good one if training
//! goes on afterwards (Han et al., NeurIPS 2015). Each gate's matrix is pruned by itself, as
//! it also evolves by itself.

use set_lstm_runtime::gate::Gate;

use super::network::DenseNetwork;
use crate::sparse_model::{SparseLayer, SparseMatrix, SparseModel};
use crate::train::topology::Density;

/// How many connections stay; absent: all that are not zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct KeptDensities {
    /// Of the embedding.
    pub embedding: Option<Density>,
    /// Of each `W`.
    pub input: Option<Density>,
    /// Of each `U`.
    pub recurrent: Option<Density>,
}

/// The model of the connections that stay.
pub fn sparse_model(network: &DenseNetwork, kept: KeptDensities) -> SparseModel {
    let gates = |all: &[Vec<f32>; Gate::COUNT], columns, density| {
        Gate::ALL.map(|gate| largest(&all[gate.index()], columns, density))
    };
    let mut layers = network.layers.iter().map(|layer| SparseLayer {
        input: gates(&layer.input, layer.inputs, kept.input),
        recurrent: gates(&layer.recurrent, layer.hidden, kept.recurrent),
        bias: layer.bias.clone(),
    });
    let first = layers.next().unwrap_or_default();
    let embedding = match &network.embedding {
        Some(embedding) => largest(&embedding.data, network.inputs(), kept.embedding),
        None => largest(&[], network.inputs(), None),
    };
    SparseModel {
        embedding,
        input: first.input,
        recurrent: first.recurrent,
        bias: first.bias,
        upper: layers.collect(),
        head: network.head.weight.clone(),
        head_bias: network.head.bias.clone(),
    }
}

/// The largest weights of a row-major matrix, of equal ones the first; a zero never stays.
fn largest(values: &[f32], columns: usize, density: Option<Density>) -> SparseMatrix {
    let rows = values.len() / columns.max(1);
    let mut order: Vec<usize> = (0..values.len()).filter(|&k| values[k] != 0.0).collect();
    if let Some(density) = density {
        // a stable sort: equal ones stay in the order of the matrix
        order.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()));
        order.truncate(density.connections(rows, columns));
        order.sort_unstable();
    }
    let mut matrix = SparseMatrix {
        rows,
        columns,
        row_start: vec![0],
        ..SparseMatrix::default()
    };
    let mut kept = order.into_iter().peekable();
    for row in 0..rows {
        while let Some(k) = kept.next_if(|k| k / columns == row) {
            matrix.column.push((k % columns) as u16);
            matrix.value.push(values[k]);
        }
        matrix.row_start.push(matrix.column.len() as u32);
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f32; 6] = [0.1, -3.0, 0.0, 2.0, -0.1, 0.0];

    #[test]
    fn the_largest_stay_and_of_equal_ones_the_first() {
        let matrix = largest(&VALUES, 3, Some(Density::Share(0.5)));
        assert_eq!((matrix.rows, matrix.columns), (2, 3));
        assert_eq!(matrix.row_start, [0, 2, 3]);
        assert_eq!(matrix.column, [0, 1, 0]);
        assert_eq!(matrix.value, [0.1, -3.0, 2.0]);
    }

    #[test]
    fn without_a_density_all_stay_but_zeros() {
        for density in [None, Some(Density::Share(1.0))] {
            let matrix = largest(&VALUES, 2, density);
            assert_eq!(matrix.row_start, [0, 2, 3, 4]);
            assert_eq!(matrix.column, [0, 1, 1, 0]);
        }
    }

    #[test]
    fn no_rows_are_a_matrix_too() {
        let matrix = largest(&[], 9, None);
        assert_eq!(
            (matrix.rows, matrix.columns, matrix.row_start),
            (0, 9, vec![0])
        );
    }
}

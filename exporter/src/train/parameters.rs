//! Enters: sizes, densities, a seed. Leaves: [`Parameters`], every weight that exists,
//! in one flat vector. Next: `chunk` computes gradients of the same shape.
//!
//! Order of the flat vector (optimiser state and gradients share it):
//!
//! | part | entries | order |
//! |---|---|---|
//! | embedding | its connections | by token, then feature |
//! | input `W` | its connections | by row, then feature |
//! | recurrent `U` | its connections | by row, then unit |
//! | bias | 4 · hidden | by row |
//! | head | logits · hidden | by logit, then unit |
//! | head bias | logits | |
//!
//! A row of `W`, `U` and bias is `4 · unit + gate`: the four gates of a unit stand
//! together, so that a step works on a few units at a time in the first-level cache.
//! Each of the eight gate matrices still has a topology of its own: every fourth row.

use super::topology::{Density, Topology, erdos_renyi, multiples};
use crate::sparse_model::{SparseMatrix, SparseModel};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use set_lstm_runtime::gate::Gate;
use std::ops::Range;

/// Sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// Tokens that the embedding knows; 0 where samples come in its place.
    pub vocabulary: usize,
    /// Length of an embedding row, or channels of a sample.
    pub embedding: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Outputs: one for two classes, else one a class.
    pub logits: usize,
}

/// Connections at the start, a density per kind of matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Densities {
    /// Of the embedding.
    pub embedding: Density,
    /// Of each `W`.
    pub input: Density,
    /// Of each `U`.
    pub recurrent: Density,
    /// Row lengths of `W` and `U` are multiples of this.
    pub fan_in_multiple: usize,
    /// Whether the four gates have one topology.
    pub shared: bool,
}

impl Densities {
    /// The same everywhere, rows of any length.
    pub const fn even(density: Density) -> Self {
        Densities {
            embedding: density,
            input: density,
            recurrent: density,
            fan_in_multiple: 1,
            shared: false,
        }
    }
}

/// Standard deviations of the weights at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InitialScale {
    /// Of the embedding.
    pub embedding: f32,
    /// Of `W`. About 1, since a token meets only a few connections of a row; for samples,
    /// which meet all, times `1/√fan-in` of its row.
    pub input: f32,
    /// Of `U`, times `1/√fan-in` of its row.
    pub recurrent: f32,
    /// Bias of the forget gate.
    pub forget_bias: f32,
}

/// One part of the flat vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Embedding connections.
    Embedding,
    /// Connections of the four `W`.
    Input,
    /// Connections of the four `U`.
    Recurrent,
    /// Biases of the gates.
    Bias,
    /// Weights of the output layer.
    Head,
    /// Biases of the output layer.
    HeadBias,
}

/// Every weight that exists, and where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters {
    /// Sizes.
    pub shape: Shape,
    /// Connections of the embedding.
    pub embedding: Topology, // [vocabulary x embedding]
    /// Connections of the four `W`, row `4 · unit + gate`.
    pub input: Topology, // [4 hidden x embedding]
    /// Connections of the four `U`, row `4 · unit + gate`.
    pub recurrent: Topology, // [4 hidden x hidden]
    /// The weights.
    pub value: Vec<f32>, // [parameters]
}

/// A random stream of its own for every purpose, so that no draw shifts another's.
pub fn stream(seed: u64, purpose: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose);
    rng
}

/// A standard normal number (Box and Muller 1958).
pub fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    let radius = (-2.0 * libm::log(1.0 - u)).sqrt();
    (radius * libm::cos(std::f64::consts::TAU * v)) as f32
}

impl Parameters {
    /// A random sparse network: Erdős–Rényi topologies, normal weights.
    pub fn random(shape: Shape, densities: Densities, scale: InitialScale, seed: u64) -> Self {
        let Shape {
            vocabulary: v,
            embedding: e,
            hidden: h,
            ..
        } = shape;
        let mut rng = stream(seed, 0);
        let mut random = |rows, columns, density: Density, multiple| {
            let count = density.connections(rows, columns);
            match multiple {
                1 => erdos_renyi(rows, columns, count, &mut rng),
                _ => multiples(rows, columns, count, multiple, &mut rng),
            }
        };
        let embedding = random(v, e, densities.embedding, 1);
        let [in_input, in_recurrent] = [e, h].map(|c| multiple_in(densities.fan_in_multiple, c));
        let mut gates = |columns, density, multiple| {
            if densities.shared {
                let one = random(h, columns, density, multiple);
                Gate::ALL.map(|_| one.clone())
            } else {
                Gate::ALL.map(|_| random(h, columns, density, multiple))
            }
        };
        let input = gates(e, densities.input, in_input);
        let recurrent = gates(h, densities.recurrent, in_recurrent);
        let mut parameters = Parameters {
            shape,
            embedding: Topology::from_positions(v, e, &embedding),
            input: interleave(&input, h, e),
            recurrent: interleave(&recurrent, h, h),
            value: Vec::new(),
        };
        parameters.value = vec![0.0; parameters.range(Part::HeadBias).end];
        parameters.draw_weights(scale, seed);
        parameters
    }

    fn draw_weights(&mut self, scale: InitialScale, seed: u64) {
        let mut rng = stream(seed, 1);
        for k in self.range(Part::Embedding) {
            self.value[k] = scale.embedding * normal(&mut rng);
        }
        let start = self.range(Part::Input).start;
        for row in 0..self.input.rows() {
            let range = self.input.range(row);
            let met = if self.shape.vocabulary > 0 {
                1
            } else {
                range.len()
            };
            let deviation = scale.input / (met.max(1) as f32).sqrt();
            for k in range {
                self.value[start + k] = deviation * normal(&mut rng);
            }
        }
        let start = self.range(Part::Recurrent).start;
        for row in 0..self.recurrent.rows() {
            let range = self.recurrent.range(row);
            let deviation = scale.recurrent / (range.len().max(1) as f32).sqrt();
            for k in range {
                self.value[start + k] = deviation * normal(&mut rng);
            }
        }
        let bias = self.range(Part::Bias);
        for unit in 0..self.shape.hidden {
            self.value[bias.start + row(unit, Gate::Forget)] = scale.forget_bias;
        }
        let deviation = 1.0 / (self.shape.hidden as f32).sqrt();
        for k in self.range(Part::Head) {
            self.value[k] = deviation * normal(&mut rng);
        }
    }

    /// Where a part lies in the flat vector.
    pub fn range(&self, part: Part) -> Range<usize> {
        let Shape { hidden, logits, .. } = self.shape;
        let lengths = [
            self.embedding.nnz(),
            self.input.nnz(),
            self.recurrent.nnz(),
            Gate::COUNT * hidden,
            logits * hidden,
            logits,
        ];
        let index = part as usize;
        let start = lengths[..index].iter().sum();
        start..start + lengths[index]
    }

    /// The weights of one part.
    pub fn part(&self, part: Part) -> &[f32] {
        &self.value[self.range(part)]
    }

    /// Number of parameters that exist.
    pub fn count(&self) -> usize {
        self.value.len()
    }

    /// Whether every connection exists.
    pub fn is_full(&self) -> bool {
        let Shape {
            vocabulary,
            embedding,
            hidden,
            ..
        } = self.shape;
        self.embedding.nnz() == vocabulary * embedding
            && self.input.nnz() == Gate::COUNT * hidden * embedding
            && self.recurrent.nnz() == Gate::COUNT * hidden * hidden
    }

    /// Whether topologies and weights fit the shape and each other: for what was read from
    /// a file.
    pub fn is_consistent(&self) -> bool {
        let Shape {
            vocabulary,
            embedding,
            hidden,
            ..
        } = self.shape;
        self.embedding.is_valid(vocabulary, embedding)
            && self.input.is_valid(Gate::COUNT * hidden, embedding)
            && self.recurrent.is_valid(Gate::COUNT * hidden, hidden)
            && self.value.len() == self.range(Part::HeadBias).end
    }

    /// The same network in the form that evaluation and packing read, with `value`
    /// in place of the own weights (the running average, say).
    pub fn to_model(&self, value: &[f32]) -> SparseModel {
        let Shape {
            vocabulary,
            embedding,
            hidden,
            ..
        } = self.shape;
        let part = |part| &value[self.range(part)];
        let gates = |topology: &Topology, values: &[f32], columns| {
            Gate::ALL.map(|gate| every_fourth_row(topology, values, gate, hidden, columns))
        };
        let bias = part(Part::Bias);
        SparseModel {
            embedding: SparseMatrix {
                rows: vocabulary,
                columns: embedding,
                row_start: self.embedding.row_start.clone(),
                column: self.embedding.column.clone(),
                value: part(Part::Embedding).to_vec(),
            },
            input: gates(&self.input, part(Part::Input), embedding),
            recurrent: gates(&self.recurrent, part(Part::Recurrent), hidden),
            bias: Gate::ALL.map(|gate| (0..hidden).map(|u| bias[row(u, gate)]).collect()),
            upper: Vec::new(),
            head: part(Part::Head).to_vec(),
            head_bias: part(Part::HeadBias).to_vec(),
        }
    }

    /// Back from the form of [`Parameters::to_model`].
    pub fn from_model(model: &SparseModel) -> Self {
        let shape = Shape {
            vocabulary: model.vocabulary_size(),
            embedding: model.embedding_size(),
            hidden: model.hidden_size(),
            logits: model.logits(),
        };
        let mut value = model.embedding.value.clone();
        let mut stack = |gates: &[SparseMatrix; Gate::COUNT]| {
            let mut topology = Topology {
                row_start: vec![0],
                column: Vec::new(),
            };
            for unit in 0..shape.hidden {
                for gate in gates {
                    let (columns, values) = gate.row(unit);
                    topology.column.extend_from_slice(columns);
                    topology.row_start.push(topology.column.len() as u32);
                    value.extend_from_slice(values);
                }
            }
            topology
        };
        let input = stack(&model.input);
        let recurrent = stack(&model.recurrent);
        for unit in 0..shape.hidden {
            value.extend(Gate::ALL.map(|gate| model.bias[gate.index()][unit]));
        }
        value.extend_from_slice(&model.head);
        value.extend_from_slice(&model.head_bias);
        let embedding = Topology {
            row_start: model.embedding.row_start.clone(),
            column: model.embedding.column.clone(),
        };
        Parameters {
            shape,
            embedding,
            input,
            recurrent,
            value,
        }
    }
}

/// What row lengths are multiples of where `multiple` was asked for: rows with fewer
/// columns than that (the channels of a recording) have any length.
pub fn multiple_in(multiple: usize, columns: usize) -> usize {
    if columns < multiple { 1 } else { multiple }
}

/// Row of a gate of a unit in the stacked matrices.
#[inline(always)]
pub fn row(unit: usize, gate: Gate) -> usize {
    Gate::COUNT * unit + gate.index()
}

/// Stacks four `hidden × columns` matrices, given as positions, unit by unit.
pub fn interleave(gates: &[Vec<u32>; Gate::COUNT], hidden: usize, columns: usize) -> Topology {
    let mut all: Vec<u32> = Vec::with_capacity(gates.iter().map(Vec::len).sum());
    for gate in Gate::ALL {
        all.extend(gates[gate.index()].iter().map(|&position| {
            let (unit, column) = (position as usize / columns, position as usize % columns);
            (row(unit, gate) * columns + column) as u32
        }));
    }
    all.sort_unstable();
    Topology::from_positions(Gate::COUNT * hidden, columns, &all)
}

fn every_fourth_row(
    topology: &Topology,
    values: &[f32],
    gate: Gate,
    hidden: usize,
    columns: usize,
) -> SparseMatrix {
    let mut matrix = SparseMatrix {
        rows: hidden,
        columns,
        row_start: vec![0],
        ..SparseMatrix::default()
    };
    for unit in 0..hidden {
        let range = topology.range(row(unit, gate));
        matrix
            .column
            .extend_from_slice(&topology.column[range.clone()]);
        matrix.value.extend_from_slice(&values[range]);
        matrix.row_start.push(matrix.column.len() as u32);
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_survives_the_round_trip() {
        let shape = Shape {
            vocabulary: 50,
            embedding: 12,
            hidden: 8,
            logits: 3,
        };
        let densities = Densities {
            embedding: Density::Share(0.2),
            input: Density::Epsilon(1.5),
            recurrent: Density::Share(0.3),
            fan_in_multiple: 1,
            shared: false,
        };
        let scale = InitialScale {
            embedding: 0.1,
            input: 1.0,
            recurrent: 1.0,
            forget_bias: 1.0,
        };
        let parameters = Parameters::random(shape, densities, scale, 7);
        let model = parameters.to_model(&parameters.value);
        assert_eq!(model.parameters(), parameters.count());
        assert_eq!(model.embedding.nnz(), 120);
        assert_eq!(model.input[2].nnz(), 30);
        assert_eq!(model.bias[Gate::Forget.index()], vec![1.0; 8]);
        assert_eq!(Parameters::from_model(&model), parameters);
    }
}

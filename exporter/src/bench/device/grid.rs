//! Enters: nothing. Leaves: [`GridPoint`], sizes and densities to measure, and for each a random
//! model and its sequence. Next: `jobs` packs them.

use crate::normalization::Normalization;
use crate::random_model::random_model;
use crate::sequences::{SequenceSet, Token};
use crate::sparse_model::SparseModel;
use crate::train::parameters::{Densities, Shape, normal, stream};
use crate::train::topology::Density;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Steps of each model.
pub const STEPS: usize = 64;
/// Hidden units; as many inputs.
pub const SIZES: [u16; 4] = [32, 64, 128, 256];
/// Percent of the gates' positions that are connected.
pub const DENSITIES: [u8; 5] = [1, 2, 4, 10, 20];
/// Further densities of int8 on the default board, up to where a dense step is cheaper.
pub const BREAK_EVEN_DENSITIES: [u8; 2] = [40, 60];
/// Nonzero inputs of a token, on average over all tokens.
pub const NONZEROS: u16 = 10;
/// Channels of the sensor model, and its units.
pub const SENSORS: [u16; 2] = [9, 64];

/// What the model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// Tokens with few nonzero inputs.
    Token,
    /// Samples: all inputs differ from zero.
    Samples,
}

/// One model of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridPoint {
    /// What it reads.
    pub inputs: InputKind,
    /// InputKind of a step: length of an embedding row, or channels.
    pub input_size: u16,
    /// Hidden units.
    pub hidden_size: u16,
    /// Percent of the positions of `W` that are connected.
    pub input_density: u8,
    /// Percent of the positions of `U` that are connected.
    pub recurrent_density: u8,
}

impl fmt::Display for GridPoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GridPoint {
            inputs,
            input_size,
            hidden_size,
            input_density,
            recurrent_density,
        } = self;
        let inputs = match inputs {
            InputKind::Token => "token input",
            InputKind::Samples => "dense input",
        };
        write!(out, "H {hidden_size}, E {input_size}, {inputs}, ")?;
        if input_density == recurrent_density {
            write!(out, "{recurrent_density} %")
        } else {
            write!(out, "W {input_density} %, U {recurrent_density} %")
        }
    }
}

/// All points, with further densities or without.
pub fn points(further: bool) -> Vec<GridPoint> {
    let further = if further {
        &BREAK_EVEN_DENSITIES[..]
    } else {
        &[]
    };
    let mut points = Vec::new();
    for size in SIZES {
        points.push(GridPoint::square(InputKind::Token, size, 0));
        for inputs in [InputKind::Token, InputKind::Samples] {
            let densities = DENSITIES.iter().chain(further);
            points.extend(densities.map(|&density| GridPoint::square(inputs, size, density)));
        }
    }
    points.extend([4, 10].map(GridPoint::sensors));
    points
}

impl GridPoint {
    /// As many inputs as units, the same density everywhere.
    pub fn square(inputs: InputKind, size: u16, density: u8) -> Self {
        GridPoint {
            inputs,
            input_size: size,
            hidden_size: size,
            input_density: density,
            recurrent_density: density,
        }
    }

    /// The sensor model.
    pub fn sensors(recurrent_density: u8) -> Self {
        let [input_size, hidden_size] = SENSORS;
        GridPoint {
            inputs: InputKind::Samples,
            input_size,
            hidden_size,
            input_density: 50,
            recurrent_density,
        }
    }

    /// A random model; the statistics of its samples, if it reads them; and what it reads.
    pub(super) fn model(self, seed: u64) -> (SparseModel, Option<Normalization>, SequenceSet) {
        let percent = |percent: u8| Density::Share(f64::from(percent) / 100.0);
        let is_empty = self.input_density == 0 && self.recurrent_density == 0;
        let nonzeros = if is_empty { 0 } else { NONZEROS };
        let shape = Shape {
            vocabulary: match self.inputs {
                InputKind::Token => STEPS,
                InputKind::Samples => 0,
            },
            embedding: self.input_size.into(),
            hidden: self.hidden_size.into(),
            logits: 1,
        };
        let densities = Densities {
            embedding: Density::Share(f64::from(nonzeros) / f64::from(self.input_size)),
            input: percent(self.input_density),
            recurrent: percent(self.recurrent_density),
            fan_in_multiple: 1,
            shared: false,
        };
        let mut model = random_model(shape, densities, seed);
        for value in &mut model.embedding.value {
            // none so small that it rounds to zero
            *value = (0.25 + value.abs()).copysign(*value);
        }
        match self.inputs {
            InputKind::Token => {
                let mut sequence = SequenceSet::of_tokens();
                // each token once, in an order without a pattern
                let tokens = (0..STEPS).map(|step| (step * 37 % STEPS) as Token);
                sequence.push(tokens, 0);
                (model, None, sequence)
            }
            InputKind::Samples => {
                let (statistics, sequence) = samples(self.input_size.into(), seed);
                (model, Some(statistics), sequence)
            }
        }
    }
}

/// Statistics of channels in units of all sizes, and samples that have them.
fn samples(channels: usize, seed: u64) -> (Normalization, SequenceSet) {
    let mut rng = stream(seed, 2);
    let mean: Vec<f32> = (0..channels).map(|_| 3.0 * normal(&mut rng)).collect();
    let factor = (0..channels).map(|_| 0.5 + normal(&mut rng).abs());
    let factor: Vec<f32> = factor.collect();
    let of_channel = |n: usize| (mean[n % channels], factor[n % channels]);
    let values = (0..STEPS * channels).map(|n| {
        let (mean, factor) = of_channel(n);
        mean + normal(&mut rng) / factor
    });
    let mut sequence = SequenceSet::of_samples(channels);
    sequence.push_samples(&values.collect::<Vec<_>>(), 0);
    (Normalization { mean, factor }, sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_measured_once() {
        let all = points(true);
        for (n, point) in all.iter().enumerate() {
            assert!(!all[..n].contains(point), "{point} twice");
        }
        let other = points(false);
        assert_eq!(other.len(), 4 * (1 + 2 * 5) + 2);
        assert!(other.iter().all(|point| all.contains(point)));
    }

    #[test]
    fn a_model_has_the_connections_and_inputs_of_its_point() {
        let (model, statistics, sequence) = GridPoint::square(InputKind::Token, 64, 4).model(1);
        assert_eq!(model.gate_connections(), 8 * (64 * 64 * 4 / 100 + 1));
        assert_eq!(model.embedding.nnz(), STEPS * usize::from(NONZEROS));
        assert_eq!((statistics, sequence.step_count()), (None, STEPS));
        let mut tokens = sequence.sequence(0).tokens().to_vec();
        tokens.sort_unstable();
        assert!(tokens.iter().map(|&token| usize::from(token)).eq(0..STEPS));

        let (model, statistics, sequence) = GridPoint::sensors(10).model(1);
        assert_eq!(model.gate_connections(), 4 * (288 + 410));
        assert_eq!(statistics.unwrap().channels(), 9);
        assert_eq!(sequence.step_count(), STEPS);

        let (model, ..) = GridPoint::square(InputKind::Token, 32, 0).model(1);
        assert_eq!((model.gate_connections(), model.embedding.nnz()), (0, 0));
    }
}

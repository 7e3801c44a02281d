//! Enters: sizes, densities, a seed. Leaves: [`SparseModel`], random and of no use but for
//! measuring and testing: what a step takes depends on sizes and densities alone. Next: `pack`.

use crate::sparse_model::SparseModel;
use crate::train::parameters::{Densities, InitialScale, Parameters, Shape};

/// Weights of the size that trained ones have.
const SCALE: InitialScale = InitialScale {
    embedding: 0.5,
    input: 1.0,
    recurrent: 1.0,
    forget_bias: 1.0,
};

/// A model with Erdős–Rényi topologies and normal weights.
pub fn random_model(shape: Shape, densities: Densities, seed: u64) -> SparseModel {
    let parameters = Parameters::random(shape, densities, SCALE, seed);
    parameters.to_model(&parameters.value)
}

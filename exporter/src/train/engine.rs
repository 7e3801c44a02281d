//! Enters: [`Parameters`]. Leaves: [`Engine`], which computes losses, gradients and logits
//! of them in the way that fits. Next: `trainer`, which does not ask what it trains.

use super::batch::{BatchLoss, Width, Workers};
use super::chunk::{Noise, Sample};
use super::dense::DenseWorkers;
use super::network::Network;
use super::parameters::Parameters;
use super::simd::Unit;
use crate::tokens::TokenSet;

/// The weights, and threads that can run them.
#[derive(Debug)]
pub enum Engine {
    /// Only what exists is stored and computed.
    Sparse {
        /// Threads.
        workers: Workers,
        /// Weights, in both orders.
        network: Box<Network>,
    },
    /// Every connection exists; products of a matrix library.
    Dense {
        /// Threads.
        workers: DenseWorkers,
        /// Weights.
        parameters: Box<Parameters>,
    },
}

impl Engine {
    /// For batches of `batch` documents on `threads` threads: dense if every connection
    /// exists, else sparse.
    pub fn new(parameters: Parameters, batch: usize, threads: usize) -> Self {
        let (width, unit) = (Width::for_batch(batch), Unit::default());
        if parameters.is_full() {
            let workers = DenseWorkers::new(width, threads, unit);
            return Engine::Dense {
                workers,
                parameters: Box::new(parameters),
            };
        }
        let workers = Workers::new(width, threads, unit);
        Engine::Sparse {
            workers,
            network: Box::new(Network::new(parameters)),
        }
    }

    /// The weights.
    pub fn parameters(&self) -> &Parameters {
        match self {
            Engine::Sparse { network, .. } => &network.parameters,
            Engine::Dense { parameters, .. } => parameters,
        }
    }

    /// Loss of a batch, and in `gradient` that of its mean. `noise` makes the noise of
    /// the k-th chunk.
    pub fn train(
        &mut self,
        samples: &[Sample<'_>],
        noise: impl Fn(u64) -> Noise + Sync,
        gradient: &mut [f32],
    ) -> BatchLoss {
        match self {
            Engine::Sparse { workers, network } => workers.train(network, samples, noise, gradient),
            Engine::Dense {
                workers,
                parameters,
            } => workers.train(parameters, samples, noise, gradient),
        }
    }

    /// Changes weights, not connections.
    pub fn update(&mut self, change: impl FnOnce(&mut [f32])) {
        match self {
            Engine::Sparse { network, .. } => {
                change(&mut network.parameters.value);
                network.refresh();
            }
            Engine::Dense { parameters, .. } => change(&mut parameters.value),
        }
    }

    /// Changes connections; their number stays.
    pub fn rewire(&mut self, change: impl FnOnce(&mut Parameters)) {
        match self {
            Engine::Sparse { network, .. } => {
                let mut parameters = std::mem::take(&mut network.parameters);
                change(&mut parameters);
                **network = Network::new(parameters);
            }
            Engine::Dense { parameters, .. } => change(parameters),
        }
    }

    /// Logits of every sequence of a set with `value` as weights, row-major
    /// `[samples x logits]`.
    pub fn infer(&mut self, value: &[f32], set: &TokenSet) -> Vec<f32> {
        let own = self.parameters().value.clone();
        self.update(|weights| weights.copy_from_slice(value));
        let logits = match self {
            Engine::Sparse { workers, network } => workers.infer(network, set),
            Engine::Dense {
                workers,
                parameters,
            } => workers.infer(parameters, set),
        };
        self.update(|weights| weights.copy_from_slice(&own));
        logits
    }
}

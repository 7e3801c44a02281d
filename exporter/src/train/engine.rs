//! Enters: the weights, once, by topology. Leaves: [`Engine`], which computes loss,
//! gradient and logits by the engine that fits. Next: the training loop holds one.

use super::batch::{BatchLoss, Width, Workers};
use super::chunk::{Noise, Sample};
use super::dense::DenseWorkers;
use super::network::Network;
use super::parameters::Parameters;
use super::simd::Unit;
use crate::tokens::TokenSet;

/// The weights and the threads that compute with them.
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
    /// The sparse engine.
    pub fn sparse(parameters: Parameters, width: Width, threads: usize, unit: Unit) -> Self {
        Engine::Sparse {
            workers: Workers::new(width, threads, unit),
            network: Box::new(Network::new(parameters)),
        }
    }

    /// The dense engine, for parameters in which every connection exists.
    pub fn dense(parameters: Parameters, width: Width, threads: usize, unit: Unit) -> Self {
        Engine::Dense {
            workers: DenseWorkers::new(width, threads, unit),
            parameters: Box::new(parameters),
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

    /// Logits of every sequence of a set, row-major `[samples x logits]`.
    pub fn infer(&mut self, set: &TokenSet) -> Vec<f32> {
        match self {
            Engine::Sparse { workers, network } => workers.infer(network, set),
            Engine::Dense {
                workers,
                parameters,
            } => workers.infer(parameters, set),
        }
    }

    /// The weights.
    pub fn parameters(&self) -> &Parameters {
        match self {
            Engine::Sparse { network, .. } => &network.parameters,
            Engine::Dense { parameters, .. } => parameters,
        }
    }

    /// Changes the weights, their number and places staying the same.
    pub fn update(&mut self, change: impl FnOnce(&mut Parameters)) {
        match self {
            Engine::Sparse { network, .. } => {
                change(&mut network.parameters);
                network.refresh();
            }
            Engine::Dense { parameters, .. } => change(parameters),
        }
    }

    /// Takes other weights, whose connections may be other ones.
    pub fn replace(&mut self, new: Parameters) {
        match self {
            Engine::Sparse { network, .. } => **network = Network::new(new),
            Engine::Dense { parameters, .. } => **parameters = new,
        }
    }
}

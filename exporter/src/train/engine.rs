//! Enters: [`Parameters`]. Leaves: [`Engine`], which computes losses and gradients of them.
//! Next: `trainer`, which does not ask what kind of network it trains.

use super::batch::{BatchLoss, Width, Workers};
use super::chunk::{Noise, Sample};
use super::network::Network;
use super::parameters::Parameters;
use super::simd::Unit;
use crate::tokens::TokenSet;

/// The weights, and threads that can run them.
#[derive(Debug)]
pub struct Engine {
    network: Network,
    workers: Workers,
}

impl Engine {
    /// For batches of `batch` documents on `threads` threads.
    pub fn new(parameters: Parameters, batch: usize, threads: usize) -> Self {
        Engine {
            network: Network::new(parameters),
            workers: Workers::new(Width::for_batch(batch), threads, Unit::default()),
        }
    }

    /// The weights.
    pub fn parameters(&self) -> &Parameters {
        &self.network.parameters
    }

    /// Loss of a batch, and in `gradient` that of its mean; see [`Workers::train`].
    pub fn train(
        &mut self,
        samples: &[Sample<'_>],
        noise: impl Fn(u64) -> Noise + Sync,
        gradient: &mut [f32],
    ) -> BatchLoss {
        self.workers.train(&self.network, samples, noise, gradient)
    }

    /// Changes weights, not connections.
    pub fn update(&mut self, change: impl FnOnce(&mut [f32])) {
        change(&mut self.network.parameters.value);
        self.network.refresh();
    }

    /// Changes connections.
    pub fn rewire(&mut self, change: impl FnOnce(&mut Parameters)) {
        let mut parameters = std::mem::take(&mut self.network.parameters);
        change(&mut parameters);
        self.network = Network::new(parameters);
    }

    /// Logits of every sequence of a set with `value` as weights, row-major
    /// `[samples x logits]`.
    pub fn infer(&mut self, value: &[f32], set: &TokenSet) -> Vec<f32> {
        let own = self.parameters().value.clone();
        self.update(|weights| weights.copy_from_slice(value));
        let logits = self.workers.infer(&self.network, set);
        self.update(|weights| weights.copy_from_slice(&own));
        logits
    }
}

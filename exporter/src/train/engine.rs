//! Enters: [`Parameters`]. Leaves: [`Engine`], which computes losses, gradients and logits
//! of them in the way that fits. Next: `trainer`, which does not ask what it trains.

use super::batch::{BatchLoss, Width, Workers};
use super::chunk::{Noise, Sample};
use super::dense::DenseWorkers;
use super::network::Network;
use super::parameters::Parameters;
use super::pooling::Pooling;
use super::simd::Unit;
use crate::sequences::SequenceSet;
use set_lstm_runtime::wire::Moment;

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
            Engine::dense(parameters, width, threads, unit)
        } else {
            Engine::sparse(parameters, width, threads, unit)
        }
    }

    fn sparse(parameters: Parameters, width: Width, threads: usize, unit: Unit) -> Self {
        let workers = Workers::new(width, threads, unit);
        let network = Box::new(Network::new(parameters));
        Engine::Sparse { workers, network }
    }

    fn dense(parameters: Parameters, width: Width, threads: usize, unit: Unit) -> Self {
        let workers = DenseWorkers::new(width, threads, unit);
        let parameters = Box::new(parameters);
        Engine::Dense {
            workers,
            parameters,
        }
    }

    /// The same with an output layer that reads what `pooling` says.
    pub fn with_pooling(mut self, pooling: Pooling) -> Self {
        match &mut self {
            Engine::Sparse { workers, .. } => workers.set_pooling(pooling),
            Engine::Dense { workers, .. } => workers.set_pooling(pooling),
        }
        self
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

    /// Logits of every answer of a set, row-major `[answers x logits]`: of every sequence, or
    /// of every step of one sequence after the other, as the targets are.
    pub fn infer(&mut self, set: &SequenceSet) -> Vec<f32> {
        self.infer_at(set, set.task().moment)
    }

    /// The same at moments of one's own choice, whatever the targets are. Of every step it is
    /// the last state that is read, whatever the pooling.
    pub fn infer_at(&mut self, set: &SequenceSet, moment: Moment) -> Vec<f32> {
        match self {
            Engine::Sparse { workers, network } => workers.infer(network, set, moment),
            Engine::Dense {
                workers,
                parameters,
            } => workers.infer(parameters, set, moment),
        }
    }

    /// The same with `value` in place of the weights, which are then as they were.
    pub fn infer_with(&mut self, value: &[f32], set: &SequenceSet) -> Vec<f32> {
        let own = self.parameters().value.clone();
        self.update(|weights| weights.copy_from_slice(value));
        let logits = self.infer(set);
        self.update(|weights| weights.copy_from_slice(&own));
        logits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::dense::FULL;
    use crate::train::optimizer::{Optimizer, Rule};
    use crate::train::parameters::{InitialScale, Shape, stream};

    fn quiet(_: u64) -> Noise {
        Noise {
            word_dropout: 0.0,
            output_dropout: 0.0,
            recurrent_dropout: 0.0,
            smoothing: 0.0,
            rng: stream(1, 1),
        }
    }

    #[test]
    fn both_engines_learn_alike_on_a_full_topology() {
        let shape = Shape {
            vocabulary: 9,
            embedding: 6,
            hidden: 8,
            logits: 1,
        };
        let scale = InitialScale {
            embedding: 0.5,
            input: 0.5,
            recurrent: 1.0,
            forget_bias: 1.0,
        };
        let start = Parameters::random(shape, FULL, scale, 1);
        let mut set = SequenceSet::of_tokens();
        for k in 0..20u16 {
            let token = move |step| (k * 7 + step * 5) % 9;
            let last_is_large = token(k % 5) > 3;
            set.push((0..=k % 5).map(token), u8::from(last_is_large));
        }
        let samples: Vec<Sample<'_>> = (0..set.len()).map(|k| Sample::of(&set, k)).collect();
        let learn = |mut engine: Engine| {
            let mut gradient = vec![0.0; start.count()];
            let mut optimizer = Optimizer::new(Rule::Sgd { momentum: 0.5 }, start.count());
            let mut losses = Vec::new();
            for _ in 0..30 {
                losses.push(engine.train(&samples, quiet, &mut gradient).loss);
                engine.update(|value| optimizer.step(value, &gradient, 0.3, (0.0, 0)));
            }
            let value = engine.parameters().value.clone();
            let (learnt, before) = (engine.infer(&set), engine.infer_with(&start.value, &set));
            assert_eq!(engine.parameters().value, value);
            (losses, learnt, before)
        };
        let (width, unit) = (Width::Sixteen, Unit::default());
        let sparse = learn(Engine::sparse(start.clone(), width, 2, unit));
        let dense = learn(Engine::dense(start.clone(), width, 2, unit));
        assert!(sparse.0[29] < 0.95 * sparse.0[0], "{:?}", sparse.0);
        for (a, b) in sparse.0.iter().zip(&dense.0) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        let (a, b) = ([sparse.1, sparse.2], [dense.1, dense.2]);
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
    }
}

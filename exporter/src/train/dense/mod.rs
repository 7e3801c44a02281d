//! Enters: samples and [`Parameters`] in which every connection exists. Leaves: the
//! summed loss and gradient of a batch, or the logits of a whole set. Next:
//! `optimizer` takes the gradient.
//!
//! The fully connected counterpart of the sparse engine, for comparison: the same
//! function of the same flat vector, with the same dropout for the same seed, computed
//! by the products of a matrix library. Optimiser, checkpoint and export do not see
//! the difference. Chunks are dealt to threads and summed as in `batch`: the same bits
//! whatever the number of threads.
//!
//! The library is `ndarray`, whose products are those of `matrixmultiply`: an interface
//! without unsafe, AVX-512 or FMA chosen at run time, and a few seconds to build. It
//! runs sequentially inside each thread. Other vector units give other last bits.
//!
//! | file | arrow |
//! |---|---|
//! | `matrix` | sizes → rows on cache lines |
//! | `weights` | parameters → gate matrices in the order of the products |
//! | `words` | tokens → `W·x + b` of every unique token, and back |
//! | `gates` | pre-activations → gates and state, and back |
//! | `chunk` | samples → loss and gradient |
//! | `pool` | states of all steps → what the output layer reads |
//! | `steps` | the same of every step |
//! | `gradient` | gradients of a chunk → gradient of the batch |

mod chunk;
mod gates;
mod gradient;
mod matrix;
mod pool;
mod steps;
mod weights;
mod words;

use super::batch::{BatchLoss, LogitPlaces, Width};
use super::chunk::{Noise, Sample, samples};
use super::loss::SampleLoss;
use super::parameters::{Densities, Parameters};
use super::pooling::Pooling;
use super::simd::Unit;
use super::topology::Density;
use crate::sequences::SequenceSet;
use chunk::{DenseView, DenseWorkspace};
use gradient::DenseGradient;
use set_lstm_runtime::wire::Moment;
use weights::DenseWeights;

/// Every connection exists.
pub const FULL: Densities = Densities::even(Density::Share(1.0));

/// The threads' buffers, reused from batch to batch.
#[derive(Debug)]
pub struct DenseWorkers {
    width: Width,
    work: Vec<DenseWorkspace>,     // [threads]
    gradients: Vec<DenseGradient>, // [chunks]
    weights: DenseWeights,
}

impl DenseWorkers {
    /// One workspace a thread. `unit` bounds the gate functions; the matrix library
    /// chooses for itself.
    pub fn new(width: Width, threads: usize, unit: Unit) -> Self {
        let work = || DenseWorkspace::new(unit.available());
        DenseWorkers {
            width,
            work: std::iter::repeat_with(work).take(threads.max(1)).collect(),
            gradients: Vec::new(),
            weights: DenseWeights::default(),
        }
    }

    /// What the output layer reads; the last state if nobody says.
    pub fn set_pooling(&mut self, pooling: Pooling) {
        self.work
            .iter_mut()
            .for_each(|work| work.set_pooling(pooling));
    }

    /// Loss of a batch, and in `gradient` that of its mean. `noise` makes the noise of
    /// the k-th chunk.
    ///
    /// # Panics
    /// If a connection is missing.
    pub fn train(
        &mut self,
        parameters: &Parameters,
        samples: &[Sample<'_>],
        noise: impl Fn(u64) -> Noise + Sync,
        gradient: &mut [f32],
    ) -> BatchLoss {
        self.weights.fill(parameters);
        let view = DenseView {
            parameters,
            weights: &self.weights,
        };
        let (width, scale) = (self.width.lanes(), 1.0 / samples.len() as f32);
        let chunks: Vec<&[Sample<'_>]> = samples.chunks(width).collect();
        let count = self.gradients.len().max(chunks.len());
        self.gradients.resize_with(count, DenseGradient::default);
        let mut losses: Vec<Vec<SampleLoss>> = vec![Vec::new(); chunks.len()];
        // Deal the chunks out: thread k takes chunks k, k + n, k + 2n …
        let mut hands: Vec<Vec<_>> = self.work.iter().map(|_| Vec::new()).collect();
        let threads = hands.len();
        let results = self.gradients.iter_mut().zip(&mut losses);
        for (k, job) in chunks.iter().zip(results).enumerate() {
            hands[k % threads].push((k, job));
        }
        let noise = &noise;
        std::thread::scope(|scope| {
            for (work, hand) in self.work.iter_mut().zip(hands) {
                scope.spawn(move || {
                    for (k, (samples, (gradient, losses))) in hand {
                        let mut noise = noise(k as u64);
                        *losses = work.train(view, (samples, width), &mut noise, scale, gradient);
                    }
                });
            }
            gradient.fill(0.0);
        });
        for part in &self.gradients[..chunks.len()] {
            part.add_to(parameters, gradient);
        }
        let mut total = BatchLoss::default();
        losses
            .into_iter()
            .flatten()
            .for_each(|loss| total.add(loss));
        total
    }

    /// Logits of every sequence of a set, row-major `[samples x logits]`, or of every step of
    /// all of them, one after the other.
    ///
    /// # Panics
    /// If a connection is missing.
    pub fn infer(
        &mut self,
        parameters: &Parameters,
        set: &SequenceSet,
        moment: Moment,
    ) -> Vec<f32> {
        self.weights.fill(parameters);
        let view = DenseView {
            parameters,
            weights: &self.weights,
        };
        let (logits, width) = (parameters.shape.logits, self.width.lanes());
        let mut order: Vec<u32> = (0..set.len() as u32).collect();
        order.sort_by_key(|&index| set.sequence(index as usize).len());
        // Sequences of all lengths to every thread: it takes every n-th chunk.
        let chunks: Vec<&[u32]> = order.chunks(width).collect();
        let threads = self.work.len();
        let places = LogitPlaces::new(set, logits, moment);
        let mut out = vec![0.0; places.count()];
        std::thread::scope(|scope| {
            let mut running = Vec::new();
            for (first, work) in self.work.iter_mut().enumerate() {
                let hand = chunks.iter().skip(first).step_by(threads);
                running.push(scope.spawn(move || {
                    let mut done = Vec::new();
                    for &chunk in hand {
                        let samples = samples(set, chunk);
                        done.push((chunk, work.infer(view, &samples, moment).to_vec()));
                    }
                    done
                }));
            }
            for thread in running {
                let done = match thread.join() {
                    Ok(done) => done,
                    Err(panic) => std::panic::resume_unwind(panic),
                };
                for (chunk, rows) in done {
                    places.scatter(chunk, &rows, &mut out);
                }
            }
        });
        out
    }
}

#[cfg(test)]
mod tests;

//! Enters: samples and the weights. Leaves: the summed loss and gradient of a batch,
//! or the logits of a whole set. Next: `optimizer` takes the gradient.
//!
//! A batch is cut into chunks of `L` lanes; every thread takes every n-th chunk, each
//! chunk has a gradient vector and a random stream of its own, and the vectors are
//! added in chunk order: the same bits whatever the number of threads.

use super::chunk::{Noise, Sample, Workspace, samples};
use super::loss::SampleLoss;
use super::network::Network;
use super::pooling::Pooling;
use super::simd::Unit;
use crate::sequences::SequenceSet;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use set_lstm_runtime::wire::Moment;
use std::ops::Range;

/// Batches of similar length: samples are shuffled, cut into windows of this many
/// batches, and sorted by length within a window, so that few steps are idle.
const WINDOW: usize = 32;

/// The batches of one epoch, each a list of sample numbers, in the order of training.
pub fn plan(set: &SequenceSet, batch: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..set.len() as u32).collect();
    order.shuffle(rng);
    let mut batches: Vec<Vec<u32>> = Vec::new();
    for window in order.chunks_mut(batch * WINDOW) {
        window.sort_by_key(|&index| set.sequence(index as usize).len());
        batches.extend(window.chunks(batch).map(<[u32]>::to_vec));
    }
    batches.shuffle(rng);
    batches
}

/// Number of lanes: how many samples one thread steps together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// For small batches.
    Sixteen,
    /// For batches of 64 and more.
    ThirtyTwo,
}

impl Width {
    /// The better width for a batch size. It never depends on the number of threads.
    pub fn for_batch(batch: usize) -> Self {
        if batch >= 64 {
            Width::ThirtyTwo
        } else {
            Width::Sixteen
        }
    }

    /// Lanes of a chunk.
    pub fn lanes(self) -> usize {
        match self {
            Width::Sixteen => 16,
            Width::ThirtyTwo => 32,
        }
    }
}

/// Sums over a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BatchLoss {
    /// Cross-entropy in nats, or squared error in squared deviations, summed over the samples.
    pub loss: f64,
    /// Answers that named the class; 0 of numbers.
    pub correct: usize,
    /// Answers that are known: one a sample, or one a labelled step.
    pub answers: usize,
    /// Samples.
    pub samples: usize,
}

impl BatchLoss {
    /// Adds one sample.
    pub fn add(&mut self, sample: SampleLoss) {
        self.loss += sample.loss;
        self.correct += sample.correct;
        self.answers += sample.answers;
        self.samples += 1;
    }
}

/// The threads' buffers, reused from batch to batch.
#[derive(Debug)]
pub struct Workers {
    lanes: Lanes,
    gradients: Vec<Vec<f32>>, // [chunks][parameters]
    unit: Unit,
}

#[derive(Debug)]
enum Lanes {
    Sixteen(Vec<Workspace<16>>),
    ThirtyTwo(Vec<Workspace<32>>),
}

/// Runs `$body` with `$work` bound to the workspaces of the chosen width.
macro_rules! with_width {
    ($lanes:expr, $work:ident => $body:expr) => {
        match $lanes {
            Lanes::Sixteen($work) => $body,
            Lanes::ThirtyTwo($work) => $body,
        }
    };
}

impl Workers {
    /// One workspace a thread.
    pub fn new(width: Width, threads: usize, unit: Unit) -> Self {
        let threads = threads.max(1);
        let lanes = match width {
            Width::Sixteen => Lanes::Sixteen((0..threads).map(|_| Workspace::default()).collect()),
            Width::ThirtyTwo => {
                Lanes::ThirtyTwo((0..threads).map(|_| Workspace::default()).collect())
            }
        };
        Workers {
            lanes,
            gradients: Vec::new(),
            unit: unit.available(),
        }
    }

    /// What the output layer reads; the last state if nobody says.
    pub fn set_pooling(&mut self, pooling: Pooling) {
        with_width!(&mut self.lanes, work => {
            work.iter_mut().for_each(|work| work.set_pooling(pooling));
        });
    }

    /// Loss of a batch, and in `gradient` that of its mean. `noise` makes the noise of
    /// the k-th chunk.
    pub fn train(
        &mut self,
        network: &Network,
        samples: &[Sample<'_>],
        noise: impl Fn(u64) -> Noise + Sync,
        gradient: &mut [f32],
    ) -> BatchLoss {
        let unit = self.unit;
        let scale = 1.0 / samples.len() as f32;
        let gradients = &mut self.gradients;
        let losses = with_width!(&mut self.lanes, work => {
            train_chunks(work, gradients, network, samples, &noise, scale, unit)
        });
        let chunks = losses.len();
        gradient.copy_from_slice(&self.gradients[0]);
        for part in &self.gradients[1..chunks] {
            for (sum, value) in gradient.iter_mut().zip(part) {
                *sum += value;
            }
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
    pub fn infer(&mut self, network: &Network, set: &SequenceSet, moment: Moment) -> Vec<f32> {
        let logits = network.parameters.shape.logits;
        let mut order: Vec<u32> = (0..set.len() as u32).collect();
        order.sort_by_key(|&index| set.sequence(index as usize).len());
        let unit = self.unit;
        let sorted = with_width!(&mut self.lanes, work => {
            infer_chunks(work, network, set, &order, moment, unit)
        });
        let places = LogitPlaces::new(set, logits, moment);
        let mut out = vec![0.0; places.count()];
        places.scatter(&order, &sorted, &mut out);
        out
    }
}

/// Where the logits of each sequence stand among those of all.
#[derive(Debug)]
pub(super) struct LogitPlaces {
    start: Vec<usize>, // [sequences + 1]
}

impl LogitPlaces {
    /// Of so many logits an answer.
    pub(super) fn new(set: &SequenceSet, logits: usize, moment: Moment) -> Self {
        let answers = |index| match moment {
            Moment::End => 1,
            Moment::EveryStep => set.sequence(index).len(),
        };
        let ends = (0..set.len()).scan(0, |end, index| {
            *end += answers(index) * logits;
            Some(*end)
        });
        let start = std::iter::once(0).chain(ends).collect();
        LogitPlaces { start }
    }

    /// Where those of one sequence stand.
    pub(super) fn of(&self, index: u32) -> Range<usize> {
        self.start[index as usize]..self.start[index as usize + 1]
    }

    /// How many there are in all.
    pub(super) fn count(&self) -> usize {
        self.start[self.start.len() - 1]
    }

    /// Puts the logits of these sequences, one after the other, where they stand among all.
    pub(super) fn scatter(&self, sequences: &[u32], logits: &[f32], all: &mut [f32]) {
        let mut rest = logits;
        for &index in sequences {
            let to = self.of(index);
            let (row, after) = rest.split_at(to.len());
            all[to].copy_from_slice(row);
            rest = after;
        }
    }
}

fn train_chunks<const L: usize>(
    work: &mut [Workspace<L>],
    gradients: &mut Vec<Vec<f32>>,
    network: &Network,
    samples: &[Sample<'_>],
    noise: &(impl Fn(u64) -> Noise + Sync),
    scale: f32,
    unit: Unit,
) -> Vec<Vec<SampleLoss>> {
    let chunks: Vec<&[Sample<'_>]> = samples.chunks(L).collect();
    gradients.resize_with(gradients.len().max(chunks.len()), Vec::new);
    let mut losses = vec![Vec::new(); chunks.len()];
    // Deal the chunks out: thread k takes chunks k, k + n, k + 2n …
    let mut hands: Vec<Vec<_>> = work.iter().map(|_| Vec::new()).collect();
    let threads = hands.len();
    let jobs = chunks
        .iter()
        .zip(gradients.iter_mut())
        .zip(&mut losses)
        .enumerate();
    for (k, job) in jobs {
        hands[k % threads].push((k, job));
    }
    std::thread::scope(|scope| {
        for (work, hand) in work.iter_mut().zip(hands) {
            let run = move || {
                for (k, ((samples, gradient), losses)) in hand {
                    gradient.clear();
                    gradient.resize(network.parameters.count(), 0.0);
                    let mut noise = noise(k as u64);
                    *losses = work.train(network, samples, &mut noise, scale, gradient, unit);
                }
            };
            if threads == 1 {
                run()
            } else {
                drop(scope.spawn(run))
            }
        }
    });
    losses
}

fn infer_chunks<const L: usize>(
    work: &mut [Workspace<L>],
    network: &Network,
    set: &SequenceSet,
    order: &[u32],
    moment: Moment,
    unit: Unit,
) -> Vec<f32> {
    let per_thread = order.len().div_ceil(work.len()).next_multiple_of(L).max(L);
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for (work, order) in work.iter_mut().zip(order.chunks(per_thread)) {
            threads.push(scope.spawn(move || {
                let mut out = Vec::new();
                for chunk in order.chunks(L) {
                    out.extend(work.infer(network, &samples(set, chunk), moment, unit));
                }
                out
            }));
        }
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(out) => out,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.flatten().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn a_plan_has_every_sample_once_and_similar_lengths_together() {
        let mut set = SequenceSet::of_tokens();
        for k in 0..1000usize {
            set.push((0..1 + k * 7 % 50).map(|_| 0), 0);
        }
        let batches = plan(&set, 64, &mut ChaCha8Rng::seed_from_u64(1));
        let mut seen: Vec<u32> = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..1000).collect::<Vec<u32>>());
        for batch in &batches {
            let lengths: Vec<_> = batch
                .iter()
                .map(|&k| set.sequence(k as usize).len())
                .collect();
            let spread = lengths.iter().max().unwrap() - lengths.iter().min().unwrap();
            assert!(spread <= 5, "{lengths:?}");
        }
    }
}

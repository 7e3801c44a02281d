//! Enters: the weights and up to `L` samples. Leaves: their loss and gradient, or
//! their logits. Next: `batch` sums the chunks of a batch in order.
//!
//! A chunk runs through its whole sequences, forward and back, in one thread and
//! needs no other chunk: threads meet once a batch, and the result does not depend
//! on their number. Sequences are aligned at their ends; lanes that have not begun
//! point at the idle row (see `words`).
//!
//! Recurrent dropout (Gal and Ghahramani 2016) has one mask for all steps of a sequence:
//! `h_t = mask ∘ σ(o)·tanh(c_t)`, and that masked state is the one that `U`, the pooling
//! and the output layer read.

mod head;
mod sample;
mod steps;

use super::loss::SampleLoss;
use super::lstm::{self, Backward, Forward, GROUP, Inputs, KEPT, Past, Recurrent, State, Sum};
use super::network::Network;
use super::parameters::Part;
use super::pooling::Pooling;
use super::simd::{Block, Kernel, Lanes, Unit, dispatch};
use super::words::{IDLE, Words};
use crate::sequences::Sequence;
use rand::RngExt;
use set_lstm_runtime::wire::Moment;

pub use sample::{Noise, Sample, samples};
use steps::StepHead;
pub(super) use steps::StepWishes;

/// Buffers of one thread, reused from chunk to chunk.
#[derive(Debug)]
pub struct Workspace<const L: usize> {
    words: Words,
    slots: Vec<[u32; L]>,  // [steps]
    kept: Vec<Block<L>>,   // [steps x padded units x KEPT]
    starts: Vec<Block<L>>, // [spans x 2 x padded units]: c and h before each span of steps
    c: Vec<Block<L>>,      // [padded units]
    h: [Vec<Block<L>>; 2], // each [padded units]
    span: Vec<State<L>>,   // [SPAN + 1]: before and after each step of a span
    dh: Vec<Block<L>>,     // [padded units]
    dc: Vec<Block<L>>,     // [padded units]
    d: Vec<Block<L>>,      // [4 x padded units]
    sum: Vec<Sum>,         // [nnz of U]
    mask: Vec<Block<L>>,   // [padded units], output dropout
    every: Vec<Block<L>>,  // [padded units], recurrent dropout, or [0] without
    pooling: Pooling,
    pooled: Vec<Block<L>>,  // [padded units], or [0] for the last state
    largest: Vec<[u32; L]>, // [padded units], step of the maximum
    lengths: [f32; L],      // steps of each lane, at least 1
    logits: Vec<[f32; L]>,  // [logits]
    moment: Moment,
    answers: StepHead<L>, // of every step
}

impl<const L: usize> Default for Workspace<L> {
    fn default() -> Self {
        Workspace {
            words: Words::default(),
            slots: Vec::new(),
            kept: Vec::new(),
            starts: Vec::new(),
            c: Vec::new(),
            span: Vec::new(),
            h: [Vec::new(), Vec::new()],
            dh: Vec::new(),
            dc: Vec::new(),
            d: Vec::new(),
            sum: Vec::new(),
            mask: Vec::new(),
            every: Vec::new(),
            pooling: Pooling::Last,
            pooled: Vec::new(),
            largest: Vec::new(),
            lengths: [1.0; L],
            logits: Vec::new(),
            moment: Moment::End,
            answers: StepHead::default(),
        }
    }
}

/// Steps whose states are replayed together on the way back: what they keep fits the
/// second-level cache, and `c` and `h` are kept only where a span starts.
const SPAN: usize = 4;

fn zeros<const L: usize>(buffer: &mut Vec<Block<L>>, length: usize) {
    buffer.clear();
    buffer.resize(length, Block::ZERO);
}

impl<const L: usize> Workspace<L> {
    /// What the output layer reads.
    pub fn set_pooling(&mut self, pooling: Pooling) {
        self.pooling = pooling;
    }

    /// Loss of up to `L` samples; adds the gradient of `scale` times their summed loss
    /// to `gradient`, which has the order of [`Network::parameters`].
    pub fn train(
        &mut self,
        network: &Network,
        samples: &[Sample<'_>],
        noise: &mut Noise,
        scale: f32,
        gradient: &mut [f32],
        unit: Unit,
    ) -> Vec<SampleLoss> {
        self.moment = samples
            .first()
            .map_or(Moment::End, |sample| sample.target.task().moment);
        let (dropout, rng) = (noise.word_dropout, &mut noise.rng);
        self.begin(network, samples, 1.0 / (1.0 - dropout), || {
            dropout > 0.0 && rng.random::<f32>() < dropout
        });
        self.draw_mask(noise);
        dispatch::<_, L>(
            unit,
            Train {
                work: self,
                network,
                samples,
                noise,
                scale,
                gradient,
            },
        )
    }

    /// Logits of up to `L` samples, one row a sample, or one a step of every sample.
    pub fn infer(
        &mut self,
        network: &Network,
        samples: &[Sample<'_>],
        moment: Moment,
        unit: Unit,
    ) -> Vec<f32> {
        self.moment = moment;
        self.begin(network, samples, 1.0, || false);
        self.mask
            .iter_mut()
            .for_each(|mask| *mask = Block([1.0; L]));
        self.every.clear();
        dispatch::<_, L>(
            unit,
            Infer {
                work: &mut *self,
                network,
            },
        );
        if moment == Moment::EveryStep {
            return self.step_rows(samples);
        }
        let lanes = 0..samples.len();
        lanes
            .flat_map(|lane| self.logits.iter().map(move |row| row[lane]))
            .collect()
    }

    /// Numbers the unique tokens and aligns the sequences at their ends.
    fn begin(
        &mut self,
        network: &Network,
        samples: &[Sample<'_>],
        scale: f32,
        mut is_dropped: impl FnMut() -> bool,
    ) {
        assert!(samples.len() <= L, "{} samples in {L} lanes", samples.len());
        let shape = network.parameters.shape;
        let units = shape.hidden.next_multiple_of(GROUP / 4);
        let steps = samples
            .iter()
            .map(|sample| sample.inputs.len())
            .max()
            .unwrap_or(0);
        self.words.clear(shape, 4 * units, scale);
        self.slots.clear();
        self.slots.resize(steps, [IDLE; L]);
        for (lane, sample) in samples.iter().enumerate() {
            let (words, slots) = (&mut self.words, &mut self.slots);
            let slots = slots[steps - sample.inputs.len()..].iter_mut();
            match sample.inputs {
                Sequence::Tokens(tokens) => slots
                    .zip(tokens)
                    .for_each(|(slots, &token)| slots[lane] = words.slot(token, &mut is_dropped)),
                Sequence::Samples { .. } => slots
                    .zip(sample.inputs.samples())
                    .for_each(|(slots, values)| slots[lane] = words.sample(values)),
            }
        }
        for buffer in self.h.iter_mut().chain([&mut self.c]) {
            zeros(buffer, units);
        }
        self.mask.resize(units, Block::ZERO);
        let pooled = if self.pooling.is_last() { 0 } else { units };
        zeros(&mut self.pooled, pooled);
        self.largest.clear();
        self.largest.resize(pooled, [0; L]);
        self.lengths = [1.0; L];
        for (length, sample) in self.lengths.iter_mut().zip(samples) {
            *length = sample.inputs.len().max(1) as f32;
        }
        self.logits.resize(shape.logits, [0.0; L]);
        self.answers.clear(shape);
    }

    fn draw_mask(&mut self, noise: &mut Noise) {
        let mut draw = |mask: &mut [Block<L>], dropout: f32| {
            let keep = 1.0 / (1.0 - dropout);
            for value in mask.iter_mut().flat_map(|mask| &mut mask.0) {
                let dropped = dropout > 0.0 && noise.rng.random::<f32>() < dropout;
                *value = if dropped { 0.0 } else { keep };
            }
        };
        draw(&mut self.mask, noise.output_dropout);
        self.every.clear();
        if noise.recurrent_dropout > 0.0 {
            self.every.resize(self.mask.len(), Block::ZERO);
            draw(&mut self.every, noise.recurrent_dropout);
        }
    }

    /// All steps forward; for the way back if `keep`.
    #[inline(always)]
    fn forward<S: Lanes, const NV: usize>(&mut self, simd: S, network: &Network, keep: bool) {
        self.words.forward(network);
        let (units, steps) = (self.c.len(), self.slots.len());
        let stride = units * KEPT;
        let (kept, starts) = if keep {
            (steps * stride, steps.div_ceil(SPAN) * 2 * units)
        } else {
            (stride, 0)
        };
        self.kept.resize(self.kept.len().max(kept), Block::ZERO);
        self.starts
            .resize(self.starts.len().max(starts), Block::ZERO);
        for t in 0..steps {
            let slots = &self.slots[t];
            if keep && t % SPAN == 0 {
                let start = &mut self.starts[t / SPAN * 2 * units..][..2 * units];
                start[..units].copy_from_slice(&self.c);
                start[units..].copy_from_slice(&self.h[0]);
            }
            let place = if keep { t } else { 0 };
            let kept = &mut self.kept[place * stride..][..stride];
            let [h_last, h] = &mut self.h;
            let inputs = Inputs {
                words: &self.words,
                slots,
            };
            let c = &mut self.c;
            let to = Forward { kept, c, h };
            lstm::forward::<S, L, NV>(simd, recurrent(network), inputs, h_last, to);
            drop_out(h, &self.every);
            self.h.swap(0, 1);
            if !self.pooling.is_last() {
                self.pool(t);
            }
            if !keep && self.moment == Moment::EveryStep {
                self.keep_step_logits::<S, NV>(simd, network);
            }
        }
        if self.moment == Moment::End {
            self.head(network);
        }
    }

    /// All steps back.
    #[inline(always)]
    fn backward<S: Lanes, const NV: usize>(
        &mut self,
        simd: S,
        network: &Network,
        wishes: StepWishes<'_>,
        gradient: &mut [f32],
    ) {
        let units = self.h[0].len();
        let mut wanted = Vec::new();
        if !self.pooling.is_last() {
            wanted = std::mem::take(&mut self.dh);
            zeros(&mut self.dh, units);
        }
        zeros(&mut self.dc, units);
        self.d.resize(4 * units, Block::ZERO);
        self.sum.clear();
        self.sum.resize(network.recurrent_value.len(), Sum::ZERO);
        self.words.reset_rows();
        let by_column = (&network.recurrent_by_column, &network.recurrent_value[..]);
        let stride = units * KEPT;
        self.span.resize_with(SPAN + 1, State::default);
        for State { c, t, h } in &mut self.span {
            for buffer in [c, t, h] {
                buffer.resize(units, Block::ZERO);
            }
        }
        let steps = self.slots.len();
        for span in (0..steps.div_ceil(SPAN)).rev() {
            let count = SPAN.min(steps - span * SPAN);
            let start = &self.starts[span * 2 * units..][..2 * units];
            let first = span * SPAN * stride;
            let kept = &self.kept[first..][..count * stride];
            self.span[0].c.copy_from_slice(&start[..units]);
            self.span[0].h.copy_from_slice(&start[units..]);
            for (s, kept) in kept.chunks_exact(stride).enumerate() {
                let (before, after) = self.span.split_at_mut(s + 1);
                lstm::replay::<S, L, NV>(simd, kept, &before[s], &mut after[0]);
                drop_out(&mut after[0].h, &self.every);
            }
            for s in (0..count).rev() {
                if !self.pooling.is_last() {
                    self.pool_backward(span * SPAN + s, &wanted);
                }
                if self.moment == Moment::EveryStep {
                    self.step_backward::<S, NV>(simd, network, wishes, (span * SPAN + s, s + 1));
                }
                drop_out(&mut self.dh, &self.every);
                let slots = &self.slots[span * SPAN + s];
                let kept = &self.kept[first..][..count * stride];
                let ahead = &self.kept[first.saturating_sub(SPAN * stride)..first];
                let past = Past {
                    slots,
                    kept: &kept[s * stride..][..stride],
                    before: &self.span[s],
                    after: &self.span[s + 1],
                    ahead: ahead.chunks_exact(stride).nth(s).unwrap_or_default(),
                };
                let mut state = Backward {
                    dh: &mut self.dh,
                    dc: &mut self.dc,
                    d: &mut self.d,
                    sum: &mut self.sum,
                };
                let (words, state) = (&mut self.words, &mut state);
                lstm::backward::<S, L, NV>(simd, recurrent(network), by_column, words, past, state);
            }
        }
        self.words.backward(network, gradient);
        let to = network.parameters.range(Part::Recurrent);
        for (gradient, sum) in gradient[to].iter_mut().zip(&self.sum) {
            *gradient += sum.total();
        }
    }
}

/// `values ∘ mask`, where there is a mask.
#[inline(always)]
fn drop_out<const L: usize>(values: &mut [Block<L>], mask: &[Block<L>]) {
    for (values, mask) in values.iter_mut().zip(mask) {
        for (value, mask) in values.0.iter_mut().zip(mask.0) {
            *value *= mask;
        }
    }
}

fn recurrent(network: &Network) -> Recurrent<'_> {
    Recurrent {
        topology: &network.parameters.recurrent,
        value: network.parameters.part(Part::Recurrent),
    }
}

struct Train<'a, const L: usize> {
    work: &'a mut Workspace<L>,
    network: &'a Network,
    samples: &'a [Sample<'a>],
    noise: &'a Noise,
    scale: f32,
    gradient: &'a mut [f32],
}

impl<const L: usize> Kernel for Train<'_, L> {
    type Output = Vec<SampleLoss>;

    #[inline(always)]
    fn run<S: Lanes, const NV: usize>(self, simd: S) -> Self::Output {
        let Train {
            work,
            network,
            samples,
            noise,
            scale,
            gradient,
        } = self;
        work.forward::<S, NV>(simd, network, true);
        let wishes = StepWishes {
            samples,
            smoothing: noise.smoothing,
            scale,
        };
        if work.moment == Moment::EveryStep {
            work.begin_steps(samples);
            work.backward::<S, NV>(simd, network, wishes, gradient);
            return work.end_steps(network, gradient);
        }
        let losses = work.head_backward(network, samples, (noise.smoothing, scale), gradient);
        work.backward::<S, NV>(simd, network, wishes, gradient);
        losses
    }
}

struct Infer<'a, const L: usize> {
    work: &'a mut Workspace<L>,
    network: &'a Network,
}

impl<const L: usize> Kernel for Infer<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes, const NV: usize>(self, simd: S) {
        self.work.forward::<S, NV>(simd, self.network, false);
    }
}

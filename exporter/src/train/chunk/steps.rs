//! Enters: the states of all steps, one at a time. Leaves: the logits of every step, and on
//! the way back the loss of every step and what the output layer wants of its state. Next:
//! `chunk` goes back to the step before.
//!
//! ```text
//! hm = mask ∘ h_t            d = share · ∂loss_t/∂logits, 0 where the answer is unknown
//! logits = head · hm + bias  dh += mask ∘ (headᵀ · d),  ∂head += d · hmᵀ,  ∂bias += d
//! ```
//!
//! The share of a step is one over the known answers of its sequence, times the scale of the
//! batch. Nothing but the states is kept for the way back: logits are computed there, from the
//! states that are replayed anyway. All lanes at a time, but for the loss itself.

use super::{Block, IDLE, Lanes, Network, Part, Sample, SampleLoss, Sum, Workspace, zeros};
use crate::train::loss::{known_answers, loss_of};
use crate::train::parameters::Shape;

/// What the output layer needs to follow every step.
#[derive(Debug)]
pub(super) struct StepHead<const L: usize> {
    seen: Vec<Block<L>>, // [hidden], mask ∘ h of one step
    d: Vec<Block<L>>,    // [logits], those of one step, then their gradient
    head: Vec<Sum>,      // [logits x hidden], gradients, folded to eight lanes
    bias: Vec<Block<L>>, // [logits], gradients
    begun: [usize; L],   // step at which the sequence begins
    share: [f64; L],     // one over the known answers
    losses: Vec<SampleLoss>,
    row: Vec<f32>,       // [logits], of one lane
    rows: Vec<Block<L>>, // [steps x logits], of inference
}

impl<const L: usize> Default for StepHead<L> {
    fn default() -> Self {
        StepHead {
            seen: Vec::new(),
            d: Vec::new(),
            head: Vec::new(),
            bias: Vec::new(),
            begun: [0; L],
            share: [0.0; L],
            losses: Vec::new(),
            row: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl<const L: usize> StepHead<L> {
    /// Room for a network of that shape.
    pub(super) fn clear(&mut self, shape: Shape) {
        zeros(&mut self.seen, shape.hidden);
        zeros(&mut self.d, shape.logits);
        self.rows.clear();
    }

    /// The logits of one state, in `d`.
    #[inline(always)]
    fn answer<S: Lanes, const NV: usize>(
        &mut self,
        simd: S,
        network: &Network,
        (h, mask): (&[Block<L>], &[Block<L>]),
    ) {
        for (seen, (h, mask)) in self.seen.iter_mut().zip(h.iter().zip(mask)) {
            let (h, mask) = (h.get::<S, NV>(), mask.get::<S, NV>());
            seen.set::<S, NV>(std::array::from_fn(|v| simd.mul_f32s(h[v], mask[v])));
        }
        let parameters = &network.parameters;
        let rows = parameters.part(Part::Head).chunks_exact(self.seen.len());
        let rows = rows.zip(parameters.part(Part::HeadBias));
        for (logit, (weights, &bias)) in self.d.iter_mut().zip(rows) {
            let mut sum = [simd.splat_f32s(bias); NV];
            for (&weight, seen) in weights.iter().zip(&self.seen) {
                let (weight, seen) = (simd.splat_f32s(weight), seen.get::<S, NV>());
                for v in 0..NV {
                    sum[v] = simd.mul_add_e_f32s(weight, seen[v], sum[v]);
                }
            }
            logit.set::<S, NV>(sum);
        }
    }
}

/// What the answers of all steps are to be.
#[derive(Debug, Clone, Copy)]
pub(in crate::train) struct StepWishes<'a> {
    pub samples: &'a [Sample<'a>],
    pub smoothing: f32,
    pub scale: f32,
}

impl<const L: usize> Workspace<L> {
    /// Keeps the logits of the state now.
    #[inline(always)]
    pub(super) fn keep_step_logits<S: Lanes, const NV: usize>(
        &mut self,
        simd: S,
        network: &Network,
    ) {
        let seen = (&self.h[0][..], &self.mask[..]);
        self.answers.answer::<S, NV>(simd, network, seen);
        let StepHead { d, rows, .. } = &mut self.answers;
        rows.extend_from_slice(d);
    }

    /// The logits that were kept, a row a step, one sample after the other.
    pub(super) fn step_rows(&self, samples: &[Sample<'_>]) -> Vec<f32> {
        let width = self.logits.len();
        let kept = self.answers.rows.chunks_exact(width);
        let mut rows = Vec::new();
        for (lane, sample) in samples.iter().enumerate() {
            let idle = self.slots.len() - sample.inputs.len();
            let of_lane = kept.clone().skip(idle).flatten();
            rows.extend(of_lane.map(|logits| logits.0[lane]));
        }
        rows
    }

    /// Before the way back.
    pub(super) fn begin_steps(&mut self, samples: &[Sample<'_>]) {
        let StepHead {
            d,
            seen,
            head,
            bias,
            begun,
            share,
            losses,
            row,
            ..
        } = &mut self.answers;
        let logits = d.len();
        head.clear();
        head.resize(logits * seen.len(), Sum::ZERO);
        zeros(bias, logits);
        row.resize(logits, 0.0);
        losses.clear();
        losses.resize(samples.len(), SampleLoss::default());
        for ((begun, share), sample) in begun.iter_mut().zip(share).zip(samples) {
            let steps = sample.inputs.len();
            *begun = self.slots.len() - steps;
            *share = 1.0 / known_answers(sample.target, steps, logits).max(1) as f64;
        }
        zeros(&mut self.dh, self.mask.len());
    }

    /// Adds to `dh` what the output layer wants of the state after step `t`, which is
    /// number `place` of the span.
    #[inline(always)]
    pub(super) fn step_backward<S: Lanes, const NV: usize>(
        &mut self,
        simd: S,
        network: &Network,
        wishes: StepWishes<'_>,
        (t, place): (usize, usize),
    ) {
        let Workspace {
            slots,
            span,
            mask,
            dh,
            answers,
            ..
        } = self;
        if !answers.is_asked(wishes.samples, &slots[t], t) {
            return;
        }
        answers.answer::<S, NV>(simd, network, (&span[place].h, mask));
        answers.compare(wishes, &slots[t], t);
        let hidden = answers.seen.len();
        for (bias, d) in answers.bias.iter_mut().zip(&answers.d) {
            let (sum, d) = (bias.get::<S, NV>(), d.get::<S, NV>());
            bias.set::<S, NV>(std::array::from_fn(|v| simd.add_f32s(sum[v], d[v])));
        }
        let head = network.parameters.part(Part::Head);
        for (unit, (seen, (mask, dh))) in answers.seen.iter().zip(mask.iter().zip(dh)).enumerate() {
            let seen = seen.get::<S, NV>();
            let mut wanted = [simd.splat_f32s(0.0); NV];
            for (k, d) in answers.d.iter().enumerate() {
                let (d, place) = (d.get::<S, NV>(), k * hidden + unit);
                let (sum, weight) = (&mut answers.head[place], simd.splat_f32s(head[place]));
                sum.0 = simd.add_eight(sum.0, simd.dot_eight(&d, &seen));
                for v in 0..NV {
                    wanted[v] = simd.mul_add_e_f32s(weight, d[v], wanted[v]);
                }
            }
            let (mask, mut sum) = (mask.get::<S, NV>(), dh.get::<S, NV>());
            for v in 0..NV {
                sum[v] = simd.mul_add_e_f32s(mask[v], wanted[v], sum[v]);
            }
            dh.set::<S, NV>(sum);
        }
    }

    /// After the way back: adds the output layer's gradient; the loss of each sample.
    pub(super) fn end_steps(&mut self, network: &Network, gradient: &mut [f32]) -> Vec<SampleLoss> {
        let StepHead { head, bias, .. } = &self.answers;
        let parameters = &network.parameters;
        let to_head = parameters.range(Part::Head);
        for (gradient, sum) in gradient[to_head].iter_mut().zip(head) {
            *gradient += sum.total();
        }
        let to_bias = parameters.range(Part::HeadBias);
        for (gradient, sum) in gradient[to_bias].iter_mut().zip(bias) {
            *gradient += sum.0.iter().sum::<f32>();
        }
        std::mem::take(&mut self.answers.losses)
    }
}

impl<const L: usize> StepHead<L> {
    /// Whether any lane knows the answer of step `t`.
    fn is_asked(&self, samples: &[Sample<'_>], slots: &[u32; L], t: usize) -> bool {
        let mut lanes = samples.iter().zip(slots).zip(self.begun);
        lanes.any(|((sample, &slot), begun)| {
            slot != IDLE && sample.target.of_step(t - begun, self.d.len()).is_known()
        })
    }

    /// Loss of each lane at step `t`; `d` becomes its gradient.
    fn compare(&mut self, wishes: StepWishes<'_>, slots: &[u32; L], t: usize) {
        let StepWishes {
            samples,
            smoothing,
            scale,
        } = wishes;
        for (lane, &slot) in slots.iter().enumerate() {
            let share = self.share[lane];
            self.row.fill(0.0);
            if slot != IDLE
                && let Some(sample) = samples.get(lane)
            {
                for (value, logits) in self.row.iter_mut().zip(&self.d) {
                    *value = logits.0[lane];
                }
                let target = sample.target.of_step(t - self.begun[lane], self.d.len());
                let answer = loss_of(&mut self.row, target, smoothing);
                self.losses[lane].add(answer, share);
            }
            let factor = scale * share as f32;
            for (value, logits) in self.row.iter().zip(&mut self.d) {
                logits.0[lane] = value * factor;
            }
        }
    }
}

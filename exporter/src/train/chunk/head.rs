//! Enters: the states of all steps. Leaves: the logits, and on the way back the loss and
//! the gradient of what the output layer reads. Next: `chunk` goes back step by step.

use super::{Block, IDLE, Network, Part, Sample, SampleLoss, Workspace, zeros};
use crate::train::loss::loss_of;
use crate::train::pooling::Pooling;

impl<const L: usize> Workspace<L> {
    /// Takes the state after step `t` into what the output layer reads.
    #[inline(always)]
    pub(super) fn pool(&mut self, t: usize) {
        let Workspace {
            slots,
            h,
            pooled,
            largest,
            lengths,
            pooling,
            ..
        } = self;
        let steps = slots.len();
        let slots = &slots[t];
        for ((h, pooled), largest) in h[0].iter().zip(pooled).zip(largest) {
            for lane in 0..L {
                let (h, pooled) = (h.0[lane], &mut pooled.0[lane]);
                if *pooling == Pooling::Mean {
                    *pooled += h / lengths[lane]; // h is 0 where a lane has not begun
                } else if slots[lane] != IDLE {
                    let is_first = t + lengths[lane] as usize == steps;
                    if is_first || h > *pooled {
                        (*pooled, largest[lane]) = (h, t as u32);
                    }
                }
            }
        }
    }

    /// Adds to `dh` what the output layer wants of the state after step `t`; `wanted` is
    /// the gradient of what it reads.
    #[inline(always)]
    pub(super) fn pool_backward(&mut self, t: usize, wanted: &[Block<L>]) {
        let slots = &self.slots[t];
        for (unit, (dh, wanted)) in self.dh.iter_mut().zip(wanted).enumerate() {
            for (lane, &slot) in slots.iter().enumerate() {
                let share = match self.pooling {
                    _ if slot == IDLE => 0.0,
                    Pooling::Mean => 1.0 / self.lengths[lane],
                    _ if self.largest[unit][lane] == t as u32 => 1.0,
                    _ => 0.0,
                };
                dh.0[lane] += share * wanted.0[lane];
            }
        }
    }

    /// What the output layer reads.
    #[inline(always)]
    fn state(&self) -> &[Block<L>] {
        if self.pooling.is_last() {
            &self.h[0]
        } else {
            &self.pooled
        }
    }

    /// `logits = head · (mask ∘ h) + bias`, with `h` the last state or the pooled one.
    #[inline(always)]
    pub(super) fn head(&mut self, network: &Network) {
        let parameters = &network.parameters;
        let (head, bias) = (parameters.part(Part::Head), parameters.part(Part::HeadBias));
        let hidden = parameters.shape.hidden;
        let mut all = std::mem::take(&mut self.logits);
        for (k, logits) in all.iter_mut().enumerate() {
            *logits = [bias[k]; L];
            let weights = &head[k * hidden..][..hidden];
            for ((weight, h), mask) in weights.iter().zip(self.state()).zip(&self.mask) {
                for ((logit, h), mask) in logits.iter_mut().zip(h.0).zip(mask.0) {
                    *logit += weight * (h * mask);
                }
            }
        }
        self.logits = all;
    }

    /// Loss of each sample; starts the way back in `dh`.
    #[inline(always)]
    pub(super) fn head_backward(
        &mut self,
        network: &Network,
        samples: &[Sample<'_>],
        (smoothing, scale): (f32, f32),
        gradient: &mut [f32],
    ) -> Vec<SampleLoss> {
        let parameters = &network.parameters;
        let head = parameters.part(Part::Head);
        let hidden = parameters.shape.hidden;
        let (to_head, to_bias) = (
            parameters.range(Part::Head),
            parameters.range(Part::HeadBias),
        );
        let mut losses = Vec::with_capacity(samples.len());
        let mut column = vec![0.0f32; self.logits.len()];
        for lane in 0..L {
            for (value, logits) in column.iter_mut().zip(&self.logits) {
                *value = logits[lane];
            }
            if let Some(sample) = samples.get(lane) {
                losses.push(loss_of(&mut column, sample.target, smoothing));
            } else {
                column.fill(0.0);
            }
            for (value, logits) in column.iter().zip(&mut self.logits) {
                logits[lane] = value * scale; // now ∂loss/∂logit
            }
        }
        let mut to_state = std::mem::take(&mut self.dh);
        zeros(&mut to_state, self.mask.len());
        for (k, d) in self.logits.iter().enumerate() {
            gradient[to_bias.start + k] += d.iter().sum::<f32>();
            for unit in 0..hidden {
                let (h, mask) = (&self.state()[unit].0, &self.mask[unit].0);
                let (weight, dh) = (head[k * hidden + unit], &mut to_state[unit].0);
                let mut sum = 0.0;
                for lane in 0..L {
                    let through = d[lane] * mask[lane];
                    sum += through * h[lane];
                    dh[lane] += through * weight;
                }
                gradient[to_head.start + k * hidden + unit] += sum;
            }
        }
        self.dh = to_state;
        losses
    }
}

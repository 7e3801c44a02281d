//! Enters: the states of one step. Leaves: its logits, and on the way back the loss of every
//! step and what the output layer wants of its state. Next: `chunk` goes back to the step
//! before.
//!
//! The same as the sparse engine's `steps`: logits of the way back come from the states that
//! are kept, the share of a step is one over the known answers of its sequence.

use super::chunk::{DenseView, DenseWorkspace};
use super::gradient::DenseGradient;
use crate::train::chunk::{Sample, StepWishes};
use crate::train::loss::{SampleLoss, known_answers, loss_of};
use crate::train::parameters::Part;
use ndarray::ArrayView1;

/// What the output layer needs to follow every step.
#[derive(Debug, Default)]
pub(super) struct DenseStepHead {
    seen: Vec<f32>,   // [hidden], mask ∘ h of one lane
    logits: Vec<f32>, // [logits], of one lane, then their gradient
    share: Vec<f64>,  // [lanes], one over the known answers
    losses: Vec<SampleLoss>,
    /// Whether the way forward keeps the logits of every step.
    pub(super) keeps: bool,
    /// Those logits.
    pub(super) rows: Vec<f32>, // [steps x lanes x logits]
}

impl DenseStepHead {
    /// `logits = head · (mask ∘ h) + bias` of one lane.
    fn answer(&mut self, view: DenseView<'_>, h: &[f32], mask: &[f32]) {
        let parameters = view.parameters;
        let (head, bias) = (parameters.part(Part::Head), parameters.part(Part::HeadBias));
        self.seen.clear();
        self.seen
            .extend(h.iter().zip(mask).map(|(h, mask)| h * mask));
        let seen = ArrayView1::from(&self.seen[..]);
        let rows = head.chunks_exact(parameters.shape.hidden).zip(bias);
        self.logits.clear();
        let answers = rows.map(|(weights, bias)| bias + ArrayView1::from(weights).dot(&seen));
        self.logits.extend(answers);
    }
}

impl DenseWorkspace {
    /// Keeps the logits of the states whose rows begin at `to`.
    pub(super) fn keep_step_logits(&mut self, view: DenseView<'_>, to: usize) {
        for lane in 0..self.lanes {
            let (h, mask) = (self.h.row(to + lane), self.mask.row(lane));
            self.answers.answer(view, h, mask);
            let logits = &self.answers.logits;
            self.answers.rows.extend_from_slice(logits);
        }
    }

    /// The logits that were kept, a row a step, one sample after the other.
    pub(super) fn step_rows(&mut self, width: usize) {
        let (lanes, rows) = (self.lanes, &self.answers.rows);
        self.logits.clear();
        for lane in 0..lanes {
            let of_lane = (self.begun[lane]..self.steps).map(|t| (t * lanes + lane) * width);
            let rows = of_lane.flat_map(|start| &rows[start..start + width]);
            self.logits.extend(rows);
        }
    }

    /// Before the way back.
    pub(super) fn begin_steps(
        &mut self,
        view: DenseView<'_>,
        samples: &[Sample<'_>],
        gradient: &mut DenseGradient,
    ) {
        let shape = view.parameters.shape;
        self.dh.reset(self.lanes, view.weights.units());
        gradient.clear_head(shape);
        let share = |sample: &Sample<'_>| {
            let known = known_answers(sample.target, sample.inputs.len(), shape.logits);
            1.0 / known.max(1) as f64
        };
        self.answers.share.clear();
        self.answers.share.extend(samples.iter().map(share));
        self.answers.losses.clear();
        let losses = &mut self.answers.losses;
        losses.resize(samples.len(), SampleLoss::default());
    }

    /// Adds to `dh` what the output layer wants of the states after step `t`.
    pub(super) fn step_backward(
        &mut self,
        view: DenseView<'_>,
        wishes: StepWishes<'_>,
        t: usize,
        gradient: &mut DenseGradient,
    ) {
        let shape = view.parameters.shape;
        let head = view.parameters.part(Part::Head);
        for (lane, sample) in wishes.samples.iter().enumerate() {
            let Some(step) = t.checked_sub(self.begun[lane]) else {
                continue;
            };
            let target = sample.target.of_step(step, shape.logits);
            if !target.is_known() {
                continue;
            }
            let (h, mask) = (self.h.row((t + 1) * self.lanes + lane), self.mask.row(lane));
            self.answers.answer(view, h, mask);
            let DenseStepHead {
                seen,
                logits,
                share,
                losses,
                ..
            } = &mut self.answers;
            let answer = loss_of(logits, target, wishes.smoothing);
            losses[lane].add(answer, share[lane]);
            let factor = wishes.scale * share[lane] as f32;
            let dh = self.dh.row_mut(lane);
            let to_head = gradient.head.chunks_exact_mut(shape.hidden);
            let rows = head.chunks_exact(shape.hidden).zip(to_head);
            for ((d, (weights, to_head)), to_bias) in
                logits.iter().zip(rows).zip(&mut gradient.head_bias)
            {
                let d = d * factor;
                *to_bias += d;
                for (to_head, seen) in to_head.iter_mut().zip(&*seen) {
                    *to_head += d * seen;
                }
                for ((dh, mask), weight) in dh.iter_mut().zip(mask).zip(weights) {
                    *dh += d * mask * weight;
                }
            }
        }
    }

    /// After the way back: the loss of each sample.
    pub(super) fn end_steps(&mut self) -> Vec<SampleLoss> {
        std::mem::take(&mut self.answers.losses)
    }
}

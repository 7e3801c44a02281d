//! Enters: the weights and the samples of one chunk. Leaves: their loss and gradient,
//! or their logits. Next: the workers sum the chunks of a batch in order.
//!
//! As in the sparse engine a chunk runs through its whole sequences, forward and back,
//! in one thread; sequences are aligned at their ends. Per step one product each way:
//! `pre += h · Uᵀ` and `dh = d · U`. The gradient of `U` is one product over all steps
//! and lanes. One row a lane; the rows of step t begin at `place · lanes`.

use super::gates::{GatesBackward, GatesForward};
use super::gradient::DenseGradient;
use super::matrix::PaddedMatrix;
use super::steps::DenseStepHead;
use super::weights::DenseWeights;
use super::words::DenseWords;
use crate::sequences::Sequence;
use crate::train::chunk::{Noise, Sample, StepWishes};
use crate::train::loss::{SampleLoss, loss_of};
use crate::train::parameters::{Parameters, Part};
use crate::train::pooling::Pooling;
use crate::train::simd::{Unit, dispatch};
use crate::train::words::IDLE;
use ndarray::linalg::general_mat_mul;
use rand::RngExt;
use set_lstm_runtime::wire::Moment;

/// The sparse engine pads the hidden size to a multiple of this, and draws dropout for
/// the padding too: the same seed shall give both engines the same masks.
const DRAWN_UNITS: usize = 4;

/// The weights, in both orders.
#[derive(Clone, Copy)]
pub struct DenseView<'a> {
    /// In the order of the flat vector.
    pub parameters: &'a Parameters,
    /// The gate matrices in the order of the products.
    pub weights: &'a DenseWeights,
}

/// Buffers of one thread, reused from chunk to chunk.
#[derive(Debug)]
pub struct DenseWorkspace {
    words: DenseWords,
    unit: Unit,
    pub(super) lanes: usize,
    pub(super) steps: usize,
    slots: Vec<u32>,               // [steps x lanes]
    gates: PaddedMatrix,           // [places · lanes x 4 units]; i g f o, then their gradients
    c: PaddedMatrix,               // [places · lanes x units]; place 0 is all zeros
    pub(super) h: PaddedMatrix,    // [places · lanes x units]; place 0 is all zeros
    pub(super) dh: PaddedMatrix,   // [lanes x units]
    dc: PaddedMatrix,              // [lanes x units]
    pub(super) mask: PaddedMatrix, // [lanes x hidden], output dropout
    every: PaddedMatrix,           // [lanes x hidden], recurrent dropout, or none
    pub(super) pooling: Pooling,
    pub(super) pooled: PaddedMatrix, // [lanes x units], what the output layer reads
    pub(super) begun: Vec<usize>,    // [lanes], step at which the sequence begins
    pub(super) largest: Vec<usize>,  // [lanes x hidden], step of the maximum
    pub(super) wanted: PaddedMatrix, // [lanes x units], gradient of `pooled`
    pub(super) logits: Vec<f32>,     // [lanes x logits]
    pub(super) answers: DenseStepHead, // of every step
}

impl DenseWorkspace {
    /// Empty buffers.
    pub fn new(unit: Unit) -> Self {
        DenseWorkspace {
            words: DenseWords::default(),
            unit,
            lanes: 0,
            steps: 0,
            slots: Vec::new(),
            gates: PaddedMatrix::default(),
            c: PaddedMatrix::default(),
            h: PaddedMatrix::default(),
            dh: PaddedMatrix::default(),
            dc: PaddedMatrix::default(),
            mask: PaddedMatrix::default(),
            every: PaddedMatrix::default(),
            pooling: Pooling::Last,
            pooled: PaddedMatrix::default(),
            begun: Vec::new(),
            largest: Vec::new(),
            wanted: PaddedMatrix::default(),
            logits: Vec::new(),
            answers: DenseStepHead::default(),
        }
    }

    /// What the output layer reads.
    pub fn set_pooling(&mut self, pooling: Pooling) {
        self.pooling = pooling;
    }

    /// Loss of a chunk of up to `width` samples; `gradient` becomes that of `scale`
    /// times their summed loss.
    pub fn train(
        &mut self,
        view: DenseView<'_>,
        (samples, width): (&[Sample<'_>], usize),
        noise: &mut Noise,
        scale: f32,
        gradient: &mut DenseGradient,
    ) -> Vec<SampleLoss> {
        let keep = 1.0 / (1.0 - noise.word_dropout);
        let (dropout, rng) = (noise.word_dropout, &mut noise.rng);
        self.answers.keeps = false;
        self.begin(view, samples, || {
            if dropout > 0.0 && rng.random::<f32>() < dropout {
                0.0
            } else {
                keep
            }
        });
        self.draw_mask(view, noise, width);
        self.forward(view, self.steps + 1, noise.recurrent_dropout > 0.0);
        let follows = samples
            .first()
            .filter(|it| it.target.task().is_every_step());
        let wishes = follows.map(|_| StepWishes {
            samples,
            smoothing: noise.smoothing,
            scale,
        });
        if wishes.is_some() {
            self.begin_steps(view, samples, gradient);
            self.backward(view, gradient, wishes, noise.recurrent_dropout > 0.0);
            return self.end_steps();
        }
        let losses = self.head_backward(view, samples, (noise.smoothing, scale), gradient);
        self.backward(view, gradient, None, noise.recurrent_dropout > 0.0);
        losses
    }

    /// Logits of a chunk, one row a sample, or one a step of every sample.
    pub fn infer(&mut self, view: DenseView<'_>, samples: &[Sample<'_>], moment: Moment) -> &[f32] {
        self.answers.keeps = moment == Moment::EveryStep;
        self.answers.rows.clear();
        self.begin(view, samples, || 1.0);
        for lane in 0..self.lanes {
            self.mask.row_mut(lane).fill(1.0);
        }
        self.forward(view, 2, false);
        if self.answers.keeps {
            self.step_rows(view.parameters.shape.logits);
        }
        &self.logits
    }

    /// Numbers the unique tokens and aligns the sequences at their ends.
    fn begin(
        &mut self,
        view: DenseView<'_>,
        samples: &[Sample<'_>],
        mut keep: impl FnMut() -> f32,
    ) {
        let shape = view.parameters.shape;
        let lengths = samples.iter().map(|sample| sample.inputs.len());
        self.steps = lengths.max().unwrap_or(0);
        self.lanes = samples.len();
        self.begun.clear();
        self.words.clear(shape);
        self.slots.clear();
        self.slots.resize(self.steps * self.lanes, IDLE);
        for (lane, sample) in samples.iter().enumerate() {
            let idle = self.steps - sample.inputs.len();
            let (words, slots) = (&mut self.words, &mut self.slots);
            let slots = slots.chunks_exact_mut(self.lanes).skip(idle);
            self.begun.push(idle);
            match sample.inputs {
                Sequence::Tokens(tokens) => slots
                    .zip(tokens)
                    .for_each(|(slots, &token)| slots[lane] = words.slot(token, &mut keep)),
                Sequence::Samples { .. } => slots
                    .zip(sample.inputs.samples())
                    .for_each(|(slots, values)| slots[lane] = words.sample(values)),
            }
        }
        self.mask.resize(self.lanes, shape.hidden);
        self.largest.clear();
        self.largest.resize(self.lanes * shape.hidden, 0);
    }

    fn draw_mask(&mut self, view: DenseView<'_>, noise: &mut Noise, width: usize) {
        let (hidden, lanes) = (view.parameters.shape.hidden, self.lanes);
        let mut draw = |mask: &mut PaddedMatrix, dropout: f32| {
            let keep = 1.0 / (1.0 - dropout);
            for unit in 0..hidden.next_multiple_of(DRAWN_UNITS) {
                for lane in 0..width {
                    let dropped = dropout > 0.0 && noise.rng.random::<f32>() < dropout;
                    if unit < hidden && lane < lanes {
                        mask.row_mut(lane)[unit] = if dropped { 0.0 } else { keep };
                    }
                }
            }
        };
        draw(&mut self.mask, noise.output_dropout);
        if noise.recurrent_dropout > 0.0 {
            self.every.resize(lanes, hidden);
            draw(&mut self.every, noise.recurrent_dropout);
        }
    }

    /// All steps forward. The kept steps go round in a ring of `ring` places.
    fn forward(&mut self, view: DenseView<'_>, ring: usize, is_dropped: bool) {
        let (weights, lanes) = (view.weights, self.lanes);
        let units = weights.units();
        self.words.forward(view.parameters, weights);
        self.gates.resize(ring * lanes, 4 * units);
        self.c.resize(ring * lanes, units);
        self.h.resize(ring * lanes, units);
        self.pooled.reset(lanes, units);
        for lane in 0..lanes {
            self.c.row_mut(lane).fill(0.0);
            self.h.row_mut(lane).fill(0.0);
        }
        for t in 0..self.steps {
            let (from, to) = (t % ring * lanes, (t + 1) % ring * lanes);
            for (lane, &slot) in self.slots[t * lanes..][..lanes].iter().enumerate() {
                let row = self.words.rows.row(slot as usize);
                self.gates.row_mut(to + lane).copy_from_slice(row);
            }
            if t > 0 {
                // preᵀ += U · hᵀ: the library is faster with the long side first.
                let by_column = weights.recurrent_by_column.whole().reversed_axes();
                let h = self.h.view(from..from + lanes).reversed_axes();
                let mut pre = self.gates.view_mut(to..to + lanes).reversed_axes();
                general_mat_mul(1.0, &by_column, &h, 1.0, &mut pre);
            }
            let step = GatesForward {
                lanes,
                from,
                to,
                gates: &mut self.gates,
                c: &mut self.c,
                h: &mut self.h,
            };
            dispatch::<_, 16>(self.unit, step);
            if is_dropped {
                drop_out(&mut self.h, to, &self.every, lanes);
            }
            if !self.pooling.is_last() {
                self.pool(t, to);
            }
            if self.answers.keeps {
                self.keep_step_logits(view, to);
            }
        }
        if self.pooling.is_last() {
            for lane in 0..lanes {
                let last = self.h.row(self.steps % ring * lanes + lane);
                self.pooled.row_mut(lane).copy_from_slice(last);
            }
        }
        self.head(view);
    }

    /// `logits = head · (mask ∘ h) + bias`, with `h` the last state or the pooled one.
    fn head(&mut self, view: DenseView<'_>) {
        let parameters = view.parameters;
        let (head, bias) = (parameters.part(Part::Head), parameters.part(Part::HeadBias));
        self.logits.clear();
        for lane in 0..self.lanes {
            let (h, mask) = (self.pooled.row(lane), self.mask.row(lane));
            let rows = head.chunks_exact(parameters.shape.hidden);
            self.logits.extend(rows.zip(bias).map(|(weights, bias)| {
                let terms = weights.iter().zip(h).zip(mask);
                bias + terms.map(|((w, h), mask)| w * (h * mask)).sum::<f32>()
            }));
        }
    }

    /// Loss of each sample; starts the way back in `dh`.
    fn head_backward(
        &mut self,
        view: DenseView<'_>,
        samples: &[Sample<'_>],
        (smoothing, scale): (f32, f32),
        gradient: &mut DenseGradient,
    ) -> Vec<SampleLoss> {
        let head = view.parameters.part(Part::Head);
        let (hidden, logits) = (view.parameters.shape.hidden, view.parameters.shape.logits);
        let mut losses = Vec::with_capacity(samples.len());
        self.dh.reset(self.lanes, view.weights.units());
        gradient.clear_head(view.parameters.shape);
        let rows = self.logits.chunks_exact_mut(logits);
        for (lane, (sample, row)) in samples.iter().zip(rows).enumerate() {
            losses.push(loss_of(row, sample.target, smoothing));
            let h = self.pooled.row(lane);
            let (mask, dh) = (self.mask.row(lane), self.dh.row_mut(lane));
            for (k, d) in row.iter().map(|d| d * scale).enumerate() {
                gradient.head_bias[k] += d;
                let to_head = &mut gradient.head[k * hidden..];
                for (unit, mask) in mask.iter().enumerate() {
                    let through = d * mask;
                    to_head[unit] += through * h[unit];
                    dh[unit] += through * head[k * hidden + unit];
                }
            }
        }
        losses
    }

    /// All steps back. Needs all of them kept.
    fn backward(
        &mut self,
        view: DenseView<'_>,
        gradient: &mut DenseGradient,
        wishes: Option<StepWishes<'_>>,
        is_dropped: bool,
    ) {
        let (weights, lanes) = (view.weights, self.lanes);
        let units = weights.units();
        self.dc.reset(lanes, units);
        if !self.pooling.is_last() {
            std::mem::swap(&mut self.dh, &mut self.wanted);
            self.dh.reset(lanes, units);
        }
        self.words.reset_rows(4 * units);
        for t in (0..self.steps).rev() {
            let (from, to) = (t * lanes, (t + 1) * lanes);
            if !self.pooling.is_last() {
                self.pool_backward(t);
            }
            if let Some(wishes) = wishes {
                self.step_backward(view, wishes, t, gradient);
            }
            if is_dropped {
                drop_out(&mut self.dh, 0, &self.every, lanes);
            }
            let step = GatesBackward {
                slots: &self.slots[from..to],
                from,
                to,
                gates: &mut self.gates,
                c: &self.c,
                dh: &self.dh,
                dc: &mut self.dc,
                words: &mut self.words.rows,
            };
            dispatch::<_, 16>(self.unit, step);
            if t > 0 {
                let by_row = weights.recurrent.whole().reversed_axes();
                let d = self.gates.view(to..to + lanes).reversed_axes();
                let mut dh = self.dh.whole_mut().reversed_axes();
                general_mat_mul(1.0, &by_row, &d, 0.0, &mut dh);
            }
        }
        self.words.backward(weights, gradient);
        // dU = Σ_t d_tᵀ · h_{t-1}, where h before the first step is 0.
        let all = lanes..self.steps.max(1) * lanes;
        let d = self.gates.view(all.start + lanes..all.end + lanes);
        gradient.recurrent.reset(4 * units, units);
        let mut to_recurrent = gradient.recurrent.whole_mut();
        general_mat_mul(1.0, &d.t(), &self.h.view(all), 1.0, &mut to_recurrent);
    }
}

/// `values ∘ mask` in the rows from `first` on.
fn drop_out(values: &mut PaddedMatrix, first: usize, mask: &PaddedMatrix, lanes: usize) {
    for lane in 0..lanes {
        let mask = mask.row(lane).iter();
        for (value, mask) in values.row_mut(first + lane).iter_mut().zip(mask) {
            *value *= mask;
        }
    }
}

#[cfg(test)]
impl DenseWorkspace {
    /// What the way back has left in the gates: the gradients of all steps.
    pub fn fading(&self) -> impl Iterator<Item = f32> {
        let rows = self.lanes..(self.steps + 1) * self.lanes;
        rows.flat_map(|row| self.gates.row(row).iter().copied())
    }
}

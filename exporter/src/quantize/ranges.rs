//! Enters: an f32 model. Leaves: [`Ranges`] to choose from, and the [`Noise`] by which the
//! choice is made. Next: `quantize` rounds the weights to the best of them.
//!
//! The sums of a unit have 32 bits. A multiplier takes 16 of them, the additions of the unit
//! some 3, and what is left is shared out between the state, `x` and, since `W` and `U` of a
//! unit have one scale, their weights.

use super::{LARGEST_SAMPLE, QuantizedGate, QuantizedMatrix};
use crate::sparse_model::{LayerView, SparseModel};
use set_lstm_runtime::Gate;
use set_lstm_runtime::fixed::{MAX_STATE_SHIFT, PRE_BITS, SCALE_SHIFT};

/// By how many powers of two `x` is tried smaller than the balance of `W` and `U` asks.
const SMALLER_INPUTS: u32 = 6;
/// Mean square of `h`, as trained models have it within a factor of a few.
const MEAN_SQUARE_STATE: f64 = 1.0 / 16.0;

/// How large the stored values of the embedding, or samples, are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Magnitudes {
    /// Of any value; at least 1.
    pub largest: u16,
    /// Of all values of a row, or of all channels, together.
    pub largest_sum: u32,
}

impl Magnitudes {
    pub fn of(embedding: &QuantizedMatrix) -> Self {
        let values = embedding.value.iter().map(|value| value.unsigned_abs());
        let rows = 0..embedding.row_start.len() - 1;
        let sums = rows.map(|row| embedding.row_sum(row) as u32); // 256 values of 16 bits
        Magnitudes {
            largest: values.max().unwrap_or(1),
            largest_sum: sums.max().unwrap_or(0),
        }
    }

    /// Of samples.
    pub fn of_samples(channels: usize) -> Self {
        Magnitudes {
            largest: LARGEST_SAMPLE,
            largest_sum: channels as u32 * u32::from(LARGEST_SAMPLE), // 256 of 16 bits
        }
    }
}

/// Formats of the state and the input, and what follows from them.
pub(super) struct Ranges {
    /// Factor from a stored embedding value or sample to `x`.
    pub input_scale: u16,
    /// Largest magnitude of an element of the state.
    pub state_limit: u32,
    /// Largest magnitude of an element of `x`.
    pub input_limit: u32,
    /// Largest sum of magnitudes of an `x`.
    pub input_sum_limit: u32,
    /// A weight of `U` times this is its multiplier times its unit's scale.
    pub recurrent: f64,
    /// The same for `W`.
    pub input: f64,
    /// Whether a unit whose sum would overflow may have coarser weights instead.
    pub may_coarsen: bool,
}

impl Ranges {
    /// The ranges of a state in Q(15 - state_shift) and an `x` that is `gain` times as large
    /// as the embedding says.
    pub fn new(values: Magnitudes, value_step: f32, state_shift: u8, gain: f64) -> Ranges {
        let state_one = f64::from(0x8000_u32 >> state_shift);
        let wanted = f64::from(value_step) * state_one * gain;
        let input_scale = wanted
            .round()
            .clamp(1.0, f64::from(0x7fff / values.largest)) as u16;
        // sum · scale / 2^(16 + SCALE_SHIFT) is a pre-activation in Q12
        let unit_sum = 2_f64.powi((16 + SCALE_SHIFT + PRE_BITS) as i32);
        Ranges {
            input_scale,
            state_limit: 0x8000 >> state_shift,
            input_limit: u32::from(values.largest) * u32::from(input_scale),
            input_sum_limit: values.largest_sum.saturating_mul(input_scale.into()),
            recurrent: unit_sum / state_one,
            input: unit_sum * f64::from(value_step) / f64::from(input_scale),
            may_coarsen: false,
        }
    }

    /// The ranges of a layer whose input is the state of the layer below, as it is.
    pub fn above(below: u8, state_shift: u8) -> Ranges {
        let one = |shift: u8| f64::from(0x8000_u32 >> shift);
        let unit_sum = 2_f64.powi((16 + SCALE_SHIFT + PRE_BITS) as i32);
        Ranges {
            input_scale: 1,
            state_limit: 0x8000 >> state_shift,
            input_limit: 0x8000 >> below,
            input_sum_limit: u32::MAX,
            recurrent: unit_sum / one(state_shift),
            input: unit_sum / one(below),
            may_coarsen: true,
        }
    }

    /// All ranges of the first layer worth a try. In each of the lists `x` has its own size against the state,
    /// the one that makes `W` and `U` equally large or a smaller one by powers of two: a
    /// smaller `x` takes bits from the weights of `U` and leaves more of a sum's 32 bits to
    /// the state. The list is over the formats of the state, finest first.
    pub fn candidates(
        layer: LayerView<'_>,
        values: Magnitudes,
        value_step: f32,
    ) -> Vec<Vec<(u8, Ranges)>> {
        let balance = balance(layer);
        let shifts = 0..=MAX_STATE_SHIFT;
        (0..=SMALLER_INPUTS)
            .map(|halvings| {
                let gain = balance / f64::from(1_u32 << halvings);
                let ranges = |shift| (shift, Ranges::new(values, value_step, shift, gain));
                shifts.clone().map(ranges).collect()
            })
            .collect()
    }

    /// All ranges of a layer above one whose state has the format `below`. Its input is as
    /// large as it is, so each format of the state fits somehow and is a list of its own.
    pub fn candidates_above(below: u8) -> Vec<Vec<(u8, Ranges)>> {
        let ranges = |shift| vec![(shift, Ranges::above(below, shift))];
        (0..=MAX_STATE_SHIFT).map(ranges).collect()
    }
}

/// Mean square error of a pre-activation by the rounding of weights and of the state, each
/// uniform over its last bit: what tells the candidates apart.
pub(super) struct Noise {
    /// Of an input that a connection of `W` meets.
    mean_square_input: f64,
}

impl Noise {
    /// Of a layer above another.
    pub fn above() -> Self {
        Noise {
            mean_square_input: MEAN_SQUARE_STATE,
        }
    }

    /// Of the first layer of a model.
    pub fn of(model: &SparseModel) -> Self {
        if model.channels().is_some() {
            // normalised: deviation 1
            return Noise {
                mean_square_input: 1.0,
            };
        }
        let places = (model.embedding.rows * model.embedding.columns).max(1);
        Noise {
            mean_square_input: squares(&model.embedding.value) / places as f64,
        }
    }

    /// The sum over all gates and units.
    pub fn sum(
        &self,
        layer: LayerView<'_>,
        ranges: &Ranges,
        gates: &[QuantizedGate; Gate::COUNT],
    ) -> f64 {
        let state_step = 1.0 / f64::from(ranges.state_limit);
        let mut sum = 0.0;
        for (gate, quantized) in Gate::ALL.iter().zip(gates) {
            let (input, recurrent) = (&layer.input[gate.index()], &layer.recurrent[gate.index()]);
            for (row, &unit) in quantized.units.iter().enumerate() {
                let (w, u) = (input.row(row).1, recurrent.row(row).1);
                // the last bit of a weight is 256 of its multiplier
                let last_bit = 256.0 * f64::from(unit & 0x7fff);
                let (w_step, u_step) = (last_bit / ranges.input, last_bit / ranges.recurrent);
                sum += w_step.powi(2) * w.len() as f64 * self.mean_square_input
                    + u_step.powi(2) * u.len() as f64 * MEAN_SQUARE_STATE
                    + state_step.powi(2) * squares(u);
            }
        }
        sum / 12.0
    }
}

fn squares(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum()
}

/// How much larger the weights of `W` are than those of `U`: the geometric mean over all
/// rows that have both, of the largest against the largest.
fn balance(layer: LayerView<'_>) -> f64 {
    let (mut sum, mut rows) = (0.0, 0);
    for (input, recurrent) in layer.input.iter().zip(layer.recurrent) {
        for row in 0..layer.hidden_size() {
            let (w, u) = (largest(input.row(row).1), largest(recurrent.row(row).1));
            if w > 0.0 && u > 0.0 {
                sum += f64::from(w / u).ln();
                rows += 1;
            }
        }
    }
    if rows == 0 {
        1.0
    } else {
        (sum / f64::from(rows)).exp()
    }
}

pub(super) fn largest(weights: &[f32]) -> f32 {
    weights
        .iter()
        .fold(0.0, |largest, weight| weight.abs().max(largest))
}

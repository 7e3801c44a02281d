//! Enters: f32 weights and an f32 state. Leaves: the sums and gates of one step. Next:
//! `cell` calls these functions in the order of the formula.
//!
//! The order of every sum is the order of the file, a product is rounded before it is
//! added (Rust contracts nothing), and the exponential is computed by a crate, not by the
//! system: so results are equal to the last bit on host and device. One exception is the
//! feature `micromath`, whose exponential is another one: a reference vector that was made
//! with `libm` does not fit it.
//!
//! # Why a sum cannot overflow
//! Weights, biases and embedding values are at most 2^32 in magnitude, samples 8, `|h| ≤ 1`:
//! 2048 products of 2^64 are far from the largest f32. `NaN` and infinity are refused.

use crate::activation::{sigmoid_f32, tanh_f32};
use crate::arithmetic::{Engine, GateWeights};
use crate::error::{DecodeError, Fault};
use crate::sparse::{Pairs, Strips};
use crate::wire::{Header, InputLayout, Kind, Place, RAW_VALUE, Section};

/// 32-bit floating point throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Float32 {}

/// Indices and weights side by side.
#[derive(Debug, Clone, Copy)]
pub struct FloatPairs<'a> {
    index: &'a [[u8; 2]],
    weight: &'a [[f32; 2]],
}

impl Pairs for FloatPairs<'_> {
    const NONE: Self = FloatPairs {
        index: &[],
        weight: &[],
    };
    fn count(&self) -> usize {
        self.weight.len()
    }
    fn cut(&self, range: core::ops::Range<usize>) -> Option<Self> {
        Some(FloatPairs {
            index: self.index.get(range.clone())?,
            weight: self.weight.get(range)?,
        })
    }
    fn highest_index(&self, pair: usize) -> Option<u8> {
        self.index
            .get(pair)
            .map(|&[first, second]| first.max(second))
    }
}

impl Engine for Float32 {
    const KIND: Kind = Kind::Float32;
    type Value = f32;
    type Sum = f32;
    const ZERO_SUM: f32 = 0.0;
    type Logit = f32;
    type Pairs<'a> = FloatPairs<'a>;
    type Unit = f32;
    type HeadWeight = f32;
    type Constants = ();
    const NO_CONSTANTS: () = ();

    fn constants(header: &Header<'_>, layer: u8, below: Option<&()>) -> Result<(), DecodeError> {
        let of = header
            .layers
            .get(usize::from(layer))
            .copied()
            .unwrap_or_default();
        let possible = of.state_shift == 0
            && of.input_scale == 0
            && header.head_shift == 0
            && header.rows.value_bits == RAW_VALUE
            && header.rows.largest == 0
            && (below.is_none() || of.layout == InputLayout::Joined)
            && of.layout != InputLayout::Delta; // a sum of changes would drift
        if possible {
            Ok(())
        } else {
            Err(DecodeError::Header)
        }
    }

    fn pairs<'a>(index: &'a [u8], weight: &'a [u8]) -> Option<FloatPairs<'a>> {
        Some(FloatPairs {
            index: bytemuck::try_cast_slice(index).ok()?,
            weight: bytemuck::try_cast_slice(weight).ok()?,
        })
    }

    fn is_input(bits: i32, _constants: &()) -> bool {
        is_weight(f32::from_bits(bits as u32))
    }

    fn check_gate(
        place: Place,
        weights: &GateWeights<'_, Float32>,
        _constants: &(),
        _row_sum: u32,
        _hidden: u16,
    ) -> Result<(), DecodeError> {
        check(
            weights.input.pairs.weight.as_flattened(),
            Section::InputWeight(place),
        )?;
        check(
            weights.recurrent.pairs.weight.as_flattened(),
            Section::RecurrentWeight(place),
        )?;
        check(weights.units, Section::Unit(place))
    }

    fn check_head(weight: &[f32], bias: &[f32]) -> Result<(), DecodeError> {
        check(weight, Section::HeadWeight)?;
        check(bias, Section::HeadBias)
    }

    fn input(bits: i32, _constants: &()) -> f32 {
        f32::from_bits(bits as u32)
    }

    fn sample(normalised: f32, _constants: &()) -> f32 {
        normalised
    }

    fn add_column<const N: usize>(column: FloatPairs<'_>, x: f32, sum: &mut [f32; N]) {
        let units = column.index.as_flattened();
        for (&unit, weight) in units.iter().zip(column.weight.as_flattened()) {
            sum[usize::from(unit) & (N - 1)] += weight * x;
        }
    }

    fn add_strips<const N: usize>(
        strips: &Strips<'_, FloatPairs<'_>>,
        v: &[f32; N],
        sum: &mut [f32; N],
    ) {
        let mut rest = *strips;
        for (pairs, &count) in (1..).zip(strips.counts.iter().flatten()) {
            for _ in 0..count {
                let (Some((&unit, units)), Some((index, indices)), Some((weight, weights))) = (
                    rest.unit.split_first(),
                    rest.pairs.index.split_at_checked(pairs),
                    rest.pairs.weight.split_at_checked(pairs),
                ) else {
                    return;
                };
                rest.unit = units;
                rest.pairs = FloatPairs {
                    index: indices,
                    weight: weights,
                };
                let mut row = sum[usize::from(unit) & (N - 1)];
                for (&[i, j], [a, b]) in index.iter().zip(weight) {
                    row += a * v[usize::from(i) & (N - 1)];
                    row += b * v[usize::from(j) & (N - 1)];
                }
                sum[usize::from(unit) & (N - 1)] = row;
            }
        }
    }

    fn input_gate<const N: usize>(units: &[f32], sum: &mut [f32; N], gate: &mut [f32; N]) {
        for ((bias, sum), gate) in units.iter().zip(sum).zip(gate) {
            *gate = sigmoid_f32(core::mem::take(sum) + bias);
        }
    }

    fn candidate_gate<const N: usize>(units: &[f32], sum: &mut [f32; N], gate: &mut [f32; N]) {
        for ((bias, sum), gate) in units.iter().zip(sum).zip(gate) {
            *gate *= tanh_f32(core::mem::take(sum) + bias);
        }
    }

    fn forget_gate<const N: usize>(
        units: &[f32],
        sum: &mut [f32; N],
        gate: &[f32; N],
        c: &mut [f32; N],
    ) {
        for (((bias, sum), gate), c) in units.iter().zip(sum).zip(gate).zip(c) {
            *c = sigmoid_f32(core::mem::take(sum) + bias) * *c + gate;
        }
    }

    fn output_gate<const N: usize>(
        units: &[f32],
        sum: &mut [f32; N],
        c: &[f32; N],
        h: &mut [f32; N],
        _constants: &(),
    ) {
        for (((bias, sum), &c), h) in units.iter().zip(sum).zip(c).zip(h) {
            *h = sigmoid_f32(core::mem::take(sum) + bias) * tanh_f32(c);
        }
    }

    fn logit(weight: &[f32], bias: f32, h: &[f32], _constants: &()) -> f32 {
        weight.iter().zip(h).fold(bias, |sum, (w, h)| sum + w * h)
    }

    fn is_hidden(value: f32, _constants: &()) -> bool {
        value.abs() <= 1.0
    }
}

fn is_weight(value: f32) -> bool {
    value.abs() <= 4_294_967_296.0 // false for NaN
}

fn check(values: &[f32], section: Section) -> Result<(), DecodeError> {
    match values.iter().position(|&value| !is_weight(value)) {
        Some(index) => Err(DecodeError::Content {
            section,
            index: index as u32,
            fault: Fault::Value,
        }),
        None => Ok(()),
    }
}

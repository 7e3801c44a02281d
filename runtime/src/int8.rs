//! Enters: int8 weights and a 16-bit state. Leaves: the sums and gates of one step, in
//! integers only. Next: `cell` calls these functions in the order of the formula.
//!
//! With `m` the multiplier of a connection (see [`fixed`](crate::fixed)):
//!
//! ```text
//! sum[unit]  = Σ m_W · x[column] + Σ m_U · h[column]         i32, cannot overflow
//! pre        = sum · scale[gate][unit] + bias[gate][unit]    Q12, saturated
//! ```
//!
//! Each gate and unit has a scale of its own: the passes go gate by gate, so that it
//! costs no more than a scale per unit. `W` and `U` of a unit share it; the exporter
//! scales `x` so that both use the range of a weight.
//!
//! A sample of a sensor is the one number that is not an integer at first: it is brought to
//! standard deviations in f32 and then to the nearest of the file's steps.
//!
//! # Why a sum cannot overflow
//! `|h| ≤ 2^(15-k)` by construction and `|x| ≤ max|x|` by a check of each stored value; a
//! sample is held within its limit. When
//! the model is loaded, [`Engine::check_gate`] holds for every unit
//!
//! ```text
//! Σ|m_U| · max|h| + min(Σ|m_W| · max|x|, max|m_W| · max Σ|x|)
//! ```
//!
//! against `2^31 - 1`, with the largest `Σ|x|` of any row of the embedding: a row is sparse,
//! so the second way is often a bit or two tighter, and the state gets them (a sample has all
//! its channels at the limit). (Partial sums
//! may then not overflow either. The additions wrap all the same: that way no panic path
//! exists.)

use crate::activation::{sigmoid, tanh};
mod bounds;

use crate::arithmetic::{Engine, GateWeights};
use crate::error::DecodeError;
use crate::fixed::{
    GATE_BITS, LOGIT_BITS, MAX_STATE_SHIFT, PRE_BITS, pre_activation, round_shift, saturate,
};
use crate::samples::SAMPLE_LIMIT;
use crate::sparse::{Pairs, Strips};
use crate::wire::{Header, InputLayout, Kind, Place, RAW_VALUE};

/// Half a unit of `σ(i) · tanh(g)` (Q30 to Q14), and half a unit of `c` (2^14 in Q27, which
/// is 2 in Q14): one addition rounds here and in the pass that comes next.
const CANDIDATE_HALVES: i32 = (2 << 16) + (1 << 15);

/// 8-bit weights, 16-bit state, integers only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Int8 {}

/// Constants of the formula.
#[derive(Debug, Clone, Copy)]
pub struct Constants {
    /// `k` of the state's format Q(15-k).
    state_shift: u32,
    /// Factor from a stored embedding value to `x`.
    input_scale: i32,
    /// Largest `|x|`.
    input_limit: u32,
    /// What one standard deviation of a sample is stored as.
    sample_one: f32,
    /// Fraction bits of the head's weights.
    head_shift: u32,
}

impl Constants {
    /// `k` of the state's format Q(15-k).
    pub(crate) const fn state_shift(&self) -> u32 {
        self.state_shift
    }

    /// What one standard deviation of a sample is multiplied as.
    pub(crate) fn sample_unit(&self) -> f32 {
        self.sample_one * self.input_scale as f32
    }
}

/// Two connections a word: the first in the low half, each as `fixed::slot` has it.
impl Pairs for &[u32] {
    const NONE: Self = &[];
    fn count(&self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn cut(&self, range: core::ops::Range<usize>) -> Option<Self> {
        self.get(range)
    }
    fn highest_index(&self, pair: usize) -> Option<u8> {
        self.get(pair)
            .map(|&pair| (pair as u8).max((pair >> 16) as u8))
    }
}

impl Engine for Int8 {
    const KIND: Kind = Kind::Int8;
    type Value = i16;
    type Sum = i32;
    const ZERO_SUM: i32 = 0;
    type Logit = i32;
    type Pairs<'a> = &'a [u32];
    type Unit = u32;
    type HeadWeight = i16;
    type Constants = Constants;
    const NO_CONSTANTS: Constants = Constants {
        state_shift: 0,
        input_scale: 0,
        input_limit: 0,
        sample_one: 0.0,
        head_shift: 0,
    };

    fn constants(
        header: &Header<'_>,
        layer: u8,
        below: Option<&Constants>,
    ) -> Result<Constants, DecodeError> {
        let of = header
            .layers
            .get(usize::from(layer))
            .copied()
            .unwrap_or_default();
        let input_scale = u32::from(of.input_scale);
        let input_limit = match below {
            // two 16-bit numbers: no overflow
            None => u32::from(header.rows.largest) * input_scale,
            Some(below) => 0x8000 >> below.state_shift,
        };
        let possible = match below {
            None => input_limit <= i16::MAX as u32 && header.rows.value_bits != RAW_VALUE,
            Some(_) => input_scale == 1 && of.layout == InputLayout::Joined,
        };
        if !possible || of.state_shift > MAX_STATE_SHIFT || header.head_shift >= 32 {
            return Err(DecodeError::Header);
        }
        Ok(Constants {
            state_shift: of.state_shift.into(),
            input_scale: input_scale as i32,
            input_limit,
            sample_one: f32::from(header.rows.largest) / SAMPLE_LIMIT,
            head_shift: header.head_shift.into(),
        })
    }

    fn pairs<'a>(index: &'a [u8], weight: &'a [u8]) -> Option<&'a [u32]> {
        if index.is_empty() {
            bytemuck::try_cast_slice(weight).ok()
        } else {
            None
        }
    }

    fn is_input(bits: i32, constants: &Constants) -> bool {
        bits.unsigned_abs()
            .saturating_mul(constants.input_scale as u32)
            <= constants.input_limit
    }

    fn check_gate(
        place: Place,
        weights: &GateWeights<'_, Int8>,
        constants: &Constants,
        row_sum: u32,
        hidden: u16,
    ) -> Result<(), DecodeError> {
        bounds::check(place, weights, constants, row_sum, hidden)
    }

    fn check_head(_weight: &[i16], _bias: &[i32]) -> Result<(), DecodeError> {
        Ok(()) // 256 products of 31 bits and a bias of 32: any value fits into 64
    }

    #[inline(always)]
    fn input(bits: i32, constants: &Constants) -> i16 {
        bits.wrapping_mul(constants.input_scale) as i16
    }

    #[inline(always)]
    fn sample(normalised: f32, constants: &Constants) -> i16 {
        let stored = normalised * constants.sample_one;
        // the cast cuts towards zero and takes anything
        let nearest = stored + if stored < 0.0 { -0.5 } else { 0.5 };
        (nearest as i32).wrapping_mul(constants.input_scale) as i16
    }

    #[inline(always)]
    fn add_column<const N: usize>(column: &[u32], x: i16, sum: &mut [i32; N]) {
        for &pair in column {
            let first = &mut sum[pair as u8 as usize & (N - 1)];
            *first = add_product(*first, pair as i16, x);
            let second = &mut sum[(pair >> 16) as u8 as usize & (N - 1)];
            *second = add_product(*second, (pair >> 16) as i16, x);
        }
    }

    #[inline(never)]
    fn add_strips<const N: usize>(strips: &Strips<'_, &[u32]>, v: &[i16; N], sum: &mut [i32; N]) {
        let mut rest = (strips.unit, strips.pairs);
        let Some(&[one, two, three, four, five, six, seven, eight]) = strips.counts.first() else {
            return;
        };
        add_class::<1, N>(one, &mut rest, v, sum);
        add_class::<2, N>(two, &mut rest, v, sum);
        add_class::<3, N>(three, &mut rest, v, sum);
        add_class::<4, N>(four, &mut rest, v, sum);
        add_class::<5, N>(five, &mut rest, v, sum);
        add_class::<6, N>(six, &mut rest, v, sum);
        add_class::<7, N>(seven, &mut rest, v, sum);
        add_class::<8, N>(eight, &mut rest, v, sum);
    }

    #[inline(never)]
    fn input_gate<const N: usize>(units: &[u32], sum: &mut [i32; N], gate: &mut [i16; N]) {
        let next = |pre| (sigmoid(pre) >> 16) as i16;
        for ([a, b], gate) in pre_activations(units, sum).zip(twos_mut(gate)) {
            *gate = [next(a), next(b)];
        }
    }

    #[inline(never)]
    fn candidate_gate<const N: usize>(units: &[u32], sum: &mut [i32; N], gate: &mut [i16; N]) {
        let next = |pre, gate| (CANDIDATE_HALVES + (tanh(pre) >> 16) * i32::from(gate)) >> 16;
        for ([a, b], [i, j]) in pre_activations(units, sum).zip(twos_mut(gate)) {
            (*i, *j) = (next(a, *i) as i16, next(b, *j) as i16);
        }
    }

    #[inline(never)]
    fn forget_gate<const N: usize>(
        units: &[u32],
        sum: &mut [i32; N],
        gate: &[i16; N],
        c: &mut [i16; N],
    ) {
        let next = |pre, gate, c| {
            // Q15 · Q12 beside Q14 · 2^13
            let cell = (sigmoid(pre) >> 16) * i32::from(c) + (i32::from(gate) << (PRE_BITS + 1));
            saturate(cell >> GATE_BITS) as i16
        };
        let gates = gate.as_chunks::<2>().0;
        for (([a, b], &[i, j]), [c, d]) in pre_activations(units, sum).zip(gates).zip(twos_mut(c)) {
            (*c, *d) = (next(a, i, *c), next(b, j, *d));
        }
    }

    #[inline(never)]
    fn output_gate<const N: usize>(
        units: &[u32],
        sum: &mut [i32; N],
        c: &[i16; N],
        h: &mut [i16; N],
        constants: &Constants,
    ) {
        let shift = (GATE_BITS + constants.state_shift) & 31;
        let half = (1 << shift) >> 1;
        let next = |pre, c: i16| {
            let shown = (sigmoid(pre) >> 16) * (tanh(c.into()) >> 16);
            ((half + shown) >> shift) as i16
        };
        let cells = c.as_chunks::<2>().0;
        for (([a, b], &[c, d]), h) in pre_activations(units, sum).zip(cells).zip(twos_mut(h)) {
            *h = [next(a, c), next(b, d)];
        }
    }

    fn logit(weight: &[i16], bias: i32, h: &[i16], constants: &Constants) -> i32 {
        let products = weight
            .iter()
            .zip(h)
            .map(|(&w, &h)| i64::from(w) * i64::from(h));
        let sum: i64 = products.sum();
        // Q(head_shift + 15 - k) to Q16
        let (from, to) = (
            constants.head_shift + GATE_BITS,
            LOGIT_BITS + constants.state_shift,
        );
        let logit = match from.checked_sub(to) {
            Some(shift) => round_shift(sum, shift),
            None => sum << (to - from),
        };
        (logit + i64::from(bias)).clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }

    fn is_hidden(value: i16, constants: &Constants) -> bool {
        u32::from(value.unsigned_abs()) <= 0x8000 >> constants.state_shift
    }
}

/// The pre-activations of two units after two units; clears their sums. Two at a time
/// share loads, stores and the loop's own instructions: a fifth less than one at a time.
/// (The file fills up an odd number of units.)
#[inline(always)]
fn pre_activations<'m, const N: usize>(
    units: &'m [u32],
    sum: &'m mut [i32; N],
) -> impl Iterator<Item = [i32; 2]> + 'm {
    units
        .as_chunks::<2>()
        .0
        .iter()
        .zip(twos_mut(sum))
        .map(|(&[u, v], sum)| {
            let [a, b] = core::mem::take(sum);
            [pre_activation(a, u), pre_activation(b, v)]
        })
}

#[inline(always)]
fn twos_mut<T, const N: usize>(values: &mut [T; N]) -> &mut [[T; 2]] {
    values.as_chunks_mut().0
}

/// All strips of one length: `sum[unit] += Σ m · h[column]`, and on to the next length.
#[inline(always)]
fn add_class<const PAIRS: usize, const N: usize>(
    count: u16,
    rest: &mut (&[u8], &[u32]),
    h: &[i16; N],
    sum: &mut [i32; N],
) {
    let count = usize::from(count);
    let (Some((unit, units_left)), Some((pairs, pairs_left))) = (
        rest.0.split_at_checked(count),
        rest.1.split_at_checked(count * PAIRS),
    ) else {
        return;
    };
    *rest = (units_left, pairs_left);
    for (strip, &unit) in pairs.as_chunks::<PAIRS>().0.iter().zip(unit) {
        let sum = &mut sum[usize::from(unit) & (N - 1)];
        *sum = add_strip(strip, h, *sum);
    }
}

/// Up to sixteen connections without a loop, a test or a bounds check. Written out,
/// because at opt-level `s` a loop stays a loop.
#[inline(always)]
fn add_strip<const PAIRS: usize, const N: usize>(
    strip: &[u32; PAIRS],
    h: &[i16; N],
    mut sum: i32,
) -> i32 {
    let mut add = |pair: usize| {
        if let Some(&pair) = strip.get(pair) {
            sum = add_product(sum, pair as i16, h[pair as u8 as usize & (N - 1)]);
            let second = (pair >> 16) as u8;
            sum = add_product(sum, (pair >> 16) as i16, h[second as usize & (N - 1)]);
        }
    };
    add(0);
    add(1);
    add(2);
    add(3);
    add(4);
    add(5);
    add(6);
    add(7);
    sum
}

/// `sum + m · x`: one smlabb or smlatb where the core has it.
#[inline(always)]
fn add_product(sum: i32, multiplier: i16, x: i16) -> i32 {
    sum.wrapping_add(i32::from(multiplier).wrapping_mul(x.into()))
}

fn halves(pair: &u32) -> [i16; 2] {
    [*pair as i16, (*pair >> 16) as i16]
}

//! Enters: integers at full width. Leaves: the fixed-point numbers of the int8 engine,
//! and the only rounding and saturation there is. Next: `int8`, and the exporter's
//! `quantize`, which encodes what is decoded here.
//!
//! | number | bits | format | range |
//! |---|---|---|---|
//! | weight, with its index below | i16 | `weight · 256 + index`, see [`slot`] | ±128 |
//! | hidden state `h`, input `x` | i16 | Q(15-k), `k` of the file | ±2^k |
//! | sum of products | i32 | scale of the unit | checked by the loader |
//! | pre-activation, cell state `c` | i16 | Q12 | ±8 |
//! | gates | i16 (upper half of an i32) | Q15 | ±1 |
//! | logits | i32 | Q16 | ±32768 |

/// Fraction bits of pre-activations and of the cell state.
pub const PRE_BITS: u32 = 12;
/// Fraction bits of gate values.
pub const GATE_BITS: u32 = 15;
/// Fraction bits of logits.
pub const LOGIT_BITS: u32 = 16;
/// Bits by which a scaled sum is finer than a pre-activation.
pub const SCALE_SHIFT: u32 = 9;
/// Largest `k` of the hidden state's format.
pub const MAX_STATE_SHIFT: u8 = 14;

/// One connection as the kernels read it: the index in the low byte, the weight above.
///
/// The kernels multiply by the *whole* halfword, which saves the extraction of the
/// weight: the multiplier is `weight + index / 256`, and the exporter rounds the weight
/// so that the known fraction is part of it.
pub const fn slot(weight: i8, index: u8) -> u16 {
    (weight as u8 as u16) << 8 | index as u16
}

/// Two connections in one word, the first in the low half.
pub const fn pair(first: u16, second: u16) -> u32 {
    (second as u32) << 16 | first as u32
}

/// The parameters of one unit in one gate: scale of its sums in the low half, 0 to
/// 32767, and bias in Q12 above.
pub const fn unit(scale: u16, bias: i16) -> u32 {
    (bias as u16 as u32) << 16 | scale as u32
}

/// `pre = sum · scale + bias`, rounded once and saturated to Q12.
///
/// The scale is `scale / 2^(16 + SCALE_SHIFT)`. The bias is added with the scale's bits
/// as a fraction below its own (`scale / 2^16` of its last bit), which saves the
/// extraction, and the shift rounds downwards, which saves an addition: the exporter
/// knows both and writes [`bias_field`].
///
/// On cores with DSP these are three instructions: smulwb, add, ssat.
#[inline(always)]
pub fn pre_activation(sum: i32, unit: u32) -> i32 {
    let scaled = scaled(sum, unit as i16);
    let bias = (unit as i32) >> (16 - SCALE_SHIFT);
    saturate(scaled.wrapping_add(bias) >> SCALE_SHIFT)
}

/// `sum · scale / 2^16`, rounded downwards.
#[inline(always)]
fn scaled(sum: i32, scale: i16) -> i32 {
    // ARMv6-M, which alone of the Arm cores has no atomic exchange, has no product of 64 bits
    // either, only a function for it
    if cfg!(all(target_arch = "arm", not(target_has_atomic = "32"))) {
        scaled_by_halves(sum, scale)
    } else {
        ((i64::from(sum) * i64::from(scale)) >> 16) as i32
    }
}

/// The same in products of 32 bits: neither can overflow, and the upper one has no remainder.
#[inline(always)]
fn scaled_by_halves(sum: i32, scale: i16) -> i32 {
    let (high, low) = (sum >> 16, sum & 0xffff);
    let scale = i32::from(scale);
    high.wrapping_mul(scale)
        .wrapping_add(low.wrapping_mul(scale) >> 16)
}

/// The bias of [`unit()`] that makes [`pre_activation`] add `bias` (in units of Q12) and
/// round to the nearest.
pub fn bias_field(bias: f64, scale: u16) -> i16 {
    // `as` saturates; half a unit up, then down to the nearest, without `floor` of std
    let nearest = bias + 0.5 - f64::from(scale) / 65536.0;
    (nearest + if nearest < 0.0 { -0.5 } else { 0.5 }) as i16
}

/// The nearest i16, still in a register's width.
#[inline(always)]
pub fn saturate(value: i32) -> i32 {
    value.clamp(i16::MIN as i32, i16::MAX as i32)
}

/// `value / 2^shift` to the nearest integer, halves upwards; `shift` below 32.
#[inline(always)]
pub fn round_shift(value: i64, shift: u32) -> i64 {
    if shift == 0 {
        value
    } else {
        (value + (1 << (shift - 1))) >> shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_its_weight_over_its_index() {
        assert_eq!(slot(1, 0), 0x0100);
        assert_eq!(slot(-1, 255), 0xffff);
        assert_eq!(slot(-128, 3), 0x8003);
        assert_eq!(pair(slot(1, 2), slot(3, 4)), 0x0304_0102);
    }

    #[test]
    fn a_pre_activation_is_rounded_once() {
        // scale 2^14 / 2^25 = 2^-11, its fraction below the bias 2^14 / 2^16 = 1/4
        let plain = unit(1 << 14, 0);
        assert_eq!(pre_activation(2048, plain), 1); // 1 + 1/4
        assert_eq!(pre_activation(2048 + 1536, plain), 2); // 1.75 + 1/4
        assert_eq!(pre_activation(2048 + 1532, plain), 1);
        assert_eq!(pre_activation(-2048, plain), -1); // -1 + 1/4
        assert_eq!(pre_activation(0, unit(1, -5)), -5);
    }

    #[test]
    fn a_bias_field_makes_up_for_fraction_and_rounding() {
        assert_eq!(bias_field(0.0, 1), 0); // 0.5 is rounded by the next sum that comes
        assert_eq!(bias_field(0.74, 1 << 14), 1); // 0.74 + 0.5 - 0.25
        assert_eq!(bias_field(-7.4, 1), -7);
        assert_eq!(bias_field(1e9, 1), i16::MAX);
        assert_eq!(bias_field(-1e9, 1), i16::MIN);
    }

    #[test]
    fn both_ways_to_scale_agree() {
        let sums = [
            0,
            1,
            -1,
            65_535,
            65_536,
            -65_536,
            -65_537,
            i32::MAX,
            i32::MIN,
        ];
        for scale in [0, 1, 2, 255, 16_384, 32_767] {
            for sum in sums
                .into_iter()
                .flat_map(|sum: i32| [sum, sum / 3, sum / 7])
            {
                let exact = ((i64::from(sum) * i64::from(scale)) >> 16) as i32;
                assert_eq!(scaled_by_halves(sum, scale), exact, "{sum} by {scale}");
            }
        }
    }

    #[test]
    fn a_pre_activation_saturates_and_never_wraps() {
        assert_eq!(pre_activation(i32::MAX, unit(0x7fff, i16::MAX)), 32767);
        assert_eq!(pre_activation(i32::MIN, unit(0x7fff, i16::MIN)), -32768);
        assert_eq!(pre_activation(i32::MIN, unit(0x7fff, i16::MAX)), -32768);
    }

    #[test]
    fn halves_are_rounded_upwards() {
        assert_eq!(
            [-3, -2, -1, 0, 1, 2, 3].map(|v| round_shift(v, 1)),
            [-1, -1, 0, 0, 1, 1, 2]
        );
        assert_eq!(round_shift(-7, 0), -7);
    }
}

//! Enters: a pre-activation. Leaves: sigmoid or tanh of it. Next: the gates in `int8`
//! and `float32`.
//!
//! Integers: one table word a segment, value in the upper half and slope in the lower,
//! both fitted at compile time. Neighbouring segments meet exactly, so neither function
//! ever steps back, by not even the last bit.
//! Five instructions an activation, loads included; the result stays in the upper half
//! of the register, where `smulbt` and its like take it from.
//!
//! | function | segments over ±8 | bytes | largest error | rms error |
//! |---|---|---|---|---|
//! | [`sigmoid`] | 256 | 1024 | 5.3e-5 | 1.5e-5 |
//! | [`tanh`] | 256 | 1024 | 2.2e-4 | 4.6e-5 |
//!
//! `sigmoid` reaches 0 to 32767 of 32768, `tanh` ±32767: as far up as Q15 goes, and as far
//! down, which keeps it odd at its ends.
//!
//! f32: both by one exponential, of `libm` or, by feature, of `micromath`. A step of 256 units at 4 %
//! by a token takes 220,926 instructions with `libm` on a Cortex-M4F, and 302,621 with `micromath`, whose
//! code is 818 bytes smaller; models of IMDB are as accurate with either (`docs/trials.md`).

/// Bits of a pre-activation below the segment's number.
const FRACTION: u32 = 8;
/// What is missing from a slope's unit to the table's: steepest slopes then use 16 bits.
const SLOPE: u32 = 5;

/// Sigmoid, then tanh: side by side they need one address.
static TABLE: [[u32; 256]; 2] = [table(FRACTION, SLOPE, false), table(FRACTION, SLOPE, true)];

/// `σ(pre)` in Q31 of which the upper half counts, from a Q12 pre-activation.
#[inline(always)]
pub fn sigmoid(pre: i32) -> i32 {
    look_up(&TABLE[0], pre)
}

/// `tanh(pre)` in Q31 of which the upper half counts, from a Q12 pre-activation.
#[inline(always)]
pub fn tanh(pre: i32) -> i32 {
    look_up(&TABLE[1], pre)
}

#[inline(always)]
fn look_up(table: &[u32; 256], pre: i32) -> i32 {
    let word = table[(pre as u16 >> FRACTION) as usize] as i32;
    let within = (pre << SLOPE) & (((1 << FRACTION) - 1) << SLOPE);
    word.wrapping_add(i32::from(word as i16).wrapping_mul(within))
}

/// `σ(x) = 1 / (1 + e^-x)` in f32.
pub fn sigmoid_f32(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `tanh(x) = 1 - 2 / (1 + e^2x)` in f32.
pub fn tanh_f32(x: f32) -> f32 {
    1.0 - 2.0 / (1.0 + exp(2.0 * x))
}

/// `e^x`; beyond ±80 both functions above are at their limits to the last bit.
#[cfg(feature = "libm")]
fn exp(x: f32) -> f32 {
    libm::expf(x.clamp(-80.0, 80.0))
}

#[cfg(all(feature = "micromath", not(feature = "libm")))]
fn exp(x: f32) -> f32 {
    micromath::F32Ext::exp(x.clamp(-80.0, 80.0))
}

#[cfg(not(any(feature = "libm", feature = "micromath")))]
compile_error!("set-lstm-runtime needs the feature `libm` or `micromath`");

/// One word a segment, fitted at its two ends. Segments are in the order of the
/// pre-activation's bits as an unsigned number: 0 to 8, then -8 to 0.
///
/// A slope is the difference of the two whole values times `2^(16 - fraction - finer)`,
/// without a remainder: so a segment ends where the next one begins, and the functions
/// never step back.
const fn table<const N: usize>(fraction: u32, finer: u32, is_tanh: bool) -> [u32; N] {
    let mut words = [0; N];
    let width = (1 << fraction) as f64 / 4096.0;
    let mut segment = 0;
    while segment < N {
        let signed = if segment < N / 2 {
            segment as f64
        } else {
            segment as f64 - N as f64
        };
        let start = end_value(signed * width, width, is_tanh);
        let end = end_value((signed + 1.0) * width, width, is_tanh);
        let slope = (end - start) << (16 - fraction - finer);
        words[segment] = (start << 16) as u32 | slope as u32;
        segment += 1;
    }
    words
}

/// The value of both segments that meet at `x`, in Q15: the curve, moved by half of its
/// mean distance from their chords, so that the largest error is halved; and upwards to the
/// next whole number, because the look-up rounds downwards.
const fn end_value(x: f64, width: f64, is_tanh: bool) -> i32 {
    let (before, here, after) = (
        curve(x - width, is_tanh),
        curve(x, is_tanh),
        curve(x + width, is_tanh),
    );
    // a chord's distance is w²/8 of the second derivative, which is this difference over w²
    let bend = (before + after - 2.0 * here) / 16.0;
    // 0 and 1/2 are exact, whatever the last bits of the sum above
    let value = round_up((here - bend) * 32768.0 - 1e-6);
    // Q15 has no one
    if value > 32767 { 32767 } else { value }
}

const fn curve(x: f64, is_tanh: bool) -> f64 {
    if is_tanh {
        2.0 / (1.0 + exponential(-2.0 * x)) - 1.0
    } else {
        1.0 / (1.0 + exponential(-x))
    }
}

/// `e^x = (e^(x / 64))^64`, the inner one by its series: exact to 1e-14 for |x| up to 16.
const fn exponential(x: f64) -> f64 {
    let small = x / 64.0;
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1);
    while n < 12 {
        term = term * small / n as f64;
        sum += term;
        n += 1;
    }
    let mut doubled = 0;
    while doubled < 6 {
        sum *= sum;
        doubled += 1;
    }
    sum
}

const fn round_up(x: f64) -> i32 {
    let whole = x as i32;
    if x > whole as f64 { whole + 1 } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;

    /// Largest and rms error over all pre-activations.
    fn errors(table: fn(i32) -> i32, exact: fn(f64) -> f64) -> (f64, f64) {
        let errors = (-32768..=32767).map(|pre| {
            let got = f64::from(table(pre) >> 16) / 32768.0;
            got - exact(f64::from(pre) / 4096.0)
        });
        let (max, squares) = errors.fold((0.0_f64, 0.0), |(m, s), e| (m.max(e.abs()), s + e * e));
        (max, (squares / 65536.0_f64).sqrt())
    }

    #[test]
    fn tables_are_as_near_as_the_module_says() {
        let (max, rms) = errors(sigmoid, |x| 1.0 / (1.0 + (-x).exp()));
        assert!(max < 5.3e-5 && rms < 1.5e-5, "sigmoid {max:.3e} {rms:.3e}");
        let (max, rms) = errors(tanh, f64::tanh);
        assert!(max < 2.2e-4 && rms < 4.6e-5, "tanh {max:.3e} {rms:.3e}");
    }

    #[test]
    fn tables_stay_in_range_and_never_step_back() {
        for pre in -32768..=32767 {
            let (sigmoid_at, tanh_at) = (sigmoid(pre) >> 16, tanh(pre) >> 16);
            assert!((0..=32767).contains(&sigmoid_at), "sigmoid({pre})");
            assert!((-32767..=32767).contains(&tanh_at), "tanh({pre})");
            if pre < 32767 {
                assert!(sigmoid(pre + 1) >> 16 >= sigmoid_at, "sigmoid at {pre}");
                assert!(tanh(pre + 1) >> 16 >= tanh_at, "tanh at {pre}");
            }
        }
        assert_eq!((tanh(-32768) >> 16, tanh(32767) >> 16), (-32767, 32767));
    }

    #[test]
    fn first_words_of_the_tables() {
        // σ(0) = 16384 of 32768, slope 1/4: 512 of 32768 a segment of 1/16, 8 times finer
        let [sigmoid, tanh] = [TABLE[0][0], TABLE[1][0]];
        assert_eq!(sigmoid >> 16, 16384);
        assert!((sigmoid & 0xffff).abs_diff(512 * 8) < 32, "{sigmoid:#x}");
        assert!((tanh & 0xffff).abs_diff(2048 * 8) < 32, "{tanh:#x}");
    }

    #[test]
    fn f32_functions_are_near_and_keep_their_limits() {
        for step in -4000..=4000 {
            let x = step as f32 * 0.01;
            let exact = f64::from(x);
            let limit = if cfg!(feature = "libm") { 3e-7 } else { 1.5e-3 };
            let sigmoid = f64::from(sigmoid_f32(x)) - 1.0 / (1.0 + (-exact).exp());
            let tanh = f64::from(tanh_f32(x)) - exact.tanh();
            assert!(
                sigmoid.abs() < limit && tanh.abs() < limit,
                "x {x}: {sigmoid:e} {tanh:e}"
            );
        }
        for x in [f32::MAX, 1e9, 100.0] {
            assert_eq!(
                (sigmoid_f32(x), tanh_f32(x), tanh_f32(-x)),
                (1.0, 1.0, -1.0)
            );
            assert!(sigmoid_f32(-x) >= 0.0 && sigmoid_f32(-x) < 1e-30);
        }
    }
}

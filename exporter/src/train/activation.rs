//! Enters: pre-activations, one vector at a time. Leaves: sigmoid and tanh of them.
//! Next: `lstm` calls it in the forward step.
//!
//! `tanh x ≈ x·P(x²)/Q(x²)` for `|x|` clamped to 6, an own fit with a largest error
//! of 1.9e-5 (beyond the clamp; 1.2e-5 within): five multiply-adds and one division.
//! `sigmoid x = ½ + ½ tanh ½x`. The divider is what a wide step waits for, so two gates
//! share a division.

use pulp::Simd;

/// `x·P(x²)/Q(x²)` with `x` clamped; coefficients of the lowest power first.
struct Rational {
    clamp: f32,
    p: [f32; 3],
    q: [f32; 4],
}

const TANH: Rational = Rational {
    clamp: 6.0,
    p: [0.999_971_16, 0.114_472_93, 0.001_495_564_5],
    q: [1.0, 0.447_714_33, 0.017_487_477, 5.518_663_6e-5],
};

/// `½ tanh ½x`: the powers of two move into the coefficients without rounding.
const HALF_TANH_HALF: Rational = Rational {
    clamp: 2.0 * TANH.clamp,
    p: [TANH.p[0] / 4.0, TANH.p[1] / 16.0, TANH.p[2] / 64.0],
    q: [1.0, TANH.q[1] / 4.0, TANH.q[2] / 16.0, TANH.q[3] / 64.0],
};

impl Rational {
    /// Numerator and denominator.
    #[inline(always)]
    fn parts<S: Simd>(self, simd: S, x: S::f32s) -> [S::f32s; 2] {
        let splat = |value| simd.splat_f32s(value);
        let x = simd.min_f32s(simd.max_f32s(x, splat(-self.clamp)), splat(self.clamp));
        let s = simd.mul_f32s(x, x);
        let p = simd.mul_add_e_f32s(s, splat(self.p[2]), splat(self.p[1]));
        let p = simd.mul_add_e_f32s(s, p, splat(self.p[0]));
        let q = simd.mul_add_e_f32s(s, splat(self.q[3]), splat(self.q[2]));
        let q = simd.mul_add_e_f32s(s, q, splat(self.q[1]));
        let q = simd.mul_add_e_f32s(s, q, splat(self.q[0]));
        [simd.mul_f32s(x, p), q]
    }
}

/// Hyperbolic tangent of every lane.
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let [p, q] = TANH.parts(simd, x);
    simd.div_f32s(p, q)
}

/// Logistic function of every lane.
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let [p, q] = HALF_TANH_HALF.parts(simd, x);
    simd.add_f32s(simd.div_f32s(p, q), simd.splat_f32s(0.5))
}

/// Logistic function of `x` and hyperbolic tangent of `y`, with one division for both:
/// `a/b = a·d·r` and `c/d = c·b·r` with `r = 1/(b·d)`.
#[inline(always)]
pub fn sigmoid_and_tanh<S: Simd>(simd: S, x: S::f32s, y: S::f32s) -> [S::f32s; 2] {
    let ([a, b], [c, d]) = (HALF_TANH_HALF.parts(simd, x), TANH.parts(simd, y));
    let [x, y] = divisors(simd, b, d);
    let half = simd.splat_f32s(0.5);
    [simd.mul_add_e_f32s(a, x, half), simd.mul_f32s(c, y)]
}

/// Logistic function of both.
#[inline(always)]
pub fn two_sigmoids<S: Simd>(simd: S, x: S::f32s, y: S::f32s) -> [S::f32s; 2] {
    let ([a, b], [c, d]) = (HALF_TANH_HALF.parts(simd, x), HALF_TANH_HALF.parts(simd, y));
    let [x, y] = divisors(simd, b, d);
    let half = simd.splat_f32s(0.5);
    [
        simd.mul_add_e_f32s(a, x, half),
        simd.mul_add_e_f32s(c, y, half),
    ]
}

/// `1/b` and `1/d`.
#[inline(always)]
fn divisors<S: Simd>(simd: S, b: S::f32s, d: S::f32s) -> [S::f32s; 2] {
    let r = simd.div_f32s(simd.splat_f32s(1.0), simd.mul_f32s(b, d));
    [simd.mul_f32s(d, r), simd.mul_f32s(b, r)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::Scalar;

    #[test]
    fn both_stay_within_the_stated_error() {
        let mut worst = (0.0f64, 0.0f64);
        for k in -120_000..=120_000 {
            let x = k as f32 * 1e-4;
            let tanh_error = f64::from(tanh(Scalar::new(), x)) - f64::from(x).tanh();
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            let sigmoid_error = f64::from(two_sigmoids(Scalar::new(), x, -x)[0]) - exact;
            worst = (
                worst.0.max(tanh_error.abs()),
                worst.1.max(sigmoid_error.abs()),
            );
        }
        assert!(worst.0 < 1.9e-5, "tanh {worst:?}");
        assert!(worst.1 < 9.5e-6, "sigmoid {worst:?}");
    }
}

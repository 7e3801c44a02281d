//! Enters: a kernel. Leaves: the same kernel compiled for the best vector unit of
//! this machine. Next: `chunk` runs it.
//!
//! `pulp` does the run-time dispatch: a kernel that is generic over [`Lanes`] is
//! compiled for AVX-512, for AVX2 with FMA and for plain code, and [`dispatch`]
//! picks once per call, so one portable binary runs at full speed everywhere.
//! AVX-512 and AVX2 yield the same bits: every reduction is defined on eight
//! lanes, and both use fused multiply-add. Plain code rounds twice and so differs
//! in the last bits.

use pulp::{Scalar256b, Simd, f32x8};

/// One row of eight neighbouring values, the unit of transposition.
pub type Eight = f32x8;

/// What the kernels need beyond [`Simd`].
pub trait Lanes: Simd {
    /// Transposes an 8 × 8 block held in eight rows.
    fn transpose(self, rows: [Eight; 8]) -> [Eight; 8];

    /// Sum of two rows of eight.
    fn add_eight(self, a: Eight, b: Eight) -> Eight;

    /// `acc + a · b` lane by lane, then folded to eight lanes: lane `l` of the
    /// result holds the sum over all `a[k] · b[k]` with `k % 8 == l`, where the odd
    /// and the even groups of eight are accumulated apart and added last.
    fn dot_eight<const N: usize>(self, a: &[Self::f32s; N], b: &[Self::f32s; N]) -> Eight;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Eight, Lanes};
    use core::arch::x86_64::__m256;
    use pulp::Simd;
    use pulp::x86::{V3, V4};

    /// The classic three stages: pairs, quads, halves.
    #[inline(always)]
    fn transpose(simd: V3, rows: [Eight; 8]) -> [Eight; 8] {
        let avx = simd.avx;
        let r: [__m256; 8] = rows.map(pulp::cast);
        let mut pair = r;
        for k in 0..4 {
            pair[2 * k] = avx._mm256_unpacklo_ps(r[2 * k], r[2 * k + 1]);
            pair[2 * k + 1] = avx._mm256_unpackhi_ps(r[2 * k], r[2 * k + 1]);
        }
        let mut quad = r;
        for k in [0, 4] {
            for half in 0..2 {
                let (low, high) = (pair[k + half], pair[k + half + 2]);
                quad[k + 2 * half] = avx._mm256_shuffle_ps::<0b01_00_01_00>(low, high);
                quad[k + 2 * half + 1] = avx._mm256_shuffle_ps::<0b11_10_11_10>(low, high);
            }
        }
        let mut out = rows;
        for k in 0..4 {
            out[k] = pulp::cast(avx._mm256_permute2f128_ps::<0x20>(quad[k], quad[k + 4]));
            out[k + 4] = pulp::cast(avx._mm256_permute2f128_ps::<0x31>(quad[k], quad[k + 4]));
        }
        out
    }

    impl Lanes for V3 {
        #[inline(always)]
        fn transpose(self, rows: [Eight; 8]) -> [Eight; 8] {
            transpose(self, rows)
        }

        #[inline(always)]
        fn add_eight(self, a: Eight, b: Eight) -> Eight {
            self.add_f32s(a, b)
        }

        #[inline(always)]
        fn dot_eight<const N: usize>(self, a: &[Eight; N], b: &[Eight; N]) -> Eight {
            let mut sum = [self.splat_f32s(0.0); 2];
            for k in 0..N {
                sum[k % 2] = self.mul_add_e_f32s(a[k], b[k], sum[k % 2]);
            }
            self.add_f32s(sum[0], sum[1])
        }
    }

    impl Lanes for V4 {
        #[inline(always)]
        fn transpose(self, rows: [Eight; 8]) -> [Eight; 8] {
            transpose(*self, rows)
        }

        #[inline(always)]
        fn add_eight(self, a: Eight, b: Eight) -> Eight {
            let v3: V3 = *self;
            v3.add_f32s(a, b)
        }

        #[inline(always)]
        fn dot_eight<const N: usize>(self, a: &[Self::f32s; N], b: &[Self::f32s; N]) -> Eight {
            let mut sum = self.mul_f32s(a[0], b[0]);
            for k in 1..N {
                sum = self.mul_add_e_f32s(a[k], b[k], sum);
            }
            let [even, odd]: [Eight; 2] = pulp::cast(sum);
            self.add_eight(even, odd)
        }
    }
}

impl Lanes for Scalar256b {
    #[inline(always)]
    fn transpose(self, rows: [Eight; 8]) -> [Eight; 8] {
        let from: [[f32; 8]; 8] = pulp::cast(rows);
        let mut to = [[0.0f32; 8]; 8];
        for (r, row) in from.iter().enumerate() {
            for (c, &value) in row.iter().enumerate() {
                to[c][r] = value;
            }
        }
        pulp::cast(to)
    }

    #[inline(always)]
    fn add_eight(self, a: Eight, b: Eight) -> Eight {
        self.add_f32s(a, b)
    }

    #[inline(always)]
    fn dot_eight<const N: usize>(self, a: &[Self::f32s; N], b: &[Self::f32s; N]) -> Eight {
        let mut sum = self.splat_f32s(0.0);
        for k in 0..N {
            sum = self.mul_add_e_f32s(a[k], b[k], sum);
        }
        sum
    }
}

/// A kernel that can run on any vector unit. `NV` vectors make one block of lanes.
pub trait Kernel {
    /// What the kernel yields.
    type Output;
    /// Runs it; every function below must be `inline(always)` to share the features.
    fn run<S: Lanes, const NV: usize>(self, simd: S) -> Self::Output;
}

/// Adapts a [`Kernel`] to one vector unit.
struct On<K, const NV: usize>(K);

macro_rules! on {
    ($unit:ty) => {
        impl<K: Kernel, const NV: usize> OnUnit<$unit> for On<K, NV> {
            type Output = K::Output;
            #[inline(always)]
            fn on(self, simd: $unit) -> K::Output {
                self.0.run::<$unit, NV>(simd)
            }
        }
    };
}

/// A kernel bound to its number of vectors, for one vector unit.
trait OnUnit<S> {
    type Output;
    fn on(self, simd: S) -> Self::Output;
}

on!(Scalar256b);
#[cfg(target_arch = "x86_64")]
on!(pulp::x86::V3);
#[cfg(target_arch = "x86_64")]
on!(pulp::x86::V4);

/// Lets `pulp` call the kernel inside a function that has the features.
struct Call<S, C> {
    simd: S,
    call: C,
}

impl<S, C: OnUnit<S>> pulp::NullaryFnOnce for Call<S, C> {
    type Output = C::Output;
    #[inline(always)]
    fn call(self) -> Self::Output {
        self.call.on(self.simd)
    }
}

/// Widest vector unit that a run may use; an upper bound, the machine decides the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Unit {
    /// No vector instructions beyond the target's baseline.
    Plain,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 (F, BW, CD, DQ, VL).
    #[default]
    Avx512,
}

impl Unit {
    /// The unit that a call with this upper bound really uses here.
    pub fn available(self) -> Unit {
        #[cfg(target_arch = "x86_64")]
        {
            if self >= Unit::Avx512 && pulp::x86::V4::try_new().is_some() {
                return Unit::Avx512;
            }
            if self >= Unit::Avx2 && pulp::x86::V3::try_new().is_some() {
                return Unit::Avx2;
            }
        }
        Unit::Plain
    }

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Plain => "plain",
            Unit::Avx2 => "AVX2+FMA",
            Unit::Avx512 => "AVX-512",
        }
    }
}

/// Runs a kernel on blocks of `L` lanes with the best vector unit up to `unit`.
///
/// `L` is 16 or 32 (checked by the callers' types: [`super::batch::Width`]).
pub fn dispatch<K: Kernel, const L: usize>(unit: Unit, kernel: K) -> K::Output {
    const { assert!(L == 16 || L == 32) };
    macro_rules! call {
        ($simd:expr, $lanes:literal) => {
            if L == 32 {
                let call: On<K, { 32 / $lanes }> = On(kernel);
                $simd.vectorize(Call { simd: $simd, call })
            } else {
                let call: On<K, { 16 / $lanes }> = On(kernel);
                $simd.vectorize(Call { simd: $simd, call })
            }
        };
    }
    #[cfg(target_arch = "x86_64")]
    {
        if unit >= Unit::Avx512
            && let Some(simd) = pulp::x86::V4::try_new()
        {
            return call!(simd, 16);
        }
        if unit >= Unit::Avx2
            && let Some(simd) = pulp::x86::V3::try_new()
        {
            return call!(simd, 8);
        }
    }
    let _ = unit;
    call!(Scalar256b, 8)
}

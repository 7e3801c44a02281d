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

/// Sixteen values in one cache line.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Line(pub [f32; 16]);

/// One value for each lane.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy)]
pub struct Block<const L: usize>(pub [f32; L]);

impl<const L: usize> Block<L> {
    /// Zero in every lane.
    pub const ZERO: Self = Block([0.0; L]);

    /// As vectors.
    #[inline(always)]
    pub fn get<S: Simd, const NV: usize>(&self) -> [S::f32s; NV] {
        *S::as_simd_f32s(&self.0)
            .0
            .first_chunk()
            .expect("L = NV vectors")
    }

    /// From vectors.
    #[inline(always)]
    pub fn set<S: Simd, const NV: usize>(&mut self, value: [S::f32s; NV]) {
        *S::as_mut_simd_f32s(&mut self.0)
            .0
            .first_chunk_mut()
            .expect("L = NV vectors") = value;
    }

    #[inline(always)]
    fn eight(&self, part: usize) -> Eight {
        pulp::cast(self.0.as_chunks::<8>().0[part])
    }

    #[inline(always)]
    fn set_eight(&mut self, part: usize, value: Eight) {
        self.0.as_chunks_mut::<8>().0[part] = pulp::cast(value);
    }
}

/// What the kernels need beyond [`Simd`].
pub trait Lanes: Simd {
    /// `blocks[k][lane] = lines[lane][k]`.
    fn transpose<const L: usize>(self, lines: [&Line; L], blocks: &mut [Block<L>; 16]);

    /// `lines[place[lane]][k] += blocks[k][lane]`, lane by lane.
    fn transpose_add<const L: usize>(
        self,
        blocks: &[Block<L>; 16],
        lines: &mut [Line],
        place: [usize; L],
    );

    /// Sum of two rows of eight.
    fn add_eight(self, a: Eight, b: Eight) -> Eight;

    /// `acc + a · b` lane by lane, then folded to eight lanes: lane `l` of the
    /// result holds the sum over all `a[k] · b[k]` with `k % 8 == l`, where the odd
    /// and the even groups of eight are accumulated apart and added last.
    fn dot_eight<const N: usize>(self, a: &[Self::f32s; N], b: &[Self::f32s; N]) -> Eight;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Block, Eight, Lanes, Line};
    use core::arch::x86_64::{__m128, __m256, __m512};
    use pulp::Simd;
    use pulp::x86::{V3, V4};

    /// Values `4 part` to `4 part + 3` of a line.
    #[inline(always)]
    fn quarter(line: &Line, part: usize) -> __m128 {
        pulp::cast(*line.0[4 * part..].first_chunk::<4>().expect("16 values"))
    }

    /// Transposes the 4 × 4 block in each 128-bit part of four rows.
    #[inline(always)]
    fn quads_v3(simd: V3, [a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
        let avx = simd.avx;
        let (ab, cd) = (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (avx._mm256_unpackhi_ps(a, b), avx._mm256_unpackhi_ps(c, d));
        [
            avx._mm256_shuffle_ps::<0b01_00_01_00>(ab, cd),
            avx._mm256_shuffle_ps::<0b11_10_11_10>(ab, cd),
            avx._mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
            avx._mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
        ]
    }

    /// The same with four parts.
    #[inline(always)]
    fn quads_v4(simd: V4, [a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
        let avx = simd.avx512f;
        let (ab, cd) = (avx._mm512_unpacklo_ps(a, b), avx._mm512_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (avx._mm512_unpackhi_ps(a, b), avx._mm512_unpackhi_ps(c, d));
        [
            avx._mm512_shuffle_ps::<0b01_00_01_00>(ab, cd),
            avx._mm512_shuffle_ps::<0b11_10_11_10>(ab, cd),
            avx._mm512_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
            avx._mm512_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
        ]
    }

    impl Lanes for V3 {
        #[inline(always)]
        fn transpose<const L: usize>(self, lines: [&Line; L], blocks: &mut [Block<L>; 16]) {
            let avx = self.avx;
            for eight in 0..L / 8 {
                for part in 0..4 {
                    let mut rows = [pulp::cast(self.splat_f32s(0.0)); 4];
                    for (k, row) in rows.iter_mut().enumerate() {
                        let [low, high] = [0, 4].map(|l| quarter(lines[8 * eight + k + l], part));
                        let low = avx._mm256_castps128_ps256(low);
                        *row = avx._mm256_insertf128_ps::<1>(low, high);
                    }
                    let rows = quads_v3(self, rows);
                    for (block, row) in blocks[4 * part..].iter_mut().zip(rows) {
                        block.set_eight(eight, pulp::cast(row));
                    }
                }
            }
        }

        #[inline(always)]
        fn transpose_add<const L: usize>(
            self,
            blocks: &[Block<L>; 16],
            lines: &mut [Line],
            place: [usize; L],
        ) {
            let avx = self.avx;
            for eight in 0..L / 8 {
                for half in 0..2 {
                    let mut rows = [[pulp::cast(self.splat_f32s(0.0)); 4]; 2];
                    for (part, rows) in rows.iter_mut().enumerate() {
                        for (k, row) in rows.iter_mut().enumerate() {
                            *row = pulp::cast(blocks[8 * half + 4 * part + k].eight(eight));
                        }
                        *rows = quads_v3(self, *rows);
                    }
                    let mut columns = [self.splat_f32s(0.0); 8];
                    for k in 0..4 {
                        let (low, high) = (rows[0][k], rows[1][k]);
                        columns[k] = pulp::cast(avx._mm256_permute2f128_ps::<0x20>(low, high));
                        columns[k + 4] = pulp::cast(avx._mm256_permute2f128_ps::<0x31>(low, high));
                    }
                    for (&place, column) in place[8 * eight..].iter().zip(columns) {
                        let part = &mut lines[place].0.as_chunks_mut::<8>().0[half];
                        *part = pulp::cast(self.add_f32s(pulp::cast(*part), column));
                    }
                }
            }
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
        fn transpose<const L: usize>(self, lines: [&Line; L], blocks: &mut [Block<L>; 16]) {
            let avx = self.avx512f;
            for sixteen in 0..L / 16 {
                for part in 0..4 {
                    let mut rows = [pulp::cast(self.splat_f32s(0.0)); 4];
                    for (k, row) in rows.iter_mut().enumerate() {
                        let at = 16 * sixteen + k;
                        let four = [0, 4, 8, 12].map(|l| quarter(lines[at + l], part));
                        let start = avx._mm512_castps128_ps512(four[0]);
                        let start = avx._mm512_insertf32x4::<1>(start, four[1]);
                        let start = avx._mm512_insertf32x4::<2>(start, four[2]);
                        *row = avx._mm512_insertf32x4::<3>(start, four[3]);
                    }
                    let rows = quads_v4(self, rows);
                    for (block, row) in blocks[4 * part..].iter_mut().zip(rows) {
                        block.0.as_chunks_mut::<16>().0[sixteen] = pulp::cast(row);
                    }
                }
            }
        }

        #[inline(always)]
        fn transpose_add<const L: usize>(
            self,
            blocks: &[Block<L>; 16],
            lines: &mut [Line],
            place: [usize; L],
        ) {
            let avx = self.avx512f;
            for sixteen in 0..L / 16 {
                let mut rows = [[pulp::cast(self.splat_f32s(0.0)); 4]; 4];
                for (part, rows) in rows.iter_mut().enumerate() {
                    for (k, row) in rows.iter_mut().enumerate() {
                        let block = &blocks[4 * part + k].0;
                        *row = pulp::cast(block.as_chunks::<16>().0[sixteen]);
                    }
                    *rows = quads_v4(self, *rows);
                }
                let mut columns = [self.splat_f32s(0.0); 16];
                for k in 0..4 {
                    let [a, b, c, d] = [rows[0][k], rows[1][k], rows[2][k], rows[3][k]];
                    let ab = avx._mm512_shuffle_f32x4::<0b01_00_01_00>(a, b);
                    let cd = avx._mm512_shuffle_f32x4::<0b01_00_01_00>(c, d);
                    let ab_high = avx._mm512_shuffle_f32x4::<0b11_10_11_10>(a, b);
                    let cd_high = avx._mm512_shuffle_f32x4::<0b11_10_11_10>(c, d);
                    columns[k] = pulp::cast(avx._mm512_shuffle_f32x4::<0b10_00_10_00>(ab, cd));
                    columns[k + 4] = pulp::cast(avx._mm512_shuffle_f32x4::<0b11_01_11_01>(ab, cd));
                    columns[k + 8] =
                        pulp::cast(avx._mm512_shuffle_f32x4::<0b10_00_10_00>(ab_high, cd_high));
                    columns[k + 12] =
                        pulp::cast(avx._mm512_shuffle_f32x4::<0b11_01_11_01>(ab_high, cd_high));
                }
                for (&place, column) in place[16 * sixteen..].iter().zip(columns) {
                    let line = &mut lines[place].0;
                    *line = pulp::cast(self.add_f32s(pulp::cast(*line), column));
                }
            }
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
    fn transpose<const L: usize>(self, lines: [&Line; L], blocks: &mut [Block<L>; 16]) {
        for (k, block) in blocks.iter_mut().enumerate() {
            for (value, line) in block.0.iter_mut().zip(lines) {
                *value = line.0[k];
            }
        }
    }

    #[inline(always)]
    fn transpose_add<const L: usize>(
        self,
        blocks: &[Block<L>; 16],
        lines: &mut [Line],
        place: [usize; L],
    ) {
        for (lane, &place) in place.iter().enumerate() {
            for (sum, block) in lines[place].0.iter_mut().zip(blocks) {
                *sum += block.0[lane];
            }
        }
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
/// `L` is 16 or 32 (checked by the callers' types: [`super::chunk::Width`]).
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

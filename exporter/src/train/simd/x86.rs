//! Enters: registers. Leaves: the [`Lanes`] of AVX2 and of AVX-512. Next: `lstm`.
//!
//! The transpositions leave to loads what loads can do (insert a quarter of a line), since
//! wide shuffles all go through one port of an Intel core.

use super::{Block, Eight, Lanes, Line};
use core::arch::x86_64::{__m128, __m256, __m512, _MM_HINT_T0};
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

#[inline(always)]
fn prefetch<T>(simd: V3, place: &T) {
    let start = core::ptr::from_ref(place).cast::<i8>();
    for line in 0..size_of::<T>().div_ceil(size_of::<Line>()) {
        let line = start.wrapping_add(size_of::<Line>() * line);
        simd.sse._mm_prefetch::<_MM_HINT_T0>(line);
    }
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

    #[inline(always)]
    fn prefetch<T>(self, place: &T) {
        prefetch(self, place);
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

    #[inline(always)]
    fn prefetch<T>(self, place: &T) {
        prefetch(*self, place);
    }
}

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

    /// Asks for the cache lines of a place that is read or written soon: a hint without
    /// effect on any result.
    fn prefetch<T>(self, place: &T);
}

#[cfg(target_arch = "x86_64")]
mod x86;

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

    #[inline(always)]
    fn prefetch<T>(self, _: &T) {}
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

#[cfg(test)]
mod tests {
    use super::*;

    struct ThereAndBack<'a, const L: usize> {
        lines: &'a mut [Line], // [L]
    }

    impl<const L: usize> Kernel for ThereAndBack<'_, L> {
        type Output = [Block<L>; 16];

        #[inline(always)]
        fn run<S: Lanes, const NV: usize>(self, simd: S) -> Self::Output {
            let mut blocks = [Block::ZERO; 16];
            simd.transpose(std::array::from_fn(|lane| &self.lines[lane]), &mut blocks);
            // every third lane goes to one place
            let place = std::array::from_fn(|lane| if lane % 3 == 0 { 0 } else { lane });
            simd.transpose_add(&blocks, self.lines, place);
            blocks
        }
    }

    fn transposition_equals_loops<const L: usize>() {
        let value = |lane: usize, k: usize| (100 * lane + k) as f32;
        let start =
            std::array::from_fn::<_, L, _>(|lane| Line(std::array::from_fn(|k| value(lane, k))));
        for unit in [Unit::Plain, Unit::Avx2, Unit::Avx512] {
            let mut lines = start;
            let blocks = dispatch::<_, L>(unit, ThereAndBack::<L> { lines: &mut lines });
            for (k, block) in blocks.iter().enumerate() {
                for (lane, (&moved, line)) in block.0.iter().zip(&lines).enumerate() {
                    assert_eq!(moved, value(lane, k), "{unit:?}");
                    let thirds = (0..L).step_by(3).map(|other| value(other, k));
                    let sum = match lane {
                        0 => value(0, k) + thirds.sum::<f32>(),
                        _ if lane % 3 == 0 => value(lane, k),
                        _ => 2.0 * value(lane, k),
                    };
                    assert_eq!(line.0[k], sum, "{unit:?} {k} {lane}");
                }
            }
        }
    }

    #[test]
    fn transpositions_of_every_unit_equal_loops() {
        transposition_equals_loops::<16>();
        transposition_equals_loops::<32>();
    }
}

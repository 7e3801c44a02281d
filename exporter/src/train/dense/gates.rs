//! Enters: the pre-activations of one step. Leaves: gates and state, and in the way
//! back the gradients of the pre-activations in their place. Next: `chunk` calls it
//! between two products.
//!
//! One row a lane, the gates `i g f o` one after the other in it.
//! Formula: `c_t = σ(f)·c_{t-1} + σ(i)·tanh(g)`, `h_t = σ(o)·tanh(c_t)`.

use super::matrix::PaddedMatrix;
use crate::train::activation::{sigmoid, tanh};
use crate::train::simd::{Kernel, Lanes};
use crate::train::words::IDLE;
use pulp::Simd;

/// Gradients below this are taken for 0. On the way back they shrink step by step; the
/// numbers below 1.2e-38 that they would end as cost a hundred cycles each.
const NOTHING: f32 = 1e-20;

/// One step forward, all lanes: pre-activations become gates.
pub struct GatesForward<'a> {
    /// Lanes.
    pub lanes: usize,
    /// First row of the step before in `c` and `h`.
    pub from: usize,
    /// First row of this step in `c`, `h` and `gates`.
    pub to: usize,
    /// Pre-activations, then `i g f o`.
    pub gates: &'a mut PaddedMatrix, // [places · lanes x 4 units]
    /// Cell states.
    pub c: &'a mut PaddedMatrix, // [places · lanes x units]
    /// Hidden states.
    pub h: &'a mut PaddedMatrix, // [places · lanes x units]
}

impl Kernel for GatesForward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes, const NV: usize>(self, simd: S) {
        for lane in 0..self.lanes {
            let (c_last, c) = self.c.two_rows(self.from + lane, self.to + lane);
            let gates = self.gates.row_mut(self.to + lane);
            forward(simd, gates, c_last, c, self.h.row_mut(self.to + lane));
        }
    }
}

#[inline(always)]
fn forward<S: Simd>(simd: S, gates: &mut [f32], c_last: &[f32], c: &mut [f32], h: &mut [f32]) {
    let [i, g, f, o] = four::<S>(gates);
    let states = vectors::<S>(c_last).iter().zip(vectors_mut::<S>(c));
    let gates = i.iter_mut().zip(g).zip(f).zip(o);
    for ((((i, g), f), o), ((c_last, c), h)) in gates.zip(states.zip(vectors_mut::<S>(h))) {
        *i = sigmoid(simd, *i);
        *g = tanh(simd, *g);
        *f = sigmoid(simd, *f);
        *o = sigmoid(simd, *o);
        *c = simd.mul_add_e_f32s(*f, *c_last, simd.mul_f32s(*i, *g));
        *h = simd.mul_f32s(*o, tanh(simd, *c));
    }
}

/// One step back, all lanes: gates become the gradients of their pre-activations,
/// which are also added to the rows of the lanes' words.
pub struct GatesBackward<'a> {
    /// The word of each lane.
    pub slots: &'a [u32], // [lanes]
    /// First row of the step before in `c`.
    pub from: usize,
    /// First row of this step in `c` and `gates`.
    pub to: usize,
    /// `i g f o`, then their gradients.
    pub gates: &'a mut PaddedMatrix, // [places · lanes x 4 units]
    /// Cell states.
    pub c: &'a PaddedMatrix, // [places · lanes x units]
    /// Gradient of this step's hidden state.
    pub dh: &'a PaddedMatrix, // [lanes x units]
    /// Gradient of this step's cell state, then of the one before.
    pub dc: &'a mut PaddedMatrix, // [lanes x units]
    /// Sums over the occurrences of each word.
    pub words: &'a mut PaddedMatrix, // [slots x 4 units]
}

impl Kernel for GatesBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes, const NV: usize>(self, simd: S) {
        for (lane, &slot) in self.slots.iter().enumerate() {
            let gates = self.gates.row_mut(self.to + lane);
            let dc = self.dc.row_mut(lane);
            if slot == IDLE {
                gates.fill(0.0);
                dc.fill(0.0);
                continue;
            }
            let (c_last, c) = (self.c.row(self.from + lane), self.c.row(self.to + lane));
            backward(simd, gates, (c_last, c), self.dh.row(lane), dc);
            let sums = vectors_mut::<S>(self.words.row_mut(slot as usize)).iter_mut();
            for (sum, d) in sums.zip(vectors::<S>(gates)) {
                *sum = simd.add_f32s(*sum, *d);
            }
        }
    }
}

/// With `t = tanh(c)`, `dc += dh·o·(1-t²)`, then `di = dc·g·i(1-i)`,
/// `dg = dc·i·(1-g²)`, `df = dc·c_last·f(1-f)`, `do = dh·t·o(1-o)`, `dc = dc·f`.
#[inline(always)]
fn backward<S: Simd>(
    simd: S,
    gates: &mut [f32],
    (c_last, c): (&[f32], &[f32]),
    dh: &[f32],
    dc: &mut [f32],
) {
    let mul = |a, b| simd.mul_f32s(a, b);
    let rest = |a, b| simd.sub_f32s(a, mul(a, b)); // a·(1-b)
    let flush = |a: S::f32s| {
        let worth = simd.greater_than_f32s(simd.abs_f32s(a), simd.splat_f32s(NOTHING));
        simd.select_f32s(worth, a, simd.splat_f32s(0.0))
    };
    let [i, g, f, o] = four::<S>(gates);
    let gates = i.iter_mut().zip(g).zip(f).zip(o);
    let states = vectors::<S>(c_last).iter().zip(vectors::<S>(c));
    let gradients = vectors::<S>(dh).iter().zip(vectors_mut::<S>(dc));
    for ((((i, g), f), o), ((c_last, c), (dh, dc))) in gates.zip(states.zip(gradients)) {
        let t = tanh(simd, *c);
        let dh_o = mul(flush(*dh), *o);
        let dh_h = mul(dh_o, t);
        let d = flush(simd.add_f32s(*dc, simd.sub_f32s(dh_o, mul(dh_h, t))));
        let (d_i, d_f) = (mul(d, *i), mul(d, *f));
        let d_ig = mul(d_i, *g);
        *i = rest(d_ig, *i);
        *g = simd.sub_f32s(d_i, mul(d_ig, *g));
        *f = mul(rest(d_f, *f), *c_last);
        *o = rest(dh_h, *o);
        *dc = d_f;
    }
}

/// The four gates of a row.
#[inline(always)]
fn four<S: Simd>(gates: &mut [f32]) -> [&mut [S::f32s]; 4] {
    let all = vectors_mut::<S>(gates);
    let units = all.len() / 4;
    let (ig, fo) = all.split_at_mut(2 * units);
    let (i, g) = ig.split_at_mut(units);
    let (f, o) = fo.split_at_mut(units);
    [i, g, f, o]
}

/// A row in whole vectors: units are padded to a multiple of sixteen.
#[inline(always)]
fn vectors<S: Simd>(row: &[f32]) -> &[S::f32s] {
    S::as_simd_f32s(row).0
}

/// A row in whole vectors.
#[inline(always)]
fn vectors_mut<S: Simd>(row: &mut [f32]) -> &mut [S::f32s] {
    S::as_mut_simd_f32s(row).0
}

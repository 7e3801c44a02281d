//! Enters: rows of `W·x + b` and the state of the last step. Leaves: the next state,
//! and in the way back the gradients of both. Next: `chunk` calls it step by step.
//!
//! `L` samples (lanes) step together, the lane innermost: one connection is one
//! broadcast weight and `L` multiply-adds. A step works on four units (16 gate rows)
//! at a time, so that transposition, `U·h` and the gates of these rows happen while
//! they are in the first-level cache.
//!
//! What limits a step is memory beyond the second-level cache, not arithmetic. Found on
//! one core of a virtual machine (Xeon with AVX-512, 48 KB and 2 MB of own cache, 16 GB/s
//! read and 12 GB/s written beyond; H = 256, `L` = 32, 200 tokens):
//!
//! - A step keeps only the four gates; on the way back [`replay`] finds `c`, `tanh(c)` and
//!   `h` again. That, gradients that never lie across two cache lines, and one division for
//!   two gates took 3.3 µs a token to 2.8, and 10 MB from each thread.
//! - Cache lines that come next are asked for while connections are multiplied, a few at a
//!   time. Asked for all at once they wait for each other and cost more than they save.
//! - Folding the gradient of `U` to one lane at each step (37 KB in place of 294 KB) took
//!   as long: the shuffles cost what the memory had.
//!
//! Formula, for the gates i, g, f, o of every unit:
//! `c_t = σ(f)·c_{t-1} + σ(i)·tanh(g)`, `h_t = σ(o)·tanh(c_t)`.

use super::activation::{sigmoid_and_tanh, tanh, two_sigmoids};
use super::simd::{Block, Eight, Lanes, Line};
use super::topology::{Topology, Transposed};
use super::words::Words;

/// Gate rows that are worked on together: four units.
pub const GROUP: usize = 16;
const UNITS: usize = 4;

/// What a step keeps of each unit for the way back.
pub const KEPT: usize = 4;
const I: usize = 0; // σ(i)
const G: usize = 1; // tanh(g)
const F: usize = 2; // σ(f)
const O: usize = 3; // σ(o)

/// The recurrent matrices in row order.
#[derive(Clone, Copy)]
pub struct Recurrent<'a> {
    /// Connections, row `4 · unit + gate`.
    pub topology: &'a Topology,
    /// Their weights.
    pub value: &'a [f32],
}

/// Where the inputs of a step are: the slot of each lane.
#[derive(Clone, Copy)]
pub struct Inputs<'a, const L: usize> {
    /// Rows of `W·x + b`.
    pub words: &'a Words,
    /// The row that each lane reads: its token.
    pub slots: &'a [u32; L],
}

/// What a step forward writes.
pub struct Forward<'a, const L: usize> {
    /// The gates, for the way back.
    pub kept: &'a mut [Block<L>], // [padded units x KEPT]
    /// Cell state: that before the step, then that after it.
    pub c: &'a mut [Block<L>], // [padded units]
    /// Hidden state after the step.
    pub h: &'a mut [Block<L>], // [padded units]
}

/// One step forward, from the hidden state `h_last`.
#[inline(always)]
pub fn forward<S: Lanes, const L: usize, const NV: usize>(
    simd: S,
    recurrent: Recurrent<'_>,
    Inputs { words, slots }: Inputs<'_, L>,
    h_last: &[Block<L>], // [padded units]
    Forward { kept, c, h }: Forward<'_, L>,
) {
    let rows: [&[Line]; L] = slots.map(|slot| words.row(slot));
    let groups = h
        .chunks_exact_mut(UNITS)
        .zip(c.chunks_exact_mut(UNITS))
        .zip(kept.chunks_exact_mut(UNITS * KEPT));
    for (group, ((h, c), kept)) in groups.enumerate() {
        let mut pre = [Block::<L>::ZERO; GROUP];
        simd.transpose(rows.map(|row| &row[group]), &mut pre);
        for (r, pre) in pre.iter_mut().enumerate() {
            for row in &rows[r * (L / GROUP)..][..L / GROUP] {
                if let Some(line) = row.get(group + 1) {
                    simd.prefetch(line);
                }
            }
            multiply_add::<S, L, NV>(simd, recurrent, group * GROUP + r, h_last, pre);
        }
        for unit in 0..UNITS {
            let pre = &pre[4 * unit..][..4];
            let kept = &mut kept[unit * KEPT..][..KEPT];
            gates_forward::<S, L, NV>(simd, pre, &mut c[unit], kept, &mut h[unit]);
        }
    }
}

/// `pre += Σ_k U[row, k] · h[k]` over the connections of one row.
#[inline(always)]
fn multiply_add<S: Lanes, const L: usize, const NV: usize>(
    simd: S,
    recurrent: Recurrent<'_>,
    row: usize,
    h: &[Block<L>],
    pre: &mut Block<L>,
) {
    if row >= recurrent.topology.rows() {
        return; // a unit that only pads the hidden size to a multiple of four
    }
    let range = recurrent.topology.range(row);
    let mut sum: [S::f32s; NV] = pre.get::<S, NV>();
    for (&column, &weight) in recurrent.topology.column[range.clone()]
        .iter()
        .zip(&recurrent.value[range])
    {
        let (x, weight) = (h[column as usize].get::<S, NV>(), simd.splat_f32s(weight));
        for v in 0..NV {
            sum[v] = simd.mul_add_e_f32s(weight, x[v], sum[v]);
        }
    }
    pre.set::<S, NV>(sum);
}

#[inline(always)]
fn gates_forward<S: Lanes, const L: usize, const NV: usize>(
    simd: S,
    pre: &[Block<L>],
    c: &mut Block<L>,
    kept: &mut [Block<L>],
    h: &mut Block<L>,
) {
    let pre: [[S::f32s; NV]; 4] = [0, 1, 2, 3].map(|gate| pre[gate].get::<S, NV>());
    let c_last = c.get::<S, NV>();
    let mut out = [[simd.splat_f32s(0.0); NV]; KEPT];
    let (mut c_new, mut h_new) = (c_last, c_last);
    for v in 0..NV {
        let [i, g] = sigmoid_and_tanh(simd, pre[I][v], pre[G][v]);
        let [f, o] = two_sigmoids(simd, pre[F][v], pre[O][v]);
        for (slot, value) in out.iter_mut().zip([i, g, f, o]) {
            slot[v] = value;
        }
        c_new[v] = cell(simd, [i, g, f], c_last[v]);
        h_new[v] = simd.mul_f32s(o, tanh(simd, c_new[v]));
    }
    for (kept, value) in kept.iter_mut().zip(out) {
        kept.set::<S, NV>(value);
    }
    c.set::<S, NV>(c_new);
    h.set::<S, NV>(h_new);
}

/// `c = f·c_last + i·g`, with the same rounding forward and in the replay.
#[inline(always)]
fn cell<S: Lanes>(simd: S, [i, g, f]: [S::f32s; 3], c_last: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(f, c_last, simd.mul_f32s(i, g))
}

/// What the way back needs of a step and did not keep.
#[derive(Debug, Clone, Default)]
pub struct State<const L: usize> {
    /// Cell state.
    pub c: Vec<Block<L>>, // [padded units]
    /// `tanh(c)`.
    pub t: Vec<Block<L>>, // [padded units]
    /// Hidden state.
    pub h: Vec<Block<L>>, // [padded units]
}

/// The state after a step from the state before it and what the step kept, with the same
/// bits as [`forward`].
#[inline(always)]
pub fn replay<S: Lanes, const L: usize, const NV: usize>(
    simd: S,
    kept: &[Block<L>],
    before: &State<L>,
    after: &mut State<L>,
) {
    let State { c, t, h } = after;
    let units = c.iter_mut().zip(t).zip(h).zip(&before.c);
    for ((((c, t), h), c_last), kept) in units.zip(kept.chunks_exact(KEPT)) {
        let [i, g, f, o] = [I, G, F, O].map(|k| kept[k].get::<S, NV>());
        let c_last = c_last.get::<S, NV>();
        let (mut c_new, mut t_new, mut h_new) = (c_last, c_last, c_last);
        for v in 0..NV {
            c_new[v] = cell(simd, [i[v], g[v], f[v]], c_last[v]);
            t_new[v] = tanh(simd, c_new[v]);
            h_new[v] = simd.mul_f32s(o[v], t_new[v]);
        }
        c.set::<S, NV>(c_new);
        t.set::<S, NV>(t_new);
        h.set::<S, NV>(h_new);
    }
}

/// A sum in eight lanes, aligned so that none lies in two cache lines.
#[repr(C, align(32))]
#[derive(Debug, Clone, Copy)]
pub struct Sum(pub Eight);

impl Sum {
    /// Nothing yet.
    pub const ZERO: Sum = Sum(pulp::f32x8(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0));

    /// The sum of all lanes.
    pub fn total(&self) -> f32 {
        let lanes: [f32; 8] = pulp::cast(self.0);
        let four = [0, 1, 2, 3].map(|k| lanes[k] + lanes[k + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}

/// What the way back carries from step to step.
pub struct Backward<'a, const L: usize> {
    /// `∂loss/∂h_t`.
    pub dh: &'a mut [Block<L>], // [padded units]
    /// `∂loss/∂c_t` through later steps.
    pub dc: &'a mut [Block<L>], // [padded units]
    /// `∂loss/∂pre_t`: scratch of one step.
    pub d: &'a mut [Block<L>], // [4 x padded units]
    /// Gradients of `U`, folded to eight lanes.
    pub sum: &'a mut [Sum], // [nnz of U]
}

/// A step as it was forward.
#[derive(Clone, Copy)]
pub struct Past<'a, const L: usize> {
    /// The row of `words` that each lane read.
    pub slots: &'a [u32; L],
    /// The gates.
    pub kept: &'a [Block<L>], // [padded units x KEPT]
    /// The state before.
    pub before: &'a State<L>,
    /// The state after.
    pub after: &'a State<L>,
    /// Gates of a step that is replayed next, to be asked for; empty if there is none.
    pub ahead: &'a [Block<L>], // [padded units x KEPT] or [0]
}

/// One step back: from `∂loss/∂(h_t, c_t)` to `∂loss/∂(h_{t-1}, c_{t-1})`; adds the
/// gradients of `U` to `sum` and those of `W·x + b` to the rows of `words`.
#[inline(always)]
pub fn backward<S: Lanes, const L: usize, const NV: usize>(
    simd: S,
    recurrent: Recurrent<'_>,
    by_column: (&Transposed, &[f32]),
    words: &mut Words,
    past: Past<'_, L>,
    state: &mut Backward<'_, L>,
) {
    let Past {
        slots,
        kept,
        before,
        after,
        ahead,
    } = past;
    let mut ahead = ahead.chunks_exact(UNITS * KEPT);
    for (group, d) in state.d.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
        for unit in 0..UNITS {
            let at = group * UNITS + unit;
            let kept = &kept[at * KEPT..][..KEPT];
            let cell = [&before.c[at], &after.t[at]];
            let d = &mut d[4 * unit..][..4];
            gates_backward::<S, L, NV>(simd, kept, cell, &state.dh[at], &mut state.dc[at], d);
        }
        let ahead = ahead.next().unwrap_or_default();
        for (r, d) in d.iter().enumerate() {
            if let Some(block) = ahead.get(r) {
                simd.prefetch(block);
            }
            for &slot in &slots[r * (L / GROUP)..][..L / GROUP] {
                simd.prefetch(&words.row(slot)[group]);
            }
            let row = group * GROUP + r;
            weight_gradient::<S, L, NV>(simd, recurrent.topology, row, d, &before.h, state.sum);
        }
        words.add(simd, slots, group, d);
    }
    // dh[column] = Σ U[row, column] · d[row]
    let (columns, value) = by_column;
    for (column, dh) in state
        .dh
        .iter_mut()
        .enumerate()
        .take(columns.column_start.len() - 1)
    {
        let range = columns.range(column);
        let mut sum = [simd.splat_f32s(0.0); NV];
        for (&row, &weight) in columns.row[range.clone()].iter().zip(&value[range]) {
            let (d, weight) = (
                state.d[row as usize].get::<S, NV>(),
                simd.splat_f32s(weight),
            );
            for v in 0..NV {
                sum[v] = simd.mul_add_e_f32s(weight, d[v], sum[v]);
            }
        }
        dh.set::<S, NV>(sum);
    }
}

/// `∂pre` from `∂h`: with `t = tanh(c)`, `dc += dh·o·(1-t²)`, then
/// `di = dc·g·i(1-i)`, `dg = dc·i·(1-g²)`, `df = dc·c_last·f(1-f)`, `do = dh·t·o(1-o)`.
#[inline(always)]
fn gates_backward<S: Lanes, const L: usize, const NV: usize>(
    simd: S,
    kept: &[Block<L>],
    [c_last, t]: [&Block<L>; 2],
    dh: &Block<L>,
    dc: &mut Block<L>,
    d: &mut [Block<L>],
) {
    let mul = |a, b| simd.mul_f32s(a, b);
    // a - a·b
    let rest = |a, b| simd.sub_f32s(a, mul(a, b));
    let [i, g, f, o] = [I, G, F, O].map(|k| kept[k].get::<S, NV>());
    let [c_last, t, dh] = [c_last, t, dh].map(|block| block.get::<S, NV>());
    let dc_old = dc.get::<S, NV>();
    let mut out = [[simd.splat_f32s(0.0); NV]; 4];
    let mut dc_new = dc_old;
    for v in 0..NV {
        let dh_o = mul(dh[v], o[v]);
        let dh_h = mul(dh_o, t[v]);
        let dc = simd.add_f32s(dc_old[v], rest_square(simd, dh_o, dh_h, t[v]));
        let dc_i = mul(dc, i[v]);
        let dc_f = mul(dc, f[v]);
        out[I][v] = mul(rest(dc_i, i[v]), g[v]);
        out[G][v] = rest_square(simd, dc_i, mul(dc_i, g[v]), g[v]);
        out[F][v] = mul(rest(dc_f, f[v]), c_last[v]);
        out[O][v] = rest(dh_h, o[v]);
        dc_new[v] = dc_f;
    }
    for (d, value) in d.iter_mut().zip(out) {
        d.set::<S, NV>(value);
    }
    dc.set::<S, NV>(dc_new);
}

/// `a - ab·b`, that is `a·(1-b²)` with `ab = a·b`.
#[inline(always)]
fn rest_square<S: Lanes>(simd: S, a: S::f32s, ab: S::f32s, b: S::f32s) -> S::f32s {
    simd.sub_f32s(a, simd.mul_f32s(ab, b))
}

/// `sum[k] += d[row] · h[column k]` over the connections of one row.
#[inline(always)]
fn weight_gradient<S: Lanes, const L: usize, const NV: usize>(
    simd: S,
    topology: &Topology,
    row: usize,
    d: &Block<L>,
    h: &[Block<L>],
    sum: &mut [Sum],
) {
    if row >= topology.rows() {
        return;
    }
    let range = topology.range(row);
    let d = d.get::<S, NV>();
    for (&column, sum) in topology.column[range.clone()].iter().zip(&mut sum[range]) {
        let x = h[column as usize].get::<S, NV>();
        sum.0 = simd.add_eight(sum.0, simd.dot_eight(&d, &x));
    }
}

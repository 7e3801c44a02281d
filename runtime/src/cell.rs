//! Enters: a token or a sample, and the memory of a state. Leaves: the next `h` and `c`. Next:
//! `state`, whose `step` and `step_samples` these are.
//!
//! ```text
//! pre[gate] = W[gate] x + U[gate] h + b[gate]          for i, g, f, o
//! c         = σ(f) · c + σ(i) · tanh(g)
//! h         = σ(o) · tanh(c)
//! ```
//!
//! (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.) Gate by
//! gate over one array of sums. `i` and `g` meet in one scratch array, `f` folds it into
//! `c`; and `h` is written when all its readers are done, so there is no second copy. The input
//! of a layer whose matrices are joined lies behind its `h`: `W x + U h` is one product then.

use crate::arithmetic::{Arithmetic, GateWeights, Value};
use crate::embedding::EmbeddingRow;
use crate::gate::Gate;
use crate::model::{Layer, Model};
use crate::scale::Scale;
use crate::sparse::{BLOCK, Columns, add_rows};
use heapless::Vec;

/// Inputs that are decoded or normalised once a step; of a longer row or sample the rest is
/// decoded again for each gate, so any runs in the same memory.
pub(crate) const KEPT_INPUTS: usize = 32;

/// The memory of a state: what stays between steps, and what a step needs.
#[derive(Debug, Clone)]
pub(crate) struct Memory<A: Arithmetic, const N: usize, const L: usize> {
    /// Hidden state of each layer; behind it the layer's input, if its matrices are joined.
    pub h: [[A::Value; N]; L],
    /// Cell state of each layer.
    pub c: [[A::Value; N]; L],
    /// The rest is scratch.
    pub scratch: Scratch<A, N>,
}

/// What all layers use, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Scratch<A: Arithmetic, const N: usize> {
    /// Sums of the gate at work; all zero between gates and between steps.
    pub sum: [A::Sum; N],
    /// `σ(i)`, then `σ(i) · tanh(g)`.
    pub gate: [A::Value; N],
    /// The nonzero inputs of the step.
    pub x: Vec<Input<A::Value>, KEPT_INPUTS>,
}

/// A nonzero input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<V> {
    pub column: u16,
    pub value: V,
}

/// One step of all layers by a token.
pub(crate) fn step<A: Arithmetic, const N: usize, const L: usize>(
    model: &Model<'_, A, L>,
    memory: &mut Memory<A, N, L>,
    token: u16,
) {
    let Memory { h, c, scratch } = memory;
    if let ([layer, ..], [h, ..], [c, ..]) = (model.layers(), &mut h[..], &mut c[..]) {
        // without an embedding the row is empty, and what is joined has no input
        clear_joined(layer, h);
        let mut row = model.embedding.row(token);
        let inputs = core::iter::from_fn(|| next_input::<A>(&mut row, &layer.constants));
        let rest = keep(inputs, &mut scratch.x).then_some(row);
        let add_rest = |weights: &GateWeights<'_, A>, sum: &mut [A::Sum; N]| {
            if let Some(row) = &rest {
                let mut row = row.clone();
                let inputs = core::iter::from_fn(|| next_input::<A>(&mut row, &layer.constants));
                add_rest::<A, N>(&weights.input, inputs, sum);
            }
        };
        step_layer(layer, h, c, scratch, add_rest);
    }
    step_upper(model, h, c, scratch);
}

fn next_input<A: Arithmetic>(
    row: &mut EmbeddingRow<'_>,
    constants: &A::Constants,
) -> Option<Input<A::Value>> {
    let entry = row.next()?;
    Some(Input {
        column: entry.column as u16,
        value: A::input(entry.value, constants),
    })
}

/// One step of all layers by a sample.
pub(crate) fn step_samples<A: Arithmetic, const N: usize, const L: usize>(
    model: &Model<'_, A, L>,
    memory: &mut Memory<A, N, L>,
    raw: &[f32],
) {
    let Memory { h, c, scratch } = memory;
    if let ([layer, ..], [h, ..], [c, ..]) = (model.layers(), &mut h[..], &mut c[..]) {
        scratch.x.clear();
        let rest = if layer.is_joined() {
            put_behind(model, layer, raw, h);
            if layer.is_listed() {
                return step_listed(layer, h, c, scratch);
            }
            None
        } else {
            // what is zero is left out
            let mut inputs = nonzero(values(model.statistics, layer, raw));
            keep(&mut inputs, &mut scratch.x).then_some(inputs)
        };
        let add_rest = |weights: &GateWeights<'_, A>, sum: &mut [A::Sum; N]| {
            if let Some(inputs) = &rest {
                add_rest::<A, N>(&weights.input, inputs.clone(), sum);
            }
        };
        step_layer(layer, h, c, scratch, add_rest);
    }
    step_upper(model, h, c, scratch);
}

/// A sample as the engine multiplies it, channel by channel.
#[inline(always)]
fn values<'v, A: Arithmetic>(
    statistics: Scale<'v>,
    layer: &'v Layer<'_, A>,
    raw: &'v [f32],
) -> impl Iterator<Item = A::Value> + Clone + 'v {
    let values = statistics.normalized(raw);
    values.map(|value| A::sample(value, &layer.constants))
}

/// What is not zero, with its place.
#[inline(always)]
fn nonzero<V: Value>(
    values: impl Iterator<Item = V> + Clone,
) -> impl Iterator<Item = Input<V>> + Clone {
    (0..=u16::MAX)
        .zip(values)
        .filter_map(|(column, value)| (value != V::ZERO).then_some(Input { column, value }))
}

/// Puts a sample behind `h`; channels that do not come are zero.
#[inline(always)]
pub(crate) fn put_behind<A: Arithmetic, const N: usize, const L: usize>(
    model: &Model<'_, A, L>,
    layer: &Layer<'_, A>,
    raw: &[f32],
    h: &mut [A::Value; N],
) {
    clear_joined(layer, h);
    let inputs = values(model.statistics, layer, raw);
    for (into, value) in layer.behind(h).iter_mut().zip(inputs) {
        *into = value;
    }
}

/// The layers above the first: each reads the `h` of the one below.
fn step_upper<A: Arithmetic, const N: usize, const L: usize>(
    model: &Model<'_, A, L>,
    h: &mut [[A::Value; N]; L],
    c: &mut [[A::Value; N]; L],
    scratch: &mut Scratch<A, N>,
) {
    if L == 1 {
        return;
    }
    scratch.x.clear();
    let mut rest = &mut h[..];
    let layers = model.layers().iter().zip(model.layers().iter().skip(1));
    for ((below, layer), c) in layers.zip(c.iter_mut().skip(1)) {
        let Some((h_below, upper)) = core::mem::take(&mut rest).split_first_mut() else {
            return;
        };
        let Some(h) = upper.first_mut() else { return };
        let shown = h_below.get(..below.hidden.into()).unwrap_or_default();
        for (into, value) in layer.behind(h).iter_mut().zip(shown) {
            *into = *value;
        }
        step_layer(layer, h, c, scratch, |_, _| ());
        rest = upper;
    }
}

/// Sets what lies behind `h` to zero: the inputs that do not come.
#[inline(always)]
fn clear_joined<A: Arithmetic, const N: usize>(layer: &Layer<'_, A>, h: &mut [A::Value; N]) {
    layer.behind(h).fill(A::Value::ZERO);
}

/// Keeps as many inputs as there is room for; whether that is full, and more may come.
#[inline(always)]
fn keep<V>(mut inputs: impl Iterator<Item = Input<V>>, x: &mut Vec<Input<V>, KEPT_INPUTS>) -> bool {
    x.clear();
    while !x.is_full()
        && let Some(input) = inputs.next()
    {
        let _ = x.push(input); // there is room
    }
    x.is_full()
}

/// One step of one layer. Inlined: a call of its own costs more than 20 instructions.
#[inline(always)]
fn step_layer<A: Arithmetic, const N: usize>(
    layer: &Layer<'_, A>,
    h: &mut [A::Value; N],
    c: &mut [A::Value; N],
    scratch: &mut Scratch<A, N>,
    add_rest: impl Fn(&GateWeights<'_, A>, &mut [A::Sum; N]),
) {
    let Scratch { sum, gate, x } = scratch;
    let add_products = |weights: &GateWeights<'_, A>, h: &[A::Value; N], sum: &mut [A::Sum; N]| {
        add_inputs::<A, N>(&weights.input, x, sum);
        add_rest(weights, sum);
        add_rows::<A, N>(&weights.recurrent, h, sum);
    };
    let [i, g, f, o] = &layer.gates;

    add_products(i, h, sum);
    A::input_gate(i.units, sum, gate);
    add_products(g, h, sum);
    A::candidate_gate(g.units, sum, gate);
    add_products(f, h, sum);
    A::forget_gate(f.units, sum, gate, c);
    add_products(o, h, sum);
    A::output_gate(o.units, sum, c, h, &layer.constants);
}

/// `sum += W x`.
#[inline(always)]
pub(crate) fn add_inputs<A: Arithmetic, const N: usize>(
    weights: &Columns<'_, A::Pairs<'_>>,
    x: &[Input<A::Value>],
    sum: &mut [A::Sum; N],
) {
    if N <= BLOCK {
        return add_segment::<A, N>(weights, x, sum);
    }
    for (segment, sum) in weights.segments().zip(sum.as_chunks_mut::<BLOCK>().0) {
        add_segment::<A, BLOCK>(&segment, x, sum);
    }
}

/// `sum += W x` for the units of one segment.
#[inline(never)]
fn add_segment<A: Arithmetic, const N: usize>(
    weights: &Columns<'_, A::Pairs<'_>>,
    x: &[Input<A::Value>],
    sum: &mut [A::Sum; N],
) {
    for input in x {
        if let Some(column) = weights.column(input.column) {
            A::add_column(column, input.value, sum);
        }
    }
}

/// One step of a layer whose matrices lie for delta stepping, all columns read: what its
/// self-test compares with. Apart, so that no other layout pays for it.
#[cold]
#[inline(never)]
fn step_listed<A: Arithmetic, const N: usize>(
    layer: &Layer<'_, A>,
    h: &mut [A::Value; N],
    c: &mut [A::Value; N],
    scratch: &mut Scratch<A, N>,
) {
    let Scratch { sum, gate, .. } = scratch;
    for kind in Gate::ALL {
        let weights = &layer.gates[kind.index()];
        add_rest::<A, N>(&weights.input, nonzero(h.iter().copied()), sum);
        let units = weights.units;
        match kind {
            Gate::Input => A::input_gate(units, sum, gate),
            Gate::Candidate => A::candidate_gate(units, sum, gate),
            Gate::Forget => A::forget_gate(units, sum, gate, c),
            Gate::Output => A::output_gate(units, sum, c, h, &layer.constants),
        }
    }
}

/// `sum += W x` for what is left of a long row or sample.
#[cold]
#[inline(never)]
fn add_rest<A: Arithmetic, const N: usize>(
    weights: &Columns<'_, A::Pairs<'_>>,
    inputs: impl Iterator<Item = Input<A::Value>>,
    sum: &mut [A::Sum; N],
) {
    for input in inputs {
        add_inputs::<A, N>(weights, &[input], sum);
    }
}

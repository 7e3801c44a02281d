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
//! `c`; and `h` is written when all its readers are done, so there is no second copy.

use crate::arithmetic::{Arithmetic, GateWeights};
use crate::embedding::EmbeddingRow;
use crate::model::Model;
use crate::sparse::Columns;
use heapless::Vec;

/// Inputs that are decoded or normalised once a step; of a longer row or sample the rest is
/// decoded again for each gate, so any runs in the same memory.
const KEPT_INPUTS: usize = 32;

/// The memory of a state: what stays between steps, and what a step needs.
#[derive(Debug, Clone)]
pub(crate) struct Memory<A: Arithmetic, const N: usize> {
    /// Hidden state.
    pub h: [A::Value; N],
    /// Cell state.
    pub c: [A::Value; N],
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
    column: u8,
    value: V,
}

/// One LSTM step by a token.
pub(crate) fn step<A: Arithmetic, const N: usize>(
    model: &Model<'_, A>,
    memory: &mut Memory<A, N>,
    token: u16,
) {
    let Memory { h, c, sum, gate, x } = memory;
    let constants = &model.constants;
    let mut row = model.embedding.row(token);
    x.clear();
    while !x.is_full()
        && let Some(input) = next_input::<A>(&mut row, constants)
    {
        let _ = x.push(input); // there is room
    }
    let rest = x.is_full().then_some(row);
    let add_products = |weights: &GateWeights<'_, A>, h: &[A::Value; N], sum: &mut _| {
        add_inputs::<A, N>(&weights.input, x, sum);
        if let Some(row) = &rest {
            let mut row = row.clone();
            let inputs = core::iter::from_fn(|| next_input::<A>(&mut row, constants));
            add_rest::<A, N>(&weights.input, inputs, sum);
        }
        A::add_strips(&weights.recurrent, h, sum);
    };
    step_gates(model, h, c, sum, gate, add_products);
}

fn next_input<A: Arithmetic>(
    row: &mut EmbeddingRow<'_>,
    constants: &A::Constants,
) -> Option<Input<A::Value>> {
    let entry = row.next()?;
    Some(Input {
        column: entry.column as u8,
        value: A::input(entry.value, constants),
    })
}

/// One LSTM step by a sample, of which what is zero is left out.
pub(crate) fn step_samples<A: Arithmetic, const N: usize>(
    model: &Model<'_, A>,
    memory: &mut Memory<A, N>,
    raw: &[f32],
) {
    let Memory { h, c, sum, gate, x } = memory;
    let constants = &model.constants;
    let values = model.statistics.normalized(raw);
    let mut inputs = (0..=u8::MAX).zip(values).filter_map(|(column, value)| {
        let value = A::sample(value, constants);
        (value != A::Value::default()).then_some(Input { column, value })
    });
    x.clear();
    while !x.is_full()
        && let Some(input) = inputs.next()
    {
        let _ = x.push(input); // there is room
    }
    let rest = x.is_full().then_some(inputs);
    let add_products = |weights: &GateWeights<'_, A>, h: &[A::Value; N], sum: &mut _| {
        add_inputs::<A, N>(&weights.input, x, sum);
        if let Some(inputs) = &rest {
            add_rest::<A, N>(&weights.input, inputs.clone(), sum);
        }
        A::add_strips(&weights.recurrent, h, sum);
    };
    step_gates(model, h, c, sum, gate, add_products);
}

/// The four gates, whose sums `add_products` makes. Inlined: a call of its own costs more
/// than 20 instructions a token.
#[inline(always)]
fn step_gates<A: Arithmetic, const N: usize>(
    model: &Model<'_, A>,
    h: &mut [A::Value; N],
    c: &mut [A::Value; N],
    sum: &mut [A::Sum; N],
    gate: &mut [A::Value; N],
    add_products: impl Fn(&GateWeights<'_, A>, &[A::Value; N], &mut [A::Sum; N]),
) {
    let constants = &model.constants;
    let [i, g, f, o] = &model.gates;

    add_products(i, h, sum);
    A::input_gate(i.units, sum, gate);
    add_products(g, h, sum);
    A::candidate_gate(g.units, sum, gate);
    add_products(f, h, sum);
    A::forget_gate(f.units, sum, gate, c);
    add_products(o, h, sum);
    A::output_gate(o.units, sum, c, h, constants);
}

/// `sum += W x`.
#[inline(never)]
fn add_inputs<A: Arithmetic, const N: usize>(
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

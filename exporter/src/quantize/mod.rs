//! Enters: [`SparseModel`] in f32. Leaves: [`QuantizedModel`], the same connections as the
//! integers that the device multiplies by. Next: `pack`, which lays them out in bytes.
//!
//! All ranges are chosen here, from the weights alone:
//!
//! - embedding values: one step for the whole table, in proportion to their rms;
//! - samples, where there is no embedding: 256 steps to a standard deviation, whose rounding
//!   is some sixteenth of what 8-bit weights add;
//! - the scale of each gate and unit: the smallest that keeps its `W` and `U` in 8 bits;
//! - `k` of the state's format Q(15-k) and the scale of `x`: those of the least rounding error
//!   among the ones with which no sum can overflow; see `ranges`.

mod ranges;

use crate::error::{Error, Result};
use crate::sparse_model::{LayerView, SparseLayer, SparseMatrix, SparseModel};
use ranges::{Magnitudes, Noise, Ranges, largest};
use set_lstm_runtime::fixed::{
    GATE_BITS, LOGIT_BITS, PRE_BITS, SCALE_SHIFT, bias_field, slot, unit,
};
use set_lstm_runtime::gate::Gate;
use set_lstm_runtime::samples::SAMPLE_LIMIT;
use set_lstm_runtime::wire::{InputLayout, LayerHeader};

/// What a sample of [`SAMPLE_LIMIT`] standard deviations is stored as.
pub const LARGEST_SAMPLE: u16 = 2048;

/// A sparse matrix of integers in the topology of its f32 original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantizedMatrix {
    /// Number of columns.
    pub columns: usize,
    /// Where each row begins; one more entry than rows.
    pub row_start: Vec<u32>, // [rows + 1]
    /// Column of each connection, ascending within its row.
    pub column: Vec<u16>, // [nnz]
    /// Embedding: the stored value. `W` and `U`: the multiplier, index included.
    pub value: Vec<i16>, // [nnz]
}

/// One layer in integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantizedLayer {
    /// Sizes, layout, and the constants of the formula.
    pub header: LayerHeader,
    /// The gates in the order of [`Gate::ALL`].
    pub gates: [QuantizedGate; Gate::COUNT],
}

/// One gate in integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantizedGate {
    /// Multipliers of `W`; the absorbed index is the unit (row), or the column behind those of
    /// `U` if both are joined in strips; of a larger number its low byte.
    pub input: QuantizedMatrix, // [hidden x input]
    /// Multipliers of `U`; the absorbed index is the column, or the unit if the matrices lie for
    /// delta stepping.
    pub recurrent: QuantizedMatrix, // [hidden x hidden]
    /// Scale and bias of each unit, as `fixed::unit` joins them.
    pub units: Vec<u32>, // [hidden]
}

/// The integers of an int8 model, not yet in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedModel {
    /// What one unit of an embedding value, or of a sample, stands for.
    pub value_step: f32,
    /// Fraction bits of the head's weights.
    pub head_shift: u8,
    /// Values of the embedding; what rounds to zero is not there any more.
    pub embedding: QuantizedMatrix, // [vocabulary x input]
    /// The layers, the first one's first.
    pub layers: Vec<QuantizedLayer>,
    /// Weights of the head, row-major.
    pub head: Vec<i16>, // [logits x hidden]
    /// Bias of each logit in Q16.
    pub head_bias: Vec<i32>, // [logits]
}

/// Turns a model into integers, with embedding values as fine as `embedding_bits` (2 to 8)
/// allow. Nothing is clipped, and the file codes them in fewer bits than that on average. A
/// model without an embedding takes samples of [`LARGEST_SAMPLE`] at most.
///
/// # Errors
/// `embedding_bits` out of range, a weight that is not a number, or weights so large that no
/// format of the state keeps their sums in 32 bits.
pub fn quantize(model: &SparseModel, embedding_bits: u8) -> Result<QuantizedModel> {
    let layout = match model.channels() {
        None => InputLayout::Columns,
        Some(_) => InputLayout::Joined,
    };
    quantize_as(model, embedding_bits, layout)
}

/// The same with a choice of how the matrices of the first layer will lie, which the
/// multipliers depend on: an index is part of each.
///
/// # Errors
/// As [`quantize`].
pub fn quantize_as(
    model: &SparseModel,
    embedding_bits: u8,
    layout: InputLayout,
) -> Result<QuantizedModel> {
    let row_step = value_step(&model.embedding, embedding_bits).ok_or_else(|| {
        Error::Options(format!(
            "embedding values of {embedding_bits} bits do not exist; choose 2 to 8"
        ))
    })?;
    let value_step = match model.channels() {
        None => row_step,
        Some(_) => SAMPLE_LIMIT / f32::from(LARGEST_SAMPLE),
    };
    let embedding = convert(&model.embedding, |_, _, value| {
        let integer = (value / value_step).round() as i16; // saturates
        Some(integer).filter(|&integer| integer != 0)
    });
    let values = match model.channels() {
        None => Magnitudes::of(&embedding),
        Some(channels) => Magnitudes::of_samples(channels),
    };
    let mut layers: Vec<QuantizedLayer> = Vec::new();
    for layer in model.layers() {
        let quantized = match layers.last() {
            None => {
                let candidates = Ranges::candidates(layer, values, value_step);
                quantize_layer(layer, layout, candidates, &Noise::of(model))?
            }
            Some(below) => {
                let candidates = Ranges::candidates_above(below.header.state_shift);
                quantize_layer(layer, InputLayout::Joined, candidates, &Noise::above())?
            }
        };
        layers.push(quantized);
    }
    let (head, head_shift) = quantize_head(&model.head);
    Ok(QuantizedModel {
        value_step,
        head_shift,
        embedding,
        layers,
        head,
        head_bias: model.head_bias.iter().map(|&bias| to_logit(bias)).collect(),
    })
}

/// The step of the uniform quantiser of so many bits that is best for Gaussian values (Max,
/// "Quantizing for minimum distortion", 1960, table II).
fn value_step(embedding: &SparseMatrix, bits: u8) -> Option<f32> {
    const STEP: [f64; 7] = [0.9957, 0.5860, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308];
    let step = STEP.get(usize::from(bits).checked_sub(2)?)?;
    let squares: f64 = embedding
        .value
        .iter()
        .map(|&value| f64::from(value).powi(2))
        .sum();
    let rms = (squares / embedding.nnz().max(1) as f64).sqrt();
    Some(((rms * step) as f32).max(f32::MIN_POSITIVE))
}

/// The matrix with each `(row, column, weight)` converted, or dropped on `None`.
fn convert(
    matrix: &SparseMatrix,
    mut each: impl FnMut(usize, u16, f32) -> Option<i16>,
) -> QuantizedMatrix {
    let mut out = QuantizedMatrix {
        columns: matrix.columns,
        row_start: vec![0],
        column: Vec::with_capacity(matrix.nnz()),
        value: Vec::with_capacity(matrix.nnz()),
    };
    for row in 0..matrix.rows {
        let (columns, values) = matrix.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            if let Some(value) = each(row, column, value) {
                out.column.push(column);
                out.value.push(value);
            }
        }
        out.row_start.push(out.column.len() as u32);
    }
    out
}

/// The layer with the least rounding error of all candidates, of each list the first with which
/// no sum can overflow: a coarser state only adds noise.
fn quantize_layer(
    layer: LayerView<'_>,
    layout: InputLayout,
    candidates: Vec<Vec<(u8, Ranges)>>,
    noise: &Noise,
) -> Result<QuantizedLayer> {
    let (mut least, mut best, mut problem) = (f64::INFINITY, None, String::new());
    for formats in candidates {
        for (state_shift, ranges) in formats {
            match quantize_gates(layer, layout, &ranges) {
                Ok(gates) => {
                    let noise = noise.sum(layer, &ranges, &gates);
                    if noise < least {
                        least = noise;
                        let header = LayerHeader {
                            hidden: layer.hidden_size() as u16,
                            layout,
                            state_shift,
                            input_scale: ranges.input_scale,
                        };
                        best = Some(QuantizedLayer { header, gates });
                    }
                    break;
                }
                Err(what) => problem = what,
            }
        }
    }
    best.ok_or_else(|| {
        Error::Options(format!(
            "{problem}; export with --values f32, or train with clipping"
        ))
    })
}

fn quantize_gates(
    layer: LayerView<'_>,
    layout: InputLayout,
    ranges: &Ranges,
) -> std::result::Result<[QuantizedGate; Gate::COUNT], String> {
    let mut gates = Vec::with_capacity(Gate::COUNT);
    for gate in Gate::ALL {
        gates.push(quantize_gate(layer, layout, ranges, gate)?);
    }
    Ok(gates.try_into().expect("one a gate"))
}

fn quantize_gate(
    layer: LayerView<'_>,
    layout: InputLayout,
    ranges: &Ranges,
    gate: Gate,
) -> std::result::Result<QuantizedGate, String> {
    let mut scales = finest_scales(layer, ranges, gate);
    loop {
        if let Some(unit) = scales.iter().position(|&scale| scale > f64::from(i16::MAX)) {
            return Err(format!(
                "a weight of gate {} unit {unit} is too large",
                gate.letter()
            ));
        }
        let quantized = round_gate(layer, layout, ranges, gate, &scales);
        let mut fits = true;
        for (unit, scale) in scales.iter_mut().enumerate() {
            let sum = quantized.largest_sum(unit, layout, ranges);
            if sum <= i32::MAX as u64 {
                continue;
            }
            if !ranges.may_coarsen {
                return Err(format!(
                    "the weights of gate {} unit {unit} are too many",
                    gate.letter()
                ));
            }
            fits = false;
            *scale = (*scale * sum as f64 / f64::from(i32::MAX)).floor() + 1.0;
        }
        if fits {
            return Ok(quantized);
        }
    }
}

/// The scale of each unit that uses all of a weight's 8 bits.
fn finest_scales(layer: LayerView<'_>, ranges: &Ranges, gate: Gate) -> Vec<f64> {
    let (input, recurrent) = (&layer.input[gate.index()], &layer.recurrent[gate.index()]);
    let scale = |row| {
        let w = f64::from(largest(input.row(row).1)) * ranges.input;
        let u = f64::from(largest(recurrent.row(row).1)) * ranges.recurrent;
        // a multiplier is 256 times the weight, which reaches 127
        (w.max(u) / (127.0 * 256.0)).ceil().max(1.0)
    };
    (0..layer.hidden_size()).map(scale).collect()
}

/// The gate in integers of these scales, each at most 32,767.
fn round_gate(
    layer: LayerView<'_>,
    layout: InputLayout,
    ranges: &Ranges,
    gate: Gate,
    scales: &[f64],
) -> QuantizedGate {
    let (input, recurrent) = (&layer.input[gate.index()], &layer.recurrent[gate.index()]);
    QuantizedGate {
        input: convert(input, |row, column, weight| {
            let index = match layout {
                InputLayout::Columns | InputLayout::Delta => row,
                InputLayout::Joined => layer.hidden_size() + usize::from(column),
            };
            Some(multiplier(
                f64::from(weight) * ranges.input / scales[row],
                index as u8,
            ))
        }),
        recurrent: convert(recurrent, |row, column, weight| {
            Some(multiplier(
                f64::from(weight) * ranges.recurrent / scales[row],
                match layout {
                    InputLayout::Columns | InputLayout::Joined => column as u8,
                    InputLayout::Delta => row as u8,
                },
            ))
        }),
        units: scales
            .iter()
            .zip(&layer.bias[gate.index()])
            .map(|(&scale, &bias)| {
                let one = f64::from(1 << PRE_BITS);
                unit(
                    scale as u16,
                    bias_field(f64::from(bias) * one, scale as u16),
                )
            })
            .collect(),
    }
}

impl QuantizedGate {
    /// The largest sum of a unit: the bounds of the runtime's `int8`.
    fn largest_sum(&self, unit: usize, layout: InputLayout, ranges: &Ranges) -> u64 {
        let every_input = self.input.row_sum(unit) * u64::from(ranges.input_limit);
        let input = match layout {
            InputLayout::Columns => {
                every_input.min(self.input.row_largest(unit) * u64::from(ranges.input_sum_limit))
            }
            InputLayout::Joined | InputLayout::Delta => every_input,
        };
        input + self.recurrent.row_sum(unit) * u64::from(ranges.state_limit)
    }
}

impl QuantizedMatrix {
    /// The connections of one row: columns and values.
    pub fn row(&self, row: usize) -> (&[u16], &[i16]) {
        let range = self.row_start[row] as usize..self.row_start[row + 1] as usize;
        (&self.column[range.clone()], &self.value[range])
    }

    fn row_sum(&self, row: usize) -> u64 {
        self.row(row)
            .1
            .iter()
            .map(|&m| u64::from(m.unsigned_abs()))
            .sum()
    }

    fn row_largest(&self, row: usize) -> u64 {
        let magnitudes = self.row(row).1.iter().map(|&m| u64::from(m.unsigned_abs()));
        magnitudes.max().unwrap_or(0)
    }

    fn to_f32(&self, scale: impl Fn(usize) -> f64) -> SparseMatrix {
        let rows = self.row_start.len() - 1;
        let value = (0..rows).flat_map(|row| {
            let scale = scale(row);
            self.row(row)
                .1
                .iter()
                .map(move |&value| (f64::from(value) * scale) as f32)
        });
        SparseMatrix {
            rows,
            columns: self.columns,
            row_start: self.row_start.clone(),
            column: self.column.clone(),
            value: value.collect(),
        }
    }
}

/// The halfword nearest to `exact` whose low byte is `index`.
fn multiplier(exact: f64, index: u8) -> i16 {
    let weight = ((exact - f64::from(index)) / 256.0)
        .round()
        .clamp(-128.0, 127.0);
    slot(weight as i8, index) as i16
}

fn to_logit(bias: f32) -> i32 {
    (f64::from(bias) * f64::from(1 << LOGIT_BITS)).round() as i32
}

/// The head with as many fraction bits as 16-bit weights allow, and how many these are.
fn quantize_head(head: &[f32]) -> (Vec<i16>, u8) {
    let largest = f64::from(largest(head));
    let fits = |shift: &u8| (largest * 2_f64.powi(i32::from(*shift))).round() <= 32767.0;
    let shift = (0..=24).rev().find(fits).unwrap_or(0);
    let one = 2_f64.powi(i32::from(shift));
    (
        head.iter()
            .map(|&weight| (f64::from(weight) * one).round() as i16)
            .collect(),
        shift,
    )
}

impl QuantizedModel {
    /// The same model in real numbers: what the integers stand for, free of the rounding
    /// that each step adds. For measuring that rounding, and for the loss by the weights.
    pub fn dequantize(&self) -> SparseModel {
        let one = |shift: u8| f64::from(0x8000_u32 >> shift);
        let unit_sum = 2_f64.powi((16 + SCALE_SHIFT + PRE_BITS) as i32);
        let scale = |unit: u32| f64::from(unit & 0x7fff);
        let bias = |unit: u32| (f64::from(unit as i32) - 32768.0) / f64::from(1 << (16 + PRE_BITS));
        let mut below: Option<&QuantizedLayer> = None;
        let mut layers = self.layers.iter().map(|layer| {
            let LayerHeader {
                state_shift,
                input_scale,
                ..
            } = layer.header;
            let input_one = match below.replace(layer) {
                None => f64::from(input_scale) / f64::from(self.value_step),
                Some(below) => one(below.header.state_shift),
            };
            let of = |gate: Gate| &layer.gates[gate.index()];
            let real = |matrix: &QuantizedMatrix, units: &[u32], one: f64| {
                matrix.to_f32(|row| scale(units[row]) * one / unit_sum)
            };
            SparseLayer {
                input: Gate::ALL.map(|g| real(&of(g).input, &of(g).units, input_one)),
                recurrent: Gate::ALL
                    .map(|g| real(&of(g).recurrent, &of(g).units, one(state_shift))),
                bias: Gate::ALL.map(|g| of(g).units.iter().map(|&u| bias(u) as f32).collect()),
            }
        });
        let first = layers.next().unwrap_or_default();
        let upper = layers.collect();
        let head_one = 2_f64.powi(i32::from(self.head_shift));
        SparseModel {
            embedding: self.embedding.to_f32(|_| self.value_step.into()),
            input: first.input,
            recurrent: first.recurrent,
            bias: first.bias,
            upper,
            head: self
                .head
                .iter()
                .map(|&w| (f64::from(w) / head_one) as f32)
                .collect(),
            head_bias: self
                .head_bias
                .iter()
                .map(|&b| (f64::from(b) / 65536.0) as f32)
                .collect(),
        }
    }

    /// Fraction bits of the first layer's hidden state.
    pub fn state_bits(&self) -> u32 {
        let first = self
            .layers
            .first()
            .map_or(0, |layer| layer.header.state_shift);
        GATE_BITS - u32::from(first)
    }
}

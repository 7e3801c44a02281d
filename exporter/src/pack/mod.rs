//! Enters: [`SparseModel`]. Leaves: the bytes of a model file, in int8 or f32. Next:
//! `device`, which runs them, and the firmware, which embeds them.
//!
//! What the bits of an embedding value cost: three models of IMDB (`set-lstm train --preset imdb`,
//! seeds 1 to 3, 20,000 words, E = H = 256, 3.5 % density), each exported with `--embedding-bits`
//! and evaluated on the 12,500 reviews of the test part with the device's runtime. One
//! point is one document in a hundred; the deviation of such an accuracy by chance is 0.29.
//!
//! | bits | file, bytes, mean of three | accuracy against f32, points, seeds 1, 2, 3 | mean |
//! |---|---|---|---|
//! | 2 | 261,296 | -0.07, -0.17, +0.03 | -0.07 |
//! | 3 | 286,180 | +0.35, +0.03, -0.06 | +0.11 |
//! | 4 | 318,533 | +0.12, +0.03, -0.03 | +0.04 |
//! | 5 | 347,627 | -0.02, +0.12, +0.03 | +0.05 |
//! | 6 | 372,491 | -0.22, +0.06, 0.00 | -0.06 |
//! | 8 | 416,657 | -0.03, +0.03, -0.01 | 0.00 |
//! | `--values f32` | 1,037,289 | 0.00, -0.01, 0.00 | 0.00 |
//!
//! f32 is the trained model itself, with 88.37, 88.49 and 88.46 %. So 3 bits lose nothing that can
//! be seen, and 2 bits at most 0.2 points. A value of few bits often rounds to zero and is then
//! not stored, which also saves its column of `W` in every step: of seed 1's 179,200 connections
//! of the embedding 8 bits keep 176,144, 5 bits 164,684, 3 bits 136,871 and 2 bits 125,335.

mod bits;
mod check;
pub mod compact;
mod layer;
pub mod layout;
mod matrix;
mod plain;
mod reference;
mod rows;
mod upgrade;
mod words;
mod writer;

use crate::error::{Error, Result};
use crate::normalization::Normalization;
use crate::output_scale::OutputScale;
use crate::quantize::{LARGEST_SAMPLE, QuantizedMatrix, QuantizedModel, quantize_as};
use crate::sparse_model::{SparseMatrix, SparseModel};
use crate::vocabulary::Vocabulary;
use layer::GateRows;
use matrix::Entry;
pub use plain::{nameless, plain};
use rows::{RowValues, by_rows};
use set_lstm_runtime::fixed::pair;
use set_lstm_runtime::gate::Gate;
use set_lstm_runtime::wire::{
    Header, InputLayout, Kind, LayerHeader, MAX_LAYERS, RowCode, Section, Task, WordCode,
};
pub use upgrade::{upgrade, version};
use words::WordTable;
use writer::{Writer, bytes};

/// Bits of an embedding value unless the user chooses: the most with which a file of the
/// table above stays below 350 KB of 1,024 bytes.
pub const EMBEDDING_BITS: u8 = 5;

/// What the numbers of the file shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Integers, with this many bits for an embedding value, 2 to 8.
    Int8 {
        /// Bits of an embedding value.
        embedding_bits: u8,
    },
    /// Integers of a model of samples, laid out for delta stepping.
    Int8Delta,
    /// 32-bit floating point.
    Float32,
}

/// What is packed beside the model.
#[derive(Debug, Clone)]
pub struct PackOptions<'a> {
    /// What the numbers shall be.
    pub values: Values,
    /// What the model answers, and when.
    pub task: Task,
    /// Names of the classes, by label; of a regression those of its numbers.
    pub classes: Vec<String>,
    /// What turns the logits of a regression into its numbers.
    pub outputs: Option<&'a OutputScale>,
    /// The words that the tokens stand for; without them the file reads tokens only.
    ///
    /// With words a token is the place of its word in a perfect hash and no longer the one
    /// of training: ask the file's own vocabulary.
    pub vocabulary: Option<&'a Vocabulary>,
    /// What turns raw samples into the inputs of a model without an embedding.
    pub statistics: Option<&'a Normalization>,
    /// Most steps that training saw of a document, counted from its end; 0: no limit.
    pub max_tokens: u32,
    /// Seed of the reference sequences.
    pub seed: u64,
}

/// Bytes that the table of a vocabulary takes in a model file.
///
/// # Errors
/// A vocabulary without words.
pub fn word_bytes(vocabulary: &Vocabulary) -> Result<u64> {
    let table = words::table(vocabulary, vocabulary.size())?;
    let filled = |halfwords: &[u16]| (2 * halfwords.len()).next_multiple_of(4);
    Ok((filled(&table.displacement) + filled(&table.fingerprint)) as u64)
}

/// Writes a model file.
///
/// # Errors
/// A size that this version of the format does not hold, weights that are not numbers or
/// do not go into integers, class names that do not fit the head, or statistics that do not
/// fit the inputs.
pub fn pack(model: &SparseModel, options: &PackOptions<'_>) -> Result<Vec<u8>> {
    pack_as(model, options, layout::fastest(model, options.values))
}

/// Writes a model file whose first layer lies in this way.
fn pack_as(model: &SparseModel, options: &PackOptions<'_>, layout: InputLayout) -> Result<Vec<u8>> {
    check::check(model, options)?;
    let contents = match options.vocabulary {
        None => contents(model, options, layout)?,
        Some(vocabulary) => {
            let table = words::table(vocabulary, model.vocabulary_size())?;
            let model = SparseModel {
                embedding: table.reorder(&model.embedding),
                ..model.clone()
            };
            contents(&model, options, layout)?.with_words(table)
        }
    };
    let names = options.classes.join("\n");
    // first with empty answers, then with the ones that the runtime gives
    let silent = match options.statistics {
        None => reference::silent(model.vocabulary_size(), model.logits(), options.seed),
        Some(statistics) => reference::silent_samples(statistics, model.logits(), options.seed),
    };
    let file = contents.write(&names, &reference::halfwords(&silent));
    let answered = reference::answer(file, silent)?;
    Ok(contents.write(&names, &reference::halfwords(&answered)))
}

fn contents(
    model: &SparseModel,
    options: &PackOptions<'_>,
    layout: InputLayout,
) -> Result<Contents> {
    let contents = match options.values {
        Values::Int8 { embedding_bits } => int8(&quantize_as(model, embedding_bits, layout)?),
        Values::Int8Delta => int8(&quantize_as(model, EMBEDDING_BITS, layout)?),
        Values::Float32 => float32(model, layout),
    };
    let mut contents = contents.ok_or_else(|| {
        Error::Options(
            "the rows of the embedding or the columns of W are too long; train a sparser model"
                .into(),
        )
    })?;
    if let Some(statistics) = options.statistics {
        contents = contents.with_statistics(statistics);
    }
    if let Some(outputs) = options.outputs {
        contents = contents.with_outputs(outputs);
    }
    contents.header.task = options.task;
    contents.header.max_tokens = options.max_tokens;
    contents.header.parameters = model.parameters() as u32; // at most 2^25 and a few
    Ok(contents)
}

/// The arrays of a file as bytes, and the shapes that go into its header.
struct Contents {
    kind: Kind,
    header: Header<'static>,
    sections: Vec<(Section, Vec<u8>)>,
}

impl Contents {
    fn with_words(mut self, table: WordTable) -> Contents {
        self.header.words = table.code;
        self.sections.extend([
            (Section::WordDisplacement, bytes(table.displacement)),
            (Section::WordFingerprint, bytes(table.fingerprint)),
        ]);
        self
    }

    /// Puts samples in the place of rows.
    fn with_statistics(mut self, statistics: &Normalization) -> Contents {
        self.header.rows = match self.kind {
            Kind::Int8 => RowCode::samples(LARGEST_SAMPLE),
            Kind::Float32 => RowCode::RAW_SAMPLES,
        };
        self.sections.extend([
            (Section::InputMean, bits(&statistics.mean)),
            (Section::InputFactor, bits(&statistics.factor)),
        ]);
        self
    }

    fn with_outputs(mut self, outputs: &OutputScale) -> Contents {
        self.sections.extend([
            (Section::OutputMean, bits(&outputs.mean)),
            (Section::OutputDeviation, bits(&outputs.deviation)),
        ]);
        self
    }

    fn write(&self, class_names: &str, reference: &[u16]) -> Vec<u8> {
        let header = Header {
            class_names,
            reference_halfwords: reference.len() as u32,
            ..self.header
        };
        let reference = bytes(reference.iter().copied());
        let mut writer = Writer::new(self.kind, header);
        for section in Section::all(header.layer_count()) {
            let found = self.sections.iter().find(|(name, _)| *name == section);
            match section {
                Section::Reference => writer.section(section, &reference),
                _ => writer.section(section, found.map_or(&[], |(_, bytes)| bytes)),
            }
        }
        writer.finish()
    }
}

fn int8(model: &QuantizedModel) -> Option<Contents> {
    let rows = rows_of(&model.embedding, i32::from);
    let mut contents = embedding(&rows, model.embedding.columns, RowValues::Integers)?;
    contents.kind = Kind::Int8;
    contents.header.head_shift = model.head_shift;
    for (number, layer) in (0..).zip(&model.layers) {
        let gates = layer.gates.each_ref().map(|gate| GateRows {
            input: rows_of(&gate.input, |multiplier| multiplier),
            recurrent: rows_of(&gate.recurrent, |multiplier| multiplier),
            columns: gate.input.columns,
            units: gate.units.clone(),
        });
        // the index is the low byte of the multiplier already
        let weights = |entries: &[Entry<i16>]| -> (Vec<u8>, Vec<u8>) {
            let pairs = entries.as_chunks::<2>().0.iter();
            let words =
                pairs.map(|[first, second]| pair(first.weight as u16, second.weight as u16));
            (Vec::new(), bytes(words))
        };
        contents.push_layer(number, layer.header, gates, weights)?;
    }
    contents.header.logits = model.head_bias.len() as u8;
    contents.sections.extend([
        (Section::HeadWeight, bytes(model.head.iter().copied())),
        (Section::HeadBias, bytes(model.head_bias.iter().copied())),
    ]);
    Some(contents)
}

fn float32(model: &SparseModel, first: InputLayout) -> Option<Contents> {
    let rows: Vec<_> = (0..model.vocabulary_size())
        .map(|row| float_row(&model.embedding, row, |value| value.to_bits() as i32))
        .collect();
    let mut contents = embedding(&rows, model.embedding_size(), RowValues::Raw)?;
    let rows = |matrix: &SparseMatrix| -> Vec<_> {
        (0..matrix.rows)
            .map(|row| float_row(matrix, row, |value| value))
            .collect()
    };
    for (number, layer) in (0..).zip(model.layers()) {
        let gates = Gate::ALL.map(|gate| GateRows {
            input: rows(&layer.input[gate.index()]),
            recurrent: rows(&layer.recurrent[gate.index()]),
            columns: layer.input_size(),
            units: layer.bias[gate.index()]
                .iter()
                .map(|bias| bias.to_bits())
                .collect(),
        });
        let weights = |entries: &[Entry<f32>]| {
            let indices = entries.iter().map(|entry| entry.index).collect();
            (
                indices,
                bytes(entries.iter().map(|entry| entry.weight.to_bits())),
            )
        };
        let header = LayerHeader {
            hidden: layer.hidden_size() as u16,
            layout: match number {
                0 => first,
                _ => InputLayout::Joined,
            },
            ..LayerHeader::default()
        };
        contents.push_layer(number, header, gates, weights)?;
    }
    contents.header.logits = model.logits() as u8;
    contents.sections.extend([
        (Section::HeadWeight, bits(&model.head)),
        (Section::HeadBias, bits(&model.head_bias)),
    ]);
    Some(contents)
}

/// The embedding's sections, and a header that knows no more than them.
fn embedding(rows: &[Vec<(u16, i32)>], columns: usize, values: RowValues) -> Option<Contents> {
    let layout = by_rows(rows, columns, values)?;
    Some(Contents {
        kind: Kind::Float32,
        header: Header {
            task: Task::CLASSIFICATION,
            vocabulary: rows.len() as u32,
            input: columns as u16,
            logits: 0,
            class_names: "",
            rows: layout.code,
            words: WordCode::default(),
            head_shift: 0,
            max_tokens: 0,
            parameters: 0,
            reference_halfwords: 0,
            layers: [LayerHeader::default(); MAX_LAYERS],
        },
        sections: vec![
            (Section::RowBlock, bytes(layout.block)),
            (Section::RowLength, layout.length),
            (Section::RowBits, bytes(layout.bits)),
        ],
    })
}

fn rows_of<V>(matrix: &QuantizedMatrix, value: impl Fn(i16) -> V) -> Vec<Vec<(u16, V)>> {
    let rows = 0..matrix.row_start.len() - 1;
    rows.map(|row| {
        let (columns, values) = matrix.row(row);
        columns
            .iter()
            .zip(values)
            .map(|(&column, &v)| (column, value(v)))
            .collect()
    })
    .collect()
}

fn float_row<V>(matrix: &SparseMatrix, row: usize, value: impl Fn(f32) -> V) -> Vec<(u16, V)> {
    let (columns, values) = matrix.row(row);
    columns
        .iter()
        .zip(values)
        .map(|(&column, &weight)| (column, value(weight)))
        .collect()
}

/// Numbers as they are.
fn bits(values: &[f32]) -> Vec<u8> {
    bytes(values.iter().map(|value| value.to_bits()))
}

/// The parameters of all units, with a zero after an odd number.
fn even(units: impl ExactSizeIterator<Item = u32>) -> impl Iterator<Item = u32> {
    let filler = units.len() % 2;
    units.chain(std::iter::repeat_n(0, filler))
}

//! Enters: [`SparseModel`]. Leaves: the bytes of a model file, in int8 or f32. Next:
//! `device`, which runs them, and the firmware, which embeds them.

mod matrix;
mod rows;
mod writer;

use crate::device::{AlignedBytes, AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::quantize::{QuantizedMatrix, QuantizedModel, quantize};
use crate::sparse_model::{SparseMatrix, SparseModel};
use matrix::{Entry, by_columns, by_strips};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rows::{RowValues, by_rows};
use set_lstm_runtime::fixed::pair;
use set_lstm_runtime::gate::Gate;
use set_lstm_runtime::wire::{FixedPoint, GateShape, Header, Kind, MAX_UNITS, Section};
use writer::Writer;

/// What the numbers of the file shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Integers, with this many bits for an embedding value, 2 to 8.
    Int8 {
        /// Bits of an embedding value.
        embedding_bits: u8,
    },
    /// 32-bit floating point.
    Float32,
}

/// What is packed beside the model.
#[derive(Debug, Clone)]
pub struct PackOptions {
    /// What the numbers shall be.
    pub values: Values,
    /// Names of the classes, by label.
    pub classes: Vec<String>,
    /// Words of the vocabulary in the form of the runtime's `text`; may be empty.
    pub vocabulary: Vec<u8>,
    /// Seed of the reference sequences.
    pub seed: u64,
}

/// Writes a model file.
///
/// # Errors
/// A size that this version of the format does not hold, weights that are not numbers or
/// do not go into integers, or class names that do not fit the head.
pub fn pack(model: &SparseModel, options: &PackOptions) -> Result<Vec<u8>> {
    check(model, options)?;
    let contents = match options.values {
        Values::Int8 { embedding_bits } => int8(&quantize(model, embedding_bits)?),
        Values::Float32 => float32(model),
    };
    let contents = contents.ok_or_else(|| {
        Error::Options("the rows of the embedding are too long; train a sparser one".into())
    })?;
    let names = options.classes.join("\n");
    let sequences = reference_sequences(model.vocabulary_size(), options.seed);
    // first with empty answers, then with the ones that the runtime gives
    let silent: Vec<Reference> = sequences
        .into_iter()
        .map(|tokens| Reference {
            tokens,
            logits: vec![0; model.logits()],
            digest: 0,
        })
        .collect();
    let bytes = contents.write(&names, &options.vocabulary, &halfwords(&silent));
    let answered = answer(AlignedBytes::from(bytes), silent)?;
    Ok(contents.write(&names, &options.vocabulary, &halfwords(&answered)))
}

fn check(model: &SparseModel, options: &PackOptions) -> Result<()> {
    let refuse = |problem: String| Err(Error::Options(problem));
    for (size, what) in [
        (model.embedding_size(), "inputs"),
        (model.hidden_size(), "hidden units"),
    ] {
        if !(1..=usize::from(MAX_UNITS)).contains(&size) {
            return refuse(format!(
                "the device runs 1 to {MAX_UNITS} {what}, the model has {size}; train a smaller one"
            ));
        }
    }
    if !(1..=0x1_0000).contains(&model.vocabulary_size()) {
        let size = model.vocabulary_size();
        return refuse(format!(
            "the device knows 1 to 65536 tokens, the model has {size}; train with a smaller vocabulary"
        ));
    }
    let lines = |name: &String| name.is_empty() || name.contains(['\n', '\r']);
    if options.classes.len() != model.classes() || options.classes.iter().any(lines) {
        let (names, classes) = (options.classes.len(), model.classes());
        return refuse(format!(
            "{names} class names for {classes} classes; name each class in one line"
        ));
    }
    if model.classes() > 255 {
        return refuse(format!(
            "the device tells 255 classes apart, not {}",
            model.classes()
        ));
    }
    let matrices = model
        .input
        .iter()
        .chain(&model.recurrent)
        .chain([&model.embedding]);
    let vectors = model.bias.iter().chain([&model.head, &model.head_bias]);
    let all = matrices.map(|m| &m.value).chain(vectors).flatten();
    if all.clone().any(|value| !value.is_finite()) {
        return refuse("a weight is not a number; train again with a lower learning rate".into());
    }
    Ok(())
}

/// The arrays of a file as bytes, and the shapes that go into its header.
struct Contents {
    kind: Kind,
    header: Header<'static>,
    sections: Vec<(Section, Vec<u8>)>,
}

impl Contents {
    fn write(&self, class_names: &str, vocabulary: &[u8], reference: &[u16]) -> Vec<u8> {
        let header = Header {
            class_names,
            vocabulary_bytes: vocabulary.len() as u32,
            reference_halfwords: reference.len() as u32,
            ..self.header
        };
        let mut writer = Writer::new(self.kind, header);
        for section in Section::all() {
            match section {
                Section::Vocabulary => writer.section(section, vocabulary),
                Section::Reference => writer.section(section, &bytes(reference.iter().copied())),
                _ => {
                    let found = self.sections.iter().find(|(name, _)| *name == section);
                    writer.section(section, found.map_or(&[], |(_, bytes)| bytes));
                }
            }
        }
        writer.finish()
    }
}

fn int8(model: &QuantizedModel) -> Option<Contents> {
    let rows = rows_of(&model.embedding, i32::from);
    let mut contents = embedding(&rows, model.embedding.columns, RowValues::Integers)?;
    contents.kind = Kind::Int8;
    contents.header.fixed = model.fixed;
    let words = |entries: &[Entry<i16>]| -> Vec<u8> {
        // the index is the low byte of the multiplier already
        let pairs = entries.as_chunks::<2>().0.iter();
        bytes(pairs.map(|[first, second]| pair(first.weight as u16, second.weight as u16)))
    };
    for (gate, weights) in Gate::ALL.into_iter().zip(&model.gates) {
        let input = by_columns(&rows_of(&weights.input, |m| m), weights.input.columns);
        let recurrent = by_strips(&rows_of(&weights.recurrent, |m| m));
        contents.header.gates[gate.index()] = GateShape {
            input_pairs: (input.entries.len() / 2) as u16,
            strips: recurrent.counts,
        };
        contents.sections.extend([
            (Section::InputStart(gate), bytes(input.start)),
            (Section::InputWeight(gate), words(&input.entries)),
            (Section::StripUnit(gate), recurrent.unit),
            (Section::RecurrentWeight(gate), words(&recurrent.entries)),
            (
                Section::Unit(gate),
                bytes(even(weights.units.iter().copied())),
            ),
        ]);
    }
    contents.header.hidden = model.gates[0].units.len() as u16;
    contents.header.logits = model.head_bias.len() as u8;
    contents.sections.extend([
        (Section::HeadWeight, bytes(model.head.iter().copied())),
        (Section::HeadBias, bytes(model.head_bias.iter().copied())),
    ]);
    Some(contents)
}

fn float32(model: &SparseModel) -> Option<Contents> {
    let rows: Vec<_> = (0..model.vocabulary_size())
        .map(|row| float_row(&model.embedding, row, |value| value.to_bits() as i32))
        .collect();
    let mut contents = embedding(&rows, model.embedding_size(), RowValues::Raw)?;
    let rows = |matrix: &SparseMatrix| -> Vec<_> {
        (0..matrix.rows)
            .map(|row| float_row(matrix, row, |value| value))
            .collect()
    };
    let weights =
        |entries: &[Entry<f32>]| bytes(entries.iter().map(|entry| entry.weight.to_bits()));
    let indices = |entries: &[Entry<f32>]| entries.iter().map(|entry| entry.index).collect();
    for gate in Gate::ALL {
        let input = by_columns(&rows(&model.input[gate.index()]), model.embedding_size());
        let recurrent = by_strips(&rows(&model.recurrent[gate.index()]));
        contents.header.gates[gate.index()] = GateShape {
            input_pairs: (input.entries.len() / 2) as u16,
            strips: recurrent.counts,
        };
        let bias = &model.bias[gate.index()];
        contents.sections.extend([
            (Section::InputStart(gate), bytes(input.start)),
            (Section::InputUnit(gate), indices(&input.entries)),
            (Section::InputWeight(gate), weights(&input.entries)),
            (Section::StripUnit(gate), recurrent.unit),
            (Section::RecurrentColumn(gate), indices(&recurrent.entries)),
            (Section::RecurrentWeight(gate), weights(&recurrent.entries)),
            (
                Section::Unit(gate),
                bytes(even(bias.iter().map(|bias| bias.to_bits()))),
            ),
        ]);
    }
    contents.header.hidden = model.hidden_size() as u16;
    contents.header.logits = model.logits() as u8;
    contents.sections.extend([
        (
            Section::HeadWeight,
            bytes(model.head.iter().map(|weight| weight.to_bits())),
        ),
        (
            Section::HeadBias,
            bytes(model.head_bias.iter().map(|bias| bias.to_bits())),
        ),
    ]);
    Some(contents)
}

/// The embedding's sections, and a header that knows no more than them.
fn embedding(rows: &[Vec<(u16, i32)>], columns: usize, values: RowValues) -> Option<Contents> {
    let layout = by_rows(rows, columns, values)?;
    Some(Contents {
        kind: Kind::Float32,
        header: Header {
            vocabulary: rows.len() as u32,
            input: columns as u16,
            hidden: 0,
            logits: 0,
            class_names: "",
            rows: layout.code,
            fixed: FixedPoint {
                state_shift: 0,
                input_scale: 0,
                head_shift: 0,
            },
            gates: [GateShape {
                input_pairs: 0,
                strips: [0; 8],
            }; Gate::COUNT],
            vocabulary_bytes: 0,
            reference_halfwords: 0,
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

/// The parameters of all units, with a zero after an odd number.
fn even(units: impl ExactSizeIterator<Item = u32>) -> impl Iterator<Item = u32> {
    let filler = units.len() % 2;
    units.chain(std::iter::repeat_n(0, filler))
}

/// Numbers of the file's byte order, end to end.
fn bytes<T: LittleEndian>(values: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    values
        .into_iter()
        .for_each(|value| value.extend(&mut bytes));
    bytes
}

trait LittleEndian {
    fn extend(self, bytes: &mut Vec<u8>);
}

macro_rules! little_endian {
    ($($integer:ty),*) => {
        $(impl LittleEndian for $integer {
            fn extend(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        })*
    };
}

little_endian!(u16, i16, u32, i32);

/// A token sequence and what the runtime computes from it.
struct Reference {
    tokens: Vec<u16>,
    logits: Vec<u32>,
    digest: u32,
}

/// Three sequences that differ by seed and nothing else. First and last token of the
/// vocabulary are among them, the unknown word, and a token beyond the vocabulary.
fn reference_sequences(vocabulary: usize, seed: u64) -> Vec<Vec<u16>> {
    let last = (vocabulary - 1) as u16;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    [4, 8, 16]
        .map(|length| {
            let mut tokens: Vec<u16> = vec![0, last, last.saturating_add(1)];
            tokens.extend((0..length).map(|_| random.random_range(0..=last)));
            tokens
        })
        .to_vec()
}

fn answer(bytes: AlignedBytes, silent: Vec<Reference>) -> Result<Vec<Reference>> {
    let damaged =
        |problem: String| Error::Options(format!("the packed model does not run: {problem}"));
    let model = AnyModel::from_bytes(&bytes).map_err(|problem| damaged(problem.to_string()))?;
    let mut state = AnyState::new(&model);
    let answer = |silent: Reference| {
        state.reset();
        silent
            .tokens
            .iter()
            .for_each(|&token| state.step(&model, token));
        Reference {
            logits: state.logit_bits(&model),
            digest: state.digest(),
            ..silent
        }
    };
    Ok(silent.into_iter().map(answer).collect())
}

/// The reference section; see the runtime's `self_test`.
fn halfwords(references: &[Reference]) -> Vec<u16> {
    let mut out = Vec::new();
    for Reference {
        tokens,
        logits,
        digest,
    } in references
    {
        out.push(tokens.len() as u16);
        out.extend(tokens);
        for word in logits.iter().chain([digest]) {
            out.extend([*word as u16, (*word >> 16) as u16]);
        }
    }
    out
}

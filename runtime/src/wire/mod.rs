//! Enters: the bytes of a model file. Leaves: its [`Header`] and where each
//! [`Section`] lies. Next: `model`, which checks the sections and borrows them.
//!
//! This is the one definition of the format. All integers are little-endian; a
//! section starts on a multiple of four bytes and is filled up with zeros.
//!
//! | bytes | field | written by | read by |
//! |---|---|---|---|
//! | 0..4 | magic `SETL` | exporter `pack` | [`File::open`] |
//! | 4..6 | format version, u16 | exporter `pack` | [`File::open`] |
//! | 6 | [`Kind`] of the numbers, u8 | exporter `pack` | [`File::open`] |
//! | 7 | zero | exporter `pack` | [`File::open`] |
//! | 8..12 | length of the whole file, u32 | exporter `pack` | [`File::open`] |
//! | 12..16 | CRC-32 of all other bytes, u32 | exporter `pack` | [`File::open`] |
//! | 16..20 | length of the header, u32 | exporter `pack` | [`File::open`] |
//! | 20.. | [`Header`] in postcard | exporter `pack` | [`File::open`] |
//! | then | the sections, in the order of [`Section::all`] | exporter `pack` | `Model::from_bytes` |
//!
//! The sections, in their order; `[..]` is the number of entries, and a section of one gate
//! comes once for each of `i g f o`, the seven of a gate together:
//!
//! | section | int8 | f32 | read by |
//! |---|---|---|---|
//! | word displacement `[buckets]` | u16 | u16 | `vocabulary` |
//! | word fingerprint `[vocabulary - 1]` | u16 | u16 | `vocabulary` |
//! | row block `[vocabulary / 16]` | u32 | u32 | `embedding` |
//! | row length `[vocabulary]` | u8 | u8 | `embedding` |
//! | row bits `[words]` | u32 | u32 | `embedding` |
//! | input mean `[channels]` | f32 | f32 | `samples` |
//! | input factor `[channels]` | f32 | f32 | `samples` |
//! | input start `[input + 1]` | u16 | u16 | `sparse` |
//! | input unit `[pairs]` | - | 2 × u8 | `float32` |
//! | input weight `[pairs]` | u32 | 2 × f32 | `int8`, `float32` |
//! | strip unit `[strips]` | u8 | u8 | `sparse` |
//! | recurrent column `[pairs]` | - | 2 × u8 | `float32` |
//! | recurrent weight `[pairs]` | u32 | 2 × f32 | `int8`, `float32` |
//! | unit `[hidden, made even]` | u32 | f32 | `int8`, `float32` |
//! | head weight `[logits x hidden]` | i16 | f32 | `classify` |
//! | head bias `[logits]` | i32 | f32 | `classify` |
//! | reference `[halfwords]` | u16 | u16 | `self_test` |
//!
//! A model reads tokens or samples. If [`Header::vocabulary`] is 0 it reads samples of
//! [`Header::input`] channels, and the sections of words and rows are empty; else the two
//! sections of input statistics are. (A reader that does not know samples takes a
//! vocabulary of 0 for a damaged header, so it misreads no such file, and the version is
//! the same.)
//!
//! The header tells shapes, not addresses: the length of every section follows from
//! it ([`Header::section_bytes`]), and its place from the sections before it. So no
//! two sections can overlap and no byte can lie outside them.
//!
//! `VERSION` goes up when a reader of the last version would misread a file: another
//! header, another section, another meaning of a bit. Stacked layers and matrices of
//! more than 256 columns (several segments of strips) will be version 2: the header
//! then holds a sequence where it now holds the one layer.

mod file;
mod section;

use crate::gate::Gate;
pub use file::{File, Sections, checksum};
pub use section::Section;
use serde::{Deserialize, Serialize};

/// First four bytes of every model file.
pub const MAGIC: [u8; 4] = *b"SETL";
/// First four bytes of every compact file, which stands for a model file; see `compact`.
pub const COMPACT_MAGIC: [u8; 4] = *b"SETZ";
/// Version of the format that this crate writes and reads.
pub const VERSION: u16 = 1;
/// Bytes before the postcard header.
pub const PREAMBLE_BYTES: usize = 20;
/// Where the checksum lies: the only bytes that it does not cover.
pub const CHECKSUM_AT: usize = 12;
/// Most hidden units and most inputs of this version: a column index is one byte.
pub const MAX_UNITS: u16 = 256;
/// Rows that share one start in [`Section::RowBlock`].
pub const BLOCK_ROWS: usize = 16;
/// A strip of class `n` (from 0) has `n + 1` pairs of connections; longer rows are cut.
pub const STRIP_CLASSES: usize = 8;

/// What the numbers of a model are; the one byte that tells the engines apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// 8-bit weights, 16-bit state, no floating point at all.
    Int8 = 1,
    /// 32-bit floating point throughout.
    Float32 = 2,
}

/// Shapes and constants of a model: everything of the file that is not an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header<'a> {
    /// Rows of the embedding; token 0 is the unknown word. 0: there is no embedding, the
    /// inputs are samples.
    pub vocabulary: u32,
    /// Columns of the embedding or channels of a sample, the input size of the layer.
    pub input: u16,
    /// Hidden units.
    pub hidden: u16,
    /// Logits of the head: one for two classes, else one a class.
    pub logits: u8,
    /// Names of the classes in the order of their labels, one a line.
    #[serde(borrow)]
    pub class_names: &'a str,
    /// How the rows of the embedding are coded; of samples only how finely they are stored.
    pub rows: RowCode,
    /// Constants of the integer engine; all zero in an f32 file.
    pub fixed: FixedPoint,
    /// Shapes of the matrices of each gate.
    pub gates: [GateShape; Gate::COUNT],
    /// How words become tokens.
    pub words: WordCode,
    /// Most steps that training saw of a document, counted from its end; 0: no limit.
    pub max_tokens: u32,
    /// Parameters of the trained model: connections, biases and head. Connections that an
    /// int8 file rounds to zero and leaves out are counted.
    pub parameters: u32,
    /// Halfwords of [`Section::Reference`].
    pub reference_halfwords: u32,
}

/// The hash of the vocabulary; see `vocabulary` for how it is looked up. All zero if the
/// file has no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordCode {
    /// Where the hash of every word begins.
    pub seed: u32,
    /// Entries of [`Section::WordDisplacement`].
    pub buckets: u16,
}

/// The code of the embedding's rows; see `embedding` for what the bits mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCode {
    /// Rice parameter of the column gaps: low bits stored as they are.
    pub gap_bits: u8,
    /// Rice parameter of the values, or [`RAW_VALUE`].
    pub value_bits: u8,
    /// Largest magnitude of a value, and of a sample: what `samples::SAMPLE_LIMIT` is
    /// stored as; 0 in an f32 file.
    pub largest: u16,
    /// Bits that one step of [`Section::RowLength`] counts.
    pub length_unit: u8,
    /// Words of [`Section::RowBits`].
    pub words: u32,
    /// Most connections of any row.
    pub longest: u16,
}

impl RowCode {
    /// The code of a file without rows: integer samples up to `largest`.
    pub const fn samples(largest: u16) -> RowCode {
        RowCode {
            gap_bits: 0,
            value_bits: 0,
            largest,
            length_unit: 0,
            words: 0,
            longest: 0,
        }
    }

    /// The same in an f32 file, where samples stay as they are.
    pub const RAW_SAMPLES: RowCode = RowCode {
        value_bits: RAW_VALUE,
        ..RowCode::samples(0)
    };
}

/// [`RowCode::value_bits`] of an f32 file: values are 32 bits as they are.
pub const RAW_VALUE: u8 = 32;

/// Constants of the integer engine; see `int8` for where they enter the formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedPoint {
    /// `k`: the hidden state is stored with `15 - k` fraction bits.
    pub state_shift: u8,
    /// Factor from a stored embedding value or sample to the number that is multiplied by `W`.
    pub input_scale: u16,
    /// Fraction bits of the head's weights.
    pub head_shift: u8,
}

/// Shapes of the two matrices of one gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateShape {
    /// Pairs of connections in `W`, all columns together.
    pub input_pairs: u16,
    /// Strips of `U` in each class.
    pub strips: [u16; STRIP_CLASSES],
}

impl GateShape {
    /// Strips of `U`, all classes together.
    pub fn strip_count(&self) -> u64 {
        self.strips.iter().map(|&n| u64::from(n)).sum()
    }

    /// Pairs of connections in `U`, all classes together.
    pub fn recurrent_pairs(&self) -> u64 {
        self.strips
            .iter()
            .zip(1..)
            .map(|(&n, pairs)| u64::from(n) * pairs)
            .sum()
    }
}

impl Header<'_> {
    /// Length of a section in bytes, without the zeros that fill up its last word.
    pub fn section_bytes(&self, kind: Kind, section: Section) -> u64 {
        let (vocabulary, input) = (u64::from(self.vocabulary), u64::from(self.input));
        let (hidden, logits) = (u64::from(self.hidden), u64::from(self.logits));
        // bytes of a pair's indices and weights, of a head weight
        let (index, weight, head) = match kind {
            Kind::Int8 => (0, 4, 2),
            Kind::Float32 => (2, 8, 4),
        };
        let gate = |gate: Gate| &self.gates[gate.index()];
        match section {
            Section::WordDisplacement => 2 * u64::from(self.words.buckets),
            Section::WordFingerprint if self.words.buckets == 0 => 0,
            Section::WordFingerprint => 2 * vocabulary.saturating_sub(1),
            Section::RowBlock => 4 * vocabulary.div_ceil(BLOCK_ROWS as u64),
            Section::RowLength => vocabulary,
            Section::RowBits => 4 * u64::from(self.rows.words),
            Section::InputMean | Section::InputFactor => 4 * self.channels().map_or(0, u64::from),
            Section::InputStart(_) => 2 * (input + 1),
            Section::InputUnit(g) => index * u64::from(gate(g).input_pairs),
            Section::InputWeight(g) => weight * u64::from(gate(g).input_pairs),
            Section::StripUnit(g) => gate(g).strip_count(),
            Section::RecurrentColumn(g) => index * gate(g).recurrent_pairs(),
            Section::RecurrentWeight(g) => weight * gate(g).recurrent_pairs(),
            Section::Unit(_) => 4 * hidden.next_multiple_of(2),
            Section::HeadWeight => head * hidden * logits,
            Section::HeadBias => 4 * logits,
            Section::Reference => 2 * u64::from(self.reference_halfwords),
        }
    }

    /// Channels of a sample; `None` if the model reads tokens.
    pub fn channels(&self) -> Option<u16> {
        (self.vocabulary == 0).then_some(self.input)
    }

    /// Parameters of the fully connected counterpart of the same sizes.
    pub fn dense_parameters(&self) -> u64 {
        let (vocabulary, input) = (u64::from(self.vocabulary), u64::from(self.input));
        let (hidden, logits) = (u64::from(self.hidden), u64::from(self.logits));
        vocabulary * input
            + Gate::COUNT as u64 * hidden * (input + hidden + 1)
            + logits * (hidden + 1)
    }

    /// Classes that the head tells apart.
    pub fn classes(&self) -> u16 {
        if self.logits == 1 {
            2
        } else {
            u16::from(self.logits)
        }
    }
}

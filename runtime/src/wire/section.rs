//! Enters: nothing. Leaves: [`Section`], the names of the arrays and their order. Next: the
//! exporter writes them and `Model::from_bytes` reads them in that order.

use crate::gate::Gate;

/// An array of the file. `W` and `U` of each gate have sections of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Section {
    /// What moves the words of each hash bucket apart, u16; empty in a file without words.
    WordDisplacement,
    /// Which word has each slot, that is token - 1: 16 bits of its hash, u16; empty in a file
    /// without words.
    WordFingerprint,
    /// First bit of every 16th embedding row, u32.
    RowBlock,
    /// Length of each embedding row in `length_unit` bits, u8.
    RowLength,
    /// Rows of the embedding as a bit stream, most significant bit of each u32 first.
    RowBits,
    /// Mean of each channel, f32; empty in a file that reads tokens.
    InputMean,
    /// One over the standard deviation of each channel, f32; empty in a file that reads tokens.
    InputFactor,
    /// Where each column of `W` starts, in pairs, u16; one more than columns.
    InputStart(Gate),
    /// Units of `W`'s pairs, two u8 a pair; empty in int8 files (part of the weight).
    InputUnit(Gate),
    /// Weights of `W`'s pairs: one u32 (int8) or two f32 a pair.
    InputWeight(Gate),
    /// Unit of each strip of `U`, u8, shortest strips first.
    StripUnit(Gate),
    /// Columns of `U`'s pairs, two u8 a pair; empty in int8 files (part of the weight).
    RecurrentColumn(Gate),
    /// Weights of `U`'s pairs: one u32 (int8) or two f32 a pair.
    RecurrentWeight(Gate),
    /// Bias and scale (int8, u32) or bias (f32) of each hidden unit; a zero fills up an odd
    /// number of units, which are computed by twos.
    Unit(Gate),
    /// Weights of the head, row-major, i16 or f32.
    HeadWeight,
    /// Bias of each logit, i32 or f32.
    HeadBias,
    /// Sequences with their expected outputs, u16.
    Reference,
}

impl Section {
    /// Sections of a file.
    pub const COUNT: usize = 10 + 7 * Gate::COUNT;

    /// All sections in the order of the file.
    pub fn all() -> impl Iterator<Item = Section> {
        use Section::*;
        let gates = Gate::ALL.into_iter().flat_map(|g| {
            [
                InputStart(g),
                InputUnit(g),
                InputWeight(g),
                StripUnit(g),
                RecurrentColumn(g),
                RecurrentWeight(g),
                Unit(g),
            ]
        });
        [
            WordDisplacement,
            WordFingerprint,
            RowBlock,
            RowLength,
            RowBits,
            InputMean,
            InputFactor,
        ]
        .into_iter()
        .chain(gates)
        .chain([HeadWeight, HeadBias, Reference])
    }
}

impl core::fmt::Display for Section {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (name, gate) = match self {
            Section::WordDisplacement => ("word.displacement", None),
            Section::WordFingerprint => ("word.fingerprint", None),
            Section::RowBlock => ("embedding.block", None),
            Section::RowLength => ("embedding.length", None),
            Section::RowBits => ("embedding.bits", None),
            Section::InputMean => ("input.mean", None),
            Section::InputFactor => ("input.factor", None),
            Section::InputStart(gate) => ("input.start", Some(gate)),
            Section::InputUnit(gate) => ("input.unit", Some(gate)),
            Section::InputWeight(gate) => ("input.weight", Some(gate)),
            Section::StripUnit(gate) => ("recurrent.unit", Some(gate)),
            Section::RecurrentColumn(gate) => ("recurrent.column", Some(gate)),
            Section::RecurrentWeight(gate) => ("recurrent.weight", Some(gate)),
            Section::Unit(gate) => ("unit", Some(gate)),
            Section::HeadWeight => ("head.weight", None),
            Section::HeadBias => ("head.bias", None),
            Section::Reference => ("reference", None),
        };
        match gate {
            Some(gate) => write!(f, "{name}.{}", gate.letter()),
            None => f.write_str(name),
        }
    }
}

//! Enters: nothing. Leaves: [`Section`], the names of the arrays and their order. Next: the
//! exporter writes them and `Model::from_bytes` reads them in that order.

use crate::gate::Gate;

/// A layer and one of its gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Place {
    /// Number of the layer, from 0.
    pub layer: u8,
    /// The gate.
    pub gate: Gate,
}

impl From<Gate> for Place {
    /// The gate of the first layer.
    fn from(gate: Gate) -> Self {
        Place { layer: 0, gate }
    }
}

/// An array of the file. Each gate of each layer has sections of its own.
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
    /// Strips and pairs of each block of a layer's matrices, u16; see `LayerShape`.
    Shape(u8),
    /// Where each column of `W` starts in its segment, in pairs, u16; one more than columns.
    /// Empty, as the next two, if `W` is joined to `U`.
    InputStart(Place),
    /// Units of `W`'s pairs, two u8 a pair; empty in int8 files (part of the weight).
    InputUnit(Place),
    /// Weights of `W`'s pairs: one u32 (int8) or two f32 a pair.
    InputWeight(Place),
    /// Unit of each strip of `U`, u8, shortest strips first; all of the first block, then of
    /// the next.
    StripUnit(Place),
    /// Columns of `U`'s pairs, two u8 a pair; empty in int8 files (part of the weight).
    RecurrentColumn(Place),
    /// Weights of `U`'s pairs: one u32 (int8) or two f32 a pair.
    RecurrentWeight(Place),
    /// Bias and scale (int8, u32) or bias (f32) of each hidden unit; a zero fills up an odd
    /// number of units, which are computed by twos.
    Unit(Place),
    /// Weights of the head, row-major, i16 or f32.
    HeadWeight,
    /// Bias of each logit, i32 or f32.
    HeadBias,
    /// Mean of each number of a regression, f32; empty in a file of classes.
    OutputMean,
    /// Standard deviation of each number, f32; empty in a file of classes.
    OutputDeviation,
    /// Sequences with their expected outputs, u16.
    Reference,
}

impl Section {
    /// All sections of a file of so many layers, in the order of the file.
    pub fn all(layers: u8) -> impl Iterator<Item = Section> {
        use Section::*;
        let gates = |layer| {
            Gate::ALL.into_iter().flat_map(move |gate| {
                let place = Place { layer, gate };
                [
                    InputStart(place),
                    InputUnit(place),
                    InputWeight(place),
                    StripUnit(place),
                    RecurrentColumn(place),
                    RecurrentWeight(place),
                    Unit(place),
                ]
            })
        };
        let layers =
            (0..layers).flat_map(move |layer| [Shape(layer)].into_iter().chain(gates(layer)));
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
        .chain(layers)
        .chain([HeadWeight, HeadBias, OutputMean, OutputDeviation, Reference])
    }
}

impl core::fmt::Display for Section {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (name, layer, gate) = match *self {
            Section::WordDisplacement => ("word.displacement", 0, None),
            Section::WordFingerprint => ("word.fingerprint", 0, None),
            Section::RowBlock => ("embedding.block", 0, None),
            Section::RowLength => ("embedding.length", 0, None),
            Section::RowBits => ("embedding.bits", 0, None),
            Section::InputMean => ("input.mean", 0, None),
            Section::InputFactor => ("input.factor", 0, None),
            Section::Shape(layer) => ("shape", layer, None),
            Section::InputStart(of) => ("input.start", of.layer, Some(of.gate)),
            Section::InputUnit(of) => ("input.unit", of.layer, Some(of.gate)),
            Section::InputWeight(of) => ("input.weight", of.layer, Some(of.gate)),
            Section::StripUnit(of) => ("recurrent.unit", of.layer, Some(of.gate)),
            Section::RecurrentColumn(of) => ("recurrent.column", of.layer, Some(of.gate)),
            Section::RecurrentWeight(of) => ("recurrent.weight", of.layer, Some(of.gate)),
            Section::Unit(of) => ("unit", of.layer, Some(of.gate)),
            Section::HeadWeight => ("head.weight", 0, None),
            Section::HeadBias => ("head.bias", 0, None),
            Section::OutputMean => ("output.mean", 0, None),
            Section::OutputDeviation => ("output.deviation", 0, None),
            Section::Reference => ("reference", 0, None),
        };
        // most files have one layer, whose number would say nothing
        if layer > 0 {
            write!(f, "layer{}.", layer + 1)?;
        }
        match gate {
            Some(gate) => write!(f, "{name}.{}", gate.letter()),
            None => f.write_str(name),
        }
    }
}

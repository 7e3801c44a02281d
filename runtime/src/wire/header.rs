//! Enters: the postcard header. Leaves: [`Header`], its fields checked for their ranges, and the
//! sizes that follow from it. Next: `file` cuts the sections by them.

use super::{BLOCK_ROWS, Kind, MAX_LAYERS, Place, SEGMENT, STRIP_CLASSES, Section};
use crate::gate::Gate;
use serde::{Deserialize, Serialize};

/// Shapes and constants of a model: everything of the file that is not an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// Rows of the embedding; token 0 is the unknown word. 0: there is no embedding, the
    /// inputs are samples.
    pub vocabulary: u32,
    /// Columns of the embedding or channels of a sample, the input size of the first layer.
    pub input: u16,
    /// Logits of the head: one for two classes, else one a class.
    pub logits: u8,
    /// Names of the classes in the order of their labels, one a line.
    pub class_names: &'a str,
    /// How the rows of the embedding are coded; of samples only how finely they are stored.
    pub rows: RowCode,
    /// How words become tokens.
    pub words: WordCode,
    /// Fraction bits of the head's weights; 0 in an f32 file.
    pub head_shift: u8,
    /// Most steps that training saw of a document, counted from its end; 0: no limit.
    pub max_tokens: u32,
    /// Parameters of the trained model: connections, biases and head. Connections that an
    /// int8 file rounds to zero and leaves out are counted.
    pub parameters: u32,
    /// Halfwords of [`Section::Reference`].
    pub reference_halfwords: u32,
    /// The layers, the first one's first; what is left has no units.
    pub layers: [LayerHeader; MAX_LAYERS],
}

/// One layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LayerHeader {
    /// Hidden units; 0: there is no such layer.
    pub hidden: u16,
    /// How its matrices lie.
    pub layout: InputLayout,
    /// `k`: the hidden state is stored with `15 - k` fraction bits; 0 in an f32 file.
    pub state_shift: u8,
    /// Factor from a stored embedding value or sample to the number that is multiplied by
    /// `W`; 1 above the first layer, 0 in an f32 file.
    pub input_scale: u16,
}

/// How the matrices of a layer lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputLayout {
    /// `W` by columns: the input has few numbers that are not zero, and only their columns
    /// are read. `U` by strips.
    #[default]
    Columns = 0,
    /// `W` and `U` side by side, by strips over `[h; x]`: any number of an input may come.
    Joined = 1,
}

/// The hash of the vocabulary; see `vocabulary` for how it is looked up. All zero if the
/// file has no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordCode {
    /// Where the hash of every word begins.
    pub seed: u32,
    /// Entries of [`Section::WordDisplacement`].
    pub buckets: u16,
}

/// The code of the embedding's rows; see `embedding` for what the bits mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Numbers of a header before those of the layers, and of each layer.
const OWN_NUMBERS: usize = 15;
const LAYER_NUMBERS: usize = 4;

/// A header as postcard writes it: numbers of one type, since every type that is read costs
/// code on the device.
#[derive(Debug, Serialize, Deserialize)]
pub struct HeaderNumbers<'a> {
    numbers: [u32; OWN_NUMBERS + LAYER_NUMBERS * MAX_LAYERS],
    #[serde(borrow)]
    class_names: &'a str,
}

impl<'a> From<&Header<'a>> for HeaderNumbers<'a> {
    fn from(header: &Header<'a>) -> Self {
        let Header { rows, words, .. } = *header;
        let mut numbers = [0; OWN_NUMBERS + LAYER_NUMBERS * MAX_LAYERS];
        let own = [
            header.vocabulary,
            header.input.into(),
            header.logits.into(),
            rows.gap_bits.into(),
            rows.value_bits.into(),
            rows.largest.into(),
            rows.length_unit.into(),
            rows.words,
            rows.longest.into(),
            words.seed,
            words.buckets.into(),
            header.head_shift.into(),
            header.max_tokens,
            header.parameters,
            header.reference_halfwords,
        ];
        let layers = header.layers.iter().flat_map(|layer| {
            [
                layer.hidden.into(),
                layer.layout as u32,
                layer.state_shift.into(),
                layer.input_scale.into(),
            ]
        });
        for (number, value) in numbers.iter_mut().zip(own.into_iter().chain(layers)) {
            *number = value;
        }
        HeaderNumbers {
            numbers,
            class_names: header.class_names,
        }
    }
}

impl<'a> HeaderNumbers<'a> {
    /// The header; `None` if a number is beyond its field.
    pub fn header(&self) -> Option<Header<'a>> {
        let mut rest = self.numbers.iter();
        let mut fits = true;
        let mut next = |limit: u32| {
            let number = rest.next().copied().unwrap_or_default();
            fits &= number <= limit;
            number
        };
        const BYTE: u32 = u8::MAX as u32;
        const HALF: u32 = u16::MAX as u32;
        let header = Header {
            vocabulary: next(0x1_0000),
            input: next(HALF) as u16,
            logits: next(BYTE) as u8,
            class_names: self.class_names,
            rows: RowCode {
                gap_bits: next(BYTE) as u8,
                value_bits: next(BYTE) as u8,
                largest: next(HALF) as u16,
                length_unit: next(BYTE) as u8,
                words: next(u32::MAX),
                longest: next(HALF) as u16,
            },
            words: WordCode {
                seed: next(u32::MAX),
                buckets: next(HALF) as u16,
            },
            head_shift: next(BYTE) as u8,
            max_tokens: next(u32::MAX),
            parameters: next(u32::MAX),
            reference_halfwords: next(u32::MAX),
            layers: [(); MAX_LAYERS].map(|()| LayerHeader {
                hidden: next(HALF) as u16,
                layout: match next(1) {
                    0 => InputLayout::Columns,
                    _ => InputLayout::Joined,
                },
                state_shift: next(BYTE) as u8,
                input_scale: next(HALF) as u16,
            }),
        };
        fits.then_some(header)
    }
}

/// The sizes of one layer, from which the lengths of its sections follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerShape {
    /// Hidden units.
    pub hidden: u16,
    /// Numbers of an input: of the embedding, of a sample, or units of the layer below.
    pub input: u16,
    /// How the matrices lie.
    pub layout: InputLayout,
}

impl LayerShape {
    /// Columns of the matrix of strips: those of `U`, or of `U` and `W` side by side.
    pub const fn strip_columns(&self) -> u16 {
        match self.layout {
            InputLayout::Columns => self.hidden,
            InputLayout::Joined => self.hidden.saturating_add(self.input),
        }
    }

    /// Row segments: blocks one below the other.
    pub const fn down(&self) -> u16 {
        self.hidden.div_ceil(SEGMENT)
    }

    /// Blocks of strips side by side.
    pub const fn across(&self) -> u16 {
        self.strip_columns().div_ceil(SEGMENT)
    }

    /// Row segments of `W` that lie by columns.
    pub const fn column_segments(&self) -> u16 {
        match self.layout {
            InputLayout::Columns => self.down(),
            InputLayout::Joined => 0,
        }
    }

    /// Numbers of the shape of one gate.
    pub const fn counts(&self) -> u16 {
        self.column_segments() + self.down() * self.across() * STRIP_CLASSES as u16
    }

    /// The counts of one gate: the pairs of each segment of `W`, and the strips of each block.
    /// `counts` are those of the layer; of what is missing there is none.
    pub fn of_gate<'s>(
        &self,
        gate: Gate,
        counts: &'s [u16],
    ) -> (&'s [u16], &'s [[u16; STRIP_CLASSES]]) {
        let each = usize::from(self.counts());
        let of_gate = counts
            .get(gate.index() * each..)
            .and_then(|counts| counts.get(..each))
            .unwrap_or_default();
        let (columns, strips) = of_gate
            .split_at_checked(self.column_segments().into())
            .unwrap_or_default();
        (columns, strips.as_chunks().0)
    }
}

/// Strips and pairs of blocks, all classes together.
pub(super) fn strips_and_pairs(blocks: &[[u16; STRIP_CLASSES]]) -> (u32, u32) {
    // at most 32 blocks of 8 counts of 16 bits: no overflow
    let counts = blocks.iter().flat_map(|block| block.iter().zip(1..));
    counts.fold((0, 0), |(strips, all), (&count, pairs)| {
        (strips + u32::from(count), all + u32::from(count) * pairs)
    })
}

impl Header<'_> {
    /// How many layers there are.
    pub fn layer_count(&self) -> u8 {
        self.layers
            .iter()
            .take_while(|layer| layer.hidden > 0)
            .count() as u8
    }

    /// The sizes of a layer.
    pub fn layer_shape(&self, layer: u8) -> LayerShape {
        let layer = usize::from(layer);
        let LayerHeader { hidden, layout, .. } =
            self.layers.get(layer).copied().unwrap_or_default();
        let below = layer
            .checked_sub(1)
            .and_then(|below| self.layers.get(below));
        LayerShape {
            hidden,
            input: below.map_or(self.input, |below| below.hidden),
            layout,
        }
    }

    /// Hidden units of the last layer, which the head reads.
    pub fn hidden(&self) -> u16 {
        let layers = self.layers.iter().take_while(|layer| layer.hidden > 0);
        layers.last().map_or(0, |layer| layer.hidden)
    }

    /// Length of a section in bytes, without the zeros that fill up its last word; `counts`
    /// is the shape of its layer. A length beyond 32 bits comes out as the largest of them.
    pub fn section_bytes(&self, kind: Kind, section: Section, counts: &[u16]) -> u32 {
        // bytes of a pair's indices and weights, of a head weight
        let (index, weight, head) = match kind {
            Kind::Int8 => (0, 4, 2),
            Kind::Float32 => (2, 8, 4),
        };
        let shape = |layer| self.layer_shape(layer);
        let columns = |Place { layer, gate }: Place| {
            let segments = shape(layer).of_gate(gate, counts).0;
            segments.iter().map(|&pairs| u32::from(pairs)).sum()
        };
        let strips =
            |Place { layer, gate }: Place| strips_and_pairs(shape(layer).of_gate(gate, counts).1);
        let vocabulary = self.vocabulary;
        let (each, count): (u32, u32) = match section {
            Section::WordDisplacement => (2, self.words.buckets.into()),
            Section::WordFingerprint if self.words.buckets == 0 => (0, 0),
            Section::WordFingerprint => (2, vocabulary.saturating_sub(1)),
            Section::RowBlock => (4, vocabulary.div_ceil(BLOCK_ROWS as u32)),
            Section::RowLength => (1, vocabulary),
            Section::RowBits => (4, self.rows.words),
            Section::InputMean | Section::InputFactor => (4, self.channels().unwrap_or(0).into()),
            Section::Shape(layer) => (2 * Gate::COUNT as u32, shape(layer).counts().into()),
            Section::InputStart(Place { layer, .. }) => {
                let LayerShape { input, .. } = shape(layer);
                let segments = u32::from(shape(layer).column_segments());
                (2, segments * (u32::from(input) + 1))
            }
            Section::InputUnit(place) => (index, columns(place)),
            Section::InputWeight(place) => (weight, columns(place)),
            Section::StripUnit(place) => (1, strips(place).0),
            Section::RecurrentColumn(place) => (index, strips(place).1),
            Section::RecurrentWeight(place) => (weight, strips(place).1),
            Section::Unit(Place { layer, .. }) => {
                (4, shape(layer).hidden.next_multiple_of(2).into())
            }
            Section::HeadWeight => (head, u32::from(self.hidden()) * u32::from(self.logits)),
            Section::HeadBias => (4, self.logits.into()),
            Section::Reference => (2, self.reference_halfwords),
        };
        each.saturating_mul(count)
    }

    /// Channels of a sample; `None` if the model reads tokens.
    pub fn channels(&self) -> Option<u16> {
        (self.vocabulary == 0).then_some(self.input)
    }

    /// Parameters of the fully connected counterpart of the same sizes.
    pub fn dense_parameters(&self) -> u64 {
        let layers: u64 = (0..self.layer_count())
            .map(|layer| {
                let LayerShape { hidden, input, .. } = self.layer_shape(layer);
                let (hidden, input) = (u64::from(hidden), u64::from(input));
                Gate::COUNT as u64 * hidden * (input + hidden + 1)
            })
            .sum();
        u64::from(self.vocabulary) * u64::from(self.input)
            + layers
            + u64::from(self.logits) * (u64::from(self.hidden()) + 1)
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

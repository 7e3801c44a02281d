//! Enters: the postcard header, and the task of the preamble. Leaves: [`Header`], its fields
//! checked for their ranges, and the sizes that follow from it. Next: `file` cuts the sections.

use super::{Answer, BLOCK_ROWS, Kind, LayerShape, MAX_LAYERS, Place, Section, Task};
use crate::gate::Gate;
use serde::{Deserialize, Serialize};

/// Shapes and constants of a model: everything of the file that is not an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// What the model answers, and when; it stands in the preamble.
    pub task: Task,
    /// Rows of the embedding; token 0 is the unknown word. 0: there is no embedding, the
    /// inputs are samples.
    pub vocabulary: u32,
    /// Columns of the embedding or channels of a sample, the input size of the first layer.
    pub input: u16,
    /// Logits of the head: one for two classes, else one a class; of a regression one a number.
    pub logits: u8,
    /// Names of the classes in the order of their labels, or of the numbers, one a line.
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
    /// `W` and `U` side by side, by columns over `[h; x]`: only the columns of what has moved
    /// are read, see `delta`. Of one layer that reads samples, in int8.
    Delta = 2,
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

/// Most bytes of [`HeaderParts::numbers`].
pub const MAX_NUMBER_BYTES: usize = 4 * (OWN_NUMBERS + LAYER_NUMBERS * MAX_LAYERS);

/// A header as postcard writes it: two byte strings, since every type that is read costs code
/// on the device.
#[derive(Debug, Serialize, Deserialize)]
pub struct HeaderParts<'a> {
    /// The numbers, u32, in the order of the fields; layers that are not there are left out.
    pub numbers: &'a [u8],
    /// Names of the classes or numbers, one a line.
    pub class_names: &'a str,
}

impl<'a> Header<'a> {
    /// The bytes of the numbers, of which the second says how many count.
    pub fn numbers(&self) -> ([u8; MAX_NUMBER_BYTES], usize) {
        let Header { rows, words, .. } = *self;
        let header = self;
        let own: [u32; OWN_NUMBERS] = [
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
        let mut bytes = [0; MAX_NUMBER_BYTES];
        let values = own.into_iter().chain(layers);
        for (number, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
            *number = value.to_le_bytes();
        }
        let count = OWN_NUMBERS + LAYER_NUMBERS * usize::from(self.layer_count());
        (bytes, 4 * count)
    }
}

impl<'a> HeaderParts<'a> {
    /// Reads what postcard wrote; `None` if it is something else, or more. Byte string by byte
    /// string, since one call that is made twice is smaller than one for the two.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (numbers, rest) = byte_string(bytes)?;
        let (class_names, rest) = byte_string(rest)?;
        rest.is_empty().then_some(HeaderParts {
            numbers,
            class_names: core::str::from_utf8(class_names).ok()?,
        })
    }

    /// The header of a model of this task; `None` if a number is beyond its field, or left
    /// over.
    pub fn header(&self, task: Task) -> Option<Header<'a>> {
        let (rest, odd) = self.numbers.as_chunks::<4>();
        let mut numbers = Numbers {
            rest,
            fit: odd.is_empty(),
        };
        let mut next = |limit| numbers.next(limit);
        const BYTE: u32 = u8::MAX as u32;
        const HALF: u32 = u16::MAX as u32;
        let header = Header {
            task,
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
                layout: match next(2) {
                    0 => InputLayout::Columns,
                    1 => InputLayout::Joined,
                    _ => InputLayout::Delta,
                },
                state_shift: next(BYTE) as u8,
                input_scale: next(HALF) as u16,
            }),
        };
        (numbers.fit && numbers.rest.is_empty()).then_some(header)
    }
}

#[inline(never)]
fn byte_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    postcard::take_from_bytes(bytes).ok()
}

/// Numbers of a header, one after the other.
struct Numbers<'a> {
    rest: &'a [[u8; 4]],
    /// Whether all so far were within their limits.
    fit: bool,
}

impl Numbers<'_> {
    /// The next number; zero of a layer that was left out.
    #[inline(never)] // from thirty places
    fn next(&mut self, limit: u32) -> u32 {
        let Some((number, left)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = left;
        let number = u32::from_le_bytes(*number);
        self.fit &= number <= limit;
        number
    }
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

    /// Bytes of the sections before the layers, in their order.
    pub fn front_bytes(&self) -> [u32; 7] {
        let fingerprints = match self.words.buckets {
            0 => 0,
            _ => self.vocabulary.saturating_sub(1),
        };
        let statistics = 4 * u32::from(self.channels().unwrap_or(0));
        // a vocabulary of 2^16 at most: nothing but the words can overflow
        [
            2 * u32::from(self.words.buckets),
            2 * fingerprints,
            4 * self.vocabulary.div_ceil(BLOCK_ROWS as u32),
            self.vocabulary,
            self.rows.words.saturating_mul(4),
            statistics,
            statistics,
        ]
    }

    /// Bytes of the sections behind the layers, in their order.
    pub fn back_bytes(&self, kind: Kind) -> [u32; 5] {
        let logits = u32::from(self.logits);
        let weights = u32::from(self.hidden()) * logits;
        let outputs = match self.task.answer {
            Answer::Class => 0,
            Answer::Values => 4 * logits,
        };
        [
            kind.bytes().head * weights,
            4 * logits,
            outputs,
            outputs,
            self.reference_halfwords.saturating_mul(2),
        ]
    }

    /// Length of a section in bytes, without the zeros that fill up its last word; `counts`
    /// is the shape of its layer.
    pub fn section_bytes(&self, kind: Kind, section: Section, counts: &[u16]) -> u32 {
        let [displacement, fingerprint, block, length, bits, mean, factor] = self.front_bytes();
        let [weight, bias, output_mean, deviation, reference] = self.back_bytes(kind);
        let of_gate = |Place { layer, gate }, part: usize| {
            let bytes = self.layer_shape(layer).gate_bytes(kind, gate, counts);
            bytes.get(part).copied().unwrap_or_default()
        };
        match section {
            Section::WordDisplacement => displacement,
            Section::WordFingerprint => fingerprint,
            Section::RowBlock => block,
            Section::RowLength => length,
            Section::RowBits => bits,
            Section::InputMean => mean,
            Section::InputFactor => factor,
            Section::Shape(layer) => self.layer_shape(layer).shape_bytes(),
            Section::InputStart(place) => of_gate(place, 0),
            Section::InputUnit(place) => of_gate(place, 1),
            Section::InputWeight(place) => of_gate(place, 2),
            Section::StripUnit(place) => of_gate(place, 3),
            Section::RecurrentColumn(place) => of_gate(place, 4),
            Section::RecurrentWeight(place) => of_gate(place, 5),
            Section::Unit(place) => of_gate(place, 6),
            Section::HeadWeight => weight,
            Section::HeadBias => bias,
            Section::OutputMean => output_mean,
            Section::OutputDeviation => deviation,
            Section::Reference => reference,
        }
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

    /// Names that the file has: of the classes that the head tells apart, or of its numbers.
    pub fn names(&self) -> u16 {
        match (self.task.answer, self.logits) {
            (Answer::Class, 1) => 2,
            (_, logits) => logits.into(),
        }
    }
}

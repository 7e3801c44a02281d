//! Enters: the bytes of a file, in flash. Leaves: a [`Model`] that borrows them. Next:
//! `State`, which steps through it.
//!
//! This is the one door. What a `Model` promises, and `step` relies on:
//!
//! - every index of every matrix is in range, and every array has its length;
//! - no sum of products can exceed its type, whatever the tokens or samples;
//! - all numbers are numbers.
//!
//! The checks read each byte a bounded number of times and use a few hundred bytes of
//! stack. A `Model` is some 400 bytes of addresses and constants; the arrays stay in flash.

use crate::arithmetic::{Arithmetic, GateWeights};
use crate::embedding::{Embedding, EmbeddingRow};
use crate::error::{DecodeError, Fault};
use crate::gate::Gate;
use crate::samples::Statistics;
use crate::sparse::{Columns, Strips};
use crate::vocabulary::Vocabulary;
use crate::wire::{
    File, Header, InputLayout, LayerHeader, LayerShape, MAX_UNITS, Place, Section, Sections,
};
use bytemuck::AnyBitPattern;
use heapless::Vec;

/// A checked model that borrows its file; `L` is how many layers it has room for.
#[derive(Debug)]
pub struct Model<'a, A: Arithmetic, const L: usize = 1> {
    pub(crate) embedding: Embedding<'a>,
    pub(crate) statistics: Statistics<'a>,
    pub(crate) layers: Vec<Layer<'a, A>, L>,
    pub(crate) head_weight: &'a [A::HeadWeight], // [logits x hidden]
    pub(crate) head_bias: &'a [A::Logit],        // [logits]
    pub(crate) reference: &'a [u16],
    pub(crate) checksum: u32,
    class_names: &'a str,
    vocabulary: Option<Vocabulary<'a>>,
    max_tokens: u32,
}

/// One layer.
#[derive(Debug)]
pub(crate) struct Layer<'a, A: Arithmetic> {
    pub gates: [GateWeights<'a, A>; Gate::COUNT],
    pub constants: A::Constants,
    pub hidden: u16,
    /// Units that its `h` takes, with the input behind it if that is joined.
    units: u16,
}

impl<A: Arithmetic> Layer<'_, A> {
    /// Whether the input lies behind `h`.
    pub fn is_joined(&self) -> bool {
        self.units > self.hidden
    }

    /// The input behind `h`; empty if it does not lie there.
    #[inline(always)]
    pub fn behind<'h, const N: usize>(&self, h: &'h mut [A::Value; N]) -> &'h mut [A::Value] {
        h.get_mut(self.hidden.into()..self.units.into())
            .unwrap_or_default()
    }
}

impl<'a, A: Arithmetic, const L: usize> Model<'a, A, L> {
    /// Checks a file and borrows it. The bytes must lie on a multiple of four.
    ///
    /// # Errors
    /// The first rule that the bytes break; see [`DecodeError`].
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let file = File::open(bytes)?;
        if file.kind != A::KIND {
            return Err(DecodeError::OtherKind { file: file.kind });
        }
        if !bytes.as_ptr().addr().is_multiple_of(4) {
            return Err(DecodeError::Misaligned);
        }
        let header = &file.header;
        check_sizes(header)?;
        if usize::from(header.layer_count()) > L {
            let found = header.layer_count();
            return Err(DecodeError::Layers { found });
        }

        let mut sections = Sections::new(&file);
        let vocabulary = Vocabulary::new(
            header,
            array(&mut sections, Section::WordDisplacement)?,
            array(&mut sections, Section::WordFingerprint)?,
        )?;
        let embedding = Embedding {
            block: array(&mut sections, Section::RowBlock)?,
            length: sections.next(Section::RowLength)?,
            bits: array(&mut sections, Section::RowBits)?,
            code: header.rows,
        };
        let statistics = Statistics {
            mean: array(&mut sections, Section::InputMean)?,
            factor: array(&mut sections, Section::InputFactor)?,
        };
        statistics.check()?;
        let mut layers = Vec::new();
        let mut row_sum = 0;
        for number in 0..header.layer_count() {
            let below = layers.last().map(|below: &Layer<'_, A>| &below.constants);
            let constants = A::constants(header, number, below)?;
            if below.is_none() {
                row_sum = embedding.check(header, |bits| A::is_input(bits, &constants))?;
            }
            let layer = layer(number, constants, row_sum, &mut sections, header)?;
            let _ = layers.push(layer); // there is room
        }
        let head_weight = array(&mut sections, Section::HeadWeight)?;
        let head_bias = array(&mut sections, Section::HeadBias)?;
        A::check_head(head_weight, head_bias)?;
        let reference = array(&mut sections, Section::Reference)?;
        crate::self_test::check(reference, header)?;
        sections.finish()?;
        Ok(Model {
            embedding,
            statistics,
            layers,
            head_weight,
            head_bias,
            reference,
            checksum: file.checksum,
            class_names: header.class_names,
            vocabulary,
            max_tokens: header.max_tokens,
        })
    }

    /// Hidden units of the last layer.
    pub fn hidden(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.hidden.into())
    }

    /// Capacity that a `State` needs at least: the hidden units of the largest layer, with the
    /// inputs where these lie behind them.
    pub fn units(&self) -> usize {
        let units = self.layers.iter().map(|layer| layer.units.into());
        units.max().unwrap_or(0)
    }

    /// How many layers there are.
    pub fn layer_count(&self) -> usize {
        self.layers.len()
    }

    /// Tokens that have an embedding row of their own, the unknown word 0 included; 0 if the
    /// model reads samples.
    pub fn vocabulary_size(&self) -> usize {
        self.embedding.length.len()
    }

    /// Numbers of a sample, if the model reads samples; `None` if it reads tokens.
    pub fn channels(&self) -> Option<usize> {
        Some(self.statistics.mean.len()).filter(|&channels| channels > 0)
    }

    /// Logits of the head: one for two classes, else one a class.
    pub fn logits(&self) -> usize {
        self.head_bias.len()
    }

    /// Name of a class, if the file has one for this label.
    pub fn class_name(&self, label: u8) -> Option<&'a str> {
        lines(self.class_names).nth(label.into())
    }

    /// The words that the model knows; `None` if the file has none.
    pub fn vocabulary(&self) -> Option<Vocabulary<'a>> {
        self.vocabulary
    }

    /// How many steps training saw of a document at most, counted from its end; `None`: of
    /// any document all.
    pub fn max_tokens(&self) -> Option<u32> {
        Some(self.max_tokens).filter(|&most| most > 0)
    }

    /// The stored connections of a token's embedding row, as [`State::step`] decodes them; a
    /// token outside the vocabulary counts as the unknown word, 0.
    ///
    /// [`State::step`]: crate::State::step
    pub fn embedding_row(&self, token: u16) -> EmbeddingRow<'a> {
        self.embedding.row(token)
    }

    /// CRC-32 of the file: which model this is.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }
}

/// The lines of a text.
#[expect(
    clippy::manual_pattern_char_comparison,
    reason = "core's search for a character given as such has a panic path that is not removed"
)]
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_terminator(|character| character == '\n')
}

fn check_sizes(header: &Header<'_>) -> Result<(), DecodeError> {
    let first = header.layers.iter().take(1).map(|layer| layer.hidden);
    let sizes = first.chain(header.layers.iter().map(|layer| layer.hidden.max(1)));
    for found in sizes.chain([header.input]) {
        if found == 0 || found > MAX_UNITS {
            return Err(DecodeError::Size { found });
        }
    }
    let (_, rest) = header
        .layers
        .split_at_checked(header.layer_count().into())
        .unwrap_or_default();
    let [first, ..] = &header.layers;
    let reads_rows = header.channels().is_none();
    let possible = !(reads_rows && first.layout == InputLayout::Joined)
        && rest.iter().all(|layer| *layer == LayerHeader::default())
        && header.logits > 0
        && u64::from(header.parameters) <= header.dense_parameters()
        && lines(header.class_names).count() == usize::from(header.classes());
    if possible {
        Ok(())
    } else {
        Err(DecodeError::Header)
    }
}

#[inline(never)]
fn layer<'a, A: Arithmetic>(
    number: u8,
    constants: A::Constants,
    row_sum: u32,
    sections: &mut Sections<'_, 'a>,
    header: &Header<'_>,
) -> Result<Layer<'a, A>, DecodeError> {
    sections.next(Section::Shape(number))?;
    let shape = header.layer_shape(number);
    let mut gate = |gate| {
        let place = Place {
            layer: number,
            gate,
        };
        weights::<A>(place, shape, sections, &constants, row_sum)
    };
    // in the order of `Gate::ALL`, which is the order of the file
    let gates = [
        gate(Gate::Input)?,
        gate(Gate::Candidate)?,
        gate(Gate::Forget)?,
        gate(Gate::Output)?,
    ];
    Ok(Layer {
        gates,
        constants,
        hidden: shape.hidden,
        units: shape.strip_columns(),
    })
}

#[inline(never)]
fn weights<'a, A: Arithmetic>(
    place: Place,
    shape: LayerShape,
    sections: &mut Sections<'_, 'a>,
    constants: &A::Constants,
    row_sum: u32,
) -> Result<GateWeights<'a, A>, DecodeError> {
    let (pairs_of_columns, strips) = shape.of_gate(place.gate, sections.counts());
    let input = Columns {
        counts: pairs_of_columns,
        start: array(sections, Section::InputStart(place))?,
        pairs: pairs::<A>(
            sections,
            Section::InputUnit(place),
            Section::InputWeight(place),
        )?,
    };
    input.check(place, shape.hidden)?;
    let recurrent = Strips {
        counts: strips,
        across: shape.across() as u8, // at most 8
        unit: sections.next(Section::StripUnit(place))?,
        pairs: pairs::<A>(
            sections,
            Section::RecurrentColumn(place),
            Section::RecurrentWeight(place),
        )?,
    };
    recurrent.check(place, shape.hidden, shape.strip_columns())?;
    let units = array(sections, Section::Unit(place))?;
    let weights = GateWeights {
        input,
        recurrent,
        units,
    };
    A::check_gate(place, &weights, constants, row_sum, shape.hidden)?;
    Ok(weights)
}

fn pairs<'a, A: Arithmetic>(
    sections: &mut Sections<'_, 'a>,
    index: Section,
    weight: Section,
) -> Result<A::Pairs<'a>, DecodeError> {
    let (index, bytes) = (sections.next(index)?, sections.next(weight)?);
    A::pairs(index, bytes).ok_or(DecodeError::Content {
        section: weight,
        index: 0,
        fault: Fault::OutOfRange,
    })
}

/// A section as an array of `T`. Sections are aligned and have their exact length, so the
/// cast holds; were it not so, this would be an error and no panic.
fn array<'a, T: AnyBitPattern>(
    sections: &mut Sections<'_, 'a>,
    section: Section,
) -> Result<&'a [T], DecodeError> {
    bytemuck::try_cast_slice(sections.next(section)?).map_err(|_| DecodeError::Misaligned)
}

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
use crate::wire::{File, Header, MAX_UNITS, Section, Sections};
use bytemuck::AnyBitPattern;

/// A checked model that borrows its file.
#[derive(Debug)]
pub struct Model<'a, A: Arithmetic> {
    pub(crate) embedding: Embedding<'a>,
    pub(crate) statistics: Statistics<'a>,
    pub(crate) gates: [GateWeights<'a, A>; Gate::COUNT],
    pub(crate) constants: A::Constants,
    pub(crate) head_weight: &'a [A::HeadWeight], // [logits x hidden]
    pub(crate) head_bias: &'a [A::Logit],        // [logits]
    pub(crate) reference: &'a [u16],
    pub(crate) checksum: u32,
    pub(crate) hidden: u16,
    class_names: &'a str,
    vocabulary: Option<Vocabulary<'a>>,
    max_tokens: u32,
}

impl<'a, A: Arithmetic> Model<'a, A> {
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
        let constants = A::constants(header)?;

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
        let row_sum = embedding.check(header, |bits| A::is_input(bits, &constants))?;
        // in the order of `Gate::ALL`, which is the order of the file
        let gates = [
            gate(Gate::Input, &mut sections, header, &constants, row_sum)?,
            gate(Gate::Candidate, &mut sections, header, &constants, row_sum)?,
            gate(Gate::Forget, &mut sections, header, &constants, row_sum)?,
            gate(Gate::Output, &mut sections, header, &constants, row_sum)?,
        ];
        let head_weight = array(&mut sections, Section::HeadWeight)?;
        let head_bias = array(&mut sections, Section::HeadBias)?;
        A::check_head(head_weight, head_bias)?;
        let reference = array(&mut sections, Section::Reference)?;
        crate::self_test::check(reference, header)?;
        sections.finish()?;
        Ok(Model {
            embedding,
            statistics,
            gates,
            constants,
            head_weight,
            head_bias,
            reference,
            checksum: file.checksum,
            hidden: header.hidden,
            class_names: header.class_names,
            vocabulary,
            max_tokens: header.max_tokens,
        })
    }

    /// Hidden units; a `State` needs at least this capacity.
    pub fn hidden(&self) -> usize {
        self.hidden.into()
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
    for found in [header.input, header.hidden] {
        if found == 0 || found > MAX_UNITS {
            return Err(DecodeError::Size { found });
        }
    }
    let possible = header.vocabulary <= 0x1_0000
        && header.logits > 0
        && u64::from(header.parameters) <= header.dense_parameters()
        && lines(header.class_names).count() == usize::from(header.classes());
    if possible {
        Ok(())
    } else {
        Err(DecodeError::Header)
    }
}

fn gate<'a, A: Arithmetic>(
    gate: Gate,
    sections: &mut Sections<'_, 'a>,
    header: &Header<'_>,
    constants: &A::Constants,
    row_sum: u32,
) -> Result<GateWeights<'a, A>, DecodeError> {
    let input = Columns {
        start: array(sections, Section::InputStart(gate))?,
        pairs: pairs::<A>(
            sections,
            Section::InputUnit(gate),
            Section::InputWeight(gate),
        )?,
    };
    input.check(gate, header.hidden)?;
    let recurrent = Strips {
        counts: header.gates[gate.index()].strips,
        unit: sections.next(Section::StripUnit(gate))?,
        pairs: pairs::<A>(
            sections,
            Section::RecurrentColumn(gate),
            Section::RecurrentWeight(gate),
        )?,
    };
    recurrent.check(gate, header.hidden)?;
    let units = array(sections, Section::Unit(gate))?;
    let weights = GateWeights {
        input,
        recurrent,
        units,
    };
    A::check_gate(gate, &weights, constants, row_sum, header)?;
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

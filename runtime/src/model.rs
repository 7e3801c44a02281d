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
use crate::error::DecodeError;
use crate::gate::Gate;
use crate::scale::Scale;
use crate::vocabulary::Vocabulary;
use crate::wire::{
    File, Header, InputLayout, LayerHeader, LayerShape, MAX_UNITS, Place, RowCode, Section,
    Sections, Task,
};

/// A checked model that borrows its file; `L` is how many layers it has room for.
#[derive(Debug)]
pub struct Model<'a, A: Arithmetic, const L: usize = 1> {
    pub(crate) embedding: Embedding<'a>,
    /// Of the samples.
    pub(crate) statistics: Scale<'a>,
    /// What is behind the last layer is empty.
    layers: [Layer<'a, A>; L],
    layer_count: u8,
    pub(crate) head_weight: &'a [A::HeadWeight], // [logits x hidden]
    pub(crate) head_bias: &'a [A::Logit],        // [logits]
    /// Of the numbers of a regression.
    pub(crate) outputs: Scale<'a>,
    pub(crate) reference: &'a [u16],
    pub(crate) checksum: u32,
    class_names: &'a str,
    vocabulary: Option<Vocabulary<'a>>,
    max_tokens: u32,
    /// As the file has it: an enum would be where `Option<Model>` says `None`, and a static of
    /// it no longer all zero, but as many bytes of flash.
    task: u8,
}

/// One layer.
#[derive(Debug)]
pub(crate) struct Layer<'a, A: Arithmetic> {
    pub gates: [GateWeights<'a, A>; Gate::COUNT],
    pub constants: A::Constants,
    pub hidden: u16,
    /// Units that its `h` takes, with the input behind it if the matrices are joined.
    units: u16,
}

impl<A: Arithmetic> Layer<'_, A> {
    /// A layer that is not read yet.
    const NONE: Self = Layer {
        gates: [const { GateWeights::NONE }; Gate::COUNT],
        constants: A::NO_CONSTANTS,
        hidden: 0,
        units: 0,
    };

    /// Whether `[U W]` lies by columns.
    pub fn is_listed(&self) -> bool {
        self.gates.iter().all(GateWeights::is_listed)
    }

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
        // filled where it is returned: each copy would take its size of stack
        let mut result = Ok(Model::NONE);
        if let Ok(model) = &mut result
            && let Err(error) = model.read(bytes)
        {
            result = Err(error);
        }
        result
    }

    /// A model that is not read yet.
    const NONE: Self = Model {
        embedding: Embedding {
            block: &[],
            length: &[],
            bits: &[],
            code: RowCode::RAW_SAMPLES,
        },
        statistics: Scale::NONE,
        layers: [const { Layer::NONE }; L],
        layer_count: 0,
        head_weight: &[],
        head_bias: &[],
        outputs: Scale::NONE,
        reference: &[],
        checksum: 0,
        class_names: "",
        vocabulary: None,
        max_tokens: 0,
        task: 0,
    };

    #[inline(never)]
    fn read(&mut self, bytes: &'a [u8]) -> Result<(), DecodeError> {
        // read where it lies: `?` would copy it
        let opened = File::open(bytes);
        let file = match &opened {
            Ok(file) => file,
            Err(error) => return Err(*error),
        };
        if file.kind != A::KIND {
            return Err(DecodeError::OtherKind { file: file.kind });
        }
        if !bytes.as_ptr().addr().is_multiple_of(4) {
            return Err(DecodeError::Misaligned);
        }
        let header = &file.header;
        check_sizes(header)?;
        self.layer_count = header.layer_count();
        if usize::from(self.layer_count) > L {
            let found = self.layer_count;
            return Err(DecodeError::Layers { found });
        }
        self.checksum = file.checksum;
        self.class_names = header.class_names;
        self.max_tokens = header.max_tokens;
        self.task = header.task.byte();

        let mut sections = Sections::new(file);
        let [displacement, fingerprint, block, length, bits, channels, _] = header.front_bytes();
        let displacement = sections.array(Section::WordDisplacement, displacement);
        let fingerprint = sections.array(Section::WordFingerprint, fingerprint);
        self.embedding = Embedding {
            block: sections.array(Section::RowBlock, block),
            length: sections.next(Section::RowLength, length),
            bits: sections.array(Section::RowBits, bits),
            code: header.rows,
        };
        let names = [Section::InputMean, Section::InputFactor];
        self.statistics.read(&mut sections, names, channels, 0)?;
        sections.check()?;
        self.vocabulary = Vocabulary::new(header, displacement, fingerprint)?;
        self.read_layers(&mut sections, header)?;
        let [weight, bias, numbers, _, reference] = header.back_bytes(A::KIND);
        self.head_weight = sections.array(Section::HeadWeight, weight);
        self.head_bias = sections.array(Section::HeadBias, bias);
        let names = [Section::OutputMean, Section::OutputDeviation];
        let least = f32::MIN_POSITIVE.to_bits(); // which no core takes for zero
        self.outputs.read(&mut sections, names, numbers, least)?;
        self.reference = sections.array(Section::Reference, reference);
        sections.finish()?;
        A::check_head(self.head_weight, self.head_bias)?;
        crate::self_test::check(self.reference, header)
    }

    #[inline(never)]
    fn read_layers(
        &mut self,
        sections: &mut Sections<'a>,
        header: &Header<'_>,
    ) -> Result<(), DecodeError> {
        let (mut row_sum, mut below) = (0, None);
        for (number, layer) in (0..header.layer_count()).zip(&mut self.layers) {
            let constants = A::constants(header, number, below)?;
            if below.is_none() {
                let is_value = |bits| A::is_input(bits, &constants);
                row_sum = self.embedding.check(header, is_value)?;
            }
            let shape = header.layer_shape(number);
            layer.constants = constants;
            layer.hidden = shape.hidden;
            layer.units = shape.strip_columns();
            let counts = sections.array(Section::Shape(number), shape.shape_bytes());
            // in the order of `Gate::ALL`, which is the order of the file
            for (gate, weights) in Gate::ALL.into_iter().zip(&mut layer.gates) {
                let place = Place {
                    layer: number,
                    gate,
                };
                read_gate::<A>(weights, place, shape, counts, sections)?;
                A::check_gate(place, weights, &constants, row_sum, shape.hidden)?;
            }
            below = Some(&layer.constants);
        }
        Ok(())
    }

    /// Hidden units of the last layer.
    pub fn hidden(&self) -> usize {
        self.layers().last().map_or(0, |layer| layer.hidden.into())
    }

    /// Capacity that a `State` needs at least: the hidden units of the largest layer, with the
    /// inputs where these lie behind them.
    pub fn units(&self) -> usize {
        let units = self.layers().iter().map(|layer| layer.units.into());
        units.max().unwrap_or(0)
    }

    /// Whether the matrices lie for a [`DeltaState`](crate::DeltaState).
    pub fn steps_by_change(&self) -> bool {
        self.layers().first().is_some_and(Layer::is_listed)
    }

    /// How many layers there are.
    pub fn layer_count(&self) -> usize {
        self.layer_count.into()
    }

    /// The layers, the first one's first.
    #[inline(always)]
    pub(crate) fn layers(&self) -> &[Layer<'a, A>] {
        let count = usize::from(self.layer_count);
        self.layers.get(..count).unwrap_or_default()
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

    /// What the model answers, a class or numbers, and whether after every step or at the end.
    pub fn task(&self) -> Task {
        Task::of_byte(self.task).unwrap_or_default() // it was read as one
    }

    /// Logits of the head: one for two classes, else one a class; of a regression one a number.
    pub fn logits(&self) -> usize {
        self.head_bias.len()
    }

    /// Name of a class, if the file has one for this label; of a regression the name of the
    /// number at this place of [`State::values`](crate::State::values).
    pub fn class_name(&self, label: u8) -> Option<&'a str> {
        self.names().nth(label.into())
    }

    /// Names of the classes by label, or of the numbers of a regression in their order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a, A, L> {
        lines(self.class_names)
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
    let check = |found: u16| match found {
        1..=MAX_UNITS => Ok(()),
        found => Err(DecodeError::Size { found }),
    };
    let [first, ..] = &header.layers;
    check(first.hidden)?;
    let (mut count, mut possible) = (0, true);
    for layer in &header.layers {
        check(layer.hidden.max(1))?;
        if layer.hidden > 0 {
            count += 1;
        } else {
            possible &= *layer == LayerHeader::default();
        }
    }
    check(header.input)?;
    let reads_rows = header.channels().is_none();
    let possible = possible
        && count == header.layer_count() // none behind one that is missing
        && !(reads_rows && first.layout != InputLayout::Columns)
        && !(count > 1 && first.layout == InputLayout::Delta)
        && header.logits > 0
        && u64::from(header.parameters) <= header.dense_parameters()
        && lines(header.class_names).count() == usize::from(header.names());
    if possible {
        Ok(())
    } else {
        Err(DecodeError::Header)
    }
}

#[inline(never)]
fn read_gate<'a, A: Arithmetic>(
    weights: &mut GateWeights<'a, A>,
    place: Place,
    shape: LayerShape,
    counts: &'a [u16],
    sections: &mut Sections<'a>,
) -> Result<(), DecodeError> {
    let [start, unit, weight, strip_unit, column, strip_weight, units] =
        shape.gate_bytes(A::KIND, place.gate, counts);
    let GateWeights {
        input,
        recurrent,
        units: parameters,
    } = weights;
    (input.counts, recurrent.counts) = shape.of_gate(place.gate, counts);
    input.start = sections.array(Section::InputStart(place), start);
    let unit = sections.next(Section::InputUnit(place), unit);
    let weight = sections.next(Section::InputWeight(place), weight);
    recurrent.across = shape.across() as u8; // at most 8
    recurrent.unit = sections.next(Section::StripUnit(place), strip_unit);
    let column = sections.next(Section::RecurrentColumn(place), column);
    let strip_weight = sections.next(Section::RecurrentWeight(place), strip_weight);
    *parameters = sections.array(Section::Unit(place), units);
    sections.check()?;
    // aligned, as all sections are
    input.pairs = A::pairs(unit, weight).ok_or(DecodeError::Misaligned)?;
    recurrent.pairs = A::pairs(column, strip_weight).ok_or(DecodeError::Misaligned)?;
    input.check(place, shape.hidden)?;
    recurrent.check(place, shape.hidden, shape.strip_columns())
}

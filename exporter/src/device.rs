//! Enters: the bytes of a model file. Leaves: the runtime's own model and state, of either
//! kind. Next: `evaluate`, `simulate` and every other command that asks what the device
//! would say: it is the same code.

use crate::error::{Error, Result};
use crate::sequences::{Sequence, Token};
use set_lstm_runtime::compact::{Compact, UnpackError};
use set_lstm_runtime::wire::{COMPACT_MAGIC, File, Kind, MAX_LAYERS, MAX_UNITS};
use set_lstm_runtime::{
    Answer, Arithmetic, Class, DecodeError, EmbeddingRow, Float32, Int8, Logit, Model, Moment,
    SelfTestError, State, Task, Tokenizer, Vocabulary,
};
use std::convert::Infallible;
use std::ops::Deref;
use std::path::Path;

/// Units that a host state has room for: as many as the format allows.
pub const CAPACITY: usize = 2 * MAX_UNITS as usize;

/// Bytes that lie on a multiple of four, as the runtime wants them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlignedBytes {
    words: Vec<u32>,
    length: usize,
}

impl AlignedBytes {
    /// Reads a model file; of a compact one what it stands for, and one of an older version
    /// brought to this one.
    ///
    /// # Errors
    /// The file does not exist or cannot be read, or a compact or older one is damaged.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let hint = "give a model file made by `set-lstm export`";
        let bytes = std::fs::read(path).map_err(Error::io(path, hint))?;
        AlignedBytes::current(bytes, path)
    }

    /// The bytes of a model file in the form and the version that the runtime reads; `path`
    /// names the file in errors.
    ///
    /// # Errors
    /// A compact or older file is damaged.
    pub fn current(bytes: Vec<u8>, path: &Path) -> Result<Self> {
        let refuse = |problem: String| Error::Model {
            path: path.to_owned(),
            problem,
        };
        let bytes = if bytes.starts_with(&COMPACT_MAGIC) {
            unpack(&bytes).map_err(|problem| refuse(problem.to_string()))?
        } else {
            bytes
        };
        let upgraded =
            crate::pack::upgrade(&bytes).map_err(|problem| refuse(problem.to_string()))?;
        Ok(upgraded.unwrap_or(bytes).into())
    }
}

fn unpack(compact: &[u8]) -> std::result::Result<Vec<u8>, DecodeError> {
    let compact = Compact::open(compact)?;
    // by pages, not into as much room as the file asks for: it may ask for 4 GB
    let (mut page, mut bytes) = ([0; 4096], Vec::new());
    let unpacked = compact.unpack_pages(&mut page, |_, page| {
        bytes.extend_from_slice(page);
        Ok(())
    });
    match unpacked {
        Ok(_) => Ok(bytes),
        Err(UnpackError::Decode(problem)) => Err(problem),
        Err(UnpackError::Write(never)) => {
            let never: Infallible = never;
            match never {}
        }
    }
}

impl From<Vec<u8>> for AlignedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        let mut words = vec![0; bytes.len().div_ceil(4)];
        bytemuck::must_cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(&bytes);
        AlignedBytes {
            words,
            length: bytes.len(),
        }
    }
}

impl Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &bytemuck::must_cast_slice(&self.words)[..self.length]
    }
}

/// A model of either kind.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // there are few at a time, and none is moved about
pub enum AnyModel<'a> {
    /// Integers.
    Int8(Model<'a, Int8, MAX_LAYERS>),
    /// Floating point.
    Float32(Model<'a, Float32, MAX_LAYERS>),
}

/// A state of either kind. It belongs to the kind of model that it was made for; with a
/// model of the other kind its methods panic.
#[derive(Debug, Clone)]
pub enum AnyState {
    /// Integers.
    Int8(Box<State<Int8, CAPACITY, MAX_LAYERS>>),
    /// Floating point.
    Float32(Box<State<Float32, CAPACITY, MAX_LAYERS>>),
}

/// Runs the same expression on the typed model, or on the typed state and its model.
macro_rules! of_kind {
    ($model:expr, |$m:ident| $body:expr) => {
        match $model {
            AnyModel::Int8($m) => $body,
            AnyModel::Float32($m) => $body,
        }
    };
    ($state:expr, $model:expr, |$s:ident, $m:ident| $body:expr) => {
        match ($state, $model) {
            (AnyState::Int8($s), AnyModel::Int8($m)) => $body,
            (AnyState::Float32($s), AnyModel::Float32($m)) => $body,
            _ => panic!("the state was made for a model of the other kind"),
        }
    };
}

impl<'a> AnyModel<'a> {
    /// Checks a file and borrows it; takes the engine from the file.
    ///
    /// # Errors
    /// Those of `Model::from_bytes`.
    pub fn from_bytes(bytes: &'a [u8]) -> std::result::Result<Self, DecodeError> {
        match File::peek(bytes)?.kind {
            Kind::Int8 => Model::from_bytes(bytes).map(AnyModel::Int8),
            Kind::Float32 => Model::from_bytes(bytes).map(AnyModel::Float32),
        }
    }

    /// [`AnyModel::from_bytes`] with the path of the file in the error.
    ///
    /// # Errors
    /// Those of `Model::from_bytes`, as [`Error::Model`].
    pub fn open(bytes: &'a [u8], path: impl AsRef<Path>) -> Result<Self> {
        AnyModel::from_bytes(bytes).map_err(|problem| Error::Model {
            path: path.as_ref().to_owned(),
            problem: problem.to_string(),
        })
    }

    /// What the numbers are.
    pub fn kind(&self) -> Kind {
        match self {
            AnyModel::Int8(_) => Kind::Int8,
            AnyModel::Float32(_) => Kind::Float32,
        }
    }

    /// Capacity that a state needs at least.
    pub fn units(&self) -> usize {
        of_kind!(self, |model| model.units())
    }

    /// Bytes of a state with the least capacity that holds the model, on a core of 32 bits.
    pub fn state_bytes(&self) -> u64 {
        let units = self.units().max(2).next_power_of_two() as u64;
        if of_kind!(self, |model| model.steps_by_change()) {
            // h, c, sent, gate, and the sums of four gates and of one; sizes and thresholds
            return units * (4 * 2 + 5 * 4) + 12;
        }
        state_bytes(self.kind(), units, self.layer_count() as u64)
    }

    /// Layers.
    pub fn layer_count(&self) -> usize {
        of_kind!(self, |model| model.layer_count())
    }

    /// Hidden units of the last layer.
    pub fn hidden(&self) -> usize {
        of_kind!(self, |model| model.hidden())
    }

    /// Tokens that have an embedding row of their own; 0 if the model reads samples.
    pub fn vocabulary_size(&self) -> usize {
        of_kind!(self, |model| model.vocabulary_size())
    }

    /// Numbers of a sample; `None` if the model reads tokens.
    pub fn channels(&self) -> Option<usize> {
        of_kind!(self, |model| model.channels())
    }

    /// Logits of the head.
    pub fn logits(&self) -> usize {
        of_kind!(self, |model| model.logits())
    }

    /// What the model answers, and when.
    pub fn task(&self) -> Task {
        of_kind!(self, |model| model.task())
    }

    /// Names of the classes by label, or of the numbers of a regression.
    pub fn names(&self) -> Vec<&'a str> {
        of_kind!(self, |model| model.names().collect())
    }

    /// Name of a class, or of a number.
    pub fn class_name(&self, label: u8) -> Option<&'a str> {
        of_kind!(self, |model| model.class_name(label))
    }

    /// The words that the model knows; `None` if the file was packed without.
    pub fn vocabulary(&self) -> Option<Vocabulary<'a>> {
        of_kind!(self, |model| model.vocabulary())
    }

    /// The stored connections of a token's embedding row.
    pub fn embedding_row(&self, token: Token) -> EmbeddingRow<'a> {
        of_kind!(self, |model| model.embedding_row(token))
    }

    /// How many steps training saw of a document at most, counted from its end.
    pub fn max_tokens(&self) -> Option<u32> {
        of_kind!(self, |model| model.max_tokens())
    }

    /// All tokens of a text, by the runtime's own tokenizer; a text without words is one
    /// unknown word. Bytes that are not UTF-8 are read as the device reads them.
    ///
    /// # Errors
    /// The file was packed without words.
    pub fn encode(&self, text: impl AsRef<[u8]>) -> Result<Vec<Token>> {
        let vocabulary = self.vocabulary().ok_or_else(|| {
            let problem =
                "the model file knows no words, only tokens; export it from a run on text";
            Error::Options(problem.into())
        })?;
        let mut tokenizer = Tokenizer::new(vocabulary);
        let bytes = text.as_ref().iter();
        let mut tokens: Vec<Token> = bytes.filter_map(|&byte| tokenizer.push(byte)).collect();
        tokens.extend(tokenizer.finish());
        Ok(tokens)
    }

    /// Runs the reference sequences of the file; returns how many there are.
    ///
    /// # Errors
    /// The first difference from what the exporter computed.
    pub fn self_test(&self, state: &mut AnyState) -> std::result::Result<u8, SelfTestError> {
        of_kind!(state, self, |state, model| model.self_test(&mut **state))
    }
}

impl AnyState {
    /// A state at the beginning of a sequence.
    pub fn new(model: &AnyModel<'_>) -> Self {
        match model {
            AnyModel::Int8(model) => AnyState::Int8(boxed(model)),
            AnyModel::Float32(model) => AnyState::Float32(boxed(model)),
        }
    }

    /// Back to the beginning of a sequence.
    pub fn reset(&mut self) {
        match self {
            AnyState::Int8(state) => state.reset(),
            AnyState::Float32(state) => state.reset(),
        }
    }

    /// One step: the next token of the sequence.
    pub fn step(&mut self, model: &AnyModel<'_>, token: u16) {
        of_kind!(self, model, |state, model| state.step(model, token));
    }

    /// One step: the next raw sample of all channels.
    pub fn step_samples(&mut self, model: &AnyModel<'_>, samples: &[f32]) {
        of_kind!(self, model, |state, model| state
            .step_samples(model, samples));
    }

    /// A whole sequence from its beginning; a recording is raw.
    pub fn run<'s>(&mut self, model: &AnyModel<'_>, sequence: impl Into<Sequence<'s>>) -> Class {
        let sequence = sequence.into();
        of_kind!(self, model, |state, model| {
            state.reset();
            match sequence {
                Sequence::Tokens(tokens) => {
                    tokens.iter().for_each(|&token| state.step(model, token));
                }
                Sequence::Samples { .. } => sequence
                    .samples()
                    .for_each(|samples| state.step_samples(model, samples)),
            }
            state.classify(model)
        })
    }

    /// A whole sequence from its beginning, with a look at the state after every step.
    pub fn run_each<'s>(
        &mut self,
        model: &AnyModel<'_>,
        sequence: impl Into<Sequence<'s>>,
        after: impl FnMut(&AnyState),
    ) {
        self.reset();
        self.go_on(model, sequence, after);
    }

    /// The same from the state as it is.
    pub fn go_on<'s>(
        &mut self,
        model: &AnyModel<'_>,
        sequence: impl Into<Sequence<'s>>,
        mut after: impl FnMut(&AnyState),
    ) {
        let sequence = sequence.into();
        for &token in sequence.tokens() {
            self.step(model, token);
            after(self);
        }
        for samples in sequence.samples() {
            self.step_samples(model, samples);
            after(self);
        }
    }

    /// The numbers of a regression after the steps so far; none of a model of classes.
    pub fn values(&self, model: &AnyModel<'_>) -> Vec<f32> {
        of_kind!(self, model, |state, model| state.values(model).collect())
    }

    /// The class of the sequence so far.
    pub fn classify(&self, model: &AnyModel<'_>) -> Class {
        of_kind!(self, model, |state, model| state.classify(model))
    }

    /// The logits as real numbers.
    pub fn logits(&self, model: &AnyModel<'_>) -> Vec<f32> {
        of_kind!(self, model, |state, model| state
            .logits(model)
            .map(Logit::to_f32)
            .collect())
    }

    /// The bits of the logits, Q16 integers or f32, for comparisons to the last bit.
    pub fn logit_bits(&self, model: &AnyModel<'_>) -> Vec<u32> {
        of_kind!(self, model, |state, model| state
            .logits(model)
            .map(Logit::bits)
            .collect())
    }

    /// FNV-1a of `h` and `c`.
    pub fn digest(&self) -> u32 {
        match self {
            AnyState::Int8(state) => state.digest(),
            AnyState::Float32(state) => state.digest(),
        }
    }
}

/// What a model answers, and when, in words.
pub fn task_words(task: Task) -> &'static str {
    match (task.answer, task.moment) {
        (Answer::Class, Moment::End) => "a class at the end",
        (Answer::Class, Moment::EveryStep) => "a class after every step",
        (Answer::Values, Moment::End) => "numbers at the end",
        (Answer::Values, Moment::EveryStep) => "numbers after every step",
    }
}

/// `size_of::<State<_, N, L>>()` on a core of 32 bits: `h` and `c` of each layer, sum and gate
/// of one, 32 inputs with their number, the sizes of the layers and the number of the last.
pub fn state_bytes(kind: Kind, units: u64, layers: u64) -> u64 {
    let (value, input) = match kind {
        Kind::Int8 => (2, 4),
        Kind::Float32 => (4, 8),
    };
    let vectors = units * (2 * layers * value + value + 4);
    (vectors + 32 * input + 4 + 2 * layers + 1).next_multiple_of(4)
}

fn boxed<A: Arithmetic>(model: &Model<'_, A, MAX_LAYERS>) -> Box<State<A, CAPACITY, MAX_LAYERS>> {
    Box::new(State::new(model).expect("the format has no more units than this capacity"))
}

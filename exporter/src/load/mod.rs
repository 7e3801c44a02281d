//! Enters: a [`Corpus`]. Leaves: [`Training`], its documents as sequences and what codes
//! them. Next: `train` takes [`load_training`]'s, `evaluate` and `simulate` [`load_split`]'s.

pub mod lines;
pub mod series;
pub mod text;

use crate::dataset::{Corpus, Medium, Split};
use crate::error::{Error, Result};
use crate::normalization::Normalization;
use crate::output_scale::OutputScale;
use crate::sequences::SequenceSet;
use crate::vocabulary::{SIZE_MAX, Vocabulary};

/// How documents become sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadOptions {
    /// Texts: most tokens in the vocabulary, the unknown one included: 2 to 65,536.
    pub vocabulary: usize,
    /// How many steps are kept of a document, counted from its end: at least 1.
    pub max_tokens: usize,
    /// Which part of each class is held back for validation: 0 to less than 1.
    pub validation_fraction: f64,
}

impl Default for LoadOptions {
    fn default() -> Self {
        LoadOptions {
            vocabulary: 20_000,
            max_tokens: 400,
            validation_fraction: 0.1,
        }
    }
}

impl LoadOptions {
    /// Refuses options out of range.
    ///
    /// # Errors
    ///
    /// [`Error::Options`] that names the option and its range.
    pub fn check(&self) -> Result<()> {
        let problem = if !(2..=SIZE_MAX).contains(&self.vocabulary) {
            format!(
                "a vocabulary of {}; choose 2 to {SIZE_MAX} tokens",
                self.vocabulary
            )
        } else if self.max_tokens == 0 {
            "no tokens are kept of a document; choose 1 or more".to_owned()
        } else if !(0.0..1.0).contains(&self.validation_fraction) {
            let fraction = self.validation_fraction;
            format!("a validation fraction of {fraction}; choose 0 or more and less than 1")
        } else {
            return Ok(());
        };
        Err(Error::Options(problem))
    }
}

/// What turns documents into sequences: found in the training part, kept with the model.
#[derive(Debug, Clone, PartialEq)]
pub enum InputCode {
    /// The words of texts.
    Words(Vocabulary),
    /// The statistics of recordings.
    Samples(Normalization),
    /// Tokens that nobody gave words: of a model that was trained elsewhere.
    Tokens {
        /// How many there are.
        size: usize,
    },
}

impl InputCode {
    /// Rows of the embedding that it needs: none for recordings.
    pub fn vocabulary_size(&self) -> usize {
        match self {
            InputCode::Words(words) => words.size(),
            InputCode::Samples(_) => 0,
            InputCode::Tokens { size } => *size,
        }
    }

    /// Channels of recordings.
    pub fn channels(&self) -> Option<usize> {
        match self {
            InputCode::Words(_) | InputCode::Tokens { .. } => None,
            InputCode::Samples(statistics) => Some(statistics.channels()),
        }
    }

    /// The words of texts.
    pub fn words(&self) -> Option<&Vocabulary> {
        match self {
            InputCode::Words(words) => Some(words),
            InputCode::Samples(_) | InputCode::Tokens { .. } => None,
        }
    }

    /// The statistics of recordings.
    pub fn statistics(&self) -> Option<&Normalization> {
        match self {
            InputCode::Words(_) | InputCode::Tokens { .. } => None,
            InputCode::Samples(statistics) => Some(statistics),
        }
    }
}

/// The training part of a corpus as sequences.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// Found in `train`; nothing of `validation` was counted.
    pub code: InputCode,
    /// Names of the classes; a label is an index into them. None of a regression.
    pub classes: Vec<String>,
    /// Names of the numbers of a regression; none of classes.
    pub output_names: Vec<String>, // [outputs]
    /// In which units `train` and `validation` have those numbers, found in `train`; `None` of
    /// classes.
    pub outputs: Option<OutputScale>,
    /// What is trained on, class by class if there are classes. Its samples and its numbers are
    /// in the units of training.
    pub train: SequenceSet,
    /// What chooses the epoch, in the same units: the last part of each class, or of all where
    /// a document as a whole has no class.
    pub validation: SequenceSet,
}

/// Reads the training split and divides it.
///
/// Validation is the end of each class, because documents that stand side by side often
/// belong together (reviews of one film do, in IMDB) and a random choice would put such
/// neighbours on both sides and flatter the model; a corpus without such an order comes
/// shuffled. Documents of one group stay together. The same corpus gives the same result
/// from every source, folder or archive.
///
/// # Errors
///
/// [`Error::Options`] of [`LoadOptions::check`], and what [`Corpus::for_each`] returns.
pub fn load_training(corpus: &dyn Corpus, options: &LoadOptions) -> Result<Training> {
    options.check()?;
    match corpus.medium() {
        Medium::Text => text::load_training(corpus, options),
        Medium::Series { channels } => series::load_training(corpus, channels, options),
    }
}

/// Reads the training split and divides it, as [`load_training`] does, by a code that is
/// known already: that of a model which is to be trained on.
///
/// # Errors
///
/// Those of [`load_training`], and [`Error::Options`] if the corpus is of another medium or
/// of other channels.
pub fn load_training_coded(
    corpus: &dyn Corpus,
    options: &LoadOptions,
    code: &InputCode,
) -> Result<Training> {
    options.check()?;
    match (code, corpus.medium()) {
        (InputCode::Words(words), Medium::Text) => {
            text::load_training_coded(corpus, options, words)
        }
        (InputCode::Samples(statistics), Medium::Series { channels })
            if channels == statistics.channels() =>
        {
            series::load_training_coded(corpus, options, statistics)
        }
        (code, found) => Err(other_medium(code, found)),
    }
}

/// Reads one split, coded as training coded it, but the numbers of a regression, which stay in
/// the units of the data: a model's answers are compared in these. `max_steps` are kept of a
/// document, counted from its end.
///
/// # Errors
///
/// What [`Corpus::for_each`] returns, and [`Error::Options`] if the corpus is of another
/// medium or of other channels.
pub fn load_split(
    corpus: &dyn Corpus,
    split: Split,
    max_steps: usize,
    code: &InputCode,
) -> Result<SequenceSet> {
    match (code, corpus.medium()) {
        (InputCode::Words(words), Medium::Text) => {
            text::load_split(corpus, split, max_steps, |word| words.token(word))
        }
        (InputCode::Samples(statistics), Medium::Series { channels })
            if channels == statistics.channels() =>
        {
            let raw = series::load_split(corpus, split, max_steps, channels)?;
            Ok(statistics.apply(&raw))
        }
        (code, found) => Err(other_medium(code, found)),
    }
}

/// A training of two parts whose numbers are still in the units of the data.
pub(crate) fn scaled(
    corpus: &dyn Corpus,
    code: InputCode,
    train: SequenceSet,
    validation: SequenceSet,
) -> Training {
    let outputs = OutputScale::of(&train);
    let in_units = |set: SequenceSet| match &outputs {
        Some(scale) => scale.apply(&set),
        None => set,
    };
    Training {
        train: in_units(train),
        validation: in_units(validation),
        code,
        classes: corpus.classes(),
        output_names: corpus.outputs(),
        outputs,
    }
}

fn other_medium(code: &InputCode, found: Medium) -> Error {
    let wanted = match code {
        InputCode::Tokens { .. } => {
            let problem = "the model knows no words, only tokens; import it again with --words";
            return Error::Options(problem.into());
        }
        InputCode::Words(_) => Medium::Text,
        InputCode::Samples(statistics) => Medium::Series {
            channels: statistics.channels(),
        },
    };
    Error::Options(format!(
        "the model reads {wanted} and the data is {found}; name the data that it was trained on"
    ))
}

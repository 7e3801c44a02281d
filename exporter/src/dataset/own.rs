//! Enters: texts, tokens or recordings of one's own, pushed one by one or from an iterator, each
//! with what it is to be answered with. Leaves: [`OwnData`], divided as any other data set.
//! Next: [`OwnData::training`] is for `train::fit`, [`OwnData::test`] for `evaluate`.

mod check;
mod steps;

use set_lstm_runtime::wire::{Answer, Moment, Task};

use super::divided::{Division, divide, fingerprint};
use super::split::{Member, last_of_each_class};
use super::{Content, Corpus, Document, MOST_CLASSES, Medium, Split};
use crate::error::{Error, Result};
use crate::fnv;
use crate::load::{InputCode, LoadOptions, Training, load_split, load_training, scaled};
use crate::sequences::{SequenceSet, Token};
use crate::target::{KeptTarget, Target};

pub use steps::{KeepsSteps, Steps};

/// The same with their own memory.
#[derive(Debug, Clone, PartialEq)]
enum KeptSteps {
    Text(String),
    Tokens(Vec<Token>),
    Samples(Vec<f32>),
}

#[derive(Debug, Clone, PartialEq)]
struct Kept {
    steps: KeptSteps,
    target: KeptTarget,
    group: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Texts,
    Tokens { size: usize },
    Samples { channels: usize },
}

/// A data set of one's own, in memory.
///
/// From an iterator to a packed model, and to the answer of the very code that a device runs:
///
/// ```
/// use set_lstm::dataset::own::OwnData;
/// use set_lstm::device::AlignedBytes;
/// use set_lstm::pack::Values;
/// use set_lstm::train::{fit::fit, options::TrainOptions, preset::Preset};
/// use set_lstm_runtime::{Int8, Model, State};
///
/// // recordings of one channel: a slow wave or a fast one, at any place of it
/// let wave = |pace: f32, begin: u8| -> Vec<f32> {
///     (0..40).map(|step| (pace * step as f32 + f32::from(begin)).sin()).collect()
/// };
/// let mut data = OwnData::of_samples(1).classes(["slow", "fast"]);
/// data.extend((0..120).map(|k| (wave([0.3, 0.6][usize::from(k % 2)], k), k % 2)))?;
///
/// let options = TrainOptions {
///     hidden_size: 12,
///     epochs: 20,
///     ..Preset::Series.options()
/// };
/// let training = data.training(&options.load_options())?;
/// let fitted = fit(&options, &training, 1)?;
/// let bytes: AlignedBytes = fitted.pack(Values::Int8 { embedding_bits: 8 })?.into();
///
/// // on the device the same three lines, with the bytes in flash
/// let model = Model::<Int8>::from_bytes(&bytes).expect("it has just been packed");
/// let mut state = State::<Int8, 16>::new(&model).expect("there is room");
/// wave(0.6, 200).iter().for_each(|&x| state.step_samples(&model, &[x]));
/// assert_eq!(model.class_name(state.classify(&model).label), Some("fast"));
/// # Ok::<(), set_lstm::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OwnData {
    kind: Kind,
    task: Task,
    classes: Vec<String>,
    outputs: Vec<String>,
    division: Division,
    documents: Vec<Kept>,
}

impl OwnData {
    /// Texts, whose words make the vocabulary. Name classes or numbers next.
    pub fn of_texts() -> OwnData {
        OwnData::new(Kind::Texts)
    }

    /// Tokens below `size`. The model file reads tokens then, and no words.
    pub fn of_tokens(size: usize) -> OwnData {
        OwnData::new(Kind::Tokens { size })
    }

    /// Recordings of so many channels, at least one.
    pub fn of_samples(channels: usize) -> OwnData {
        OwnData::new(Kind::Samples { channels })
    }

    fn new(kind: Kind) -> OwnData {
        OwnData {
            kind,
            task: Task::CLASSIFICATION,
            classes: Vec::new(),
            outputs: Vec::new(),
            division: Division::default(),
            documents: Vec::new(),
        }
    }

    /// The answers are these classes, 2 to 255; a [`Target`] holds an index.
    #[must_use]
    pub fn classes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> OwnData {
        self.task.answer = Answer::Class;
        self.classes = names.into_iter().map(Into::into).collect();
        self
    }

    /// The answers are these numbers, in any units.
    #[must_use]
    pub fn numbers(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> OwnData {
        self.task.answer = Answer::Values;
        self.outputs = names.into_iter().map(Into::into).collect();
        self
    }

    /// There is an answer after every step, not only after the last one.
    #[must_use]
    pub fn every_step(mut self) -> OwnData {
        self.task.moment = Moment::EveryStep;
        self
    }

    /// How much is for the test, and the seed by which that is chosen; a fifth if not named.
    #[must_use]
    pub fn division(mut self, division: Division) -> OwnData {
        self.division = division;
        self
    }

    /// Adds a document. Equal documents are a group: they are never divided.
    ///
    /// # Errors
    /// [`Error::Options`]: no steps, steps or a target of another kind than was named, numbers
    /// that are not finite, a class or a token that there is not.
    pub fn push<'a>(
        &mut self,
        steps: impl Into<Steps<'a>>,
        target: impl Into<Target<'a>>,
    ) -> Result<()> {
        let steps = steps.into();
        let group = match steps {
            Steps::Text(text) => fingerprint(Content::Text(text)),
            Steps::Samples(samples) => fingerprint(Content::Series(samples)),
            Steps::Tokens(tokens) => tokens
                .iter()
                .fold(fnv::START, |hash, &token| fnv::add(hash, token.into())),
        };
        self.add(group, steps, target.into())
    }

    /// Adds a document of a group, such as a person, which is never divided.
    ///
    /// # Errors
    /// As of [`OwnData::push`].
    pub fn push_of<'a>(
        &mut self,
        group: &str,
        steps: impl Into<Steps<'a>>,
        target: impl Into<Target<'a>>,
    ) -> Result<()> {
        let group = fnv::add_bytes(fnv::START, group.as_bytes());
        self.add(group, steps.into(), target.into())
    }

    /// Adds documents with a class each.
    ///
    /// # Errors
    /// As of [`OwnData::push`].
    pub fn extend<S>(&mut self, documents: impl IntoIterator<Item = (S, u8)>) -> Result<()>
    where
        S: KeepsSteps,
    {
        let mut documents = documents.into_iter();
        documents.try_for_each(|(steps, class)| self.push(steps.steps(), class))
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    fn add(&mut self, group: u64, steps: Steps<'_>, target: Target<'_>) -> Result<()> {
        let number = self.documents.len();
        let refuse = |problem| Error::Options(format!("document {number}: {problem}"));
        let count = self.check_steps(steps).map_err(refuse)?;
        self.check_target(count, target).map_err(refuse)?;
        self.documents.push(Kept {
            steps: match steps {
                Steps::Text(text) => KeptSteps::Text(text.to_owned()),
                Steps::Tokens(tokens) => KeptSteps::Tokens(tokens.to_vec()),
                Steps::Samples(samples) => KeptSteps::Samples(samples.to_vec()),
            },
            target: target.into(),
            group,
        });
        Ok(())
    }

    fn check(&self) -> Result<()> {
        self.division.check()?;
        let problem = match self.task.answer {
            Answer::Class if !(2..=MOST_CLASSES).contains(&self.classes.len()) => {
                format!("{} classes; name 2 to {MOST_CLASSES}", self.classes.len())
            }
            Answer::Values if self.outputs.is_empty() => "no numbers; name one or more".to_owned(),
            _ => return Ok(()),
        };
        Err(Error::Options(problem))
    }

    /// What is trained on and what chooses the epoch: all but the test part, coded.
    ///
    /// # Errors
    /// Classes or numbers that are not named, and what [`load_training`] returns.
    pub fn training(&self, options: &LoadOptions) -> Result<Training> {
        self.check()?;
        let Kind::Tokens { size } = self.kind else {
            return load_training(self, options);
        };
        options.check()?;
        let places = self.places(Split::Train);
        let members: Vec<Member> = places.iter().map(|place| place.member).collect();
        let held_back = last_of_each_class(&members, options.validation_fraction);
        let part = |wanted| {
            let chosen = places.iter().zip(&held_back);
            let chosen = chosen.filter(|(_, held)| **held == wanted);
            self.tokens(chosen.map(|(place, _)| place.index), options.max_tokens)
        };
        let code = InputCode::Tokens { size };
        Ok(scaled(self, code, part(false), part(true)))
    }

    /// The test part, coded as training was; numbers of its targets are in their own units.
    ///
    /// # Errors
    /// The code is of another medium.
    pub fn test(&self, code: &InputCode, max_steps: usize) -> Result<SequenceSet> {
        match (self.kind, code) {
            (Kind::Tokens { .. }, InputCode::Tokens { .. }) => {
                let places = self.places(Split::Test);
                Ok(self.tokens(places.iter().map(|place| place.index), max_steps))
            }
            _ => load_split(self, Split::Test, max_steps, code),
        }
    }

    fn tokens(&self, documents: impl Iterator<Item = usize>, max_steps: usize) -> SequenceSet {
        let mut set = SequenceSet::of_tokens().answering(self.task, self.outputs.len());
        for document in documents.map(|index| &self.documents[index]) {
            if let KeptSteps::Tokens(tokens) = &document.steps {
                let kept = tokens.len().min(max_steps);
                let target = document.target.target().of_last(kept, tokens.len());
                set.push(tokens[tokens.len() - kept..].iter().copied(), target);
            }
        }
        set
    }

    /// The documents of one part, by class and order.
    fn places(&self, split: Split) -> Vec<Placed> {
        let member = |kept: &Kept| Member {
            label: Member::label_of(kept.target.target()),
            group: kept.group,
        };
        let members: Vec<Member> = self.documents.iter().map(member).collect();
        let Division {
            test_fraction,
            seed,
        } = self.division;
        let places = divide(&members, test_fraction, seed);
        let placed = places.into_iter().enumerate().map(|(index, place)| Placed {
            index,
            member: place.member,
            order: place.order,
            is_test: place.is_test,
        });
        let of_part = |place: &Placed| place.is_test == (split == Split::Test);
        let mut of_part: Vec<Placed> = placed.filter(of_part).collect();
        of_part.sort_by_key(|place| (place.member.label, place.order));
        of_part
    }
}

/// A document and its place.
struct Placed {
    index: usize,
    member: Member,
    order: u64,
    is_test: bool,
}

impl Corpus for OwnData {
    fn classes(&self) -> Vec<String> {
        match self.task.answer {
            Answer::Class => self.classes.clone(),
            Answer::Values => Vec::new(),
        }
    }

    fn task(&self) -> Task {
        self.task
    }

    fn outputs(&self) -> Vec<String> {
        match self.task.answer {
            Answer::Class => Vec::new(),
            Answer::Values => self.outputs.clone(),
        }
    }

    fn medium(&self) -> Medium {
        match self.kind {
            Kind::Samples { channels } => Medium::Series { channels },
            Kind::Texts | Kind::Tokens { .. } => Medium::Text,
        }
    }

    fn for_each(
        &self,
        split: Split,
        visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
    ) -> Result<()> {
        self.places(split).into_iter().try_for_each(|place| {
            let kept = &self.documents[place.index];
            let content = match &kept.steps {
                KeptSteps::Text(text) => Content::Text(text),
                KeptSteps::Samples(samples) => Content::Series(samples),
                KeptSteps::Tokens(_) => {
                    let problem = "tokens are no documents of a corpus; load them by OwnData";
                    return Err(Error::Options(problem.into()));
                }
            };
            visit(Document {
                target: kept.target.target(),
                order: place.order,
                group: kept.group,
                content,
            })
        })
    }
}

#[cfg(test)]
mod tests;

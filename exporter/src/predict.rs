//! Enters: a text or a recording, and a model. Leaves: its class and score, or its numbers. Next:
//! the command line prints them.

use std::fmt;

use serde::Serialize;
use set_lstm_runtime::{Answer, Moment};

use crate::device::{AlignedBytes, AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::load::InputCode;
use crate::model_file::ModelCard;
use crate::pack::plain;
use crate::run::Run;
use crate::sequences::{Sequence, SequenceSet};
use crate::train::engine::Engine;
use crate::train::loss::predicted;
use crate::train::parameters::Parameters;

/// What a model says about a text or a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The answer, or those after every step.
    #[serde(flatten)]
    pub answer: Answered,
    /// Tokens or samples that were run.
    pub tokens: usize,
    /// The text, bytes that are not UTF-8 replaced; of a recording where it was read.
    pub text: String,
}

/// The answers to a sequence, as many as count.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answered {
    /// After the last step.
    Once(StepAnswer),
    /// After every step.
    EveryStep {
        /// The first step's first.
        steps: Vec<StepAnswer>,
    },
}

/// What a model says after a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum StepAnswer {
    /// A class.
    Class {
        /// Its name.
        class: String,
        /// Its number.
        label: u8,
        /// Lead of its logit over the next best; log-odds with two classes.
        score: f32,
    },
    /// The numbers of a regression.
    Values {
        /// In the order of the model.
        values: Vec<NamedValue>,
    },
}

/// A number of a regression.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedValue {
    /// Its name.
    pub name: String,
    /// In the units of the data that the model was trained on.
    pub value: f32,
}

impl Answered {
    /// All answers, the first step's first.
    pub fn steps(&self) -> &[StepAnswer] {
        match self {
            Answered::Once(answer) => std::slice::from_ref(answer),
            Answered::EveryStep { steps } => steps,
        }
    }
}

impl fmt::Display for StepAnswer {
    /// Class and score, or names and numbers, with tabs between.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepAnswer::Class { class, score, .. } => write!(out, "{class}\t{score:.3}"),
            StepAnswer::Values { values } => {
                for (index, NamedValue { name, value }) in values.iter().enumerate() {
                    let tab = if index == 0 { "" } else { "\t" };
                    write!(out, "{tab}{name}={value}")?;
                }
                Ok(())
            }
        }
    }
}

/// A model that can be asked.
#[derive(Debug)]
pub enum Predictor<'m> {
    /// A trained model, run in f32 on the last tokens of a text, as it was trained.
    OfRun {
        /// What is known about the model.
        card: ModelCard,
        /// Its words, or the statistics of its channels.
        code: InputCode,
        /// Its weights and the kernels.
        engine: Box<Engine>,
    },
    /// A trained model that the kernels do not answer for, a stack of layers or one that answers
    /// otherwise than by a class at the end: run in f32 by the runtime, otherwise as that is.
    OfFloats {
        /// What is known about the model.
        card: ModelCard,
        /// Its words, or the statistics of its channels.
        code: InputCode,
        /// Its weights, for samples that are normalised already.
        file: AlignedBytes,
    },
    /// A model file, run by the runtime on all tokens of a text, as on a device.
    OfFile {
        /// The model.
        model: Box<AnyModel<'m>>,
        /// Its state.
        state: AnyState,
    },
}

impl Predictor<'_> {
    /// The model of a run.
    ///
    /// # Errors
    /// The run has no model yet, or a file of it cannot be read.
    pub fn of_run(run: &Run) -> Result<Self> {
        let (card, model) = run.model()?;
        let code = run.code_of(&card, &model)?;
        if !model.upper.is_empty() || !card.task.is_classification() {
            if !card.pooling.is_last() {
                let problem = "the run pools its states, which only a class at the end may; train it with --pooling last";
                return Err(Error::Options(problem.into()));
            }
            let file = plain(&model, &card)?;
            return Ok(Predictor::OfFloats { card, code, file });
        }
        let engine = Engine::new(Parameters::from_model(&model), 1, 1).with_pooling(card.pooling);
        let engine = Box::new(engine);
        Ok(Predictor::OfRun { card, code, engine })
    }

    /// Numbers of a sample; `None` if the model reads texts.
    pub fn channels(&self) -> Option<usize> {
        match self {
            Predictor::OfRun { code, .. } | Predictor::OfFloats { code, .. } => code.channels(),
            Predictor::OfFile { model, .. } => model.channels(),
        }
    }

    /// Classifies a text.
    ///
    /// # Errors
    /// The model file knows no words.
    pub fn predict(&mut self, text: &[u8]) -> Result<Prediction> {
        let shown = String::from_utf8_lossy(text).into_owned();
        let tokens = match self {
            Predictor::OfRun { card, code, .. } | Predictor::OfFloats { card, code, .. } => {
                match code {
                    InputCode::Words(words) => words.encode(&shown, card.max_tokens),
                    InputCode::Tokens { .. } => {
                        let problem =
                            "the model knows no words, only tokens; import it again with --words";
                        return Err(Error::Options(problem.into()));
                    }
                    InputCode::Samples(_) => {
                        let problem = "the model reads recordings; give files of numbers";
                        return Err(Error::Options(problem.into()));
                    }
                }
            }
            Predictor::OfFile { model, .. } => model.encode(text)?,
        };
        self.ask(Sequence::Tokens(&tokens), shown)
    }

    /// Classifies a recording, raw samples of all channels step by step; `name` says where it
    /// was read.
    ///
    /// # Errors
    /// The model reads texts, or samples of other channels.
    pub fn predict_recording(&mut self, values: &[f32], name: String) -> Result<Prediction> {
        let Some(channels) = self.channels().filter(|n| values.len().is_multiple_of(*n)) else {
            let problem =
                "the model does not read recordings of such samples; give what it was trained on";
            return Err(Error::Options(problem.into()));
        };
        let kept = match self {
            Predictor::OfRun { card, .. } | Predictor::OfFloats { card, .. } => {
                card.max_tokens.saturating_mul(channels)
            }
            Predictor::OfFile { .. } => usize::MAX,
        };
        let values = &values[values.len().saturating_sub(kept)..];
        self.ask(Sequence::Samples { values, channels }, name)
    }

    fn ask(&mut self, sequence: Sequence<'_>, text: String) -> Result<Prediction> {
        let answer = match self {
            Predictor::OfRun { card, code, engine } => {
                let logits = engine.infer(&as_trained(code, sequence));
                let label = predicted(&logits);
                let class = card.classes.get(usize::from(label)).cloned();
                Answered::Once(StepAnswer::Class {
                    class: named(class, label)?,
                    label,
                    score: lead(&logits, label),
                })
            }
            Predictor::OfFloats { code, file, .. } => {
                let model = AnyModel::open(file, "the model in f32")?;
                let set = as_trained(code, sequence);
                answered(&model, &mut AnyState::new(&model), set.sequence(0))?
            }
            Predictor::OfFile { model, state } => answered(model, state, sequence)?,
        };
        Ok(Prediction {
            answer,
            tokens: sequence.len(),
            text,
        })
    }
}

/// All answers of a model to a sequence.
fn answered(
    model: &AnyModel<'_>,
    state: &mut AnyState,
    sequence: Sequence<'_>,
) -> Result<Answered> {
    match model.task().moment {
        Moment::End => {
            state.run(model, sequence);
            step_answer(model, state).map(Answered::Once)
        }
        Moment::EveryStep => {
            let mut steps = Vec::with_capacity(sequence.len());
            state.run_each(model, sequence, |state| {
                steps.push(step_answer(model, state))
            });
            let steps = steps.into_iter().collect::<Result<_>>()?;
            Ok(Answered::EveryStep { steps })
        }
    }
}

fn step_answer(model: &AnyModel<'_>, state: &AnyState) -> Result<StepAnswer> {
    Ok(match model.task().answer {
        Answer::Class => {
            let answer = state.classify(model);
            let class = model.class_name(answer.label).map(str::to_owned);
            StepAnswer::Class {
                class: named(class, answer.label)?,
                label: answer.label,
                score: answer.score,
            }
        }
        Answer::Values => {
            let values = model.names().into_iter().zip(state.values(model));
            let values = values.map(|(name, value)| NamedValue {
                name: name.to_owned(),
                value,
            });
            StepAnswer::Values {
                values: values.collect(),
            }
        }
    })
}

fn named(class: Option<String>, label: u8) -> Result<String> {
    class.ok_or_else(|| {
        Error::Options(format!(
            "class {label} has no name; export or train the model again"
        ))
    })
}

/// A set of the one sequence, in the units of training.
fn as_trained(code: &InputCode, sequence: Sequence<'_>) -> SequenceSet {
    let set = SequenceSet::of_one(sequence, 0);
    match code {
        InputCode::Words(_) | InputCode::Tokens { .. } => set,
        InputCode::Samples(statistics) => statistics.apply(&set),
    }
}

/// By how much the logit of a label leads the next best.
fn lead(logits: &[f32], label: u8) -> f32 {
    if let [logit] = logits {
        return logit.abs();
    }
    let others = logits
        .iter()
        .enumerate()
        .filter(|&(k, _)| k != usize::from(label));
    let next = others
        .map(|(_, &logit)| logit)
        .fold(f32::NEG_INFINITY, f32::max);
    logits
        .get(usize::from(label))
        .map_or(0.0, |best| best - next)
}

//! Enters: a text or a recording, and a model. Leaves: its class and score. Next: the command line prints
//! them.

use serde::Serialize;

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
    /// Name of the class.
    pub class: String,
    /// Its number.
    pub label: u8,
    /// Lead of its logit over the next best; log-odds with two classes.
    pub score: f32,
    /// Tokens or samples that were run.
    pub tokens: usize,
    /// The text, bytes that are not UTF-8 replaced; of a recording where it was read.
    pub text: String,
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
    /// A stack of layers of a run, run in f32 by the runtime, otherwise as one layer is.
    OfStack {
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
        if !model.upper.is_empty() {
            let file = plain(&model, 1.0)?;
            return Ok(Predictor::OfStack { card, code, file });
        }
        let engine = Engine::new(Parameters::from_model(&model), 1, 1).with_pooling(card.pooling);
        let engine = Box::new(engine);
        Ok(Predictor::OfRun { card, code, engine })
    }

    /// Numbers of a sample; `None` if the model reads texts.
    pub fn channels(&self) -> Option<usize> {
        match self {
            Predictor::OfRun { code, .. } | Predictor::OfStack { code, .. } => code.channels(),
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
            Predictor::OfRun { card, code, .. } | Predictor::OfStack { card, code, .. } => {
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
            Predictor::OfRun { card, .. } | Predictor::OfStack { card, .. } => {
                card.max_tokens.saturating_mul(channels)
            }
            Predictor::OfFile { .. } => usize::MAX,
        };
        let values = &values[values.len().saturating_sub(kept)..];
        self.ask(Sequence::Samples { values, channels }, name)
    }

    fn ask(&mut self, sequence: Sequence<'_>, text: String) -> Result<Prediction> {
        let (class, label, score) = match self {
            Predictor::OfRun { card, code, engine } => {
                let logits = engine.infer(&as_trained(code, sequence));
                let label = predicted(&logits);
                let class = card.classes.get(usize::from(label)).cloned();
                (class, label, lead(&logits, label))
            }
            Predictor::OfStack { card, code, file } => {
                let model = AnyModel::open(file, "the stack in f32")?;
                let set = as_trained(code, sequence);
                let answer = AnyState::new(&model).run(&model, set.sequence(0));
                let class = card.classes.get(usize::from(answer.label)).cloned();
                (class, answer.label, answer.score)
            }
            Predictor::OfFile { model, state } => {
                let answer = state.run(model, sequence);
                let class = model.class_name(answer.label).map(str::to_owned);
                (class, answer.label, answer.score)
            }
        };
        let tokens = sequence.len();
        let class = class.ok_or_else(|| {
            Error::Options(format!(
                "class {label} has no name; export or train the model again"
            ))
        })?;
        Ok(Prediction {
            class,
            label,
            score,
            tokens,
            text,
        })
    }
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

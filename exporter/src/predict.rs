//! Enters: a text and a model. Leaves: its class and score. Next: the command line prints
//! them.

use serde::Serialize;

use crate::device::{AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::model_file::ModelCard;
use crate::run::Run;
use crate::sequences::SequenceSet;
use crate::train::engine::Engine;
use crate::train::loss::predicted;
use crate::train::parameters::Parameters;
use crate::vocabulary::Vocabulary;

/// What a model says about a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// Name of the class.
    pub class: String,
    /// Its number.
    pub label: u8,
    /// Lead of its logit over the next best; log-odds with two classes.
    pub score: f32,
    /// Tokens that were run.
    pub tokens: usize,
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// A model that can be asked.
#[derive(Debug)]
pub enum Predictor<'m> {
    /// A trained model, run in f32 on the last tokens of a text, as it was trained.
    OfRun {
        /// What is known about the model.
        card: ModelCard,
        /// Its words.
        vocabulary: Vocabulary,
        /// Its weights and the kernels.
        engine: Box<Engine>,
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
        let vocabulary = run.vocabulary_of(&model)?;
        let engine = Engine::new(Parameters::from_model(&model), 1, 1).with_pooling(card.pooling);
        let engine = Box::new(engine);
        Ok(Predictor::OfRun {
            card,
            vocabulary,
            engine,
        })
    }

    /// Classifies a text.
    ///
    /// # Errors
    /// The model file knows no words.
    pub fn predict(&mut self, text: &[u8]) -> Result<Prediction> {
        let text = String::from_utf8_lossy(text).into_owned();
        let (class, label, score, tokens) = match self {
            Predictor::OfRun {
                card,
                vocabulary,
                engine,
            } => {
                let mut set = SequenceSet::of_tokens();
                set.push(vocabulary.encode(&text, card.max_tokens), 0);
                let logits = engine.infer(&set);
                let label = predicted(&logits);
                let class = card.classes.get(usize::from(label)).cloned();
                (class, label, lead(&logits, label), set.step_count())
            }
            Predictor::OfFile { model, state } => {
                let tokens = model.encode(&text)?;
                let answer = state.run(model, &tokens);
                let class = model.class_name(answer.label).map(str::to_owned);
                (class, answer.label, answer.score, tokens.len())
            }
        };
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

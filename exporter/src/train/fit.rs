//! Enters: options and a [`Training`]. Leaves: [`Fitted`], the model of the best epoch with all
//! that packing wants, without a run folder. Next: [`Fitted::pack`] writes the file of a device.

use super::checkpoint::{Checkpoint, Position};
use super::options::TrainOptions;
use super::trainer::{Trainer, Watch};
use crate::error::{Error, Result};
use crate::load::{InputCode, Training};
use crate::model_file::ModelCard;
use crate::pack::{PackOptions, Values, pack};
use crate::report::metrics::EpochMetrics;
use crate::report::score::Score;
use crate::sparse_model::SparseModel;
use set_lstm_runtime::wire::Answer;

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// What it is, beside its weights.
    pub card: ModelCard,
    /// The model of the best epoch.
    pub model: SparseModel,
    /// What codes its inputs.
    pub code: InputCode,
    /// Figures of all epochs.
    pub metrics: Vec<EpochMetrics>,
    /// Seed of the training.
    pub seed: u64,
}

/// Trains in memory, from the first epoch to the last, and keeps the best. The same options and
/// data give the same model, whatever the number of threads.
///
/// # Errors
/// What [`Trainer::new`] and [`Trainer::run`] return.
pub fn fit(options: &TrainOptions, data: &Training, threads: usize) -> Result<Fitted> {
    let mut trainer = Trainer::new(options.clone(), data, threads)?;
    let mut best = Best::default();
    trainer.run(&mut best)?;
    let metrics = trainer.position().metrics.clone();
    let model = best.model.ok_or_else(|| {
        let problem = "no epoch was better than none; train with a lower learning rate";
        Error::Options(problem.into())
    })?;
    let mut card = card_of(options, data);
    if let Some(best) = metrics.iter().find(|epoch| epoch.epoch == best.epoch) {
        (card.epoch, card.score) = (best.epoch, best.score);
    }
    Ok(Fitted {
        card,
        model,
        code: data.code.clone(),
        metrics,
        seed: options.seed,
    })
}

/// What is known of a model before it is trained.
pub fn card_of(options: &TrainOptions, data: &Training) -> ModelCard {
    ModelCard {
        format: ModelCard::FORMAT,
        classes: match data.train.task().answer {
            Answer::Class => data.classes.clone(),
            Answer::Values => data.output_names.clone(),
        },
        max_tokens: most_steps(options, data),
        only_tokens: matches!(data.code, InputCode::Tokens { .. }),
        statistics: data.code.statistics().cloned(),
        pooling: options.pooling,
        task: data.train.task(),
        outputs: data.outputs.clone(),
        epoch: 0,
        score: Score::Accuracy(0.0),
    }
}

/// Steps that a sequence has at most. Windows of one length are what a device asks the model
/// about, so that this is their length.
fn most_steps(options: &TrainOptions, data: &Training) -> usize {
    let window = data
        .train
        .channels()
        .and_then(|_| data.train.common_length());
    window.unwrap_or(options.max_tokens).min(options.max_tokens)
}

/// Keeps the best model.
#[derive(Debug, Default)]
struct Best {
    model: Option<SparseModel>,
    epoch: u32,
}

impl Watch for Best {
    fn step(&mut self, _position: &Position, _learning_rate: f32) {}

    fn epoch(&mut self, _metrics: &EpochMetrics) {}

    fn is_interrupted(&self) -> bool {
        false
    }

    fn save(&mut self, checkpoint: &Checkpoint, best: Option<&SparseModel>) -> Result<()> {
        if let Some(best) = best {
            self.model = Some(best.clone());
            self.epoch = checkpoint.position.epoch;
        }
        Ok(())
    }
}

impl Fitted {
    /// The bytes of the model file, with its words or statistics and the names of its answers.
    ///
    /// # Errors
    /// What [`pack`] returns: a model that the format does not hold.
    pub fn pack(&self, values: Values) -> Result<Vec<u8>> {
        pack(
            &self.model,
            &PackOptions {
                values,
                task: self.card.task,
                classes: self.card.classes.clone(),
                outputs: self.card.outputs.as_ref(),
                vocabulary: self.code.words(),
                statistics: self.code.statistics(),
                max_tokens: u32::try_from(self.card.max_tokens).unwrap_or(0),
                seed: self.seed,
            },
        )
    }
}

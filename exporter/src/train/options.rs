//! Enters: the options of a preset with those that a file or a person has changed.
//! Leaves: [`TrainOptions`], complete and checked. Next: `trainer`.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use set_lstm_runtime::wire::{Answer, Task};

use super::augmentation::Augmentation;
use super::dense::FULL;
use super::evolve::{Evolution, Removal, RemovalScope};
use super::growth::{Growth, GrowthKind};
use super::optimizer::Rule;
use super::parameters::{Densities, InitialScale, Shape};
use super::pooling::Pooling;
use super::preset::Preset;
use super::topology::Density;
use crate::dataset::CorpusOptions;
use crate::error::{Error, Result};
use crate::load::{InputCode, LoadOptions};

mod data;

pub use data::{DataOptions, DataOverrides};

/// What the connections do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum TopologyKind {
    /// Sparse from the start, and evolving after every epoch but the last.
    #[default]
    Set,
    /// Sparse from the start, and never moving.
    Static,
    /// All connections: the fully connected counterpart.
    Dense,
}

/// How the moving fraction ζ changes over the epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ZetaSchedule {
    /// It stays.
    #[default]
    Constant,
    /// It falls to 0 in half a cosine, so that the last epochs refine what was found
    /// (Dettmers and Zettlemoyer 2019).
    Cosine,
}

/// Which optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Adam (Kingma and Ba 2015).
    #[default]
    Adam,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// Everything that decides a training run, beside the data. The same options and data give
/// the same model, byte for byte, whatever the number of threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrainOptions {
    /// Which data set.
    pub preset: Preset,
    /// Where the data lies; absent for generated data. Only `--resume` reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Seed of every random choice.
    pub seed: u64,
    /// What the connections do.
    pub topology: TopologyKind,

    /// Tokens in the vocabulary, the unknown word included.
    pub vocabulary: usize,
    /// Tokens kept of a document, counted from its end.
    pub max_tokens: usize,
    /// Part of each class's training documents held back for validation.
    pub validation_fraction: f64,
    /// How data is divided and read that does not say so itself.
    #[serde(flatten)]
    pub corpus: DataOptions,

    /// Length of an embedding row.
    pub embedding_size: usize,
    /// Hidden units.
    pub hidden_size: usize,
    /// What of the hidden state over time the output layer reads.
    #[serde(default)]
    pub pooling: Pooling,
    /// Connections of the embedding at the start.
    pub embedding_density: Density,
    /// Connections of each gate's input matrix `W` at the start.
    pub input_density: Density,
    /// Connections of each gate's recurrent matrix `U` at the start.
    pub recurrent_density: Density,
    /// Row lengths of `W` and `U` are multiples of this, from the start on.
    #[serde(default = "one")]
    pub fan_in_multiple: usize,

    /// Standard deviation of the embedding at the start.
    pub embedding_std: f32,
    /// Standard deviation of `W` at the start.
    pub input_std: f32,
    /// Standard deviation of `U` at the start, times `1/√fan-in`.
    pub recurrent_std: f32,
    /// Bias of the forget gate at the start.
    pub forget_bias: f32,

    /// Fraction of the connections that moves after an epoch, ζ.
    pub zeta: f64,
    /// How ζ changes over the epochs.
    pub zeta_schedule: ZetaSchedule,
    /// Which connections go.
    pub removal: Removal,
    /// Among which connections of `W` and `U` the weakest are sought.
    #[serde(default)]
    pub removal_scope: RemovalScope,
    /// Bands of words of like frequency in which the embedding evolves.
    #[serde(default = "one")]
    pub embedding_bands: usize,
    /// Where connections grow.
    #[serde(default)]
    pub growth: GrowthKind,
    /// Empty positions tried for each connection that grows by gradient.
    #[serde(default = "three")]
    pub growth_candidates: usize,
    /// Standard deviation of grown weights; 0 starts them at zero.
    pub regrow_std: f32,

    /// Which optimiser.
    pub optimizer: OptimizerKind,
    /// Learning rate at the start.
    pub learning_rate: f32,
    /// Learning rate at the end, as a part of that at the start; it falls in a line.
    pub final_rate: f32,
    /// Decay of the velocity (SGD), or of the mean gradient (Adam).
    pub momentum: f32,
    /// Decoupled weight decay of all weights but biases and output layer.
    pub weight_decay: f32,
    /// Largest norm of a gradient; 0 for no limit.
    pub clip: f32,

    /// Part of the word types whose embedding is dropped in each chunk of a batch.
    pub word_dropout: f32,
    /// Part of the hidden units that the output layer does not see.
    pub output_dropout: f32,
    /// Part of the hidden state that is dropped at all steps of a sequence.
    #[serde(default)]
    pub recurrent_dropout: f32,
    /// Part of the target that is spread evenly over the classes.
    pub label_smoothing: f32,
    /// Decay of the running average of the weights, which is what is tested and saved; 0
    /// for the weights as they are.
    pub averaging: f32,

    /// Recordings: largest angle in degrees by which one is turned, anew in every epoch.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rotation: f32,
    /// Recordings: largest change of the length of samples, as a part of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gain: f32,
    /// Recordings: largest change of speed, as a part of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub speed: f32,
    /// Recordings: standard deviation of the noise of a sample, in those of its channel.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sample_noise: f32,

    /// Documents in a batch.
    pub batch: usize,
    /// Passes over the training documents.
    pub epochs: u32,
    /// Epochs without a better validation accuracy after which training stops; 0 for never.
    pub patience: u32,
}

impl TrainOptions {
    /// Refuses options out of range.
    ///
    /// # Errors
    /// [`Error::Options`] that names the option, its value and its range.
    pub fn check(&self) -> Result<()> {
        self.load_options().check()?;
        self.corpus.check(self.max_tokens)?;
        let share = 0.0..1.0;
        let rules: [(bool, &str, &dyn fmt::Display, &str); 25] = [
            (
                (1..=u16::MAX as usize).contains(&self.embedding_size),
                "embedding-size",
                &self.embedding_size,
                "1 to 65535",
            ),
            (
                (1..=0x4000).contains(&self.hidden_size),
                "hidden-size",
                &self.hidden_size,
                "1 to 16384",
            ),
            (
                self.embedding_density.is_possible(),
                "embedding-density",
                &self.embedding_density,
                DENSITY,
            ),
            (
                self.input_density.is_possible(),
                "input-density",
                &self.input_density,
                DENSITY,
            ),
            (
                self.recurrent_density.is_possible(),
                "recurrent-density",
                &self.recurrent_density,
                DENSITY,
            ),
            (
                (0.0..=1.0).contains(&self.zeta),
                "zeta",
                &self.zeta,
                "0 to 1",
            ),
            (
                self.learning_rate > 0.0 && self.learning_rate.is_finite(),
                "learning-rate",
                &self.learning_rate,
                "more than 0",
            ),
            (
                (0.0..=1.0).contains(&self.final_rate),
                "final-rate",
                &self.final_rate,
                "0 to 1",
            ),
            (
                share.contains(&self.momentum),
                "momentum",
                &self.momentum,
                SHARE,
            ),
            (
                self.weight_decay >= 0.0,
                "weight-decay",
                &self.weight_decay,
                "0 or more",
            ),
            (self.clip >= 0.0, "clip", &self.clip, "0 or more"),
            (
                share.contains(&self.word_dropout),
                "word-dropout",
                &self.word_dropout,
                SHARE,
            ),
            (
                share.contains(&self.output_dropout),
                "output-dropout",
                &self.output_dropout,
                SHARE,
            ),
            (
                share.contains(&self.recurrent_dropout),
                "recurrent-dropout",
                &self.recurrent_dropout,
                SHARE,
            ),
            (
                (1..=self.hidden_size.min(256)).contains(&self.fan_in_multiple),
                "fan-in-multiple",
                &self.fan_in_multiple,
                "1 to 256, and no more than --hidden-size",
            ),
            (
                (1..=self.vocabulary).contains(&self.embedding_bands),
                "embedding-bands",
                &self.embedding_bands,
                "1 to the size of the vocabulary",
            ),
            (
                (1..=1000).contains(&self.growth_candidates),
                "growth-candidates",
                &self.growth_candidates,
                "1 to 1000",
            ),
            (
                share.contains(&self.label_smoothing),
                "label-smoothing",
                &self.label_smoothing,
                SHARE,
            ),
            (
                share.contains(&self.averaging),
                "averaging",
                &self.averaging,
                SHARE,
            ),
            (
                (0.0..=180.0).contains(&self.rotation),
                "rotation",
                &self.rotation,
                "0 to 180 degrees",
            ),
            (share.contains(&self.gain), "gain", &self.gain, SHARE),
            (share.contains(&self.speed), "speed", &self.speed, SHARE),
            (
                (0.0..=100.0).contains(&self.sample_noise),
                "sample-noise",
                &self.sample_noise,
                "0 to 100",
            ),
            (
                (1..=65_536).contains(&self.batch),
                "batch",
                &self.batch,
                "1 to 65536",
            ),
            (
                (1..=100_000).contains(&self.epochs),
                "epochs",
                &self.epochs,
                "1 to 100000",
            ),
        ];
        for (possible, name, value, range) in rules {
            if !possible {
                return Err(Error::Options(format!("{name} is {value}; choose {range}")));
            }
        }
        if self.topology == TopologyKind::Dense && self.fan_in_multiple > 1 {
            let problem = "all rows of a dense network are full; train it with --fan-in-multiple 1";
            return Err(Error::Options(problem.into()));
        }
        if self.removal_scope == RemovalScope::Shared
            && (self.growth != GrowthKind::Random || self.fan_in_multiple > 1)
        {
            let problem = "gates with one topology grow at random, rows of any length; train with --growth random and --fan-in-multiple 1";
            return Err(Error::Options(problem.into()));
        }
        let deviations = [
            self.embedding_std,
            self.input_std,
            self.recurrent_std,
            self.regrow_std,
        ];
        if deviations.iter().any(|&std| !(0.0..1e6).contains(&std)) || !self.forget_bias.is_finite()
        {
            let problem = "a standard deviation or bias is no number from 0; choose 0 or more";
            return Err(Error::Options(problem.into()));
        }
        Ok(())
    }

    /// How documents become tokens.
    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            vocabulary: self.vocabulary,
            max_tokens: self.max_tokens,
            validation_fraction: self.validation_fraction,
        }
    }

    /// How data is divided and read that does not say so itself.
    pub fn corpus_options(&self) -> CorpusOptions {
        self.corpus.corpus_options()
    }

    /// Sizes of the network for words or channels, and so many classes or numbers, as found
    /// in the data.
    pub fn shape(&self, code: &InputCode, answer: Answer, count: usize) -> Shape {
        let is_sign = answer == Answer::Class && count == 2;
        Shape {
            vocabulary: code.vocabulary_size(),
            embedding: code.channels().unwrap_or(self.embedding_size),
            hidden: self.hidden_size,
            logits: if is_sign { 1 } else { count },
        }
    }

    /// Refuses what does not go with the answers that the data wants.
    ///
    /// # Errors
    /// [`Error::Options`] that names the option.
    pub fn check_task(&self, task: Task) -> Result<()> {
        let problem = if task.is_every_step() && !self.pooling.is_last() {
            "an answer after every step reads the state of that step; train with --pooling last"
        } else if task.is_every_step() && self.speed > 0.0 {
            "another speed would move the steps from under their answers; train with --speed 0"
        } else if task.answer == Answer::Values && self.label_smoothing > 0.0 {
            "numbers are no classes to smooth; train with --label-smoothing 0"
        } else {
            return Ok(());
        };
        Err(Error::Options(problem.into()))
    }

    /// Connections at the start.
    pub fn densities(&self) -> Densities {
        if self.topology == TopologyKind::Dense {
            return FULL;
        }
        Densities {
            embedding: self.embedding_density,
            input: self.input_density,
            recurrent: self.recurrent_density,
            fan_in_multiple: self.fan_in_multiple,
            shared: self.removal_scope == RemovalScope::Shared,
        }
    }

    /// Weights at the start. A fully connected network has as much signal by smaller
    /// weights: both its embedding and `W` are scaled so that the sums have the variance
    /// that the sparse ones have.
    pub fn initial_scale(&self, shape: Shape) -> InitialScale {
        let scale = InitialScale {
            embedding: self.embedding_std,
            input: self.input_std,
            recurrent: self.recurrent_std,
            forget_bias: self.forget_bias,
        };
        if self.topology != TopologyKind::Dense || shape.vocabulary == 0 {
            return scale;
        }
        let size = shape.embedding as f32;
        // products that meet in one sum of the sparse network: E · density · density
        let share = |density: Density, rows| {
            density.connections(rows, shape.embedding) as f32 / (rows as f32 * size)
        };
        let met = share(self.embedding_density, shape.vocabulary)
            * share(self.input_density, shape.hidden);
        InitialScale {
            input: self.input_std * met.sqrt(),
            ..scale
        }
    }

    /// The evolution rule after `epoch` epochs.
    pub fn evolution(&self, epoch: u32) -> Evolution {
        let done = f64::from(epoch) / f64::from(self.epochs.max(1));
        let part = match self.zeta_schedule {
            ZetaSchedule::Constant => 1.0,
            ZetaSchedule::Cosine => 0.5 + 0.5 * libm::cos(std::f64::consts::PI * done),
        };
        Evolution {
            zeta: self.zeta * part,
            removal: self.removal,
            scope: self.removal_scope,
            bands: self.embedding_bands,
            fan_in_multiple: self.fan_in_multiple,
            growth: match self.growth {
                GrowthKind::Random => Growth::Random,
                GrowthKind::Gradient => Growth::Gradient {
                    candidates: self.growth_candidates,
                },
            },
            regrow: self.regrow_std,
        }
    }

    /// How recordings are changed before the network sees them.
    pub fn augmentation(&self) -> Augmentation {
        Augmentation {
            rotation: self.rotation,
            gain: self.gain,
            speed: self.speed,
            noise: self.sample_noise,
        }
    }

    /// The optimiser's rule.
    pub fn rule(&self) -> Rule {
        match self.optimizer {
            OptimizerKind::Adam => Rule::Adam {
                beta1: self.momentum,
                beta2: 0.999,
                epsilon: 1e-8,
            },
            OptimizerKind::Sgd => Rule::Sgd {
                momentum: self.momentum,
            },
        }
    }
}

const fn one() -> usize {
    1
}

const fn three() -> usize {
    3
}

/// Whether an option is left out of a file: runs and results that were made before there was
/// such an option stay those of the same options.
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

const SHARE: &str = "0 or more and less than 1";
const DENSITY: &str = "more than 0% and at most 100%, or epsilon=E with E above 0";

#[cfg(test)]
mod tests;

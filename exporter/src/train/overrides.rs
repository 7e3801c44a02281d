//! Enters: a TOML file, or a command line. Leaves: [`Overrides`], the options that it
//! names, and [`TrainOptions`] with these in their places. Next: `options` checks them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::evolve::{Removal, RemovalScope};
use super::growth::GrowthKind;
use super::options::{DataOverrides, OptimizerKind, TopologyKind, TrainOptions, ZetaSchedule};
use super::pooling::Pooling;
use super::topology::Density;
use crate::error::{Error, Result};
use crate::file;

/// The same options, each present or not: what a TOML file or a command line says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[command(next_help_heading = "Training options")]
pub struct Overrides {
    /// What the connections do
    #[arg(long)]
    pub topology: Option<TopologyKind>,
    /// Seed of every random choice
    #[arg(long)]
    pub seed: Option<u64>,
    /// Tokens in the vocabulary, the unknown word included; texts only
    #[arg(long, value_name = "TOKENS")]
    pub vocabulary: Option<usize>,
    /// Steps kept of a document (tokens of a text, samples of a recording), counted from its end
    #[arg(long, value_name = "STEPS")]
    pub max_tokens: Option<usize>,
    /// Part of the training documents held back for validation
    #[arg(long, value_name = "PART")]
    pub validation_fraction: Option<f64>,
    /// Length of an embedding row; texts only
    #[arg(long, value_name = "E")]
    pub embedding_size: Option<usize>,
    /// Hidden units
    #[arg(long, value_name = "H")]
    pub hidden_size: Option<usize>,
    /// What of the hidden state over time the output layer reads; a device knows `last` only
    #[arg(long)]
    pub pooling: Option<Pooling>,
    /// Connections of every matrix at the start: `3.5%`, or `epsilon=20` for Erdős–Rényi
    #[arg(long, value_name = "DENSITY")]
    #[serde(skip_serializing)]
    pub density: Option<Density>,
    /// Connections of the embedding alone; texts only
    #[arg(long, value_name = "DENSITY")]
    pub embedding_density: Option<Density>,
    /// Connections of each gate's input matrix alone
    #[arg(long, value_name = "DENSITY")]
    pub input_density: Option<Density>,
    /// Connections of each gate's recurrent matrix alone
    #[arg(long, value_name = "DENSITY")]
    pub recurrent_density: Option<Density>,
    /// Row lengths of the gate matrices are multiples of this
    #[arg(long, value_name = "N")]
    pub fan_in_multiple: Option<usize>,
    /// Standard deviation of the embedding at the start
    #[arg(long, value_name = "STD")]
    pub embedding_std: Option<f32>,
    /// Standard deviation of the input matrices at the start
    #[arg(long, value_name = "STD")]
    pub input_std: Option<f32>,
    /// Standard deviation of the recurrent matrices at the start, times 1/√fan-in
    #[arg(long, value_name = "STD")]
    pub recurrent_std: Option<f32>,
    /// Bias of the forget gate at the start
    #[arg(long, value_name = "BIAS")]
    pub forget_bias: Option<f32>,
    /// Fraction of the connections that moves after an epoch
    #[arg(long)]
    pub zeta: Option<f64>,
    /// How the moving fraction changes over the epochs
    #[arg(long)]
    pub zeta_schedule: Option<ZetaSchedule>,
    /// Which connections go: the weakest of each sign, or the weakest
    #[arg(long)]
    pub removal: Option<Removal>,
    /// Whether each gate's matrix evolves by itself, the four gates of a matrix together, or with
    /// one topology for all four
    #[arg(long)]
    pub removal_scope: Option<RemovalScope>,
    /// Bands of words of like frequency in which the embedding evolves
    #[arg(long, value_name = "BANDS")]
    pub embedding_bands: Option<usize>,
    /// Where connections grow: anywhere, or where the gradient is largest
    #[arg(long)]
    pub growth: Option<GrowthKind>,
    /// Empty positions tried for each connection that grows by gradient
    #[arg(long, value_name = "K")]
    pub growth_candidates: Option<usize>,
    /// Standard deviation of grown weights; 0 starts them at zero
    #[arg(long, value_name = "STD")]
    pub regrow_std: Option<f32>,
    /// Which optimiser
    #[arg(long)]
    pub optimizer: Option<OptimizerKind>,
    /// Learning rate at the start
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f32>,
    /// Learning rate at the end, as a part of that at the start
    #[arg(long, value_name = "PART")]
    pub final_rate: Option<f32>,
    /// Decay of the velocity (sgd) or of the mean gradient (adam)
    #[arg(long, value_name = "DECAY")]
    pub momentum: Option<f32>,
    /// Weight decay
    #[arg(long, value_name = "DECAY")]
    pub weight_decay: Option<f32>,
    /// Largest norm of a gradient; 0 for no limit
    #[arg(long, value_name = "NORM")]
    pub clip: Option<f32>,
    /// Part of the word types whose embedding is dropped; texts only
    #[arg(long, value_name = "PART")]
    pub word_dropout: Option<f32>,
    /// Part of the hidden units that the output layer does not see
    #[arg(long, value_name = "PART")]
    pub output_dropout: Option<f32>,
    /// Part of the hidden state that is dropped at all steps of a sequence
    #[arg(long, value_name = "PART")]
    pub recurrent_dropout: Option<f32>,
    /// Part of the target that is spread over the classes
    #[arg(long, value_name = "PART")]
    pub label_smoothing: Option<f32>,
    /// Decay of the running average of the weights, which is what is saved; 0 for none
    #[arg(long, value_name = "DECAY")]
    pub averaging: Option<f32>,
    /// Largest angle in degrees by which a recording is turned, anew in every epoch, so that the
    /// model is no judge of how a sensor is worn; channels are sensors of three axes; 0 for none
    #[arg(long, value_name = "DEGREES")]
    pub rotation: Option<f32>,
    /// Largest change of the length of a recording's samples, as a part of it; 0 for none
    #[arg(long, value_name = "PART")]
    pub gain: Option<f32>,
    /// Largest change of a recording's speed, as a part of it; 0 for none
    #[arg(long, value_name = "PART")]
    pub speed: Option<f32>,
    /// Noise that is added to samples, in standard deviations of their channel; 0 for none
    #[arg(long, value_name = "STD")]
    pub sample_noise: Option<f32>,
    /// Documents in a batch
    #[arg(long, value_name = "DOCUMENTS")]
    pub batch: Option<usize>,
    /// Passes over the training documents
    #[arg(long)]
    pub epochs: Option<u32>,
    /// Epochs without a better validation accuracy after which training stops; 0 for never
    #[arg(long, value_name = "EPOCHS")]
    pub patience: Option<u32>,
    /// How data is divided and read that does not say so itself.
    #[command(flatten)]
    #[serde(flatten)]
    pub corpus: DataOverrides,
}

impl Overrides {
    /// Reads a TOML file of options.
    ///
    /// # Errors
    /// The file cannot be read, is no TOML, or names an option that does not exist.
    pub fn load(path: &Path) -> Result<Overrides> {
        let text = file::read_text(path)?;
        toml::from_str(&text).map_err(|problem| {
            // an option of data does not know where it stood: its line by itself shows it
            let alone = |line: &str| toml::from_str::<Overrides>(line).err();
            let found = (1..)
                .zip(text.lines())
                .find_map(|(n, line)| Some((n, line.trim(), alone(line)?)));
            let problem = match found {
                Some((n, line, problem)) => {
                    format!("line {n}: {} in `{line}`", problem.message())
                }
                None => problem.message().to_owned(),
            };
            Error::data(path, format!("{problem}; correct the file"))
        })
    }
}

impl TrainOptions {
    /// These options with those that `overrides` names in their place.
    ///
    /// # Errors
    /// Never for options that were parsed; the conversion through TOML cannot fail then.
    pub fn with(&self, overrides: &Overrides) -> Result<TrainOptions> {
        let problem = |problem: String| Error::Options(format!("the options: {problem}"));
        let table = toml::Table::try_from(self).map_err(|e| problem(e.to_string()));
        let changes = toml::Table::try_from(overrides).map_err(|e| problem(e.to_string()));
        let mut table = table?;
        if let Some(density) = overrides.density {
            for matrix in ["embedding-density", "input-density", "recurrent-density"] {
                table.insert(matrix.into(), density.to_string().into());
            }
        }
        table.extend(changes?);
        table
            .try_into()
            .map_err(|e: toml::de::Error| problem(e.to_string()))
    }
}

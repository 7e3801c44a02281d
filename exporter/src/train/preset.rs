//! Enters: the name of a preset. Leaves: its [`TrainOptions`]. Next: `overrides`.

use serde::{Deserialize, Serialize};

use super::evolve::{Removal, RemovalScope};
use super::growth::GrowthKind;
use super::options::{OptimizerKind, TopologyKind, TrainOptions, ZetaSchedule};
use super::pooling::Pooling;
use super::topology::Density;

/// A named set of options for a named data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The Large Movie Review Dataset: positive or negative.
    Imdb,
    /// The generated strings of the embedded Reber grammar: broken or legal.
    Reber,
}

impl Preset {
    /// Name as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::Imdb => "imdb",
            Preset::Reber => "reber",
        }
    }

    /// The options of the preset.
    pub fn options(self) -> TrainOptions {
        let imdb = TrainOptions {
            preset: Preset::Imdb,
            data: None,
            seed: 1,
            topology: TopologyKind::Set,
            vocabulary: 20_000,
            max_tokens: 400,
            validation_fraction: 0.1,
            embedding_size: 256,
            hidden_size: 256,
            pooling: Pooling::Last,
            embedding_density: Density::Share(0.035),
            input_density: Density::Share(0.035),
            recurrent_density: Density::Share(0.035),
            fan_in_multiple: 1,
            embedding_std: 0.1,
            input_std: 1.0,
            recurrent_std: 1.0,
            forget_bias: 1.0,
            zeta: 0.3,
            zeta_schedule: ZetaSchedule::Constant,
            removal: Removal::Sign,
            removal_scope: RemovalScope::Matrix,
            embedding_bands: 1,
            growth: GrowthKind::Random,
            growth_candidates: 3,
            regrow_std: 0.0,
            optimizer: OptimizerKind::Adam,
            learning_rate: 3e-3,
            final_rate: 0.02,
            momentum: 0.9,
            weight_decay: 0.0,
            clip: 1.0,
            word_dropout: 0.6,
            output_dropout: 0.5,
            recurrent_dropout: 0.0,
            label_smoothing: 0.0,
            averaging: 0.0,
            batch: 64,
            epochs: 12,
            patience: 0,
        };
        match self {
            Preset::Imdb => imdb,
            Preset::Reber => TrainOptions {
                preset: Preset::Reber,
                vocabulary: 16,
                max_tokens: 64,
                embedding_size: 32,
                hidden_size: 64,
                embedding_density: Density::Share(0.25),
                input_density: Density::Share(0.2),
                recurrent_density: Density::Share(0.1),
                embedding_std: 0.5,
                learning_rate: 1e-2,
                word_dropout: 0.0,
                output_dropout: 0.0,
                epochs: 20,
                ..imdb
            },
        }
    }
}

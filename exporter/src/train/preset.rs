//! Enters: the name of a preset. Leaves: its [`TrainOptions`]. Next: `overrides`.

use serde::{Deserialize, Serialize};

use super::evolve::{Removal, RemovalScope};
use super::growth::GrowthKind;
use super::options::{DataOptions, OptimizerKind, TopologyKind, TrainOptions, ZetaSchedule};
use super::pooling::Pooling;
use super::topology::Density;

/// A named set of options for a named data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The Large Movie Review Dataset: positive or negative.
    Imdb,
    /// The Sanders Twitter corpus: positive or negative.
    Sanders,
    /// The same, neutral too.
    Sanders3,
    /// The same, irrelevant too.
    Sanders4,
    /// Yelp reviews: 1 and 2 stars against 4 and 5.
    Yelp,
    /// The same: 1 to 5 stars.
    Yelp5,
    /// Amazon Fine Food Reviews: 1 and 2 stars against 4 and 5.
    Amazon,
    /// The same: 1 to 5 stars.
    Amazon5,
    /// An own table of texts and labels: CSV, TSV or JSON lines.
    Text,
    /// Smartphones worn at the waist: six activities, from acceleration and turning.
    Hapt,
    /// A hand drawing a gun, or pointing: the way of its centre.
    #[value(name = "gunpoint")]
    GunPoint,
    /// Own recordings: .ts, or a table with a recording a row.
    Series,
    /// Own recordings: a table with a sample a row, as loggers write it.
    Samples,
    /// The generated strings of the embedded Reber grammar: broken or legal.
    Reber,
}

impl Preset {
    /// Name as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::Imdb => "imdb",
            Preset::Sanders => "sanders",
            Preset::Sanders3 => "sanders3",
            Preset::Sanders4 => "sanders4",
            Preset::Yelp => "yelp",
            Preset::Yelp5 => "yelp5",
            Preset::Amazon => "amazon",
            Preset::Amazon5 => "amazon5",
            Preset::Text => "text",
            Preset::Hapt => "hapt",
            Preset::GunPoint => "gunpoint",
            Preset::Series => "series",
            Preset::Samples => "samples",
            Preset::Reber => "reber",
        }
    }

    /// The data that it needs; nothing if it is generated.
    pub const fn needs(self) -> &'static str {
        match self {
            Preset::Imdb => "the Large Movie Review Dataset",
            Preset::Sanders | Preset::Sanders3 | Preset::Sanders4 => "the Sanders Twitter corpus",
            Preset::Yelp | Preset::Yelp5 => "the reviews of the Yelp Open Dataset",
            Preset::Amazon | Preset::Amazon5 => "the Amazon Fine Food Reviews",
            Preset::Text => "a table of texts and labels",
            Preset::Hapt => "the smartphone recordings of activities and postural transitions",
            Preset::GunPoint => "GunPoint_TRAIN.ts and GunPoint_TEST.ts of the UCR archive",
            Preset::Series => "recordings and their labels",
            Preset::Samples => "a table with a sample a row",
            Preset::Reber => "nothing",
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
            corpus: DataOptions::default(),
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
            rotation: 0.0,
            gain: 0.0,
            speed: 0.0,
            sample_noise: 0.0,
            batch: 64,
            epochs: 12,
            patience: 0,
        };
        // recordings: no words, and so few weights that most inputs reach most units
        let hapt = TrainOptions {
            preset: Preset::Hapt,
            max_tokens: 128,
            validation_fraction: 0.2,
            hidden_size: 48,
            input_density: Density::Share(0.5),
            recurrent_density: Density::Share(0.2),
            zeta_schedule: ZetaSchedule::Cosine,
            learning_rate: 1e-2,
            weight_decay: 0.01,
            word_dropout: 0.0,
            output_dropout: 0.2,
            recurrent_dropout: 0.3,
            averaging: 0.998,
            // by validation on users held back from training; see docs/results.md for its price
            rotation: 20.0,
            batch: 16,
            epochs: 20,
            ..imdb.clone()
        };
        match self {
            Preset::Imdb => imdb,
            Preset::Hapt => hapt,
            Preset::GunPoint => TrainOptions {
                preset: Preset::GunPoint,
                max_tokens: 150,
                hidden_size: 32,
                recurrent_density: Density::Share(0.2),
                recurrent_dropout: 0.0,
                averaging: 0.95,
                rotation: 0.0, // two axes, or one, are none to turn
                batch: 10,
                epochs: 300,
                ..hapt
            },
            Preset::Series | Preset::Samples => TrainOptions {
                preset: self,
                max_tokens: 1000,
                recurrent_dropout: 0.0,
                // own sets are often small: a few steps an epoch
                averaging: 0.95,
                rotation: 0.0,
                epochs: 100,
                patience: 30,
                ..hapt
            },
            Preset::Sanders | Preset::Sanders3 | Preset::Sanders4 => TrainOptions {
                preset: self,
                vocabulary: 5_000,
                max_tokens: 64,
                validation_fraction: 0.2,
                embedding_size: 128,
                hidden_size: 128,
                learning_rate: 6e-3,
                recurrent_dropout: 0.3,
                label_smoothing: 0.1,
                averaging: 0.98,
                batch: 16,
                epochs: 40,
                ..imdb
            },
            Preset::Yelp | Preset::Yelp5 | Preset::Text => TrainOptions {
                preset: self,
                ..imdb
            },
            Preset::Amazon | Preset::Amazon5 => TrainOptions {
                preset: self,
                max_tokens: 300,
                ..imdb
            },
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

//! Enters: what a person says of own data. Leaves: [`DataOptions`], how it is divided and read,
//! as a run keeps it among its options. Next: `dataset` opens it by [`CorpusOptions`].

use serde::{Deserialize, Serialize};

use crate::dataset::CorpusOptions;
use crate::dataset::divided::Division;
use crate::dataset::sample_table::SampleColumns;
use crate::dataset::series_table::SeriesColumns;
use crate::dataset::table::Columns;
use crate::error::{Error, Result};

/// How data is divided and read that does not say so itself. Data with an official split
/// ignores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DataOptions {
    /// Data without an official split: part of each class that is for the test.
    #[serde(default = "test_fraction")]
    pub test_fraction: f64,
    /// The same: seed of the division.
    #[serde(default = "split_seed")]
    pub split_seed: u64,
    /// Own texts: their column, `text` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_column: Option<String>,
    /// Own data: the column of the labels, `label` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// Own recordings: the columns of the samples, all that have no other use if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_columns: Option<String>,
    /// The same: the columns of numbers to be answered instead of a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_columns: Option<String>,
    /// A sample a row: the column that names the recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_column: Option<String>,
    /// The same: the column that names what is never divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_column: Option<String>,
    /// The same: rows of a window, whole recordings if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// The same: rows from one window to the next, half of one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// The same: an answer after every row.
    #[serde(default, skip_serializing_if = "is_false")]
    pub every_step: bool,
    /// A recording a row: channels, 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
}

impl Default for DataOptions {
    fn default() -> Self {
        DataOptions {
            test_fraction: test_fraction(),
            split_seed: split_seed(),
            text_column: None,
            label_column: None,
            sample_columns: None,
            target_columns: None,
            recording_column: None,
            group_column: None,
            window: None,
            stride: None,
            every_step: false,
            channels: None,
        }
    }
}

impl DataOptions {
    /// Refuses options out of range; `max_steps` are kept of a sequence.
    ///
    /// # Errors
    /// [`Error::Options`] that names the option, its value and its range.
    pub fn check(&self, max_steps: usize) -> Result<()> {
        let options = self.corpus_options();
        options.division.check()?;
        options.samples.check()?;
        match self.window {
            Some(window) if window > max_steps => Err(Error::Options(format!(
                "window is {window} and max-tokens {max_steps}, so that the begin of each would be cut off; choose --max-tokens {window} or a shorter window"
            ))),
            _ => Ok(()),
        }
    }

    /// The words of a command line that say the same.
    ///
    /// # Errors
    /// Never; the conversion through TOML cannot fail.
    pub fn words(&self) -> Result<Vec<String>> {
        let table = toml::Table::try_from(self)
            .map_err(|problem| Error::Options(format!("the options: {problem}; report this")))?;
        let word = |(name, value): (String, toml::Value)| match value {
            toml::Value::String(text) => format!("--{name}={text}"),
            other => format!("--{name}={other}"),
        };
        let mut words: Vec<String> = table.into_iter().map(word).collect();
        words.sort(); // whatever order such tables keep
        Ok(words)
    }

    /// The same as data sets take it.
    pub fn corpus_options(&self) -> CorpusOptions {
        let usual = Columns::default();
        CorpusOptions {
            division: Division {
                test_fraction: self.test_fraction,
                seed: self.split_seed,
            },
            columns: Columns {
                text: self.text_column.clone().unwrap_or(usual.text),
                label: self.label_column.clone().unwrap_or(usual.label),
            },
            series: SeriesColumns {
                label: self.label_column.clone(),
                samples: self.sample_columns.clone(),
                targets: self.target_columns.clone(),
                channels: self.channels.unwrap_or(1),
            },
            samples: SampleColumns {
                samples: self.sample_columns.clone(),
                label: self.label_column.clone(),
                targets: self.target_columns.clone(),
                recording: self.recording_column.clone(),
                group: self.group_column.clone(),
                window: self.window,
                stride: self.stride,
                every_step: self.every_step,
            },
        }
    }
}

/// The same options, each present or not: what a TOML file or a command line says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Options of own data")]
pub struct DataOverrides {
    /// Part of the documents held back for the test, of data without an official split [default:
    /// 0.2]
    #[arg(long, value_name = "PART")]
    pub test_fraction: Option<f64>,
    /// Seed of the division of such data; another one than that of the training [default: 1]
    #[arg(long, value_name = "SEED")]
    pub split_seed: Option<u64>,
    /// Column of the texts: its name, JSON key, or number from 1 [default: text]
    #[arg(long, value_name = "COLUMN")]
    pub text_column: Option<String>,
    /// Column of the labels: its name, JSON key, or number from 1 [default: label]
    #[arg(long, value_name = "COLUMN")]
    pub label_column: Option<String>,
    /// Columns of the samples in a table of recordings: FIRST..LAST, as in 2..141 or ax..gz, or
    /// names with commas between [default: all of numbers that have no other use]
    #[arg(long, value_name = "COLUMNS")]
    pub sample_columns: Option<String>,
    /// Columns of numbers that are to be answered instead of a class (a regression), named like
    /// those of the samples
    #[arg(long, value_name = "COLUMNS")]
    pub target_columns: Option<String>,
    /// A sample a row: rows with the same value in this column are one recording [default: the
    /// --group-column, else all rows]
    #[arg(long, value_name = "COLUMN")]
    pub recording_column: Option<String>,
    /// A sample a row: recordings with the same value in this column, such as a person, are on
    /// one side of every division [default: the --recording-column]
    #[arg(long, value_name = "COLUMN")]
    pub group_column: Option<String>,
    /// A sample a row: cut recordings into windows of so many rows [default: whole recordings]
    #[arg(long, value_name = "ROWS")]
    pub window: Option<usize>,
    /// A sample a row: rows from one window to the next [default: half a window]
    #[arg(long, value_name = "ROWS")]
    pub stride: Option<usize>,
    /// A sample a row: learn an answer after every row, not only after the last one of a sequence
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub every_step: Option<bool>,
    /// A recording a row: channels, whose columns make the steps in turn [default: 1]
    #[arg(long)]
    pub channels: Option<usize>,
}

impl DataOverrides {
    /// With the usual choice for what is not named.
    pub fn options(&self) -> DataOptions {
        let usual = DataOptions::default();
        let own = self.clone();
        DataOptions {
            test_fraction: own.test_fraction.unwrap_or(usual.test_fraction),
            split_seed: own.split_seed.unwrap_or(usual.split_seed),
            text_column: own.text_column,
            label_column: own.label_column,
            sample_columns: own.sample_columns,
            target_columns: own.target_columns,
            recording_column: own.recording_column,
            group_column: own.group_column,
            window: own.window,
            stride: own.stride,
            every_step: own.every_step.unwrap_or(usual.every_step),
            channels: own.channels,
        }
    }
}

fn test_fraction() -> f64 {
    Division::default().test_fraction
}

fn split_seed() -> u64 {
    Division::default().seed
}

/// Whether an option is left out of a file: runs and results that were made before there was
/// such an option stay those of the same options.
fn is_false(value: &bool) -> bool {
    !value
}

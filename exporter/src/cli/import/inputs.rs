//! The options that say what an imported model reads: words or samples.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::file;
use crate::import::network::DenseNetwork;
use crate::import::words::with_words;
use crate::load::InputCode;
use crate::normalization::Normalization;
use set_lstm_runtime::samples::SAMPLE_LIMIT;

/// What stands between the world and the network.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Inputs")]
pub struct InputArguments {
    /// Samples: mean that was taken from each channel before the network saw it; one for all, or
    /// one a channel with commas between
    #[arg(
        long,
        value_name = "MEANS",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    mean: Vec<f32>,
    /// Samples: what each channel was then divided by
    #[arg(long, value_name = "SCALES", value_delimiter = ',')]
    scale: Vec<f32>,
    /// The same from a JSON file: {"mean": […], "scale": […]}
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mean", "scale"])]
    normalisation: Option<PathBuf>,
    /// Samples: the largest number that the network itself reads, if that is beyond 8; a device
    /// takes larger ones for it
    #[arg(long, value_name = "LARGEST", default_value_t = SAMPLE_LIMIT)]
    sample_range: f32,
    /// Tokens: a file of their words, one a line in the order of the tokens
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
    /// Tokens: the one that stands for all other words [default: that of <unk> or the like]
    #[arg(long, value_name = "TOKEN", requires = "words")]
    unknown: Option<usize>,
}

/// What was done to samples before the network saw them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NormalisationFile {
    #[serde(default)]
    mean: Vec<f32>,
    #[serde(default)]
    scale: Vec<f32>,
}

impl InputArguments {
    /// By what samples are multiplied so that a device can hold the largest.
    ///
    /// # Errors
    /// A largest sample that is no positive number.
    pub fn factor(&self) -> Result<f32> {
        let largest = self.sample_range;
        if largest.is_finite() && largest > 0.0 {
            // those within the limit are left alone
            return Ok((SAMPLE_LIMIT / largest).min(1.0));
        }
        Err(Error::Options(format!(
            "a largest sample of {largest}; give a number above 0"
        )))
    }

    /// What codes the inputs of this network.
    ///
    /// # Errors
    /// Options of the other kind of inputs, or statistics of other channels.
    pub fn code(&self, network: &mut DenseNetwork) -> Result<InputCode> {
        if network.embedding.is_some() {
            return self.token_code(network);
        }
        if self.words.is_some() {
            let problem =
                "the network has no embedding and reads samples, not words; leave out --words";
            return Err(Error::Options(problem.into()));
        }
        let NormalisationFile { mean, scale } = match &self.normalisation {
            Some(path) => read_normalisation(path)?,
            None => NormalisationFile {
                mean: self.mean.clone(),
                scale: self.scale.clone(),
            },
        };
        let channels = network.inputs();
        let mean = each_channel(mean, 0.0, channels, "means")?;
        let scale = each_channel(scale, 1.0, channels, "scales")?;
        if let Some(bad) = scale
            .iter()
            .find(|scale| !(**scale > 0.0 && scale.is_finite()))
        {
            return Err(Error::Options(format!(
                "a scale of {bad}; give what samples were divided by, above 0"
            )));
        }
        let factor = self.factor()?;
        Ok(InputCode::Samples(Normalization {
            mean,
            factor: scale.into_iter().map(|scale| factor / scale).collect(),
        }))
    }

    fn token_code(&self, network: &mut DenseNetwork) -> Result<InputCode> {
        if !self.mean.is_empty() || !self.scale.is_empty() || self.normalisation.is_some() {
            let problem = "the network has an embedding and reads tokens, not samples; leave out --mean, --scale and --normalisation";
            return Err(Error::Options(problem.into()));
        }
        let Some(path) = &self.words else {
            return Ok(InputCode::Tokens {
                size: network.vocabulary(),
            });
        };
        let list = file::read_text(path)?;
        let worded = with_words(network, &list, self.unknown)
            .map_err(|problem| Error::data(path, problem))?;
        if !worded.left_out.is_empty() {
            let (few, count) = (worded.left_out.iter().take(5), worded.left_out.len());
            let few: Vec<&str> = few.map(String::as_str).collect();
            tracing::warn!(
                "{count} of the words never come from text and are left out: {}{}",
                few.join(", "),
                if count > few.len() { " and others" } else { "" }
            );
        }
        if !worded.knows_unknown {
            tracing::warn!(
                "no token stands for unknown words, so they add nothing; name one by --unknown"
            );
        }
        Ok(InputCode::Words(worded.vocabulary))
    }
}

fn read_normalisation(path: &Path) -> Result<NormalisationFile> {
    let text = file::read_text(path)?;
    serde_json::from_str(&text).map_err(|problem| {
        let form = "give {\"mean\": [numbers], \"scale\": [numbers]}";
        Error::data(path, format!("{problem}; {form}"))
    })
}

/// One number a channel: all given, one for all, or the usual one.
pub fn each_channel(given: Vec<f32>, usual: f32, count: usize, what: &str) -> Result<Vec<f32>> {
    match given[..] {
        [] => Ok(vec![usual; count]),
        [one] => Ok(vec![one; count]),
        _ if given.len() == count => Ok(given),
        _ => Err(Error::Options(format!(
            "{} {what} for {count}; give one for all, or one each",
            given.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_for_all_channels_and_others_are_counted() {
        let of = |given: &[f32]| each_channel(given.to_vec(), 1.0, 3, "scales");
        assert_eq!(of(&[]).unwrap(), [1.0; 3]);
        assert_eq!(of(&[2.0]).unwrap(), [2.0; 3]);
        assert_eq!(of(&[1.0, 2.0, 3.0]).unwrap(), [1.0, 2.0, 3.0]);
        let error = of(&[1.0, 2.0]).unwrap_err().to_string();
        assert!(
            error.contains("2 scales for 3; give one for all"),
            "{error}"
        );
    }
}

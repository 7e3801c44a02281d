//! Enters: a model, and recorded samples if a user names some. Leaves: [`StandIn`], what the
//! program feeds the model with until there is a driver. Next: `mod` writes it as Rust.
//!
//! Without a recording it is what the model file tests itself with: random samples within three
//! standard deviations, or random tokens. They show that the program runs, not that it is right.

use std::fmt::Write;
use std::fs::File as Input;
use std::io::BufReader;
use std::path::Path;

use set_lstm_runtime::wire::{File, Moment, Section};

use super::Reads;
use super::template::Place;
use crate::boards::room::Application;
use crate::device::AnyModel;
use crate::error::{Error, Result};
use crate::load::lines::read_recordings;
use crate::sequences::Token;

/// Samples of a window, if the model does not say how many training saw.
const WINDOW: u32 = 128;

/// What a model is fed with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StandIn {
    /// Nothing: a person types at the serial port.
    Text,
    /// Samples of so many channels.
    Samples {
        /// Numbers of a sample.
        channels: usize,
        /// Raw, sample by sample.
        values: Vec<f32>, // [samples x channels]
        /// Samples from one answer to the next.
        window: u32,
        /// Samples that are given before there are no more; beyond the end they begin anew.
        count: usize,
    },
    /// A sequence of tokens.
    Tokens(Vec<Token>),
}

impl StandIn {
    /// For a model, whose file is given, and a recording.
    ///
    /// # Errors
    /// A recording that cannot be read or is not of the model's channels, or one for a model that
    /// reads none.
    pub fn of(model: &AnyModel<'_>, file: &[u8], recording: Option<&Path>) -> Result<Self> {
        if recording.is_some() && model.channels().is_none() {
            let problem = "the model reads no samples; leave --samples out";
            return Err(Error::Options(problem.into()));
        }
        let Some(channels) = model.channels() else {
            return Ok(match Application::of(model) {
                Ok(_) => StandIn::Text,
                Err(_) => StandIn::Tokens(self_test_tokens(file)),
            });
        };
        let trained_on = model.max_tokens().unwrap_or(WINDOW);
        let (values, least) = match recording {
            Some(path) => (recorded(path, channels)?, 0),
            None => (self_test_samples(file, channels), 2 * trained_on as usize),
        };
        let window = match model.task().moment {
            Moment::End => trained_on,
            Moment::EveryStep => 1,
        };
        Ok(StandIn::Samples {
            count: (values.len() / channels).max(least),
            channels,
            values,
            window,
        })
    }

    /// What the model reads.
    pub fn reads(&self) -> Reads {
        match self {
            StandIn::Text => Reads::Text,
            StandIn::Samples { .. } => Reads::Samples,
            StandIn::Tokens(_) => Reads::Tokens,
        }
    }

    /// What stands in the places of the files; `recording` is where samples were read.
    pub fn places(&self, recording: Option<&Path>) -> Vec<Place> {
        match self {
            StandIn::Text => Vec::new(),
            StandIn::Samples {
                channels,
                values,
                window,
                count,
            } => {
                let random = "random ones by which the model tests itself, three standard \
                              deviations wide";
                let origin = match recording.and_then(Path::file_name) {
                    Some(name) => format!("those of {:?}", name.to_string_lossy()),
                    None => random.into(),
                };
                vec![
                    Place::new("ORIGIN", origin),
                    Place::new("WINDOW", window),
                    Place::new("COUNT", count),
                    Place::new("ROWS", values.len() / channels),
                    Place::new("SAMPLES", self.rows()),
                ]
            }
            StandIn::Tokens(tokens) => vec![
                Place::new("TOKEN_COUNT", tokens.len()),
                Place::new("TOKENS", self.rows()),
            ],
        }
    }

    /// Bytes of flash that it takes.
    pub fn bytes(&self) -> u64 {
        match self {
            StandIn::Text => 0,
            StandIn::Samples { values, .. } => 4 * values.len() as u64,
            StandIn::Tokens(tokens) => 2 * tokens.len() as u64,
        }
    }

    /// The rows of its numbers in Rust, each with a comma and an end of line behind it.
    fn rows(&self) -> String {
        let mut rows = String::new();
        // a string takes all that is written to it
        let mut row = |row: String| _ = writeln!(rows, "    {row},");
        match self {
            StandIn::Text => {}
            &StandIn::Samples {
                channels,
                ref values,
                ..
            } => values
                .chunks_exact(channels)
                .for_each(|sample| row(format!("{sample:?}"))),
            StandIn::Tokens(tokens) => tokens
                .chunks(12)
                .map(|tokens| tokens.iter().map(u16::to_string).collect::<Vec<_>>())
                .for_each(|tokens| row(tokens.join(", "))),
        }
        rows
    }
}

/// All recordings of a file, one behind the other.
fn recorded(path: &Path, channels: usize) -> Result<Vec<f32>> {
    let hint = "give a file of numbers, as `set-lstm predict` reads it";
    let input = Input::open(path).map_err(Error::io(path, hint))?;
    let recordings = read_recordings(BufReader::new(input), path, channels)?;
    let values: Vec<f32> = recordings.into_iter().flat_map(|it| it.values).collect();
    match values.is_empty() {
        true => Err(Error::data(
            path,
            "no samples; give at least one line of numbers",
        )),
        false => Ok(values),
    }
}

/// Halfwords of the section that is described in the runtime's `self_test`.
fn reference(file: &[u8]) -> Vec<u16> {
    let sections = File::peek(file).ok().map(|file| file.sections());
    let mut found = sections.into_iter().flatten();
    let section = found.find(|(section, _)| *section == Section::Reference);
    let bytes = section.map(|(_, bytes)| bytes).unwrap_or_default();
    let halfwords = bytes.as_chunks::<2>().0.iter();
    halfwords.map(|&bytes| u16::from_le_bytes(bytes)).collect()
}

/// The steps of every sequence; a step is so many halfwords, and `before` of them stand before
/// the first.
fn sequences(file: &[u8], before: usize, step: usize) -> Vec<Vec<u16>> {
    let logits = File::peek(file).map_or(0, |file| usize::from(file.header.logits));
    let halfwords = reference(file);
    let (mut rest, mut found) = (&halfwords[..], Vec::new());
    while let Some((&length, after)) = rest.split_first() {
        let end = before + step * usize::from(length);
        let Some(steps) = after.get(before..end) else {
            break;
        };
        found.push(steps.to_vec());
        // behind it the logits and the digest, words
        rest = after.get(end + 2 * (logits + 1)..).unwrap_or_default();
    }
    found
}

/// The samples of the random sequences, which follow that of the limits; of a file without any
/// a sample of zeros.
fn self_test_samples(file: &[u8], channels: usize) -> Vec<f32> {
    let sequences = sequences(file, 1, 2 * channels);
    let halfwords = sequences.iter().skip(1).flatten();
    let halfwords: Vec<u16> = halfwords.copied().collect();
    let words = halfwords.as_chunks::<2>().0.iter();
    let values: Vec<f32> = words
        .map(|&[low, high]| f32::from_bits(u32::from(high) << 16 | u32::from(low)))
        .collect();
    match values.is_empty() {
        true => vec![0.0; channels],
        false => values,
    }
}

/// The longest sequence; of a file without any the unknown word.
fn self_test_tokens(file: &[u8]) -> Vec<Token> {
    let longest = sequences(file, 0, 1).into_iter().max_by_key(Vec::len);
    longest.filter(|it| !it.is_empty()).unwrap_or(vec![0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::AlignedBytes;

    fn of(path: &str, recording: Option<&Path>) -> Result<StandIn> {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");
        let file = AlignedBytes::read(format!("{tests}/{path}"))?;
        StandIn::of(&AnyModel::open(&file, path)?, &file, recording)
    }

    #[test]
    fn a_model_of_samples_has_the_seven_random_ones_of_its_self_test() {
        let Ok(StandIn::Samples {
            channels,
            values,
            window,
            count,
        }) = of("v2-int8-samples.setl", None)
        else {
            panic!("samples");
        };
        assert_eq!(values.len(), 7 * channels);
        assert_eq!(count, 2 * window as usize);
        // raw ones, not all alike
        assert!(values.iter().all(|value| value.is_finite()));
        assert_ne!(values[0], values[channels]);
    }

    #[test]
    fn a_recording_is_taken_to_the_last_bit_and_only_by_who_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("walk.csv");
        let row = |numbers: &[f32]| {
            let numbers: Vec<String> = numbers.iter().map(f32::to_string).collect();
            numbers.join(",")
        };
        let Ok(StandIn::Samples { channels, .. }) = of("v2-int8-samples.setl", None) else {
            panic!("samples");
        };
        let numbers: Vec<f32> = (0..2 * channels).map(|n| 0.1 * n as f32 - 1e-9).collect();
        let (first, second) = numbers.split_at(channels);
        let text = format!("{}\n\n{}\n", row(first), row(second));
        std::fs::write(&path, text).expect("a file");
        let read = of("v2-int8-samples.setl", Some(&path)).expect("samples");
        assert_eq!(read.bytes(), 8 * channels as u64);
        assert_eq!(read.rows().lines().count(), 2);
        let StandIn::Samples { values, count, .. } = read else {
            panic!("samples");
        };
        assert_eq!((values, count), (numbers, 2));
        std::fs::write(&path, "\n").expect("a file");
        for (model, problem) in [
            ("v2-int8-samples.setl", "no samples; give"),
            ("v2-int8-words.setl", "leave --samples out"),
        ] {
            let error = of(model, Some(&path)).expect_err(model).to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn tokens_are_those_of_the_longest_sequence() {
        assert_eq!(of("v2-int8-words.setl", None).expect("text"), StandIn::Text);
        let Ok(StandIn::Tokens(tokens)) = of("v1-int8-tokens.setl", None) else {
            panic!("tokens");
        };
        assert_eq!(tokens.len(), 3 + 16);
        assert_eq!(tokens[0], 0);
        assert_eq!(tokens[1] + 1, tokens[2]);
        let rows = StandIn::Tokens(tokens).rows();
        assert_eq!(rows.lines().count(), 2);
        assert!(rows.starts_with("    0, "), "{rows}");
    }
}

//! `set-lstm predict`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::model::Named;
use super::output::{print, print_json};
use crate::device::{AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::load::lines::read_recordings;
use crate::predict::{Prediction, Predictor};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm predict imdb.setl 'A film that never bores.'
  set-lstm predict imdb.setl < reviews.txt
  set-lstm predict hapt.setl walk.csv

Each text gives a line: class, score, tokens, text, with tabs between. A model of recordings
reads files of numbers instead, a sample of all channels a line with commas or blanks
between; a blank line ends a recording, and in the place of the text stand file and line.
The score is the lead of the class over the next best in log-odds. A model of numbers gives
name=number for each in the place of class and score, and one that answers after every step
a line a step, with the steps so far in the place of the tokens. A model file answers as the
device does.")]
pub struct Arguments {
    /// A model file or a run folder
    model: PathBuf,
    /// Texts, or files of recordings; lines of standard input if there are none
    texts: Vec<OsString>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Predictions {
    predictions: Vec<Prediction>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments { model, texts, json } = arguments;
    let named = Named::open(&model)?;
    let mut predictor = match &named {
        Named::Run(run) => Predictor::of_run(run)?,
        Named::File(bytes) => {
            let model = AnyModel::open(bytes, &model)?;
            let state = AnyState::new(&model);
            Predictor::OfFile {
                model: Box::new(model),
                state,
            }
        }
    };
    let mut predictions = Vec::new();
    let mut tell = |prediction: Prediction| -> Result<()> {
        if json {
            predictions.push(prediction);
            return Ok(());
        }
        let Prediction {
            answer,
            tokens,
            text,
        } = &prediction;
        let answers = answer.steps();
        // of every step the first to the last, or the last alone
        for (answer, step) in answers.iter().zip(tokens + 1 - answers.len()..) {
            print(format_args!("{answer}\t{step}\t{text}\n"))?;
        }
        Ok(())
    };
    if let Some(channels) = predictor.channels() {
        let mut each = |input: &mut dyn BufRead, path: &Path| -> Result<()> {
            for recording in read_recordings(input, path, channels)? {
                let name = format!("{}:{}", path.display(), recording.line);
                tell(predictor.predict_recording(&recording.values, name)?)?;
            }
            Ok(())
        };
        if texts.is_empty() {
            each(&mut std::io::stdin().lock(), Path::new("standard input"))?;
        }
        for path in texts.iter().map(Path::new) {
            let hint = "give text files of numbers";
            let file = File::open(path).map_err(Error::io(path, hint))?;
            each(&mut BufReader::new(file), path)?;
        }
        return if json {
            print_json(&Predictions { predictions })
        } else {
            Ok(())
        };
    }
    let mut each = |text: &[u8]| tell(predictor.predict(text)?);
    if texts.is_empty() {
        let hint = "give the texts as arguments";
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = input
                .read_until(b'\n', &mut line)
                .map_err(Error::io("standard input", hint))?;
            if read == 0 {
                break;
            }
            each(line.trim_ascii_end())?;
        }
    }
    texts
        .iter()
        .try_for_each(|text| each(text.as_encoded_bytes()))?;
    if json {
        print_json(&Predictions { predictions })
    } else {
        Ok(())
    }
}

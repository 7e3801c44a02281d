//! Enters: the lines of a `.ts` file. Leaves: its [`Header`] and its recordings, each checked
//! against it. Next: `ts`.

use std::slice;

use set_lstm_runtime::wire::{Answer, Moment, Task};

use super::super::MOST_CLASSES;
use super::super::readings::{sample, shortened};
use crate::target::Target;

const CORRECT: &str = "correct the file";
/// What the lines before `@data` say.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// Names of the classes; none of numbers.
    pub classes: Vec<String>,
    /// Whether each recording ends with a number instead of a class.
    pub has_numbers: bool,
    univariate: Option<bool>,
    dimensions: Option<usize>,
    equal_length: Option<bool>,
    length: Option<usize>,
}

/// With what a recording ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ending {
    /// A class, as an index.
    Class(u8),
    /// A number, of a regression.
    Number(f32),
}

impl Ending {
    /// The same as a target.
    pub fn target(&self) -> Target<'_> {
        match self {
            Ending::Class(class) => Target::Class(*class),
            Ending::Number(number) => Target::Values(slice::from_ref(number)),
        }
    }
}

/// What was read of a file so far.
#[derive(Debug, Default)]
pub struct Form {
    /// The lines before `@data`.
    pub header: Header,
    /// Whether `@data` has come.
    pub in_data: bool,
    /// Numbers of one step; 0 before the first recording.
    pub channels: usize,
    /// The last recording, step by step.
    pub samples: Vec<f32>, // [steps x channels]
    steps: Option<usize>, // of the first recording, or as the header says
    channel: Vec<f32>,    // [steps], those of one channel after another
}

impl Form {
    /// Reads one line; with what a recording ends, if it is one.
    ///
    /// # Errors
    /// What was found and what was expected.
    pub fn line(&mut self, text: &str) -> Result<Option<Ending>, String> {
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        if self.in_data {
            return self.recording(text).map(Some);
        }
        let Some(field) = text.strip_prefix('@') else {
            let found = shortened(text);
            return Err(format!(
                "`{found}` in the header; expected a line that begins with @ or #, or @data before the recordings; {CORRECT}"
            ));
        };
        let mut words = field.split_whitespace();
        let name = words.next().unwrap_or("").to_ascii_lowercase();
        let words: Vec<&str> = words.collect();
        let header = &mut self.header;
        match &name[..] {
            "problemname" | "missing" => {} // a value that is missing is refused where it is
            "timestamps" if flag(&name, &words)? => {
                return Err("@timeStamps true: time stamps are not read; resample the recordings at even intervals and leave the stamps out".into());
            }
            "timestamps" => {}
            "univariate" => header.univariate = Some(flag(&name, &words)?),
            "dimension" | "dimensions" => header.dimensions = Some(count(&name, &words)?),
            "equallength" => header.equal_length = Some(flag(&name, &words)?),
            "serieslength" => header.length = Some(count(&name, &words)?),
            "targetlabel" => header.has_numbers = flag(&name, &words[..words.len().min(1)])?,
            // false says that there are numbers, or nothing
            "classlabel" if is_false(&words) => {}
            "classlabel" => header.classes = classes(&words)?,
            "data" => {
                self.header.check()?;
                self.steps = self
                    .header
                    .length
                    .filter(|_| self.header.equal_length != Some(false));
                self.in_data = true;
            }
            _ => {
                return Err(format!(
                    "unknown @{}; expected problemName, timeStamps, missing, univariate, dimensions, equalLength, seriesLength, classLabel, targetLabel or data; {CORRECT}",
                    shortened(&name)
                ));
            }
        }
        Ok(None)
    }

    fn recording(&mut self, text: &str) -> Result<Ending, String> {
        let Some((channels, end)) = text.rsplit_once(':') else {
            return Err(format!(
                "no `:`; expected samples, `:` and the class or the number; {CORRECT}"
            ));
        };
        let ending = self.header.ending(end.trim())?;
        self.channel.clear();
        let (mut count, mut steps) = (0, 0);
        for channel in channels.split(':') {
            let before = self.channel.len();
            for (step, value) in (1..).zip(channel.split(',')) {
                self.channel.push(value_of(value, step)?);
            }
            let found = self.channel.len() - before;
            if count > 0 && found != steps {
                return Err(format!(
                    "channel {} has {found} samples, and channel 1 has {steps}; expected as many; {CORRECT}",
                    count + 1
                ));
            }
            (count, steps) = (count + 1, found);
        }
        let expected = match self.header.dimensions {
            Some(dimensions) => dimensions,
            None if self.header.univariate == Some(true) => 1,
            None if self.channels > 0 => self.channels,
            None => count,
        };
        if count != expected {
            return Err(format!("{count} channels; expected {expected}; {CORRECT}"));
        }
        self.channels = count;
        match self.steps {
            Some(expected) if expected != steps => {
                return Err(format!(
                    "{steps} samples; expected {expected} as the lengths are equal (or @equalLength false); {CORRECT}"
                ));
            }
            None if self.header.equal_length == Some(true) => self.steps = Some(steps),
            _ => {}
        }
        self.samples.clear();
        for step in 0..steps {
            let sample = |channel| self.channel[channel * steps + step];
            self.samples.extend((0..count).map(sample));
        }
        Ok(ending)
    }
}

impl Header {
    /// What the recordings are to be answered with.
    pub fn task(&self) -> Task {
        let answer = match self.has_numbers {
            true => Answer::Values,
            false => Answer::Class,
        };
        let moment = Moment::End;
        Task { answer, moment }
    }

    /// Names of the numbers: the form has one, without a name.
    pub fn outputs(&self) -> Vec<String> {
        let names = self.has_numbers.then(|| "target".to_owned());
        names.into_iter().collect()
    }

    /// Reads what follows the last `:` of a recording.
    fn ending(&self, text: &str) -> Result<Ending, String> {
        if self.has_numbers {
            let number = sample(text).map_err(|problem| format!("the target: {problem}"))?;
            return Ok(Ending::Number(number));
        }
        let known = self.classes.iter().position(|name| name == text);
        let label = known.ok_or_else(|| {
            let (class, classes) = (shortened(text), self.classes.join(" "));
            format!("unknown class `{class}`; expected one of @classLabel: {classes}; {CORRECT}")
        })?;
        Ok(Ending::Class(label as u8))
    }

    /// Refuses lines that contradict each other.
    fn check(&self) -> Result<(), String> {
        if self.classes.is_empty() != self.has_numbers {
            let problem = if self.has_numbers {
                "@classLabel true and @targetLabel true; expected classes or numbers"
            } else {
                "no @classLabel before @data; expected `@classLabel true` and the names, or `@targetLabel true` for numbers"
            };
            return Err(format!("{problem}; {CORRECT}"));
        }
        let single = self.dimensions.map(|dimensions| dimensions == 1);
        if let (Some(univariate), Some(single)) = (self.univariate, single)
            && univariate != single
        {
            let dimensions = self.dimensions.unwrap_or(1);
            return Err(format!(
                "@univariate {univariate} contradicts @dimensions {dimensions}; {CORRECT}"
            ));
        }
        Ok(())
    }
}

fn value_of(text: &str, step: usize) -> Result<f32, String> {
    let text = text.trim();
    if text == "?" || text.is_empty() || text.eq_ignore_ascii_case("nan") {
        return Err(format!(
            "sample {step} is missing; fill it in or remove the row"
        ));
    }
    sample(text).map_err(|problem| format!("sample {step}: {problem}"))
}

fn flag(name: &str, words: &[&str]) -> Result<bool, String> {
    match words {
        [word] if word.eq_ignore_ascii_case("true") => Ok(true),
        [word] if word.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(format!(
            "@{name} {}; expected true or false; {CORRECT}",
            shortened(&words.join(" "))
        )),
    }
}

fn is_false(words: &[&str]) -> bool {
    matches!(words, [word] if word.eq_ignore_ascii_case("false"))
}

fn count(name: &str, words: &[&str]) -> Result<usize, String> {
    let number = match words {
        [word] => word.parse().ok(),
        _ => None,
    };
    number.filter(|&number| number > 0).ok_or_else(|| {
        format!(
            "@{name} {}; expected a number from 1; {CORRECT}",
            shortened(&words.join(" "))
        )
    })
}

fn classes(words: &[&str]) -> Result<Vec<String>, String> {
    let has = flag("classLabel", &words[..words.len().min(1)])?;
    let names = &words[words.len().min(1)..];
    let twice = (1..names.len()).any(|k| names[..k].contains(&names[k]));
    if !has || twice || !(2..=MOST_CLASSES).contains(&names.len()) {
        let found = shortened(&words.join(" "));
        return Err(format!(
            "@classLabel {found}; expected true and 2 to {MOST_CLASSES} different names; {CORRECT}"
        ));
    }
    Ok(names.iter().map(|&name| name.to_owned()).collect())
}

//! Enters: lines of text. Leaves: what the program `sentiment` answers on the serial line,
//! as it is and in its parts. Next: the command prints it.
//!
//! What the board prints is described in `firmware-examples/sentiment/src/lib.rs`.

use super::serial::SerialLine;
use crate::error::{Error, Result};
use crate::predict::NamedValue;
use serde::{Serialize, Serializer};
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What the board prints before it waits for a line.
const PROMPT: &[u8] = b"> ";

/// How long a board that no longer answers may take to end.
const PATIENCE: Duration = Duration::from_millis(500);

/// A conversation with a board. Dropping it ends the emulator.
#[derive(Debug)]
pub struct Conversation {
    line: SerialLine,
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    greeting: Vec<String>,
}

/// What the board says to one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// A class, or numbers.
    Answer(BoardAnswer),
    /// Something else: what to type, or what went wrong.
    Message {
        /// In the board's words.
        message: String,
    },
}

/// An answer in its parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoardAnswer {
    /// Name of the class; none of a model of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Its lead over the next best, in log-odds; three decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// Numbers, six digits of each; none of a model of classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<NamedValue>,
    /// Words that were run.
    pub tokens: u32,
    /// Time for the line, in `unit`.
    pub time: u32,
    /// Time for one word of it.
    pub time_per_token: u32,
    /// What the times are counted in; on an emulator instructions.
    pub unit: String,
    /// Bits of the logits, Q16 integers or f32.
    #[serde(serialize_with = "hexadecimal")]
    pub logits: Vec<u32>,
}

fn hexadecimal<S: Serializer>(
    logits: &[u32],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(logits.iter().map(|bits| format!("{bits:08x}")))
}

impl Conversation {
    /// Waits until the board has said what it is.
    ///
    /// # Errors
    /// The board refuses its model, or does not start.
    pub fn begin(line: SerialLine) -> Result<Self> {
        let (reader, writer) = (BufReader::new(line.stream()?), line.stream()?);
        let mut begun = Conversation {
            line,
            reader,
            writer,
            greeting: Vec::new(),
        };
        begun.greeting = begun.until_prompt()?;
        Ok(begun)
    }

    /// The first lines, without the prompt.
    pub fn greeting(&self) -> &[String] {
        &self.greeting
    }

    /// The line, for another thread to shut: an answer that is waited for is then an error.
    ///
    /// # Errors
    /// The system has no more handles.
    pub fn stream(&self) -> Result<TcpStream> {
        self.line.stream()
    }

    /// Types a line and waits for what the board says to it. A `\r` or `\n` within the text
    /// is typed as a blank, which parts words as they do.
    ///
    /// # Errors
    /// The board has stopped.
    pub fn ask(&mut self, text: &[u8]) -> Result<String> {
        let blank = |&byte: &u8| match byte {
            b'\r' | b'\n' => b' ',
            byte => byte,
        };
        let typed: Vec<u8> = text.iter().map(blank).chain([b'\n']).collect();
        if self.writer.write_all(&typed).is_err() {
            return Err(self.stopped());
        }
        let lines = self.until_prompt()?;
        Ok(lines.join("\n"))
    }

    /// The lines up to the next prompt.
    fn until_prompt(&mut self) -> Result<Vec<String>> {
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        let mut byte = [0];
        loop {
            if self.reader.read_exact(&mut byte).is_err() {
                let said = lines.last().map(String::as_str).unwrap_or_default();
                return match said.strip_prefix("error: ") {
                    Some(refused) => Err(Error::Tool(format!("the board says: {refused}"))),
                    None => Err(self.stopped()),
                };
            }
            match byte {
                [b'\n'] => {
                    let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
                    if !text.is_empty() {
                        lines.push(text);
                    }
                    line.clear();
                }
                [byte] => line.push(byte),
            }
            if line == PROMPT {
                return Ok(lines);
            }
        }
    }

    /// The error of a board that has stopped: its last word, if it had one.
    fn stopped(&mut self) -> Error {
        let words = match self.line.end(PATIENCE) {
            Ok((_, words)) => words,
            Err(error) => return error,
        };
        let last = words.lines().last().unwrap_or("it said nothing");
        let last = last.strip_prefix("error: ").unwrap_or(last);
        Error::Tool(format!(
            "the board has stopped: {last}; export the model again, and if that does not help \
             report it"
        ))
    }
}

impl Reply {
    /// The parts of what the board said.
    pub fn parse(said: &str) -> Self {
        match answer(said) {
            Some(answer) => Reply::Answer(answer),
            None => Reply::Message {
                message: said.to_owned(),
            },
        }
    }
}

fn answer(said: &str) -> Option<BoardAnswer> {
    let fields: Vec<&str> = said.split('\t').collect();
    let (said, rest) = fields.split_at_checked(fields.len().checked_sub(4)?)?;
    let [tokens, time, per_token, logits] = *rest else {
        return None;
    };
    // a score is no pair of a name and a number
    let (class, score, values) = match said {
        [] => return None,
        [class, score] if value(score).is_none() => {
            (Some(class), Some(score.parse().ok()?), Vec::new())
        }
        pairs => {
            let values = pairs.iter().map(|pair| value(pair));
            (None, None, values.collect::<Option<_>>()?)
        }
    };
    let (time, unit) = time.split_once(' ')?;
    let per_token = per_token.strip_suffix(" a token")?.strip_suffix(unit)?;
    let logits = logits.strip_prefix("logits ")?.split(',');
    let logits = logits.map(|bits| u32::from_str_radix(bits, 16).ok());
    Some(BoardAnswer {
        class: class.map(|&class| class.to_owned()),
        score,
        values,
        tokens: tokens.strip_suffix(" tokens")?.parse().ok()?,
        time: time.parse().ok()?,
        time_per_token: per_token.trim_end().parse().ok()?,
        unit: unit.to_owned(),
        logits: logits.collect::<Option<_>>()?,
    })
}

/// `name=number`.
fn value(field: &str) -> Option<NamedValue> {
    let (name, value) = field.rsplit_once('=')?;
    Some(NamedValue {
        name: name.to_owned(),
        value: value.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_its_parts_and_everything_else_is_a_message() {
        let said = "positive\t3.271\t24 tokens\t1586 us\t66 us a token\tlogits 00034577,ffff0000";
        let expected = BoardAnswer {
            class: Some("positive".into()),
            score: Some(3.271),
            values: Vec::new(),
            tokens: 24,
            time: 1586,
            time_per_token: 66,
            unit: "us".into(),
            logits: vec![0x34577, 0xffff_0000],
        };
        assert_eq!(Reply::parse(said), Reply::Answer(expected.clone()));
        let json = serde_json::to_string(&Reply::Answer(expected)).expect("JSON");
        assert!(
            json.ends_with(r#""logits":["00034577","ffff0000"]}"#),
            "{json}"
        );
        let said = "stars=4.25\ta=b=-1\t1 tokens\t9 us\t9 us a token\tlogits 00000001,00000002";
        let Reply::Answer(answer) = Reply::parse(said) else {
            panic!("no answer: {said}");
        };
        let values = answer.values.iter();
        let values: Vec<_> = values.map(|v| (v.name.as_str(), v.value)).collect();
        assert_eq!(values, [("stars", 4.25), ("a=b", -1.0)]);
        assert_eq!((answer.class, answer.score), (None, None));
        for other in [
            "1 tokens\t9 us\t9 us a token\tlogits 00000001",
            "type a text and press Enter",
            "a\t1\t2 tokens\t3 us\t1 us a token",
            "",
        ] {
            let message = other.to_owned();
            assert_eq!(Reply::parse(other), Reply::Message { message });
        }
    }
}

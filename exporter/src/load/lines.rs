//! Enters: lines of numbers, a sample of every channel a line. Leaves: recordings as they are.
//! Next: `predict` runs them.

use std::io::BufRead;
use std::path::Path;

use crate::error::{Error, Result};

/// A recording and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadRecording {
    /// Number of its first line, from 1.
    pub line: usize,
    /// Raw, step by step.
    pub values: Vec<f32>, // [steps x channels]
}

/// Reads the recordings of a file, which blank lines part. Between the numbers of a line are
/// commas or blanks.
///
/// # Errors
/// A line that is not one number a channel, or a file that cannot be read; `path` names it.
pub fn read_recordings(
    input: impl BufRead,
    path: &Path,
    channels: usize,
) -> Result<Vec<ReadRecording>> {
    let mut recordings: Vec<ReadRecording> = Vec::new();
    let mut is_open = false;
    for (line, text) in (1..).zip(input.lines()) {
        let text = text.map_err(Error::io(path, "give a text file of numbers"))?;
        if text.trim().is_empty() {
            is_open = false;
            continue;
        }
        if !is_open {
            let values = Vec::new();
            recordings.push(ReadRecording { line, values });
            is_open = true;
        }
        let refuse = |what: String| {
            let numbers = if channels == 1 { "number" } else { "numbers" };
            Error::data(
                path,
                format!(
                    "line {line}: {what}; give {channels} {numbers} a line, with commas or blanks between"
                ),
            )
        };
        let sample = numbers(&text).map_err(refuse)?;
        if sample.len() != channels {
            return Err(refuse(format!("{} numbers", sample.len())));
        }
        if let Some(recording) = recordings.last_mut() {
            recording.values.extend(sample);
        }
    }
    Ok(recordings)
}

/// The numbers of a line, or what is none.
fn numbers(line: &str) -> std::result::Result<Vec<f32>, String> {
    let fields = line.split(',').flat_map(|part| {
        // an empty part is a number that is missing
        let words: Vec<&str> = part.split_whitespace().collect();
        if words.is_empty() { vec![""] } else { words }
    });
    fields
        .map(|field| match field.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(format!("`{field}` is no number")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ReadRecording>> {
        read_recordings(text.as_bytes(), Path::new("walk.csv"), 2)
    }

    #[test]
    fn blank_lines_part_recordings_and_commas_or_blanks_numbers() {
        let found = read("\n1,2\n 3.5 , -4e1\r\n\n \n5\t6\n").unwrap();
        let expected = [(2, vec![1.0, 2.0, 3.5, -40.0]), (6, vec![5.0, 6.0])];
        let expected = expected.map(|(line, values)| ReadRecording { line, values });
        assert_eq!(found, expected);
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn an_error_names_file_line_and_what_is_wanted() {
        for (text, problem) in [
            ("1,2\n3,x\n", "line 2: `x` is no number"),
            ("1,2\n\n3,,4\n", "line 3: `` is no number"),
            ("1,inf\n", "line 1: `inf` is no number"),
            ("1,2\n3\n", "line 2: 1 numbers"),
            ("1 2 3\n", "line 1: 3 numbers"),
        ] {
            let error = read(text).unwrap_err().to_string();
            let expected = format!(
                "walk.csv: {problem}; give 2 numbers a line, with commas or blanks between"
            );
            assert_eq!(error, expected);
        }
    }
}

//! Enters: numbers as text, and the place of a recording in its file. Leaves: finite samples,
//! and a place in no order. Next: the loaders of recordings, `hapt`, `ts`, `series_table`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::stream::DAMAGED_HINT;
use crate::error::{Error, Result as FileResult};

/// Longest line; a longer one is no row of numbers.
const LINE_BYTES: u64 = 64 << 20;

/// Calls `visit` with every line and its number from 1, until it returns false. What it says
/// is wrong becomes an error with path and line; a line is UTF-8 and has no line end.
///
/// # Errors
/// What cannot be read, what is not UTF-8, and what `visit` returns.
pub fn for_each_line(
    path: &Path,
    reader: &mut dyn Read,
    visit: &mut dyn FnMut(u64, &str) -> FileResult<bool>,
) -> FileResult<()> {
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let mut limited = (&mut reader).take(LINE_BYTES + 1);
        let count = limited
            .read_until(b'\n', &mut bytes)
            .map_err(Error::io(path, DAMAGED_HINT))?;
        if count as u64 > LINE_BYTES {
            let problem = "longer than 64 MB, so no row of numbers; give another file";
            return Err(at_line(path, line, problem));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| at_line(path, line, "not UTF-8; convert the file to UTF-8"))?;
        if count == 0 || !visit(line, text.trim_end_matches(['\n', '\r']))? {
            break;
        }
    }
    Ok(())
}

/// An error that names file and line.
pub fn at_line(path: &Path, line: u64, problem: impl std::fmt::Display) -> Error {
    Error::data(path, format!("line {line}: {problem}"))
}

/// Reads one number of a recording.
///
/// # Errors
/// What was found and what was expected, without the file and the line.
pub fn sample(text: &str) -> Result<f32, String> {
    match text.trim().parse::<f32>() {
        Ok(sample) if sample.is_finite() => Ok(sample),
        _ => Err(format!(
            "`{}` is no finite number; expected one such as -0.25; correct or remove the row",
            shortened(text.trim())
        )),
    }
}

/// What a message quotes of a text of any length.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// Another number for each number, in no order that means anything: what stands side by
/// side in a file comes apart (the finaliser of SplitMix64, Steele et al. 2014).
pub fn scattered(place: u64) -> u64 {
    let mut z = place.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_are_samples() {
        assert_eq!(sample(" -1.5e-1 "), Ok(-0.15));
        for text in [
            "",
            "NaN",
            "inf",
            "1e99",
            "?",
            "1,5",
            "ä".repeat(99).as_str(),
        ] {
            let problem = sample(text).unwrap_err();
            assert!(problem.contains("is no finite number; expected"));
            assert!(problem.len() < 200, "{problem}");
        }
    }

    #[test]
    fn neighbours_come_apart_and_no_two_meet() {
        let mut places: Vec<u64> = (0..1000).map(scattered).collect();
        assert!(!places.is_sorted());
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 1000);
    }
}

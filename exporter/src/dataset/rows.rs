//! Enters: a [`DataFile`] of rows: CSV or TSV with a header line, or a JSON object a line.
//! Leaves: the fields of the columns asked for, row by row. Next: `sanders`, `amazon`, `yelp`
//! and `table` make documents of them.
//!
//! The first line tells the form: `{` begins JSON lines; else it is a header, with tabs,
//! commas or semicolons between its names. Fields may be quoted, and hold line breaks then.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::data_file::DataFile;
use super::readings::at_line;
use super::records::{
    ROW_BYTES, TOO_LONG, delimiter_of, first_line, for_each_record, head_of, utf8,
};
use super::stream::DAMAGED_HINT;
use crate::error::{Error, Result};

/// The wanted fields of one row, and where it is.
#[derive(Debug)]
pub struct Row<'a, const N: usize> {
    /// In the order in which the columns were asked for.
    pub fields: [&'a str; N],
    path: &'a Path,
    line: u64,
}

impl<const N: usize> Row<'_, N> {
    /// An error that names the row.
    pub fn error(&self, problem: impl std::fmt::Display) -> Error {
        at_line(self.path, self.line, problem)
    }
}

/// Calls `visit` with every row. A column is its name in the header or the key of the
/// objects; if the header has no such name, a number counts columns from 1.
///
/// # Errors
///
/// [`Error::Io`] for what cannot be read to its end, [`Error::Data`] with the line for what
/// is no such table, and whatever `visit` returns.
pub fn for_each_row<const N: usize>(
    file: &DataFile,
    columns: [&str; N],
    visit: &mut dyn FnMut(Row<'_, N>) -> Result<()>,
) -> Result<()> {
    file.read(&mut |path, reader| {
        let head = head_of(path, reader)?;
        let line = first_line(&head);
        let form = match line.trim_ascii_start().first() {
            None if head.trim_ascii().is_empty() => {
                let columns = columns.join(", ");
                let problem = format!("empty; expected a table with the columns {columns}");
                return Err(Error::data(path, format!("{problem}; give another file")));
            }
            Some(b'{') => None,
            _ => Some(delimiter_of(line)),
        };
        let mut whole = Cursor::new(head).chain(reader);
        match form {
            None => json_lines(path, &mut whole, columns, visit),
            Some(delimiter) => separated(path, &mut whole, delimiter, columns, visit),
        }
    })
}

/// Reads CSV or TSV.
fn separated<const N: usize>(
    path: &Path,
    reader: &mut dyn Read,
    delimiter: u8,
    columns: [&str; N],
    visit: &mut dyn FnMut(Row<'_, N>) -> Result<()>,
) -> Result<()> {
    let mut places: Option<(usize, [usize; N])> = None;
    for_each_record(path, reader, delimiter, &mut |line, record| {
        match places {
            None => {
                let names: Vec<&str> = record
                    .iter()
                    .map(|field| utf8(path, line, field))
                    .collect::<Result<_>>()?;
                let mut found = [0; N];
                for (place, column) in found.iter_mut().zip(columns) {
                    *place = find(&names, column).ok_or_else(|| {
                        let names = names.join(", ");
                        at_line(
                            path,
                            line,
                            format!("no column {column}; the header has {names}; name another"),
                        )
                    })?;
                }
                places = Some((names.len(), found));
            }
            Some((width, _)) if record.len() != width => {
                let count = record.len();
                let problem =
                    format!("{count} fields, and the header has {width}; correct the row");
                return Err(at_line(path, line, problem));
            }
            Some((_, places)) => {
                let mut fields = [""; N];
                for (field, place) in fields.iter_mut().zip(places) {
                    *field = utf8(path, line, &record[place])?;
                }
                visit(Row { fields, path, line })?;
            }
        }
        Ok(())
    })
}

/// The place of a column in the header.
fn find(names: &[&str], column: &str) -> Option<usize> {
    let place = names.iter().position(|name| name.trim() == column);
    let number = column.parse().ok().and_then(|n: usize| n.checked_sub(1));
    place.or(number.filter(|&number| number < names.len()))
}

/// Reads a JSON object a line; empty lines are passed over.
fn json_lines<const N: usize>(
    path: &Path,
    reader: &mut dyn Read,
    keys: [&str; N],
    visit: &mut dyn FnMut(Row<'_, N>) -> Result<()>,
) -> Result<()> {
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let mut limited = (&mut reader).take(ROW_BYTES + 1);
        let count = limited
            .read_until(b'\n', &mut bytes)
            .map_err(Error::io(path, DAMAGED_HINT))?;
        if count == 0 {
            break;
        }
        if count as u64 > ROW_BYTES {
            return Err(at_line(path, line, TOO_LONG));
        }
        let text = utf8(path, line, &bytes)?;
        if text.trim().is_empty() {
            continue;
        }
        let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            let problem = format!("no JSON object: {error}; give one object a line");
            at_line(path, line, problem)
        })?;
        let mut values = [const { Cow::Borrowed("") }; N];
        for (value, key) in values.iter_mut().zip(keys) {
            *value = match object.get(key) {
                Some(Value::String(text)) => Cow::Borrowed(&text[..]),
                Some(scalar @ (Value::Number(_) | Value::Bool(_))) => scalar.to_string().into(),
                Some(other) => {
                    let problem = format!("{key} is {other}; expected a text or a number");
                    return Err(at_line(path, line, format!("{problem}; correct the line")));
                }
                None => {
                    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
                    let keys = keys.join(", ");
                    let problem = format!("no key {key}; the object has {keys}; name another");
                    return Err(at_line(path, line, problem));
                }
            };
        }
        let fields = values.each_ref().map(|value| &**value);
        visit(Row { fields, path, line })?;
    }
    Ok(())
}

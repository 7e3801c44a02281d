//! Enters: a [`DataFile`] of rows: CSV or TSV with a header line, or a JSON object a line.
//! Leaves: the fields of the columns asked for, row by row. Next: `sanders`, `amazon`, `yelp`
//! and `table` make documents of them.
//!
//! The first line tells the form: `{` begins JSON lines; else it is a header, with tabs,
//! commas or semicolons between its names. Fields may be quoted, and hold line breaks then.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::str::from_utf8;

use serde_json::{Map, Value};

use super::data_file::DataFile;
use super::stream::{self, DAMAGED_HINT};
use crate::error::{Error, Result};

/// Longest row: a longer one is a quote that is never closed, or no table at all.
const ROW_BYTES: u64 = 16 << 20;
const TOO_LONG: &str =
    "a row longer than 16 MB: a quote that is never closed, or no table; correct the file";

/// How much of the file tells its form.
const HEADER_BYTES: usize = 1 << 16;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A row after the last one. Where a quote is still open at the end of the file, it is
/// swallowed by the last field, and so the cut is noticed.
const END: &str = "\u{4}end of the table\u{4}";

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
        wrong(self.path, self.line, problem)
    }
}

fn wrong(path: &Path, line: u64, problem: impl std::fmt::Display) -> Error {
    Error::data(path, format!("line {line}: {problem}"))
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
        let mut head = stream::head(reader, HEADER_BYTES).map_err(Error::io(path, DAMAGED_HINT))?;
        if head.starts_with(BOM) {
            head.drain(..BOM.len());
        }
        let line = head.split(|&byte| byte == b'\n').next().unwrap_or(&[]);
        let has = |byte| line.contains(&byte);
        let form = match line.trim_ascii_start().first() {
            None if head.trim_ascii().is_empty() => {
                let columns = columns.join(", ");
                let problem = format!("empty; expected a table with the columns {columns}");
                return Err(Error::data(path, format!("{problem}; give another file")));
            }
            Some(b'{') => None,
            _ if has(b'\t') => Some(b'\t'),
            _ if has(b';') && !has(b',') => Some(b';'),
            _ => Some(b','),
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
    let lines = RefCell::new(Lines::default());
    let end = format!("\n{END}\n");
    let watched = Watched {
        inner: reader.chain(end.as_bytes()),
        lines: &lines,
    };
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(watched);
    let mut record = csv::ByteRecord::new();
    let mut places: Option<(usize, [usize; N])> = None;
    let mut line = 1;
    loop {
        lines.borrow_mut().left = ROW_BYTES;
        let more = rows.read_byte_record(&mut record).map_err(|error| {
            let source = io::Error::from(error);
            match source.kind() {
                io::ErrorKind::FileTooLarge => wrong(path, line, TOO_LONG),
                _ => Error::io(path, DAMAGED_HINT)(source),
            }
        })?;
        let start = record.position().map_or(0, csv::Position::byte);
        line = lines.borrow_mut().first_from(start);
        if record.len() == 1 && &record[0] == END.as_bytes() {
            return Ok(());
        }
        let last = record.iter().next_back().unwrap_or(&[]).trim_ascii_end();
        if !more || last.ends_with(END.as_bytes()) {
            let problem = "a quote that is never closed, or the file is cut short; correct it";
            return Err(wrong(path, line, problem));
        }
        let utf8 = |field| {
            from_utf8(field).map_err(|_| wrong(path, line, "not UTF-8; convert the file to UTF-8"))
        };
        match places {
            None => {
                let names: Vec<&str> = record.iter().map(utf8).collect::<Result<_>>()?;
                let mut found = [0; N];
                for (place, column) in found.iter_mut().zip(columns) {
                    *place = find(&names, column).ok_or_else(|| {
                        let names = names.join(", ");
                        wrong(
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
                return Err(wrong(path, line, problem));
            }
            Some((_, places)) => {
                let mut fields = [""; N];
                for (field, place) in fields.iter_mut().zip(places) {
                    *field = utf8(&record[place])?;
                }
                visit(Row { fields, path, line })?;
            }
        }
    }
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
            return Err(wrong(path, line, TOO_LONG));
        }
        let text = from_utf8(&bytes)
            .map_err(|_| wrong(path, line, "not UTF-8; convert the file to UTF-8"))?;
        if text.trim().is_empty() {
            continue;
        }
        let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            let problem = format!("no JSON object: {error}; give one object a line");
            wrong(path, line, problem)
        })?;
        let mut values = [const { Cow::Borrowed("") }; N];
        for (value, key) in values.iter_mut().zip(keys) {
            *value = match object.get(key) {
                Some(Value::String(text)) => Cow::Borrowed(&text[..]),
                Some(scalar @ (Value::Number(_) | Value::Bool(_))) => scalar.to_string().into(),
                Some(other) => {
                    let problem = format!("{key} is {other}; expected a text or a number");
                    return Err(wrong(path, line, format!("{problem}; correct the line")));
                }
                None => {
                    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
                    let keys = keys.join(", ");
                    let problem = format!("no key {key}; the object has {keys}; name another");
                    return Err(wrong(path, line, problem));
                }
            };
        }
        let fields = values.each_ref().map(|value| &**value);
        visit(Row { fields, path, line })?;
    }
    Ok(())
}

/// Where the lines begin that the parser has been given: its own count leaves empty lines
/// and `\r\n` before a row to that row.
#[derive(Debug)]
struct Lines {
    starts: VecDeque<(u64, u64)>, // place in the file and number of lines that are not empty
    place: u64,
    line: u64,
    is_empty: bool,
    left: u64, // bytes that the present row may still have
}

impl Default for Lines {
    fn default() -> Self {
        Lines {
            starts: VecDeque::new(),
            place: 0,
            line: 1,
            is_empty: true,
            left: ROW_BYTES,
        }
    }
}

impl Lines {
    fn see(&mut self, bytes: &[u8]) {
        for (place, &byte) in (self.place..).zip(bytes) {
            match byte {
                b'\n' => (self.line, self.is_empty) = (self.line + 1, true),
                b'\r' => {}
                _ if self.is_empty => {
                    self.starts.push_back((place, self.line));
                    self.is_empty = false;
                }
                _ => {}
            }
        }
        self.place += bytes.len() as u64;
    }

    /// The first line that begins at a place or after it, and is not empty.
    fn first_from(&mut self, place: u64) -> u64 {
        while self.starts.front().is_some_and(|start| start.0 < place) {
            self.starts.pop_front();
        }
        self.starts.front().map_or(self.line, |start| start.1)
    }
}

/// A reader that keeps book of the lines, and fails within a row that is too long.
struct Watched<'a, R> {
    inner: R,
    lines: &'a RefCell<Lines>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let mut lines = self.lines.borrow_mut();
        let left = lines.left.checked_sub(count as u64);
        lines.left = left.ok_or(io::ErrorKind::FileTooLarge)?;
        lines.see(&buffer[..count]);
        Ok(count)
    }
}

//! Enters: the bytes of a table, CSV or TSV. Leaves: its records with the lines on which they
//! begin, the header among them. Next: `rows` finds named columns in them, `series_table` and
//! `sample_table` numbers.
//!
//! Fields may be quoted, and hold line breaks then; empty lines are passed over.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::Path;

use super::readings::at_line;
use super::stream::{self, DAMAGED_HINT};
use crate::error::{Error, Result};

/// Longest row: a longer one is a quote that is never closed, or no table at all.
pub(super) const ROW_BYTES: u64 = 16 << 20;
/// What is said of it.
pub(super) const TOO_LONG: &str =
    "a row longer than 16 MB: a quote that is never closed, or no table; correct the file";

/// How much of the file tells its form.
const HEADER_BYTES: usize = 1 << 16;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A row after the last one. Where a quote is still open at the end of the file, it is
/// swallowed by the last field, and so the cut is noticed.
const END: &str = "\u{4}end of the table\u{4}";

/// The first bytes of a table, without a byte order mark; the reader goes on after them.
///
/// # Errors
/// What cannot be read.
pub fn head_of(path: &Path, reader: &mut dyn Read) -> Result<Vec<u8>> {
    let mut head = stream::head(reader, HEADER_BYTES).map_err(Error::io(path, DAMAGED_HINT))?;
    if head.starts_with(BOM) {
        head.drain(..BOM.len());
    }
    Ok(head)
}

/// The first line of the first bytes.
pub fn first_line(head: &[u8]) -> &[u8] {
    head.split(|&byte| byte == b'\n').next().unwrap_or(&[])
}

/// What stands between the fields of this line: tabs, semicolons or commas.
pub fn delimiter_of(line: &[u8]) -> u8 {
    let has = |byte| line.contains(&byte);
    match () {
        () if has(b'\t') => b'\t',
        () if has(b';') && !has(b',') => b';',
        () => b',',
    }
}

/// A field as text.
///
/// # Errors
/// It is not UTF-8.
pub fn utf8<'f>(path: &Path, line: u64, field: &'f [u8]) -> Result<&'f str> {
    std::str::from_utf8(field)
        .map_err(|_| at_line(path, line, "not UTF-8; convert the file to UTF-8"))
}

/// Calls `visit` with the fields of every record as text, the first one's among them, and the
/// line on which it begins. The first line tells what stands between the fields.
///
/// # Errors
/// As of [`for_each_record`], and fields that are not UTF-8.
pub fn for_each_text_record(
    path: &Path,
    reader: &mut dyn Read,
    visit: &mut dyn FnMut(u64, &[&str]) -> Result<()>,
) -> Result<()> {
    let head = head_of(path, reader)?;
    let delimiter = delimiter_of(first_line(&head));
    let mut whole = Read::chain(&head[..], reader);
    for_each_record(path, &mut whole, delimiter, &mut |line, record| {
        let fields = record.iter().map(|field| utf8(path, line, field));
        visit(line, &fields.collect::<Result<Vec<&str>>>()?)
    })
}

/// Calls `visit` with every record and the line on which it begins.
///
/// # Errors
/// What cannot be read to its end, a quote that is never closed, a row too long, and whatever
/// `visit` returns.
pub fn for_each_record(
    path: &Path,
    reader: &mut dyn Read,
    delimiter: u8,
    visit: &mut dyn FnMut(u64, &csv::ByteRecord) -> Result<()>,
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
    let mut line = 1;
    loop {
        lines.borrow_mut().left = ROW_BYTES;
        let more = rows.read_byte_record(&mut record).map_err(|error| {
            let source = io::Error::from(error);
            match source.kind() {
                io::ErrorKind::FileTooLarge => at_line(path, line, TOO_LONG),
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
            return Err(at_line(path, line, problem));
        }
        visit(line, &record)?;
    }
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

//! Enters: a table of recordings, CSV or TSV: one a row, its class in one column and its
//! samples in the others, with or without a header. Leaves: [`SeriesTable`].
//! Next: `divided`.
//!
//! A first row whose samples are all numbers is no header. All rows are as long as the first.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use super::data_file::{DataFile, FileKind};
use super::divided::{Collection, Example};
use super::readings::{at_line, sample, shortened};
use super::stream::{self, DAMAGED_HINT};
use super::table::sorted;
use super::{Content, Medium};
use crate::error::{Error, Result};

const KIND: FileKind = FileKind {
    folder: "series",
    is: |name| {
        let ends = [".csv", ".tsv"];
        ends.iter().any(|end| name.ends_with(end))
    },
    give: "give recordings as .csv, .tsv or .ts, their archive or their folder",
};

/// How much of the file tells its form: any header fits.
const HEADER_BYTES: usize = 1 << 16;
/// Most classes that a device tells apart.
const MOST_CLASSES: usize = 255;

/// Which columns of a table are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesColumns {
    /// That of the labels: a name of the header, or a number from 1. Without one it is the
    /// column `label`, or the first of a table without header.
    pub label: Option<String>,
    /// The first and the last of those of the samples, `FIRST..LAST`; all but the label
    /// without it.
    pub samples: Option<String>,
    /// How many columns make one step, one a channel.
    pub channels: usize,
}

impl Default for SeriesColumns {
    fn default() -> Self {
        SeriesColumns {
            label: None,
            samples: None,
            channels: 1,
        }
    }
}

/// Where the columns are, as the first row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Places {
    width: usize,
    label: usize,
    samples: Range<usize>,
    has_header: bool,
}

impl Places {
    /// Finds the columns by the first row.
    fn find(row: &[&str], columns: &SeriesColumns) -> std::result::Result<Places, String> {
        let place = |column: &str| {
            let named = row.iter().position(|name| name.trim() == column);
            let number = column.parse().ok().and_then(|n: usize| n.checked_sub(1));
            number.filter(|&number| number < row.len()).or(named)
        };
        let known = |column: &str| {
            place(column).ok_or_else(|| {
                let names = shortened(&row.join(", "));
                format!("no column {column}; the first row has {names}; name another")
            })
        };
        let samples = match &columns.samples {
            None => 0..row.len(),
            Some(range) => {
                let (first, last) = range.split_once("..").ok_or_else(|| {
                    format!("columns {range}; expected FIRST..LAST; correct --sample-columns")
                })?;
                known(first)?..known(last)? + 1
            }
        };
        let named = columns.label.as_deref().or_else(|| {
            let label = row.iter().find(|name| name.trim() == "label");
            label.map(|name| name.trim())
        });
        let label = named.map_or(Ok(0), known)?;
        let is_sample = |column: &usize| *column != label;
        let count = samples.clone().filter(is_sample).count();
        if count == 0 || !count.is_multiple_of(columns.channels) {
            return Err(format!(
                "{count} columns of samples for {} channels; expected whole steps; name others by --sample-columns or --channels",
                columns.channels
            ));
        }
        let has_header = samples
            .clone()
            .filter(is_sample)
            .any(|column| !is_number(row[column]));
        Ok(Places {
            width: row.len(),
            label,
            samples,
            has_header,
        })
    }

    fn samples_of(&self, row: &[&str], samples: &mut Vec<f32>) -> std::result::Result<(), String> {
        samples.clear();
        for column in self.samples.clone().filter(|&column| column != self.label) {
            let value = sample(row[column])
                .map_err(|problem| format!("column {}: {problem}", column + 1))?;
            samples.push(value);
        }
        Ok(())
    }
}

/// Whether it is written as a number, finite or not: `nan` is a hole, no name.
fn is_number(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text == "?" || text.parse::<f32>().is_ok()
}

/// Takes label and samples of a row: says what is wrong with them, or passes on an error.
type Visit<'a> = dyn FnMut(&str, &[f32]) -> std::result::Result<Result<()>, String> + 'a;

/// A table of recordings, read once for its classes.
#[derive(Debug, Clone)]
pub struct SeriesTable {
    file: DataFile,
    columns: SeriesColumns,
    classes: Vec<String>, // sorted
}

impl SeriesTable {
    /// Finds the table at `path` and reads its labels.
    ///
    /// # Errors
    ///
    /// What cannot be read or is not of this form, with the line, and fewer than 2 classes or
    /// more than a device tells apart.
    pub fn open(path: &Path, columns: SeriesColumns) -> Result<SeriesTable> {
        if !(1..=usize::from(u16::MAX)).contains(&columns.channels) {
            let problem = format!("channels is {}; choose 1 to 65535", columns.channels);
            return Err(Error::Options(problem));
        }
        let file = DataFile::find(path, &KIND)?;
        let mut table = SeriesTable {
            file,
            columns,
            classes: Vec::new(),
        };
        let mut labels = BTreeSet::new();
        table.for_each_row(&mut |label, _| {
            if label.is_empty() || label.contains(char::is_control) {
                return Err("no label; correct or remove the row".into());
            }
            labels.insert(label.to_owned());
            if labels.len() > MOST_CLASSES {
                return Err(format!(
                    "more than {MOST_CLASSES} different labels; name the column of the classes by --label-column"
                ));
            }
            Ok(Ok(()))
        })?;
        if labels.len() < 2 {
            let count = labels.len();
            let problem = format!(
                "{count} different labels, expected 2 or more; name the column of the classes by --label-column"
            );
            return Err(Error::data(table.file.path(), problem));
        }
        table.classes = sorted(labels.into_iter().collect());
        Ok(table)
    }

    /// Calls `visit` with label and samples of every row; what it says is wrong is an error
    /// with the line.
    fn for_each_row(&self, visit: &mut Visit<'_>) -> Result<()> {
        self.file.read(&mut |path, reader| {
            let head = stream::head(reader, HEADER_BYTES).map_err(Error::io(path, DAMAGED_HINT))?;
            let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head); // byte order mark
            let first = head.split(|&byte| byte == b'\n').next().unwrap_or(&[]);
            let has = |byte| first.contains(&byte);
            let delimiter = match () {
                () if has(b'\t') => b'\t',
                () if has(b';') && !has(b',') => b';',
                () => b',',
            };
            let whole = std::io::Read::chain(head, reader);
            let mut rows = csv::ReaderBuilder::new()
                .delimiter(delimiter)
                .has_headers(false)
                .flexible(true)
                .from_reader(whole);
            let mut record = csv::ByteRecord::new();
            let mut places: Option<Places> = None;
            let mut samples = Vec::new();
            while rows
                .read_byte_record(&mut record)
                .map_err(|error| Error::io(path, DAMAGED_HINT)(error.into()))?
            {
                let line = record.position().map_or(1, csv::Position::line);
                let wrong = |problem: String| at_line(path, line, problem);
                let row: Option<Vec<&str>> = record
                    .iter()
                    .map(|field| std::str::from_utf8(field).ok())
                    .collect();
                let row =
                    row.ok_or_else(|| wrong("not UTF-8; convert the file to UTF-8".into()))?;
                let places = match &places {
                    Some(places) => places,
                    None => {
                        let found = Places::find(&row, &self.columns).map_err(wrong)?;
                        let has_header = found.has_header;
                        let found = places.insert(found);
                        if has_header {
                            continue;
                        }
                        found
                    }
                };
                if row.len() != places.width {
                    let (count, width) = (row.len(), places.width);
                    let problem =
                        format!("{count} fields, and the first row has {width}; correct the row");
                    return Err(wrong(problem));
                }
                places.samples_of(&row, &mut samples).map_err(wrong)?;
                visit(row[places.label].trim(), &samples).map_err(wrong)??;
            }
            Ok(())
        })
    }
}

impl Collection for SeriesTable {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn classes(&self) -> Vec<String> {
        self.classes.clone()
    }

    fn medium(&self) -> Medium {
        let channels = self.columns.channels;
        Medium::Series { channels }
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        self.for_each_row(&mut |label, samples| {
            let label = self.classes.iter().position(|known| known == label);
            let label = label.ok_or("a new label; run the command again")?;
            let content = Content::Series(samples);
            Ok(visit(Example {
                target: (label as u8).into(),
                content,
                identity: content,
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label and samples of every row, from a file of this name.
    fn rows(name: &str, text: &str, columns: &SeriesColumns) -> Result<Vec<(String, Vec<f32>)>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let table = SeriesTable::open(&path, columns.clone())?;
        let mut rows = Vec::new();
        table.for_each(&mut |example| {
            let label = table.classes[usize::from(example.target.class().unwrap())].clone();
            rows.push((label, example.content.series().to_vec()));
            Ok(())
        })?;
        Ok(rows)
    }

    fn columns(label: Option<&str>, samples: Option<&str>, channels: usize) -> SeriesColumns {
        SeriesColumns {
            label: label.map(String::from),
            samples: samples.map(String::from),
            channels,
        }
    }

    #[test]
    fn the_class_stands_first_without_a_header_and_where_it_is_named_with_one() {
        let expected = [
            ("10".to_owned(), vec![1.5, 2.0]),
            ("9".to_owned(), vec![-3.0, 4.0]),
        ];
        let any = SeriesColumns::default();
        assert_eq!(rows("a.csv", "10,1.5,2\n9,-3,4\n", &any).unwrap(), expected);
        let text = "t0\tlabel\tt1\r\n1.5\t10\t2\r\n-3\t9\t4\r\n";
        assert_eq!(rows("a.tsv", text, &any).unwrap(), expected);
        let text = "who;t0;t1;kind\nx;1.5;2;10\ny;-3;4;9";
        let named = columns(Some("kind"), Some("t0..t1"), 2);
        assert_eq!(rows("a.csv", text, &named).unwrap(), expected);
        let numbered = columns(Some("4"), Some("2..3"), 1);
        assert_eq!(rows("a.csv", text, &numbered).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let any = SeriesColumns::default();
        let two = columns(None, None, 2);
        let other = columns(Some("class"), None, 1);
        for (text, columns, named) in [
            (
                "1,2,3\n2,4\n",
                &any,
                "a.csv: line 2: 2 fields, and the first row has 3",
            ),
            (
                "1,2,3\n2,4,x\n",
                &any,
                "line 2: column 3: `x` is no finite number; expected",
            ),
            (
                "1,2,3\n2,4,\n",
                &any,
                "line 2: column 3: `` is no finite number",
            ),
            (
                "1,2,NaN\n2,4,5\n",
                &any,
                "line 1: column 3: `NaN` is no finite number",
            ),
            ("1,2,3\n,4,5\n", &any, "line 2: no label; correct"),
            ("1,2,3\n1,4,5\n", &any, "1 different labels, expected 2"),
            ("", &any, "0 different labels"),
            (
                "1,2,3,4\n",
                &two,
                "line 1: 3 columns of samples for 2 channels",
            ),
            (
                "1,2,3\n",
                &other,
                "line 1: no column class; the first row has 1, 2, 3",
            ),
        ] {
            let error = rows("a.csv", text, columns).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}

//! Enters: a table of recordings, CSV or TSV: one a row, its class or its numbers in some
//! columns and its samples in the others, with or without a header. Leaves: [`SeriesTable`].
//! Next: `divided`.
//!
//! A first row whose samples are all numbers is no header. All rows are as long as the first.

use std::collections::BTreeSet;
use std::path::Path;

use set_lstm_runtime::wire::{Answer, Moment, Task};

use super::columns::{check_width, column, columns, is_number, name_of};
use super::data_file::{DataFile, FileKind, is_table};
use super::divided::{Collection, Example};
use super::readings::{at_line, sample};
use super::records::for_each_text_record;
use super::table::sorted;
use super::{Content, MOST_CLASSES, Medium};
use crate::error::{Error, Result};
use crate::target::Target;

const KIND: FileKind = FileKind {
    folder: "series",
    is: is_table,
    give: "give recordings as .csv, .tsv or .ts, their archive or their folder",
};

/// Which columns of a table are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesColumns {
    /// That of the labels: a name of the header, or a number from 1. Without one it is the
    /// column `label`, or the first of a table without header.
    pub label: Option<String>,
    /// Those of the samples, `FIRST..LAST` or a list; all but the label and the targets without
    /// it.
    pub samples: Option<String>,
    /// Those of the numbers to be answered, which take the place of the label: the same.
    pub targets: Option<String>,
    /// How many columns make one step, one a channel.
    pub channels: usize,
}

impl Default for SeriesColumns {
    fn default() -> Self {
        SeriesColumns {
            label: None,
            samples: None,
            targets: None,
            channels: 1,
        }
    }
}

/// Where the columns are, as the first row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Places {
    width: usize,
    label: Option<usize>, // none of numbers
    targets: Vec<usize>,  // none of classes
    samples: Vec<usize>,
    outputs: Vec<String>, // names of the targets
    has_header: bool,
}

impl Places {
    /// Finds the columns by the first row.
    fn find(row: &[&str], wanted: &SeriesColumns) -> std::result::Result<Places, String> {
        let targets = match &wanted.targets {
            None => Vec::new(),
            Some(names) => columns(row, names, "--target-columns")?,
        };
        let usual = || row.iter().position(|name| name.trim() == "label");
        let label = match &wanted.label {
            Some(name) => Some(column(row, name)?),
            None if targets.is_empty() => Some(usual().unwrap_or(0)),
            None => usual().filter(|label| !targets.contains(label)),
        };
        let is_sample = |place: &usize| Some(*place) != label && !targets.contains(place);
        let samples: Vec<usize> = match &wanted.samples {
            None => (0..row.len()).filter(is_sample).collect(),
            Some(names) => {
                let named = columns(row, names, "--sample-columns")?;
                named.into_iter().filter(is_sample).collect()
            }
        };
        let count = samples.len();
        if count == 0 || !count.is_multiple_of(wanted.channels) {
            return Err(format!(
                "{count} columns of samples for {} channels; expected whole steps; name others by --sample-columns or --channels",
                wanted.channels
            ));
        }
        let has_header = samples.iter().any(|&place| !is_number(row[place]));
        let name = |&place: &usize| name_of(row, place, has_header);
        Ok(Places {
            width: row.len(),
            label: label.filter(|_| targets.is_empty()),
            outputs: targets.iter().map(name).collect(),
            targets,
            samples,
            has_header,
        })
    }
}

/// The numbers in some columns of a row.
fn numbers(
    row: &[&str],
    places: &[usize],
    values: &mut Vec<f32>,
) -> std::result::Result<(), String> {
    values.clear();
    for &place in places {
        let value =
            sample(row[place]).map_err(|problem| format!("column {}: {problem}", place + 1))?;
        values.push(value);
    }
    Ok(())
}

/// What a row is to be answered with, as it is written.
enum Written<'a> {
    Label(&'a str),
    Numbers(&'a [f32]), // [outputs]
}

/// Takes target and samples of a row: says what is wrong with them, or passes on an error.
type Visit<'a> = dyn FnMut(Written<'_>, &[f32]) -> std::result::Result<Result<()>, String> + 'a;

/// A table of recordings, read once for its classes.
#[derive(Debug, Clone)]
pub struct SeriesTable {
    file: DataFile,
    columns: SeriesColumns,
    classes: Vec<String>, // sorted; none of numbers
    outputs: Vec<String>, // none of classes
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
            outputs: Vec::new(),
        };
        if table.columns.targets.is_some() {
            if table.columns.label.is_some() {
                let problem =
                    "classes and numbers at once; name --label-column or --target-columns";
                return Err(Error::Options(problem.into()));
            }
            table.outputs = table.for_each_row(&mut |_, _| Ok(Ok(())))?;
            return Ok(table);
        }
        let mut labels = BTreeSet::new();
        table.for_each_row(&mut |written, _| {
            let Written::Label(label) = written else {
                return Ok(Ok(()));
            };
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

    /// Calls `visit` with target and samples of every row; what it says is wrong is an error
    /// with the line. Returns the names of the targets.
    fn for_each_row(&self, visit: &mut Visit<'_>) -> Result<Vec<String>> {
        let mut outputs = Vec::new();
        self.file.read(&mut |path, reader| {
            let mut places: Option<Places> = None;
            let (mut samples, mut targets) = (Vec::new(), Vec::new());
            for_each_text_record(path, reader, &mut |line, row| {
                let wrong = |problem: String| at_line(path, line, problem);
                let places = match &places {
                    Some(places) => places,
                    None => {
                        let found = Places::find(row, &self.columns).map_err(wrong)?;
                        let has_header = found.has_header;
                        outputs.clone_from(&found.outputs);
                        let found = places.insert(found);
                        if has_header {
                            return Ok(());
                        }
                        found
                    }
                };
                check_width(row, places.width).map_err(wrong)?;
                numbers(row, &places.samples, &mut samples).map_err(wrong)?;
                numbers(row, &places.targets, &mut targets).map_err(wrong)?;
                let written = match places.label {
                    Some(label) => Written::Label(row[label].trim()),
                    None => Written::Numbers(&targets),
                };
                visit(written, &samples).map_err(wrong)?
            })?;
            match places {
                Some(_) => Ok(()),
                None => Err(Error::data(
                    path,
                    "empty; expected a recording a row; give another file",
                )),
            }
        })?;
        Ok(outputs)
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

    fn task(&self) -> Task {
        let answer = match self.columns.targets {
            Some(_) => Answer::Values,
            None => Answer::Class,
        };
        let moment = Moment::End;
        Task { answer, moment }
    }

    fn outputs(&self) -> Vec<String> {
        self.outputs.clone()
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        self.for_each_row(&mut |written, samples| {
            let target = match written {
                Written::Numbers(numbers) => Target::Values(numbers),
                Written::Label(label) => {
                    let label = self.classes.iter().position(|known| known == label);
                    Target::Class(label.ok_or("a new label; run the command again")? as u8)
                }
            };
            let content = Content::Series(samples);
            Ok(visit(Example {
                target,
                content,
                identity: content,
            }))
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

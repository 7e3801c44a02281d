//! Enters: a table with a sample a row. Leaves: its [`Row`]s, numbers read, cells found.
//! Next: `sample_table` surveys them, and cuts them into windows.
//!
//! A first row without any number is the header, or one that has no number where the samples
//! are named to be.

use std::path::Path;

use super::super::columns::{check_width, column, columns, is_hole, is_number, name_of};
use super::super::data_file::DataFile;
use super::super::readings::{at_line, sample};
use super::super::records::for_each_text_record;
use super::SampleColumns;
use crate::error::{Error, Result};

/// Columns that count the rows, and say nothing about the signal.
const NO_CHANNELS: [&str; 5] = ["time", "timestamp", "t", "index", ""];

/// Where the columns are, as the first rows show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplePlaces {
    width: usize,
    samples: Vec<usize>,
    label: Option<usize>, // none of numbers
    targets: Vec<usize>,  // none of classes
    recording: Option<usize>,
    group: Option<usize>,
    /// Names of the channels.
    pub channels: Vec<String>,
    /// Names of the numbers; none of classes.
    pub outputs: Vec<String>,
    has_header: bool,
}

impl SamplePlaces {
    /// Finds the columns by the first row, and by the second if the first is a header.
    fn find(
        first: &[&str],
        second: Option<&[&str]>,
        wanted: &SampleColumns,
    ) -> std::result::Result<SamplePlaces, String> {
        let one = |name: &Option<String>| name.as_deref().map(|it| column(first, it)).transpose();
        let several = |names: &Option<String>, option| {
            let names = names.as_deref();
            names.map(|names| columns(first, names, option)).transpose()
        };
        let has_header = is_header(first, wanted);
        let targets = several(&wanted.targets, "--target-columns")?.unwrap_or_default();
        let usual = first.iter().position(|name| name.trim() == "label");
        let label = one(&wanted.label)?.or(usual.filter(|label| !targets.contains(label)));
        if label.is_none() && targets.is_empty() {
            return Err("no column label; name the column of the classes by --label-column (its name, or its number from 1), or those of numbers by --target-columns".into());
        }
        let (recording, group) = (one(&wanted.recording)?, one(&wanted.group)?);
        let is_free = |place: &usize| {
            ![label, recording, group].contains(&Some(*place)) && !targets.contains(place)
        };
        let values = second.filter(|_| has_header).unwrap_or(first);
        let is_channel = |&place: &usize| {
            let name = first[place].trim().to_ascii_lowercase();
            let counts = has_header && NO_CHANNELS.contains(&&name[..]);
            !counts && values.get(place).is_some_and(|value| is_number(value))
        };
        let samples: Vec<usize> = match several(&wanted.samples, "--sample-columns")? {
            Some(named) => named.into_iter().filter(is_free).collect(),
            None => {
                let free = (0..first.len()).filter(is_free);
                free.filter(is_channel).collect()
            }
        };
        if samples.is_empty() {
            return Err(
                "no column of samples; name the channels by --sample-columns, as in ax..gz".into(),
            );
        }
        let name = |&place: &usize| name_of(first, place, has_header);
        Ok(SamplePlaces {
            width: first.len(),
            channels: samples.iter().map(name).collect(),
            outputs: targets.iter().map(name).collect(),
            samples,
            label: label.filter(|_| targets.is_empty()),
            targets,
            recording: recording.or(group),
            group: group.or(recording),
            has_header,
        })
    }
}

fn is_header(first: &[&str], wanted: &SampleColumns) -> bool {
    let number = |text: &&str| !is_hole(text) && is_number(text);
    match wanted.samples.as_deref() {
        Some(names) => match columns(first, names, "--sample-columns") {
            Ok(places) => places.iter().any(|&place| !is_number(first[place])),
            Err(_) => false,
        },
        None => !first.iter().any(number),
    }
}

/// One sample and what is said of it.
#[derive(Debug)]
pub struct SampleRow<'a> {
    /// Which recording it is of.
    pub recording: &'a str,
    /// Which group that is of.
    pub group: &'a str,
    /// Its class, empty if nobody knows; empty of numbers.
    pub label: &'a str,
    /// Its numbers, NaN if nobody knows; none of classes.
    pub targets: &'a [f32], // [outputs]
    /// The sample.
    pub samples: &'a [f32], // [channels]
    /// Where it stands.
    pub line: u64,
    path: &'a Path,
}

impl SampleRow<'_> {
    /// An error that names the row.
    pub fn error(&self, problem: impl std::fmt::Display) -> Error {
        at_line(self.path, self.line, problem)
    }
}

/// Calls `visit` with every row and returns where the columns are.
///
/// # Errors
/// What cannot be read, columns that are not there, cells that are no numbers, and what `visit`
/// returns.
pub fn for_each_row(
    file: &DataFile,
    wanted: &SampleColumns,
    visit: &mut dyn FnMut(&SampleRow<'_>) -> Result<()>,
) -> Result<SamplePlaces> {
    let mut found = None;
    file.read(&mut |path, reader| {
        let mut header: Option<(u64, Vec<String>)> = None; // until the row after it has come
        let mut places: Option<SamplePlaces> = None;
        let (mut samples, mut targets) = (Vec::new(), Vec::new());
        for_each_text_record(path, reader, &mut |line, row| {
            let wrong = |problem: String| at_line(path, line, problem);
            if places.is_none() && header.is_none() && is_header(row, wanted) {
                header = Some((line, row.iter().map(|&name| name.to_owned()).collect()));
                return Ok(());
            }
            let places = match &places {
                Some(places) => places,
                None => {
                    let names = header.as_ref().map(|(line, names)| {
                        let names: Vec<&str> = names.iter().map(String::as_str).collect();
                        (*line, names)
                    });
                    let (line, first) = match &names {
                        Some((line, names)) => (*line, &names[..]),
                        None => (line, row),
                    };
                    let found = SamplePlaces::find(first, Some(row), wanted)
                        .map_err(|problem| at_line(path, line, problem))?;
                    places.insert(found)
                }
            };
            check_width(row, places.width).map_err(wrong)?;
            places
                .numbers(row, &mut samples, &mut targets)
                .map_err(wrong)?;
            let cell = |place: Option<usize>| place.map_or("", |place| row[place].trim());
            let label = Some(cell(places.label)).filter(|label| !is_hole(label));
            visit(&SampleRow {
                recording: cell(places.recording),
                group: cell(places.group),
                label: label.unwrap_or(""),
                targets: &targets,
                samples: &samples,
                line,
                path,
            })
        })?;
        found = places.take();
        match found {
            Some(_) => Ok(()),
            None => {
                let problem = "no row of samples; expected one sample a row; give another file";
                Err(Error::data(path, problem))
            }
        }
    })?;
    found.ok_or_else(|| Error::data(file.path(), "no row of samples; give another file"))
}

impl SamplePlaces {
    fn numbers(
        &self,
        row: &[&str],
        samples: &mut Vec<f32>,
        targets: &mut Vec<f32>,
    ) -> std::result::Result<(), String> {
        samples.clear();
        for (&place, name) in self.samples.iter().zip(&self.channels) {
            let at = |problem| {
                let named = self.names(place, name);
                format!("{named}: {problem}, or name the channels by --sample-columns")
            };
            samples.push(sample(row[place]).map_err(at)?);
        }
        targets.clear();
        for (&place, name) in self.targets.iter().zip(&self.outputs) {
            targets.push(match is_hole(row[place]) {
                true => f32::NAN,
                false => sample(row[place])
                    .map_err(|problem| format!("{}: {problem}", self.names(place, name)))?,
            });
        }
        Ok(())
    }

    fn names(&self, place: usize, name: &str) -> String {
        match self.has_header {
            true => format!("column {} ({name})", place + 1),
            false => name.to_owned(),
        }
    }
}

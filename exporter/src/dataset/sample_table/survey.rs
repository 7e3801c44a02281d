//! Enters: the rows of a table. Leaves: [`Survey`], how long its recordings are, of which groups,
//! and where their classes change. Next: `plan` plans the windows by it.

use std::collections::{HashMap, HashSet};

use set_lstm_runtime::wire::{Answer, Task};

use super::super::MOST_CLASSES;
use super::super::readings::shortened;
use super::super::table::sorted;
use super::plan::{LabelRun, Recording};
use super::rows::SampleRow;
use crate::error::Result;
use crate::fnv;
use crate::target::UNLABELLED;

/// What is found on the way through a table.
#[derive(Debug, Default)]
pub struct Survey {
    /// The recordings in the order of the file.
    pub recordings: Vec<Recording>,
    labels: Vec<String>, // in the order in which they came
    codes: HashMap<String, u8>,
    seen: HashSet<String>,
    name: String, // of the last recording
    group: String,
}

impl Survey {
    /// Takes the next row.
    ///
    /// # Errors
    /// A recording that had ended, or of two groups, and a label too many.
    pub fn add(&mut self, row: &SampleRow<'_>, task: Task) -> Result<()> {
        let label = match task.answer {
            Answer::Class => self.code(row)?,
            Answer::Values if row.targets.iter().any(|x| x.is_nan()) => UNLABELLED,
            Answer::Values => 0,
        };
        if self.recordings.is_empty() || self.name != row.recording {
            if !self.seen.insert(row.recording.to_owned()) {
                let name = shortened(row.recording);
                return Err(row.error(format!(
                    "recording {name} again, after others; expected its rows together; sort the file"
                )));
            }
            self.name = row.recording.to_owned();
            self.group = row.group.to_owned();
            self.recordings.push(Recording {
                group: fnv::add_bytes(fnv::START, row.group.as_bytes()),
                rows: 0,
                runs: Vec::new(),
            });
        } else if self.group != row.group {
            let (name, one, other) = (&self.name, &self.group, row.group);
            let [name, one, other] = [name, one, other].map(shortened);
            return Err(row.error(format!(
                "recording {name} is of group {one} and of group {other}; expected one; name another --group-column"
            )));
        }
        if let Some(recording) = self.recordings.last_mut() {
            recording.rows += 1;
            let end = recording.rows;
            match recording.runs.last_mut() {
                Some(run) if run.label == label => run.end = end,
                _ => recording.runs.push(LabelRun { label, end }),
            }
        }
        Ok(())
    }

    fn code(&mut self, row: &SampleRow<'_>) -> Result<u8> {
        if row.label.is_empty() {
            return Ok(UNLABELLED);
        }
        if let Some(&code) = self.codes.get(row.label) {
            return Ok(code);
        }
        if row.label.contains(char::is_control) {
            return Err(row.error("no label; correct or remove the row"));
        }
        if self.labels.len() == MOST_CLASSES {
            return Err(row.error(format!(
                "more than {MOST_CLASSES} different labels; name the column of the classes by --label-column, or numbers by --target-columns"
            )));
        }
        let code = self.labels.len() as u8;
        self.labels.push(row.label.to_owned());
        self.codes.insert(row.label.to_owned(), code);
        Ok(code)
    }

    /// Gives the classes their sorted numbers, and returns their names.
    ///
    /// # Errors
    /// There are fewer than two.
    pub fn sort_labels(&mut self, task: Task) -> std::result::Result<Vec<String>, String> {
        if task.answer == Answer::Values {
            return Ok(Vec::new());
        }
        let classes = sorted(self.labels.clone());
        if classes.len() < 2 {
            return Err(format!(
                "{} different labels, expected 2 or more; name the column of the classes by --label-column",
                classes.len()
            ));
        }
        let place = |name: &String| classes.iter().position(|it| it == name).unwrap_or(0) as u8;
        let places: Vec<u8> = self.labels.iter().map(place).collect();
        for run in self.recordings.iter_mut().flat_map(|it| &mut it.runs) {
            if run.label != UNLABELLED {
                run.label = places[usize::from(run.label)];
            }
        }
        Ok(classes)
    }
}

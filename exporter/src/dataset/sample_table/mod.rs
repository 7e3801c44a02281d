//! Enters: a table with a sample a row, as loggers write it, CSV or TSV, with or without a
//! header. Leaves: [`SampleTable`], a [`Corpus`] of windows or of whole recordings, divided by
//! groups or by time. Next: `load`.
//!
//! The file is read once to survey it and once for each part; in memory are the classes of its
//! rows, as runs, and the rows of one window.

mod plan;
mod rows;
mod survey;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use set_lstm_runtime::wire::{Answer, Moment, Task};

use super::data_file::{DataFile, FileKind, is_table};
use super::divided::Division;
use super::windows::Windows;
use super::{Content, Corpus, Document, Medium, Split};
use crate::error::{Error, Result};
use crate::target::{Target, UNLABELLED};

use plan::{Cut, CutPlan, Wanted, plan};
use rows::for_each_row;
use survey::Survey;

const KIND: FileKind = FileKind {
    folder: "samples",
    is: is_table,
    give: "give a table with a sample a row as .csv or .tsv, its archive or its folder",
};

/// Which columns of a table with a sample a row are read, and how its rows become sequences. A
/// column is a name of the header, or a number from 1; several are `FIRST..LAST`, or a list with
/// commas between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SampleColumns {
    /// The channels. Without them all columns of numbers that have no other use, and are not
    /// named `time`, `timestamp`, `t` or `index`.
    pub samples: Option<String>,
    /// The classes; the column `label` if not named.
    pub label: Option<String>,
    /// Numbers to be answered instead of a class.
    pub targets: Option<String>,
    /// Rows with the same value here, one after the other, are one recording. Without it those
    /// of one group are, or all.
    pub recording: Option<String>,
    /// Recordings with the same value here, such as a person, are never divided. Without it
    /// each recording is a group.
    pub group: Option<String>,
    /// Rows of a window; whole recordings without it.
    pub window: Option<usize>,
    /// Rows from one window to the next; half a window without it.
    pub stride: Option<usize>,
    /// An answer after every row, not only after the last one of a sequence.
    pub every_step: bool,
}

impl SampleColumns {
    /// Refuses what contradicts itself.
    ///
    /// # Errors
    /// [`Error::Options`] that says what to choose.
    pub fn check(&self) -> Result<()> {
        let problem = match (self.window, self.stride) {
            (Some(0), _) => "window is 0; choose 1 row or more",
            (_, Some(0)) => "stride is 0; choose 1 row or more",
            (None, Some(_)) => "a stride without windows; name their length by --window",
            _ if self.label.is_some() && self.targets.is_some() => {
                "classes and numbers at once; name --label-column or --target-columns"
            }
            _ => return Ok(()),
        };
        Err(Error::Options(problem.into()))
    }

    fn task(&self) -> Task {
        Task {
            answer: match self.targets {
                Some(_) => Answer::Values,
                None => Answer::Class,
            },
            moment: match self.every_step {
                true => Moment::EveryStep,
                false => Moment::End,
            },
        }
    }
}

/// A table with a sample a row, surveyed.
#[derive(Debug, Clone)]
pub struct SampleTable {
    file: DataFile,
    columns: SampleColumns,
    classes: Vec<String>, // sorted; none of numbers
    outputs: Vec<String>, // none of classes
    channels: usize,
    cuts: Vec<Cut>, // by recording and start
    notes: Vec<String>,
}

impl SampleTable {
    /// Finds the table at `path`, reads all of it once, and plans its windows.
    ///
    /// # Errors
    /// [`Error::Options`] for options that contradict each other, what cannot be read or is not
    /// of this form, with the line, and a table without two classes or without a window to train
    /// on.
    pub fn open(path: &Path, columns: SampleColumns, division: Division) -> Result<SampleTable> {
        columns.check()?;
        division.check()?;
        let file = DataFile::find(path, &KIND)?;
        let task = columns.task();
        let mut survey = Survey::default();
        let places = for_each_row(&file, &columns, &mut |row| survey.add(row, task))?;
        let classes = survey
            .sort_labels(task)
            .map_err(|it| Error::data(file.path(), it))?;
        let wanted = Wanted {
            task,
            windows: columns
                .window
                .map(|rows| Windows::new(rows, columns.stride)),
            division,
        };
        let CutPlan { cuts, notes } =
            plan(&survey.recordings, wanted).map_err(|it| Error::data(file.path(), it))?;
        let mut table = SampleTable {
            file,
            columns,
            classes,
            outputs: places.outputs.clone(),
            channels: places.channels.len(),
            cuts,
            notes: Vec::new(),
        };
        table.notes.push(table.summary(&places.channels, &survey));
        table.notes.extend(notes);
        table.notes.extend(table.untrained());
        Ok(table)
    }

    /// What a person should know of how the table was understood, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn summary(&self, channels: &[String], survey: &Survey) -> String {
        let tested = self.cuts.iter().filter(|cut| cut.is_test).count();
        format!(
            "channels: {}; {} recordings, {} sequences to train on and {tested} to test",
            channels.join(", "),
            survey.recordings.len(),
            self.cuts.len() - tested,
        )
    }

    /// Classes that the training part lacks.
    fn untrained(&self) -> Option<String> {
        if self.task() != Task::CLASSIFICATION {
            return None;
        }
        let trained = self.cuts.iter().filter(|cut| !cut.is_test);
        let known: HashSet<u8> = trained.map(|cut| cut.member.label).collect();
        let names = (0..=u8::MAX).zip(&self.classes);
        let absent: Vec<&str> = names
            .filter(|(label, _)| !known.contains(label))
            .map(|(_, name)| &name[..])
            .collect();
        (!absent.is_empty()).then(|| {
            let names = absent.join(", ");
            format!("no sequence of {names} to train on: they cannot be learned")
        })
    }
}

/// The rows of the windows that are open.
#[derive(Debug, Default)]
struct Open {
    first: usize,      // row of the recording that stands first
    samples: Vec<f32>, // [rows x channels]
    labels: Vec<u8>,   // [rows], of classes
    targets: Vec<f32>, // [rows x outputs], of numbers
}

impl Open {
    fn clear(&mut self, first: usize) {
        *self = Open {
            first,
            ..Open::default()
        };
    }
}

impl Corpus for SampleTable {
    fn classes(&self) -> Vec<String> {
        self.classes.clone()
    }

    fn task(&self) -> Task {
        self.columns.task()
    }

    fn outputs(&self) -> Vec<String> {
        self.outputs.clone()
    }

    fn medium(&self) -> Medium {
        let channels = self.channels;
        Medium::Series { channels }
    }

    fn for_each(
        &self,
        split: Split,
        visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
    ) -> Result<()> {
        let codes: HashMap<&str, u8> = self.classes.iter().map(|it| &it[..]).zip(0..).collect();
        let changed = "the data changed while it was read; run the command again";
        let (channels, outputs) = (self.channels, self.outputs.len());
        let mut cuts = self.cuts.iter().peekable();
        let mut open = Open::default();
        let (mut recording, mut name, mut step) = (0, String::new(), 0);
        for_each_row(&self.file, &self.columns, &mut |row| {
            if step > 0 && name != row.recording {
                (recording, step) = (recording + 1, 0);
            }
            if step == 0 {
                row.recording.clone_into(&mut name);
                open.clear(0);
            }
            let (here, end) = (step, step + 1);
            step = end;
            let next = cuts.peek().filter(|cut| cut.recording == recording);
            let Some(next) = next.filter(|cut| cut.start <= here) else {
                return Ok(());
            };
            if row.samples.len() != channels || row.targets.len() != outputs {
                return Err(row.error(changed));
            }
            if open.samples.is_empty() {
                open.clear(next.start);
            }
            open.samples.extend(row.samples);
            open.targets.extend(row.targets);
            if outputs == 0 {
                open.labels.push(match row.label {
                    "" => UNLABELLED,
                    label => *codes.get(label).ok_or_else(|| row.error(changed))?,
                });
            }
            while let Some(cut) = cuts.next_if(|it| it.recording == recording && it.end == end) {
                if cut.is_test == (split == Split::Test) {
                    visit(self.document(cut, &open))?;
                }
            }
            // the rows before the next window are done with
            match cuts.peek().filter(|cut| cut.recording == recording) {
                Some(cut) if cut.start < end => {
                    let done = cut.start - open.first;
                    open.samples.drain(..done * channels);
                    open.targets.drain(..done * outputs);
                    open.labels.drain(..done.min(open.labels.len()));
                    open.first = cut.start;
                }
                _ => open.clear(end),
            }
            Ok(())
        })?;
        match cuts.next() {
            None => Ok(()),
            Some(_) => Err(Error::data(self.file.path(), changed)),
        }
    }
}

impl SampleTable {
    /// A window whose last row has just come.
    fn document<'a>(&self, cut: &Cut, open: &'a Open) -> Document<'a> {
        let rows = cut.start - open.first..cut.end - open.first;
        let last = rows.end - 1..rows.end;
        let numbers = |rows: std::ops::Range<usize>| {
            let outputs = self.outputs.len();
            &open.targets[rows.start * outputs..rows.end * outputs]
        };
        let Task { answer, moment } = self.task();
        let target = match (answer, moment) {
            (Answer::Class, Moment::End) => Target::Class(cut.member.label),
            (Answer::Class, Moment::EveryStep) => Target::ClassOfSteps(&open.labels[rows.clone()]),
            (Answer::Values, Moment::End) => Target::Values(numbers(last)),
            (Answer::Values, Moment::EveryStep) => Target::ValuesOfSteps(numbers(rows.clone())),
        };
        let samples = rows.start * self.channels..rows.end * self.channels;
        Document {
            target,
            order: cut.order,
            group: cut.member.group,
            content: Content::Series(&open.samples[samples]),
        }
    }
}

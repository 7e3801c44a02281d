//! Enters: what a survey found of the recordings of a table. Leaves: a [`CutPlan`], their windows
//! and on which side each is. Next: `sample_table` cuts them.
//!
//! Groups are never divided. A single group is divided by time: the last part is the test.
//! Where only one group is left to train on, it is cut into stretches, each a group for the
//! validation, which is then the last of the time too. No window reaches over such a border.

use std::collections::HashSet;

use set_lstm_runtime::wire::{Answer, Moment, Task};

use super::super::divided::{Division, divide};
use super::super::split::Member;
use super::super::windows::Windows;
use crate::target::UNLABELLED;

/// Most stretches of a single group, and the windows' lengths that one has at least if there is
/// room for several.
const STRETCHES: usize = 20;
const WINDOWS_OF_STRETCH: usize = 4;

/// Rows one after the other with the same class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelRun {
    /// The class, or [`UNLABELLED`]; of numbers 0 if all are known.
    pub label: u8,
    /// The first row after it.
    pub end: usize,
}

/// What a survey keeps of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Its group.
    pub group: u64,
    /// Number of its rows.
    pub rows: usize,
    /// Their classes.
    pub runs: Vec<LabelRun>,
}

impl Recording {
    /// The runs that these rows touch.
    fn runs(&self, start: usize, end: usize) -> &[LabelRun] {
        let first = self.runs.partition_point(|run| run.end <= start);
        let last = self.runs.partition_point(|run| run.end < end);
        &self.runs[first..=last]
    }

    /// The class of these rows: `Ok(None)` if that of one is not known, an error if there are
    /// several.
    fn label(&self, start: usize, end: usize) -> Result<Option<u8>, Changes> {
        let runs = self.runs(start, end);
        if runs.iter().any(|run| run.label == UNLABELLED) {
            return Ok(None);
        }
        match runs {
            [run] => Ok(Some(run.label)),
            _ => Err(Changes),
        }
    }

    /// Whether the answer to any of these rows is known.
    fn is_known(&self, start: usize, end: usize) -> bool {
        let runs = self.runs(start, end);
        runs.iter().any(|run| run.label != UNLABELLED)
    }
}

/// A window with several classes.
struct Changes;

/// One document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Index of the recording.
    pub recording: usize,
    /// Its first row.
    pub start: usize,
    /// The first row after it.
    pub end: usize,
    /// Class and group.
    pub member: Member,
    /// Place among the documents.
    pub order: u64,
    /// Whether it is for the test.
    pub is_test: bool,
}

/// All documents, and what is to be said of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CutPlan {
    /// By recording and start.
    pub cuts: Vec<Cut>,
    /// Sentences for people.
    pub notes: Vec<String>,
}

/// Rows of a recording in which windows lie.
#[derive(Debug, Clone, Copy)]
struct Segment {
    recording: usize,
    start: usize,
    end: usize,
    group: u64,
    is_test: Option<bool>, // if that is known before the windows
}

/// What is asked of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// What the documents are to be answered with.
    pub task: Task,
    /// How recordings are cut; whole ones if not.
    pub windows: Option<Windows>,
    /// How they are divided.
    pub division: Division,
}

/// Plans the documents.
///
/// # Errors
/// There is no document, or nothing to train on.
pub fn plan(recordings: &[Recording], wanted: Wanted) -> Result<CutPlan, String> {
    let longest = recordings.iter().map(|it| it.rows).max().unwrap_or(0);
    if let Some(windows) = wanted.windows
        && windows.length > longest
    {
        let length = windows.length;
        return Err(format!(
            "a window of {length} rows, and the longest recording has {longest}; choose a shorter --window"
        ));
    }
    let mut plan = CutPlan::default();
    let mut segments: Vec<Segment> = (0..).zip(recordings).map(whole).collect();
    let groups: HashSet<u64> = recordings.iter().map(|it| it.group).collect();
    let Division {
        test_fraction,
        seed,
    } = wanted.division;
    if groups.len() == 1 {
        let windows = wanted.windows.ok_or(
            "one group of rows, and nothing to divide; cut it by --window, or name its recordings by --recording-column",
        )?;
        let rows: usize = recordings.iter().map(|it| it.rows).sum();
        let trained = rows - (rows as f64 * test_fraction).round() as usize;
        segments = stretched(&segments, trained, windows);
        if test_fraction > 0.0 {
            plan.notes.push(format!(
                "one group only: it is divided by time, and its last {} rows are the test",
                rows - trained
            ));
        }
    }
    let mut left_out = LeftOut::default();
    plan.cuts = left_out.cut(recordings, &segments, wanted);
    if groups.len() > 1 {
        let members: Vec<Member> = plan.cuts.iter().map(|cut| cut.member).collect();
        let places = divide(&members, test_fraction, seed);
        for (cut, place) in plan.cuts.iter_mut().zip(places) {
            (cut.order, cut.is_test) = (place.order, place.is_test);
        }
        if let Some(again) = cut_for_validation(&segments, &plan.cuts, wanted.windows) {
            plan.notes.push(
                "one group only to train on: its last part chooses the epoch (validation)".into(),
            );
            left_out = LeftOut::default();
            plan.cuts = left_out.cut(recordings, &again, wanted);
        }
    }
    left_out.say(wanted, &mut plan.notes);
    if plan.cuts.iter().all(|cut| cut.is_test) {
        let why = plan.notes.join("; ");
        return Err(format!(
            "no sequence to train on ({why}); choose another --window, --every-step, or name its columns"
        ));
    }
    Ok(plan)
}

/// If only one group is left to train on: the segments with that group in several, so that one of
/// them can be the validation.
fn cut_for_validation(
    segments: &[Segment],
    cuts: &[Cut],
    windows: Option<Windows>,
) -> Option<Vec<Segment>> {
    let groups = |is_test: bool| -> HashSet<u64> {
        let of_part = cuts.iter().filter(|cut| cut.is_test == is_test);
        of_part.map(|cut| cut.member.group).collect()
    };
    if groups(false).len() != 1 {
        return None;
    }
    let tested = groups(true);
    let (test, train): (Vec<Segment>, Vec<Segment>) = segments
        .iter()
        .partition(|segment| tested.contains(&segment.group));
    let mut again = match windows {
        Some(windows) => {
            let rows = train.iter().map(|segment| segment.end).sum();
            stretched(&train, rows, windows)
        }
        None => each_alone(&train),
    };
    again.extend(test.into_iter().map(|segment| Segment {
        is_test: Some(true),
        ..segment
    }));
    again.sort_by_key(|segment| (segment.recording, segment.start));
    Some(again)
}

fn whole((recording, found): (usize, &Recording)) -> Segment {
    Segment {
        recording,
        start: 0,
        end: found.rows,
        group: found.group,
        is_test: None,
    }
}

/// Recordings of one group as groups of their own.
fn each_alone(segments: &[Segment]) -> Vec<Segment> {
    let alone = |(group, segment): (u64, &Segment)| Segment {
        group,
        is_test: Some(false),
        ..*segment
    };
    (0..).zip(segments).map(alone).collect()
}

/// Whole recordings, cut where a stretch ends: the first `trained` rows of all are several
/// stretches to train on, the others one for the test.
fn stretched(segments: &[Segment], trained: usize, windows: Windows) -> Vec<Segment> {
    let most = (trained / (WINDOWS_OF_STRETCH * windows.length)).clamp(2, STRETCHES);
    let count = most.min(trained / windows.length).max(1);
    let rows: usize = segments.iter().map(|it| it.end).sum();
    let mut ends: Vec<usize> = (1..=count).map(|k| trained * k / count).collect();
    ends.push(rows);
    let (mut cut, mut before, mut stretch) = (Vec::new(), 0, 0);
    for segment in segments {
        let mut start = 0;
        while start < segment.end {
            while ends[stretch] <= before + start && stretch < count {
                stretch += 1;
            }
            let end = segment.end.min(ends[stretch] - before);
            cut.push(Segment {
                start,
                end,
                group: stretch as u64,
                is_test: Some(stretch == count),
                ..*segment
            });
            start = end;
        }
        before += segment.end;
    }
    cut
}

/// Why rows are in no document.
#[derive(Debug, Default)]
struct LeftOut {
    changing: usize,
    unknown: usize,
    short: usize,
}

impl LeftOut {
    fn cut(&mut self, recordings: &[Recording], segments: &[Segment], wanted: Wanted) -> Vec<Cut> {
        let mut cuts: Vec<Cut> = Vec::new();
        for segment in segments {
            let recording = &recordings[segment.recording];
            let steps = segment.end - segment.start;
            let windows = wanted.windows.unwrap_or(Windows::new(steps, Some(steps)));
            if steps < windows.length {
                self.short += 1;
            }
            for start in windows.starts(steps).map(|start| segment.start + start) {
                let end = start + windows.length;
                let Some(label) = self.label(recording, start, end, wanted.task) else {
                    continue;
                };
                cuts.push(Cut {
                    recording: segment.recording,
                    start,
                    end,
                    member: Member {
                        label,
                        group: segment.group,
                    },
                    order: cuts.len() as u64, // as time goes
                    is_test: segment.is_test.unwrap_or(false),
                });
            }
        }
        cuts
    }

    /// The class by which a document is divided; `None` if it is left out.
    fn label(&mut self, of: &Recording, start: usize, end: usize, task: Task) -> Option<u8> {
        let found = match (task.answer, task.moment) {
            (_, Moment::EveryStep) => Ok(of.is_known(start, end).then_some(0)),
            (Answer::Values, Moment::End) => of.label(end - 1, end),
            (Answer::Class, Moment::End) => of.label(start, end),
        };
        match found {
            Ok(Some(label)) => return Some(label),
            Ok(None) => self.unknown += 1,
            Err(Changes) => self.changing += 1,
        }
        None
    }

    fn say(&self, wanted: Wanted, notes: &mut Vec<String>) {
        let what = |count: usize| match (wanted.windows, count) {
            (Some(_), 1) => "1 window".to_owned(),
            (Some(_), count) => format!("{count} windows"),
            (None, 1) => "1 recording".to_owned(),
            (None, count) => format!("{count} recordings"),
        };
        let answer = match wanted.task.answer {
            Answer::Class => "a label",
            Answer::Values => "a number",
        };
        if self.changing > 0 {
            notes.push(format!(
                "left out: {} in which the class changes; --every-step keeps them",
                what(self.changing)
            ));
        }
        if self.unknown > 0 {
            notes.push(format!("left out: {} without {answer}", what(self.unknown)));
        }
        if self.short > 0 {
            notes.push(format!(
                "left out: {} parts of recordings that are shorter than a window",
                self.short
            ));
        }
    }
}

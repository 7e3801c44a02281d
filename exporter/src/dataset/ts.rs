//! Enters: recordings in the `.ts` form of sktime and aeon: a header of `@` lines, then a
//! recording a line, its channels apart by `:`, its samples by `,`, its class at the end, or
//! its number (`@targetLabel true`).
//! Leaves: [`TsPair`], a training and a test file, or [`TsFile`], one for `divided`.
//! Next: `load`.
//!
//! Recordings may differ in length. Missing values and time stamps are not read: the network
//! takes samples at even intervals.

use std::path::{Path, PathBuf};

use set_lstm_runtime::wire::Task;

use super::data_file::{DataFile, FileKind};
use super::divided::{Collection, Example, fingerprint};
use super::readings::{at_line, for_each_line, scattered};
use super::{Content, Corpus, Document, Medium, Split};
use crate::error::{Error, Result};

mod form;

use form::{Ending, Form, Header};

const GIVE: &str =
    "give NAME_TRAIN.ts or NAME_TEST.ts, which lie side by side, their folder or archive";
const PACKED_ENDS: [&str; 4] = ["", ".zst", ".gz", ".zip"];

/// How the two files of a set are recognised.
#[derive(Debug)]
pub struct PairKind {
    train: FileKind,
    test: FileKind,
}

/// Any set.
pub const ANY: &PairKind = &PairKind {
    train: FileKind {
        folder: "ucr",
        is: |name| name.ends_with("_TRAIN.ts"),
        give: GIVE,
    },
    test: FileKind {
        folder: "ucr",
        is: |name| name.ends_with("_TEST.ts"),
        give: GIVE,
    },
};

/// The set GunPoint of the UCR archive.
pub const GUN_POINT: &PairKind = &PairKind {
    train: FileKind {
        folder: "ucr",
        is: |name| name == "GunPoint_TRAIN.ts",
        give: "give GunPoint_TRAIN.ts and GunPoint_TEST.ts, or their folder or archive",
    },
    test: FileKind {
        folder: "ucr",
        is: |name| name == "GunPoint_TEST.ts",
        give: "give GunPoint_TRAIN.ts and GunPoint_TEST.ts, or their folder or archive",
    },
};

const ALONE: &FileKind = &FileKind {
    folder: "ucr",
    is: |name| name.ends_with(".ts"),
    give: "give a file in the .ts form",
};

/// Whether a file is named as one of recordings in this form.
pub fn is_ts(path: &Path) -> bool {
    parts(path).is_some_and(|parts| parts.stem.ends_with(".ts"))
}

/// Whether `path` is one half of a set, or a folder or an archive with one.
pub fn has_pair(path: &Path) -> bool {
    if path.is_dir() {
        return DataFile::find(path, &ANY.train).is_ok();
    }
    is_half(path) || !is_ts(path) && holds(path)
}

/// Whether an archive holds a training file.
fn holds(path: &Path) -> bool {
    let Ok(file) = DataFile::find(path, &ANY.train) else {
        return false;
    };
    file.is_archived() && file.read(&mut |_, _| Ok(())).is_ok()
}

/// Whether it is named as one half of a set.
fn is_half(path: &Path) -> bool {
    parts(path).is_some_and(|parts| parts.problem().is_some())
}

/// A file name and what a packing added to it.
struct Parts<'a> {
    stem: &'a str,
}

impl<'a> Parts<'a> {
    fn problem(&self) -> Option<&'a str> {
        let halves = ["_TRAIN.ts", "_TEST.ts"];
        halves.iter().find_map(|half| self.stem.strip_suffix(half))
    }
}

fn parts(path: &Path) -> Option<Parts<'_>> {
    let name = path.file_name()?.to_str()?;
    let ends = PACKED_ENDS.iter().skip(1);
    let stem = ends.fold(name, |name, end| name.strip_suffix(end).unwrap_or(name));
    Some(Parts { stem })
}

/// One file of recordings, its header read.
#[derive(Debug, Clone)]
pub struct TsFile {
    file: DataFile,
    header: Header,
    channels: usize,
}

impl TsFile {
    /// Reads the header at `path` and the first recording.
    ///
    /// # Errors
    /// What cannot be read or is not of this form.
    pub fn open(path: &Path) -> Result<TsFile> {
        TsFile::begin(DataFile::find(path, ALONE)?)
    }

    fn begin(file: DataFile) -> Result<TsFile> {
        let mut begun = None;
        read(&file, &mut |form, _| {
            begun = Some((form.header.clone(), form.channels));
            Ok(false)
        })?;
        let (header, channels) = begun.ok_or_else(|| {
            let problem = "no recording; expected one a line after @data; give the whole file";
            Error::data(file.path(), problem)
        })?;
        Ok(TsFile {
            file,
            header,
            channels,
        })
    }
}

/// Where a recording stands, and with what it ends.
struct Place {
    line: u64,
    ending: Ending,
}

/// Calls `visit` with every recording, in `form.samples`, until it returns false.
fn read(file: &DataFile, visit: &mut dyn FnMut(&Form, Place) -> Result<bool>) -> Result<()> {
    file.read(&mut |path, reader| {
        let mut form = Form::default();
        let mut last = 1;
        for_each_line(path, reader, &mut |line, text| {
            last = line;
            let problem = |problem: String| at_line(path, line, problem);
            match form.line(text.trim()).map_err(problem)? {
                None => Ok(true),
                Some(ending) => visit(&form, Place { line, ending }),
            }
        })?;
        if !form.in_data {
            let problem =
                "the file ends without @data; expected it after the header; give the whole file";
            return Err(at_line(path, last, problem));
        }
        Ok(())
    })
}

impl Collection for TsFile {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn classes(&self) -> Vec<String> {
        self.header.classes.clone()
    }

    fn task(&self) -> Task {
        self.header.task()
    }

    fn outputs(&self) -> Vec<String> {
        self.header.outputs()
    }

    fn medium(&self) -> Medium {
        let channels = self.channels;
        Medium::Series { channels }
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        read(&self.file, &mut |form, place| {
            let content = Content::Series(&form.samples);
            visit(Example {
                target: place.ending.target(),
                content,
                identity: content,
            })
            .map(|()| true)
        })
    }
}

/// A training and a test file.
#[derive(Debug, Clone)]
pub struct TsPair {
    train: TsFile,
    test: TsFile,
}

impl TsPair {
    /// Finds both files: `path` is one of them, plain or compressed, an archive of both, or a
    /// folder that holds them, directly or in a folder `ucr`.
    ///
    /// # Errors
    /// What is not there or not of this form, and headers that contradict each other.
    pub fn open(path: &Path, kind: &'static PairKind) -> Result<TsPair> {
        let (train, test) = if path.is_file() && is_half(path) {
            (beside(path, "_TRAIN.ts")?, beside(path, "_TEST.ts")?)
        } else {
            (path.to_owned(), path.to_owned())
        };
        let train = TsFile::begin(DataFile::find(&train, &kind.train)?)?;
        let test = TsFile::begin(DataFile::find(&test, &kind.test)?)?;
        for (what, of_train, of_test) in [
            (
                "classes",
                train.header.classes.join(" "),
                test.header.classes.join(" "),
            ),
            (
                "numbers at the end",
                train.header.has_numbers.to_string(),
                test.header.has_numbers.to_string(),
            ),
            (
                "channels",
                train.channels.to_string(),
                test.channels.to_string(),
            ),
        ] {
            if of_train != of_test {
                let problem = format!(
                    "{what} {of_test}, and {} has {of_train}; expected the same; give files of one set",
                    train.file.path().display()
                );
                return Err(Error::data(test.file.path(), problem));
            }
        }
        Ok(TsPair { train, test })
    }
}

/// The other file of a set, or the same one.
fn beside(path: &Path, half: &str) -> Result<PathBuf> {
    let problem = parts(path).and_then(|parts| parts.problem()).unwrap_or("");
    let named = |end| path.with_file_name(format!("{problem}{half}{end}"));
    let mut files = PACKED_ENDS.iter().map(named);
    files.find(|file| file.is_file()).ok_or_else(|| {
        let problem = format!("no {problem}{half} beside this file; {GIVE}");
        Error::data(path, problem)
    })
}

impl Corpus for TsPair {
    fn classes(&self) -> Vec<String> {
        self.train.classes()
    }

    fn task(&self) -> Task {
        self.train.task()
    }

    fn outputs(&self) -> Vec<String> {
        self.train.outputs()
    }

    fn medium(&self) -> Medium {
        self.train.medium()
    }

    fn for_each(
        &self,
        split: Split,
        visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
    ) -> Result<()> {
        let half = match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        };
        read(&half.file, &mut |form, place| {
            let content = Content::Series(&form.samples);
            visit(Document {
                target: place.ending.target(),
                order: scattered(place.line), // a file may be sorted
                group: fingerprint(content),
                content,
            })
            .map(|()| true)
        })
    }
}

#[cfg(test)]
mod tests;

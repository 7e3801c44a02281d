//! Enters: the raw signals of the smartphone data of activities and postural transitions
//! (Reyes-Ortiz et al. 2016) as downloaded: `RawData/acc_expNN_userNN.txt`,
//! `gyro_expNN_userNN.txt` and `labels.txt`, folder or archive.
//! Leaves: its [`Corpus`] of windows. Next: `load`.
//!
//! Six activities are told apart; the transitions between them are left out. A window lies
//! inside one labelled stretch. Users are never divided, and five of them are for the test.
//! Other files of the download (features, descriptions) are passed over.

mod recordings;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::archive::{Entry, Source};
use super::readings::{sample, scattered, shortened};
use super::{Content, Corpus, Document, Medium, Split};
use crate::error::{Error, Result};

pub use recordings::LabelledRecording;

/// Steps of a window: 2.56 s at 50 Hz.
pub const WINDOW: usize = 128;
/// Steps from one window to the next, so that they overlap by half.
const STEP: usize = 64;
/// Acceleration x y z, then angular speed x y z.
const CHANNELS: usize = 2 * AXES;
const AXES: usize = 3;

/// Names of the activities 1 to 6.
pub const CLASSES: [&str; 6] = [
    "walking",
    "upstairs",
    "downstairs",
    "sitting",
    "standing",
    "lying",
];
/// Activities 7 to 12 are transitions from one posture to another.
const ACTIVITIES: u32 = 12;
/// Users of the test, so that figures can be compared.
const TEST_USERS: [u32; 5] = [2, 4, 9, 10, 12];

const LABELS: &str = "labels.txt";
const SENSORS: [&str; 2] = ["acc", "gyro"];
const ARCHIVE_STARTS: [&str; 2] = ["hapt", "smartphone"];
const ARCHIVE_ENDS: [&str; 5] = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".zip"];
const GIVE: &str = "give the folder or archive of `Smartphone-Based Recognition of Human \
                    Activities and Postural Transitions` of the UCI repository";
const AGAIN: &str = "download the file again";

/// The recordings of the smartphones, found but not yet read.
#[derive(Debug, Clone)]
pub struct Hapt {
    source: Source,
}

impl Hapt {
    /// Finds the recordings at `path`: the folder of the set or its `RawData`, its archive,
    /// or a folder that holds one of them, directly or in a folder `hapt`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if there is nothing, [`Error::Data`] if it is a folder without
    /// recordings.
    pub fn open(path: &Path) -> Result<Hapt> {
        let source = Source::open(path)?;
        if matches!(source, Source::Archive(_)) {
            return Ok(Hapt { source });
        }
        let beside = path.join("hapt");
        for folder in [
            path,
            &path.join("RawData"),
            &beside,
            &beside.join("RawData"),
        ] {
            if folder.join(LABELS).is_file() {
                return Ok(Hapt {
                    source: Source::Folder(folder.to_path_buf()),
                });
            }
        }
        for folder in [path, &beside] {
            if let Some(archive) = archive_in(folder) {
                return Ok(Hapt {
                    source: Source::Archive(archive),
                });
            }
        }
        let problem = format!("no RawData/{LABELS} found here; {GIVE}");
        Err(Error::data(path, problem))
    }
}

/// The first archive of a folder that is named like the set.
fn archive_in(folder: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let archives = names.filter(|name| {
        let small = name.to_ascii_lowercase();
        ARCHIVE_STARTS.iter().any(|start| small.starts_with(start))
            && ARCHIVE_ENDS.iter().any(|end| small.ends_with(end))
    });
    archives.min().map(|name| folder.join(name))
}

impl Corpus for Hapt {
    fn classes(&self) -> Vec<String> {
        CLASSES.map(String::from).into()
    }

    fn medium(&self) -> Medium {
        Medium::Series { channels: CHANNELS }
    }

    fn for_each(
        &self,
        split: Split,
        visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
    ) -> Result<()> {
        let raw = Raw::read(&self.source, split)?;
        let recordings = raw.checked()?;
        let mut seen = [false; CLASSES.len()];
        for stretch in &raw.stretches {
            let recording = recordings[&stretch.key];
            let Some(label) = stretch.label() else {
                continue;
            };
            let starts = (stretch.start..).step_by(STEP);
            for start in starts.take_while(|start| start + WINDOW <= stretch.end) {
                seen[usize::from(label)] = true;
                visit(Document {
                    target: label.into(),
                    order: stretch.key.order(start),
                    group: u64::from(stretch.key.user),
                    content: Content::Series(&recording.window(start)),
                })?;
            }
        }
        let absent = (0..CLASSES.len()).find(|&class| !seen[class]);
        absent.map_or(Ok(()), |class| {
            let problem = format!(
                "no window of {WINDOW} steps of the activity {} among the users for {}; {GIVE}",
                CLASSES[class],
                split.name()
            );
            Err(Error::data(self.source.path(), problem))
        })
    }
}

/// Which recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    experiment: u32,
    user: u32,
}

impl Key {
    fn is_of(self, split: Split) -> bool {
        TEST_USERS.contains(&self.user) == (split == Split::Test)
    }

    /// Place of a window: users come in no order that means anything, since validation is
    /// the last of them.
    fn order(self, start: usize) -> u64 {
        let mixed = scattered(u64::from(self.user)) >> 48 << 48; // bits 48 to 63
        let place = u64::from(self.user) << 40 | u64::from(self.experiment) << 24;
        mixed | place | start as u64
    }

    fn file(self, sensor: usize) -> String {
        let (name, Key { experiment, user }) = (SENSORS[sensor], self);
        format!("{name}_exp{experiment:02}_user{user:02}.txt")
    }
}

/// A row of `labels.txt`.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    key: Key,
    activity: u32, // 1 to 12
    start: usize,
    end: usize, // the first step after it
    line: usize,
}

impl Stretch {
    fn parse(row: &str, line: usize) -> std::result::Result<Stretch, String> {
        let expected = "expected `experiment user activity start end`, five numbers from 1";
        let numbers: Option<Vec<u32>> = row
            .split_ascii_whitespace()
            .map(|number| number.parse().ok().filter(|&number| number > 0))
            .collect();
        let Some(&[experiment, user, activity, first, last]) = numbers.as_deref() else {
            return Err(format!("`{}`; {expected}; {AGAIN}", shortened(row)));
        };
        if activity > ACTIVITIES {
            return Err(format!(
                "unknown activity {activity}; expected 1 to {ACTIVITIES}; {AGAIN}"
            ));
        }
        if first > last {
            return Err(format!("start {first} is after end {last}; {AGAIN}"));
        }
        let key = Key { experiment, user };
        Ok(Stretch {
            key,
            activity,
            start: first as usize - 1,
            end: last as usize,
            line,
        })
    }

    /// Its class; none of a transition.
    fn label(&self) -> Option<u8> {
        let class = self.activity as usize - 1;
        (class < CLASSES.len()).then_some(class as u8)
    }
}

/// Samples of one sensor.
type Track = Vec<[f32; AXES]>; // [steps]

/// Both sensors of a recording.
#[derive(Debug, Clone, Copy)]
struct Recording<'a> {
    tracks: [&'a Track; SENSORS.len()],
}

impl Recording<'_> {
    fn window(&self, start: usize) -> Vec<f32> {
        let steps = start..start + WINDOW;
        let step = |k| self.tracks.into_iter().flat_map(move |track| track[k]);
        steps.flat_map(step).collect() // [WINDOW x CHANNELS]
    }
}

/// What the files say, in any order: those of one split.
struct Raw<'a> {
    source: &'a Source,
    tracks: [BTreeMap<Key, Track>; SENSORS.len()],
    labels: Option<PathBuf>,
    stretches: Vec<Stretch>,
}

impl<'a> Raw<'a> {
    fn read(source: &'a Source, split: Split) -> Result<Self> {
        let mut raw = Raw {
            source,
            tracks: Default::default(),
            labels: None,
            stretches: Vec::new(),
        };
        let mut text = String::new();
        source.for_each_file(&mut |entry| raw.add(entry, split, &mut text))?;
        raw.stretches.retain(|stretch| stretch.key.is_of(split));
        Ok(raw)
    }

    fn add(&mut self, entry: Entry<'_>, split: Split, text: &mut String) -> Result<()> {
        let Some(name) = entry.name.file_name().and_then(|name| name.to_str()) else {
            return Ok(());
        };
        let (name, path) = (name.to_owned(), entry.path());
        let twice = || Error::data(&path, "a second file of this name; remove one of them");
        if name == LABELS {
            entry.read_text(text)?;
            if self.labels.is_some() {
                return Err(twice());
            }
            self.stretches = rows(&path, text, Stretch::parse)?;
            self.labels = Some(path);
            return Ok(());
        }
        let sensor = |sensor: &&str| name.strip_prefix(*sensor)?.strip_prefix("_exp");
        let Some(sensor) = SENSORS.iter().position(|it| sensor(it).is_some()) else {
            return Ok(());
        };
        let key = key(&name).ok_or_else(|| {
            let problem = format!(
                "no name of a recording; expected {}_expNN_userNN.txt; rename or remove the file",
                SENSORS[sensor]
            );
            Error::data(&path, problem)
        })?;
        if !key.is_of(split) {
            return Ok(());
        }
        entry.read_text(text)?;
        let track = rows(&path, text, |row, _| axes(row))?;
        match self.tracks[sensor].insert(key, track) {
            None => Ok(()),
            Some(_) => Err(twice()),
        }
    }

    /// Both sensors of every recording, which are as long as each other and as the labels
    /// say.
    fn checked(&self) -> Result<BTreeMap<Key, Recording<'_>>> {
        let absent = |file: &str, why: String| {
            let problem = format!("no {file}{why}; {GIVE}");
            Error::data(self.source.path(), problem)
        };
        let labels = self.labels.as_ref();
        let labels = labels.ok_or_else(|| absent(LABELS, String::new()))?;
        let mut recordings = BTreeMap::new();
        let [acc, gyro] = &self.tracks;
        for (&key, track) in acc {
            let beside = || absent(&key.file(1), format!(" beside {}", key.file(0)));
            let turned = gyro.get(&key).ok_or_else(beside)?;
            if track.len() != turned.len() {
                let problem = format!(
                    "{} rows, and {} has {}; expected as many; download both again",
                    turned.len(),
                    key.file(0),
                    track.len()
                );
                return Err(Error::data(self.source.path().join(key.file(1)), problem));
            }
            let tracks = [track, turned];
            recordings.insert(key, Recording { tracks });
        }
        if let Some(key) = gyro.keys().find(|key| !acc.contains_key(key)) {
            return Err(absent(&key.file(0), format!(" beside {}", key.file(1))));
        }
        for stretch in &self.stretches {
            let (file, line) = (stretch.key.file(0), stretch.line);
            let Some(recording) = recordings.get(&stretch.key) else {
                return Err(absent(
                    &file,
                    format!(", which {LABELS} names in line {line}"),
                ));
            };
            let steps = recording.tracks[0].len();
            if stretch.end > steps {
                let problem = format!(
                    "line {line}: a stretch to step {}, and {file} has {steps} rows; download both again",
                    stretch.end
                );
                return Err(Error::data(labels, problem));
            }
        }
        let labelled = |key: &Key| self.stretches.iter().any(|it| it.key == *key);
        if let Some(key) = recordings.keys().find(|key| !labelled(key)) {
            let problem = format!("no row for {}; {AGAIN}", key.file(0));
            return Err(Error::data(labels, problem));
        }
        Ok(recordings)
    }
}

/// Every row of a file.
fn rows<T>(
    path: &Path,
    text: &str,
    parse: impl Fn(&str, usize) -> std::result::Result<T, String>,
) -> Result<Vec<T>> {
    let numbered = (1..).zip(text.lines());
    let row = |(line, row)| {
        parse(row, line).map_err(|problem| Error::data(path, format!("line {line}: {problem}")))
    };
    numbered.map(row).collect()
}

/// Reads the three numbers of a row.
fn axes(row: &str) -> std::result::Result<[f32; AXES], String> {
    let mut axes = [0.0; AXES];
    let mut count = 0;
    for text in row.split_ascii_whitespace() {
        if let Some(axis) = axes.get_mut(count) {
            *axis = sample(text)?;
        }
        count += 1;
    }
    if count != AXES {
        return Err(format!("{count} columns; expected {AXES}: x y z; {AGAIN}"));
    }
    Ok(axes)
}

/// Reads the name of a recording.
fn key(name: &str) -> Option<Key> {
    let (experiment, user) = name
        .split_once("_exp")?
        .1
        .strip_suffix(".txt")?
        .split_once("_user")?;
    let number = |text: &str, most: u32| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()); // no `+7`
        text.parse().ok().filter(|&n: &u32| digits && n <= most)
    };
    Some(Key {
        experiment: number(experiment, u16::MAX.into())?,
        user: number(user, u8::MAX.into())?,
    })
}

#[cfg(test)]
mod tests;

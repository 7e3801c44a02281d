//! Enters: the path that a user names for a data set of one file. Leaves: the bytes of that
//! file, as a stream, whatever it is packed in and wherever it lies there.
//! Next: `rows` cuts it into rows.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::archive::Source;
use super::stream::{self, decompress};
use crate::error::{Error, Result};

/// What a compressed file adds to its name.
const PACKED_ENDS: [&str; 3] = [".gz", ".zst", ".zip"];
const ARCHIVE_ENDS: [&str; 5] = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".zip"];

/// How the file of a data set is recognised.
#[derive(Debug)]
pub struct FileKind {
    /// Sub-folder in which it may lie: the name of the set.
    pub folder: &'static str,
    /// Whether a file of this name, without what a packing adds, is it.
    pub is: fn(&str) -> bool,
    /// What to give, for messages.
    pub give: &'static str,
}

/// Whether a file of this name is a table of numbers.
pub fn is_table(name: &str) -> bool {
    [".csv", ".tsv"].iter().any(|end| name.ends_with(end))
}

impl FileKind {
    fn is_at(&self, path: &Path) -> bool {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| !name.starts_with('.') && (self.is)(unpacked_name(name)))
    }

    fn absent(&self, path: &Path) -> Error {
        Error::data(path, format!("no such data found here; {}", self.give))
    }
}

fn unpacked_name(name: &str) -> &str {
    let end = PACKED_ENDS.iter().find_map(|end| name.strip_suffix(end));
    end.unwrap_or(name)
}

/// One data file, found but not yet read.
#[derive(Debug, Clone)]
pub struct DataFile {
    place: Place,
    kind: &'static FileKind,
}

#[derive(Debug, Clone)]
enum Place {
    /// The file itself, plain or compressed.
    File(PathBuf),
    /// An archive that holds it.
    Archive(Source),
}

impl DataFile {
    /// Finds the file at `path`: the file itself, plain or compressed, an archive that holds
    /// it, or a folder that holds one of these, directly or in a folder of the set's name.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if there is nothing, [`Error::Data`] if it is a folder without the
    /// file, or with several.
    pub fn find(path: &Path, kind: &'static FileKind) -> Result<DataFile> {
        let source = Source::open(path)?;
        if matches!(source, Source::Archive(_)) {
            return DataFile::at(path, kind);
        }
        let beside = path.join(kind.folder);
        for folder in [path, &beside] {
            let found = names_in(folder, |name| kind.is_at(Path::new(name)));
            if let [first, others @ ..] = &found[..] {
                let other = others
                    .iter()
                    .find(|other| unpacked_name(other) != unpacked_name(first));
                if let Some(other) = other {
                    let problem = format!("both {first} and {other} are here; name one of them");
                    return Err(Error::data(folder, problem));
                }
                return DataFile::at(&folder.join(first), kind);
            }
        }
        let mut unreadable = None;
        for folder in [path, &beside] {
            let archives = names_in(folder, |name| {
                ARCHIVE_ENDS.iter().any(|end| name.ends_with(end))
            });
            for archive in archives {
                let archive = Source::Archive(folder.join(archive));
                let mut holds = false;
                let read = archive.for_each_file(&mut |entry| {
                    holds |= kind.is_at(entry.name);
                    Ok(())
                });
                if holds {
                    let place = Place::Archive(archive);
                    return Ok(DataFile { place, kind });
                }
                unreadable = unreadable.or(read.err());
            }
        }
        Err(unreadable.unwrap_or_else(|| kind.absent(path)))
    }

    /// What lies at a path that is no folder.
    fn at(path: &Path, kind: &'static FileKind) -> Result<DataFile> {
        let named = |end: &str| path.to_string_lossy().ends_with(end);
        let is_archive =
            ARCHIVE_ENDS.into_iter().any(named) || stream::is_zip(path)? || stream::is_tar(path)?;
        let path = path.to_owned();
        let place = if is_archive {
            Place::Archive(Source::Archive(path))
        } else {
            Place::File(path)
        };
        Ok(DataFile { place, kind })
    }

    /// The file, or the archive that holds it.
    pub fn path(&self) -> &Path {
        match &self.place {
            Place::File(path) => path,
            Place::Archive(archive) => archive.path(),
        }
    }

    /// Whether it lies in an archive, which need not hold it.
    pub fn is_archived(&self) -> bool {
        matches!(self.place, Place::Archive(_))
    }

    /// Calls `read` once, with the path of the file for messages (that of one in an archive
    /// goes on inside it) and its bytes. Nothing read is worth keeping unless the whole call
    /// returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] or [`Error::Data`] for what cannot be read or is not in the archive, and
    /// whatever `read` returns.
    pub fn read(&self, read: &mut dyn FnMut(&Path, &mut dyn Read) -> Result<()>) -> Result<()> {
        let archive = match &self.place {
            Place::File(path) => return read(path, &mut decompress(path)?),
            Place::Archive(archive) => archive,
        };
        let mut found: Option<PathBuf> = None;
        archive.for_each_file(&mut |entry| {
            let path = entry.path();
            if !self.kind.is_at(entry.name) {
                return Ok(());
            }
            if let Some(first) = &found {
                let first = first.display();
                let problem = format!("{first} is in the archive too; unpack it and name one");
                return Err(Error::data(path, problem));
            }
            read(&path, &mut entry.reader()?)?;
            found = Some(path);
            Ok(())
        })?;
        match found {
            Some(_) => Ok(()),
            None => Err(self.kind.absent(archive.path())),
        }
    }
}

/// The names of a folder's files that are wanted, sorted; none of a folder that is not there.
fn names_in(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| wanted(name))
        .collect();
    names.sort_unstable();
    names
}

//! Enters: a folder, or a `.tar`, `.tar.gz`, `.tar.zst` or `.zip` of one. Leaves: its
//! files, one at a time, whatever the container; nothing is unpacked to disk.
//! Next: the loader of a data set (`imdb`, `data_file`) picks the files that it knows.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::stream::{self, Whole, decompress};
use crate::error::{Error, Result};

const OPEN_HINT: &str = "check the path and its permissions";
const DAMAGED_HINT: &str = "the archive is truncated, damaged or no tar file: download it again";
const ZIP_HINT: &str =
    "the zip file is truncated, damaged or not packed by deflate: download it again";

/// Unit of a tar file.
const TAR_BLOCK: usize = 512;

/// Longest text that is taken for a document; a longer file is not what it claims to be.
const TEXT_BYTES: u64 = 16 << 20;

/// A folder tree, on disk or in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder.
    Folder(PathBuf),
    /// A tar file, plain or compressed by gzip or zstd, or a zip file.
    Archive(PathBuf),
}

/// One file of a [`Source`].
pub struct Entry<'a> {
    /// Path relative to the folder, or as the archive has it.
    pub name: &'a Path,
    source: &'a Path,
    body: Body<'a>,
}

enum Body<'a> {
    OnDisk,
    InArchive { size: u64, reader: &'a mut dyn Read },
}

impl Source {
    /// Names what lies at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if there is nothing.
    pub fn open(path: &Path) -> Result<Source> {
        let found = fs::metadata(path).map_err(Error::io(path, OPEN_HINT))?;
        let path = path.to_path_buf();
        Ok(if found.is_dir() {
            Source::Folder(path)
        } else {
            Source::Archive(path)
        })
    }

    /// The folder or the archive.
    pub fn path(&self) -> &Path {
        let (Source::Folder(path) | Source::Archive(path)) = self;
        path
    }

    /// Calls `visit` with every file: of a folder in the order of the names, of an
    /// archive as stored. Links and other special entries of an archive are passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] or [`Error::Data`] for what cannot be read, a truncated archive
    /// included, and whatever `visit` returns.
    pub fn for_each_file(&self, visit: &mut dyn FnMut(Entry<'_>) -> Result<()>) -> Result<()> {
        match self {
            Source::Folder(root) => walk(root, Path::new(""), visit),
            Source::Archive(path) if stream::is_zip(path)? => unzip(path, visit),
            Source::Archive(path) => unpack(path, visit),
        }
    }
}

impl<'a> Entry<'a> {
    /// The content of the file, unpacked if it is compressed itself; reading fails at the
    /// end of one that is cut short.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be opened or read.
    pub fn reader(self) -> Result<Box<dyn Read + 'a>> {
        let path = self.path();
        match self.body {
            Body::OnDisk => decompress(&path),
            Body::InArchive { size, reader } => stream::unpacked(Whole::new(reader, size))
                .map_err(Error::io(path, stream::DAMAGED_HINT)),
        }
    }

    /// Reads the file as text into `text`, whose old content is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Data`] if it is cut short, longer
    /// than any document, or not UTF-8.
    pub fn read_text(self, text: &mut String) -> Result<()> {
        let path = self.path();
        let mut bytes = std::mem::take(text).into_bytes();
        bytes.clear();
        let size = match self.body {
            Body::OnDisk => {
                let file = File::open(&path).map_err(Error::io(&path, OPEN_HINT))?;
                let read = file.take(TEXT_BYTES + 1).read_to_end(&mut bytes);
                read.map_err(Error::io(&path, OPEN_HINT))? as u64
            }
            Body::InArchive { size, reader } => {
                let read = reader.take(TEXT_BYTES + 1).read_to_end(&mut bytes);
                read.map_err(Error::io(&path, DAMAGED_HINT))?;
                size
            }
        };
        if size > TEXT_BYTES {
            return Err(Error::data(
                path,
                "longer than 16 MB, so not a text; remove the file",
            ));
        }
        if (bytes.len() as u64) < size {
            return Err(Error::data(path, format!("cut short; {DAMAGED_HINT}")));
        }
        *text = String::from_utf8(bytes)
            .map_err(|_| Error::data(path, "not UTF-8; convert or remove the file"))?;
        Ok(())
    }

    /// Full path, for messages; that of an archive goes on inside it.
    pub fn path(&self) -> PathBuf {
        self.source.join(self.name)
    }
}

/// Visits the files below `root/below`, folders and files together by name.
fn walk(root: &Path, below: &Path, visit: &mut dyn FnMut(Entry<'_>) -> Result<()>) -> Result<()> {
    let folder = root.join(below);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(Error::io(&folder, OPEN_HINT))? {
        names.push(entry.map_err(Error::io(&folder, OPEN_HINT))?.file_name());
    }
    names.sort_unstable();
    for name in names {
        let name = below.join(name);
        if root.join(&name).is_dir() {
            walk(root, &name, visit)?;
        } else {
            visit(Entry {
                name: &name,
                source: root,
                body: Body::OnDisk,
            })?;
        }
    }
    Ok(())
}

/// Visits the files of a tar file to its very end, so that every checksum is verified.
fn unpack(path: &Path, visit: &mut dyn FnMut(Entry<'_>) -> Result<()>) -> Result<()> {
    let mut archive = tar::Archive::new(EndWatch {
        inner: decompress(path)?,
        zeros: 0,
    });
    for entry in archive.entries().map_err(Error::io(path, DAMAGED_HINT))? {
        let mut entry = entry.map_err(Error::io(path, DAMAGED_HINT))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry
            .path()
            .map_err(Error::io(path, DAMAGED_HINT))?
            .into_owned();
        let body = Body::InArchive {
            size: entry.size(),
            reader: &mut entry,
        };
        visit(Entry {
            name: &name,
            source: path,
            body,
        })?;
    }
    let mut rest = archive.into_inner();
    if rest.zeros < TAR_BLOCK {
        return Err(Error::data(path, format!("no end mark; {DAMAGED_HINT}")));
    }
    io::copy(&mut rest, &mut io::sink()).map_err(Error::io(path, DAMAGED_HINT))?;
    Ok(())
}

/// Visits the files of a zip file as its directory lists them.
fn unzip(path: &Path, visit: &mut dyn FnMut(Entry<'_>) -> Result<()>) -> Result<()> {
    let file = File::open(path).map_err(Error::io(path, OPEN_HINT))?;
    let damaged = |error: zip::result::ZipError| Error::io(path, ZIP_HINT)(error.into());
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(damaged)?;
        if !entry.is_file() {
            continue;
        }
        let name = PathBuf::from(&*entry.name().map_err(damaged)?);
        let body = Body::InArchive {
            size: entry.size(),
            reader: &mut entry,
        };
        visit(Entry {
            name: &name,
            source: path,
            body,
        })?;
    }
    Ok(())
}

/// Counts the zero bytes read last: a tar file ends in a block of them, and one that
/// was cut between two files would else look whole.
struct EndWatch {
    inner: Box<dyn Read>,
    zeros: usize,
}

impl Read for EndWatch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match buffer[..count].iter().rposition(|&byte| byte != 0) {
            Some(last) => self.zeros = count - 1 - last,
            None => self.zeros += count,
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A tar file in memory, as `tar` would write it.
    fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Names and contents, in the order of the visit.
    fn files(path: &Path) -> Result<Vec<(String, String)>> {
        let mut files = Vec::new();
        Source::open(path)?.for_each_file(&mut |entry| {
            let name = entry.name.to_str().unwrap().to_owned();
            let mut text = "old content".to_owned();
            entry.read_text(&mut text)?;
            files.push((name, text));
            Ok(())
        })?;
        Ok(files)
    }

    fn failure(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.tar");
        fs::write(&path, bytes).unwrap();
        files(&path).expect_err("a damaged archive").to_string()
    }

    const SMALL: &[(&str, &[u8])] = &[("data/b.txt", b"second"), ("data/a/c.txt", "dé".as_bytes())];

    #[test]
    fn a_folder_and_every_kind_of_archive_hold_the_same_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("tree");
        fs::create_dir_all(root.join("data/a")).unwrap();
        for (name, content) in SMALL {
            fs::write(root.join(name), content).unwrap();
        }
        let expected = [("data/a/c.txt", "dé"), ("data/b.txt", "second")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(files(&root).unwrap(), expected);

        let plain = tar_of(SMALL);
        let compressed = zstd::encode_all(&plain[..], 3).unwrap();
        for (name, bytes) in [
            ("x.tar", &plain),
            ("x.tgz", &gzip(&plain)),
            ("x.tar.zst", &compressed),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            let mut found = files(&path).unwrap();
            found.sort();
            assert_eq!(found, expected, "{name}");
        }
    }

    /// Whatever is missing at the end, even whole files, is noticed.
    #[test]
    fn every_truncation_is_an_error() {
        let plain = tar_of(SMALL);
        let end = plain.len() - 2 * TAR_BLOCK; // without the end mark
        for length in (0..end).step_by(7).chain([TAR_BLOCK * 2, end]) {
            let error = failure(&plain[..length]);
            assert!(error.contains("download it again"), "{length}: {error}");
        }
        for packed in [gzip(&plain), zstd::encode_all(&plain[..], 3).unwrap()] {
            for length in 0..packed.len() {
                let error = failure(&packed[..length]);
                assert!(error.contains("download it again"), "{length}: {error}");
            }
        }
    }

    #[test]
    fn a_changed_byte_in_a_compressed_archive_is_an_error() {
        let mut packed = gzip(&tar_of(SMALL));
        let checksum = packed.len() - 8;
        packed[checksum] ^= 1;
        let error = failure(&packed);
        assert!(
            error.contains("some.tar:") && error.contains("download it again"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_is_no_archive_is_an_error() {
        assert!(failure(b"").contains("no tar file"));
        assert!(failure(b"just a text\n").contains("no tar file"));
        assert!(failure("just a text\n".repeat(200).as_bytes()).contains("no tar file"));
    }

    #[test]
    fn text_that_is_not_utf8_is_named_inside_the_archive() {
        let error = failure(&tar_of(&[
            ("data/a.txt", b"fine"),
            ("data/b.txt", b"\xff\xfe"),
        ]));
        assert!(error.contains("some.tar/data/b.txt: not UTF-8"), "{error}");
    }

    #[test]
    fn a_file_too_long_for_a_text_is_refused() {
        let long = vec![b' '; TEXT_BYTES as usize + 1];
        let error = failure(&tar_of(&[("data/long.txt", &long)]));
        assert!(
            error.contains("data/long.txt: longer than 16 MB"),
            "{error}"
        );
    }

    #[test]
    fn an_absent_path_is_an_error_with_its_name() {
        let error = Source::open(Path::new("/absent/aclImdb"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/absent/aclImdb") && error.contains("check the path"),
            "{error}"
        );
    }
}

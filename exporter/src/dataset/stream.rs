//! Enters: a file, plain or compressed by gzip or zstd, on disk or in an archive. Leaves:
//! its bytes, decompressed while they are read; what is cut short is an error at its end.
//! Next: `archive` and `data_file` open files with it.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use crate::error::{Error, Result};

const OPEN_HINT: &str = "check the path and its permissions";

/// What to do about a file that cannot be decompressed to its end.
pub const DAMAGED_HINT: &str = "the file is truncated or damaged: download it again";

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The first entry of a zip file, or the end of one without any.
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// Where a tar file says that it is one, and how.
const TAR_MARK: (usize, &[u8]) = (257, b"ustar");

/// Opens a file and decompresses it while reading, if its first bytes say gzip or zstd.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be opened or read.
pub fn decompress(path: &Path) -> Result<Box<dyn Read>> {
    let file = File::open(path).map_err(Error::io(path, OPEN_HINT))?;
    unpacked(file).map_err(Error::io(path, OPEN_HINT))
}

/// The same for what is open already.
///
/// # Errors
///
/// The first bytes cannot be read.
pub fn unpacked<'a>(mut packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let head = head(&mut packed, ZSTD.len())?;
    let (gzip, zstd) = (head.starts_with(GZIP), head.starts_with(ZSTD));
    let whole = BufReader::new(Cursor::new(head).chain(packed));
    Ok(if gzip {
        Box::new(flate2::bufread::MultiGzDecoder::new(whole))
    } else if zstd {
        Box::new(zstd::Decoder::with_buffer(whole)?)
    } else {
        Box::new(whole)
    })
}

/// The first bytes, as many as there are up to `count`.
///
/// # Errors
///
/// What the reader returns.
pub fn head(reader: &mut dyn Read, count: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(count as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether the first bytes say zip.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be opened or read.
pub fn is_zip(path: &Path) -> Result<bool> {
    let mut file = File::open(path).map_err(Error::io(path, OPEN_HINT))?;
    let head = head(&mut file, ZIP[0].len()).map_err(Error::io(path, OPEN_HINT))?;
    Ok(ZIP.contains(&&head[..]))
}

/// Whether the file, decompressed, is a tar file by its first bytes.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be opened, read or decompressed so far.
pub fn is_tar(path: &Path) -> Result<bool> {
    let (start, mark) = TAR_MARK;
    let head = head(&mut decompress(path)?, start + mark.len());
    let head = head.map_err(Error::io(path, DAMAGED_HINT))?;
    Ok(head.get(start..) == Some(mark))
}

/// A reader that fails at its end if that comes too early.
pub struct Whole<R> {
    inner: R,
    missing: u64,
}

impl<R> Whole<R> {
    /// Expects `size` bytes.
    pub fn new(inner: R, size: u64) -> Self {
        let missing = size;
        Whole { inner, missing }
    }
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.missing = self.missing.saturating_sub(count as u64);
        if count == 0 && !buffer.is_empty() && self.missing > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "cut short"));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_early_is_an_error_and_what_is_whole_is_none() {
        let read = |size| {
            let mut text = String::new();
            Whole::new(&b"four"[..], size)
                .read_to_string(&mut text)
                .map(|_| text)
        };
        assert_eq!(read(4).unwrap(), "four");
        assert_eq!(read(5).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn the_first_bytes_decide_and_a_short_file_is_plain() {
        let text = |bytes: &[u8]| {
            let mut text = String::new();
            unpacked(bytes)?.read_to_string(&mut text)?;
            io::Result::Ok(text)
        };
        assert_eq!(text(b"").unwrap(), "");
        assert_eq!(text(b"abc").unwrap(), "abc");
        let packed = zstd::encode_all(&b"a longer text"[..], 3).unwrap();
        assert_eq!(text(&packed).unwrap(), "a longer text");
        assert!(text(&packed[..packed.len() - 1]).is_err());
    }
}

//! The attack on compact files: any bytes are refused or unpacked, in every way the same; and
//! what is a model then runs as promised.

use super::forge::forge;
use super::model;
use set_lstm_runtime::compact::{Compact, UnpackError};
use set_lstm_runtime::wire::{File, Kind};
use set_lstm_runtime::{DecodeError, Float32, Int8, Model};

/// Lengths of pages; one of them is longer than most files.
const PAGES: [usize; 4] = [1, 7, 256, 4096];
/// Bytes of room for a file that will not come out whole.
const SOME_ROOM: usize = 1 << 16;
/// What is in memory before a file is unpacked there.
const BEFORE: u8 = 0xa5;

/// What became of one attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The bytes are not a compact file.
    Refused(DecodeError),
    /// They stand for bytes that are not a model.
    NoModel(DecodeError),
    /// They stand for a model, which ran.
    Ran,
}

/// Makes length and checksum right, unpacks in every way, and runs the model that comes out.
pub fn attack(bytes: &[u8]) -> Outcome {
    let mut bytes = bytes.to_vec();
    forge(&mut bytes);
    let compact = match Compact::open(&bytes) {
        Ok(compact) => compact,
        Err(error) => return Outcome::Refused(error),
    };
    let result = in_pages(&compact);
    into_room(&compact, &result);
    let out = &mut [];
    let other = match compact.kind() {
        Kind::Int8 => Model::<Float32>::unpack_into(&bytes, out),
        Kind::Float32 => Model::<Int8>::unpack_into(&bytes, out),
    };
    let file = compact.kind();
    assert_eq!(other, Err(DecodeError::OtherKind { file }));

    let unpacked = match result {
        Ok(unpacked) => unpacked,
        Err(error) => return Outcome::Refused(error),
    };
    if let Err(error) = File::open(&unpacked) {
        return Outcome::NoModel(error);
    }
    match model::attack(&unpacked) {
        model::Outcome::Refused(error) => Outcome::NoModel(error),
        model::Outcome::Ran { .. } => Outcome::Ran,
    }
}

/// The file by pages of every length, which give the same or are refused the same.
fn in_pages(compact: &Compact<'_>) -> Result<Vec<u8>, DecodeError> {
    let mut first: Option<(Vec<u8>, Result<u32, DecodeError>)> = None;
    for size in PAGES {
        let (written, result) = pages_of(compact, size);
        let (before, expected) = first.get_or_insert((written.clone(), result));
        assert_eq!(result, *expected, "pages of {size}");
        let length = written.len().min(before.len());
        assert_eq!(written[..length], before[..length], "pages of {size}");
        if let Ok(length) = result {
            assert_eq!(
                (written.len(), before.len()),
                (length as usize, length as usize)
            );
        }
    }
    let (written, result) = first.expect("there are lengths of pages");
    stops(compact, written.len());
    result.map(|_| written)
}

/// What is written by pages of one length.
fn pages_of(compact: &Compact<'_>, size: usize) -> (Vec<u8>, Result<u32, DecodeError>) {
    let mut written = Vec::new();
    let length = compact.unpacked_bytes() as usize;
    let result = compact.unpack_pages(&mut vec![BEFORE; size], |offset, page: &[u8]| {
        assert_eq!(offset as usize, written.len());
        assert!(page.len() == size || written.len() + page.len() == length);
        written.extend_from_slice(page);
        Ok::<(), ()>(())
    });
    let result = result.map_err(|error| match error {
        UnpackError::Decode(error) => error,
        UnpackError::Write(()) => panic!("every page was written"),
    });
    (written, result)
}

/// Nothing is written after a page that could not be.
fn stops(compact: &Compact<'_>, written: usize) {
    let mut page = [BEFORE; 4];
    let pages = written / page.len();
    if pages == 0 {
        return;
    }
    let mut left = compact.unpacked_bytes() as usize % pages;
    let result = compact.unpack_pages(&mut page, |_, _: &[u8]| {
        let next = left.checked_sub(1);
        left = next.unwrap_or(usize::MAX);
        assert!(left < pages || next.is_none(), "a page after an error");
        next.map(drop).ok_or("no such page")
    });
    assert_eq!(result, Err(UnpackError::Write("no such page")));
}

/// The file at once: the same as by pages, and nothing behind it is touched.
fn into_room(compact: &Compact<'_>, expected: &Result<Vec<u8>, DecodeError>) {
    let needed = compact.unpacked_bytes();
    let (length, no_room) = (needed as usize, DecodeError::Room { needed });
    let room = match expected {
        Ok(_) => length,
        Err(_) => length.min(SOME_ROOM),
    };
    let mut out = vec![BEFORE; room + 3];
    if room > 0 {
        assert_eq!(compact.unpack_into(&mut out[..room - 1]), Err(no_room));
        assert!(out.iter().all(|&byte| byte == BEFORE));
    }
    let result = match length > room {
        true => compact.unpack_into(&mut out[..room]),
        false => compact.unpack_into(&mut out),
    };
    match expected {
        _ if length > room => assert_eq!(result, Err(no_room)),
        Err(error) => assert_eq!(result, Err(*error)),
        Ok(unpacked) => {
            assert_eq!(result, Ok(length));
            assert!(out[..length] == unpacked[..], "other bytes than by pages");
        }
    }
    assert_eq!(out[room..], [BEFORE; 3]);
}

//! Enters: bytes that were a model file once. Leaves: the same with length and checksum made
//! right, so that the checks behind them are reached. Next: `model` and `compact`.

use set_lstm_runtime::DecodeError;
use set_lstm_runtime::compact::{self, Compact, UnpackError};
use set_lstm_runtime::wire::{CHECKSUM_AT, PREAMBLE_BYTES, checksum};

/// Bytes on a multiple of four.
#[derive(Debug, Clone)]
pub struct Aligned {
    words: Vec<[u8; 8]>,
    length: usize,
    offset: usize,
}

impl Aligned {
    /// A copy of some bytes.
    pub fn new(bytes: &[u8]) -> Self {
        // room for a start at any address
        let words = vec![[0; 8]; bytes.len() / 8 + 2];
        let offset = words.as_flattened().as_ptr().addr().wrapping_neg() % 8;
        let mut aligned = Aligned {
            words,
            length: bytes.len(),
            offset,
        };
        aligned.words.as_flattened_mut()[offset..][..bytes.len()].copy_from_slice(bytes);
        aligned
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.words.as_flattened()[self.offset..][..self.length]
    }
}

/// Makes length and checksum right, if there is room for them: of both forms of a file.
pub fn forge(bytes: &mut [u8]) {
    if bytes.len() < PREAMBLE_BYTES {
        return;
    }
    let length = bytes.len() as u32;
    bytes[CHECKSUM_AT - 4..CHECKSUM_AT].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(bytes);
    bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// Makes right what a compact file says of the model file that it stands for, if that comes out:
/// its length, and the length and the checksum within it.
pub fn forge_unpacked(bytes: &mut [u8]) {
    const LENGTH: std::ops::Range<usize> = 16..20; // of the unpacked file
    const FIRST: usize = compact::PREAMBLE_BYTES + 5; // bytes of the first part
    if bytes.len() <= compact::PREAMBLE_BYTES {
        return;
    }
    let mut says = [0; 4];
    says.copy_from_slice(&bytes[LENGTH]);
    bytes[LENGTH].copy_from_slice(&u32::MAX.to_le_bytes());
    forge(bytes);
    if let Some(mut unpacked) = all_parts(bytes) {
        says = (unpacked.len() as u32).to_le_bytes();
        let first = bytes.get_mut(FIRST..FIRST + PREAMBLE_BYTES);
        if let Some(first) = first
            && unpacked.starts_with(first)
        {
            forge(&mut unpacked);
            first.copy_from_slice(&unpacked[..PREAMBLE_BYTES]);
        }
    }
    bytes[LENGTH].copy_from_slice(&says);
    forge(bytes);
}

/// What all parts stand for, if none breaks a rule; the file says too large a length.
fn all_parts(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut unpacked, mut page) = (Vec::new(), [0]);
    let result = Compact::open(bytes)
        .ok()?
        .unpack_pages(&mut page, |_, page| {
            unpacked.extend_from_slice(page);
            Ok::<(), ()>(())
        });
    // the file ends too early, and the last page has not been handed out
    let at = bytes.len() as u32;
    (result == Err(UnpackError::Decode(DecodeError::Coded { at }))).then(|| {
        unpacked.extend(page);
        unpacked
    })
}

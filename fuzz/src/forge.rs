//! Enters: bytes that were a model file once. Leaves: the same with length and checksum made
//! right, so that the checks behind them are reached. Next: `model`.

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

/// Makes length and checksum right, if there is room for them.
pub fn forge(bytes: &mut [u8]) {
    if bytes.len() < PREAMBLE_BYTES {
        return;
    }
    let length = bytes.len() as u32;
    bytes[CHECKSUM_AT - 4..CHECKSUM_AT].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(bytes);
    bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum.to_le_bytes());
}

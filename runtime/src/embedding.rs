//! Enters: a token. Leaves: the connections of its embedding row, decoded one by one
//! from flash. Next: `cell`, which scatters them through `W`.
//!
//! One row is read per token, so here bytes count and instructions do not. A row is a
//! run of bits, most significant first:
//!
//! ```text
//! row   := entry* fill                       fill: zeros, fewer than length_unit
//! entry := rice(gap, gap_bits) value         gap: empty columns since the last entry
//! value := sign rice(|v| - 1, value_bits)    int8: sign is one bit, 1 for negative
//!        | 32 bits                           f32: the bits of the number
//! rice(n, k) := 0^(n / 2^k) 1 low            low: the low k bits of n
//! ```
//!
//! Rice codes come within 0.1 bit of the entropy of random gaps and of Gaussian values
//! (which in 6 bits each would take a bit more), and need no table. A connection whose value
//! rounds to zero is not stored at all.
//!
//! Rows lie end to end. A row is found by the first bit of its block of 16 rows and the
//! lengths of the rows before it in the block: 1.25 bytes a row. No count is stored: every
//! code has a one in it and a fill has none, so the row ends where no whole entry is left.

use crate::error::{DecodeError, Fault};
use crate::wire::{BLOCK_ROWS, Header, RAW_VALUE, RowCode, Section};

/// The embedding: one sparse row a token, as it lies in flash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Embedding<'a> {
    /// First bit of each block.
    pub block: &'a [u32], // [rows / 16, rounded up]
    /// Length of each row in `length_unit` bits.
    pub length: &'a [u8], // [rows]
    /// The bit stream.
    pub bits: &'a [u32], // [words]
    /// How to read it.
    pub code: RowCode,
}

/// What is left of one row; gives its connections by ascending column.
#[derive(Debug, Clone)]
pub struct EmbeddingRow<'a> {
    bits: &'a [u32],
    at: u32,
    end: u32,
    column: u32,
    code: RowCode,
}

/// One connection: an input column and its stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddingEntry {
    /// Column, below the input size.
    pub column: u32,
    /// The value's bits, sign-extended: an integer, or the pattern of an f32.
    pub value: i32,
}

impl<'a> Embedding<'a> {
    /// The row of a token; a token outside the vocabulary counts as the unknown word, 0.
    pub fn row(&self, token: u16) -> EmbeddingRow<'a> {
        let token = if usize::from(token) < self.length.len() {
            usize::from(token)
        } else {
            0
        };
        let before = self
            .length
            .get(token / BLOCK_ROWS * BLOCK_ROWS..token)
            .unwrap_or_default();
        let before: u32 = before.iter().map(|&units| u32::from(units)).sum();
        let start = self
            .block
            .get(token / BLOCK_ROWS)
            .copied()
            .unwrap_or_default();
        let length = self.length.get(token).copied().unwrap_or_default();
        self.row_at(
            start.wrapping_add(before * u32::from(self.code.length_unit)),
            length,
        )
    }

    fn row_at(&self, at: u32, length: u8) -> EmbeddingRow<'a> {
        let end = at.wrapping_add(u32::from(length) * u32::from(self.code.length_unit));
        EmbeddingRow {
            bits: self.bits,
            at,
            end,
            column: 0,
            code: self.code,
        }
    }

    /// Checks every row: that rows join without a gap and end in the stream, that columns
    /// are in range, fills are zero, and values are what `is_value` allows. Returns the
    /// largest sum of magnitudes of a row (of integers; of f32 it has no meaning). Without an
    /// embedding that is the one of a sample.
    #[inline(never)]
    pub fn check(
        &self,
        header: &Header<'_>,
        is_value: impl Fn(i32) -> bool,
    ) -> Result<u32, DecodeError> {
        let code = self.code;
        if let Some(channels) = header.channels() {
            // two 16-bit numbers: no overflow
            let largest_sum = u32::from(channels) * u32::from(code.largest);
            let values = if code.value_bits == RAW_VALUE {
                RowCode::RAW_SAMPLES
            } else {
                RowCode::samples(code.largest)
            };
            return if code == values {
                Ok(largest_sum)
            } else {
                Err(DecodeError::Header)
            };
        }
        // a longest code, of a gap or of a value with its sign, must fit into a window
        let widest = |largest: u16, low_bits: u8| {
            let low_bits = u32::from(low_bits);
            u32::from(largest.saturating_sub(1)).unbounded_shr(low_bits) + 1 + low_bits
        };
        let value_fits = match code.value_bits {
            RAW_VALUE => true,
            value_bits => value_bits <= 8 && widest(code.largest, value_bits) < 32,
        };
        // a fill must be too short for an entry of zeros
        let longest_unit = if code.value_bits == RAW_VALUE { 64 } else { 32 };
        let gap_fits = code.gap_bits <= 8 && widest(header.input, code.gap_bits) <= 32;
        if !value_fits || !gap_fits || !(1..=longest_unit).contains(&code.length_unit) {
            return Err(DecodeError::Header);
        }
        let fault = |section, index, fault| DecodeError::Content {
            section,
            index,
            fault,
        };
        // at most 2^16 rows of 255 · 64 bits: no sum here can overflow
        let mut at = 0;
        let (mut longest, mut largest_sum) = (0, 0);
        for (index, &length) in (0..).zip(self.length) {
            if index % BLOCK_ROWS as u32 == 0 {
                let block = index / BLOCK_ROWS as u32;
                if self.block.get(block as usize) != Some(&at) {
                    return Err(fault(Section::RowBlock, block, Fault::Order));
                }
            }
            let mut row = self.row_at(at, length);
            at = row.end;
            let (mut entries, mut sum) = (0, 0_u32);
            for entry in row.by_ref() {
                entries += 1;
                sum = sum.saturating_add(entry.value.unsigned_abs());
                if entry.column >= header.input.into() {
                    return Err(fault(Section::RowBits, index, Fault::OutOfRange));
                }
                if !is_value(entry.value) {
                    return Err(fault(Section::RowBits, index, Fault::Value));
                }
            }
            longest = entries.max(longest);
            largest_sum = sum.max(largest_sum);
            if !row.is_filled_with_zeros() {
                return Err(fault(Section::RowLength, index, Fault::Order));
            }
        }
        if self.bits.len() as u64 != u64::from(at).div_ceil(32) {
            return Err(fault(
                Section::RowLength,
                self.length.len() as u32,
                Fault::Order,
            ));
        }
        if longest != code.longest {
            Err(DecodeError::Header)
        } else {
            Ok(largest_sum)
        }
    }
}

impl EmbeddingRow<'_> {
    /// The 32 bits from a position; zeros beyond the stream.
    #[inline(always)]
    fn window(&self, at: u32) -> u32 {
        let word = (at / 32) as usize;
        let high = self.bits.get(word).copied().unwrap_or_default();
        let low = self.bits.get(word + 1).copied().unwrap_or_default();
        high << (at % 32) | low >> 1 >> (31 - at % 32)
    }

    /// Whether what is left is less than a unit of length, and zero.
    fn is_filled_with_zeros(&mut self) -> bool {
        let fill = self.end.wrapping_sub(self.at);
        while self.at < self.end {
            let left = self.end - self.at;
            if self
                .window(self.at)
                .unbounded_shr(32_u32.saturating_sub(left))
                != 0
            {
                return false;
            }
            self.at += left.min(32);
        }
        fill < self.code.length_unit.into()
    }
}

impl Iterator for EmbeddingRow<'_> {
    type Item = EmbeddingEntry;

    fn next(&mut self) -> Option<EmbeddingEntry> {
        let (gap, gap_width) = rice(self.window(self.at), self.code.gap_bits);
        let window = self.window(self.at + gap_width);
        let (value, width) = if self.code.value_bits == RAW_VALUE {
            (window as i32, 32)
        } else {
            let (less_one, width) = rice(window << 1, self.code.value_bits);
            let negative = window as i32 >> 31; // -1 or 0
            (((less_one as i32 + 1) ^ negative) - negative, width + 1)
        };
        let width = gap_width + width;
        if width > self.end.wrapping_sub(self.at) {
            return None;
        }
        let column = self.column + gap;
        self.at += width;
        self.column = column + 1;
        Some(EmbeddingEntry { column, value })
    }
}

/// Value and width of the Rice code at the top of a window. A code that does not fit into
/// the window comes out wrong; the loader has seen to it that there is none.
#[inline(always)]
fn rice(window: u32, low_bits: u8) -> (u32, u32) {
    let (unary, low_bits) = (window.leading_zeros() + 1, u32::from(low_bits) % 32);
    let low = window.wrapping_shl(unary) >> 1 >> (31 - low_bits);
    (((unary - 1) << low_bits) + low, unary + low_bits)
}

//! Enters: the rows of the embedding. Leaves: the bit stream that the runtime's `embedding`
//! reads, with its directory. Next: `pack`, which writes them.

use super::bits::BitWriter;
use set_lstm_runtime::wire::{BLOCK_ROWS, RAW_VALUE, RowCode};

/// The three sections of the embedding, and how to read them.
#[derive(Debug, PartialEq)]
pub(super) struct RowLayout {
    pub code: RowCode,
    pub block: Vec<u32>, // [rows / 16, rounded up]
    pub length: Vec<u8>, // [rows]
    pub bits: Vec<u32>,  // [code.words]
}

/// What the values of a row are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowValues {
    /// Integers other than zero, in Rice codes.
    Integers,
    /// The bits of an f32, as they are.
    Raw,
}

/// Codes rows of `(column, value)` in the fewest bits that the code allows; `None` if a row
/// is too long or a value too large for any.
pub(super) fn by_rows(
    rows: &[Vec<(u16, i32)>],
    columns: usize,
    values: RowValues,
) -> Option<RowLayout> {
    let magnitudes = || {
        rows.iter()
            .flatten()
            .map(|&(_, value)| value.unsigned_abs())
    };
    let all_gaps = || rows.iter().flat_map(|row| gaps(row));
    let gap_bits = best_rice(columns as u32 - 1, 32, all_gaps())?;
    let (value_bits, largest) = match values {
        RowValues::Raw => (RAW_VALUE, 0),
        RowValues::Integers => {
            let largest = magnitudes().max().unwrap_or(1);
            let bits = best_rice(largest - 1, 31, magnitudes().map(|magnitude| magnitude - 1))?;
            (bits, u16::try_from(largest).ok()?)
        }
    };
    let mut code = RowCode {
        gap_bits,
        value_bits,
        largest,
        length_unit: 0,
        words: 0,
        longest: 0,
    };
    let coded: Vec<BitWriter> = rows.iter().map(|row| code_row(row, &code)).collect();

    let widest = coded.iter().map(|row| row.bits).max().unwrap_or(0);
    let longest_unit = if values == RowValues::Raw { 64 } else { 32 };
    let unit = Some(widest.div_ceil(255).max(1)).filter(|&unit| unit <= longest_unit)?;
    let mut out = BitWriter::default();
    let (mut block, mut length) = (Vec::new(), Vec::new());
    for (index, row) in coded.iter().enumerate() {
        if index % BLOCK_ROWS == 0 {
            block.push(out.bits);
        }
        let units = row.bits.div_ceil(unit);
        length.push(units as u8);
        out.append(row);
        out.push(0, units * unit - row.bits);
    }
    code.length_unit = unit as u8;
    code.words = out.words.len() as u32;
    code.longest = rows.iter().map(Vec::len).max().unwrap_or(0) as u16;
    Some(RowLayout {
        code,
        block,
        length,
        bits: out.words,
    })
}

fn code_row(row: &[(u16, i32)], code: &RowCode) -> BitWriter {
    let mut out = BitWriter::default();
    for (gap, &(_, value)) in gaps(row).zip(row) {
        out.push_rice(gap, code.gap_bits);
        if code.value_bits == RAW_VALUE {
            out.push(value as u32, 32);
        } else {
            out.push(u32::from(value < 0), 1);
            out.push_rice(value.unsigned_abs() - 1, code.value_bits);
        }
    }
    out
}

/// The empty columns before each connection of a row.
fn gaps(row: &[(u16, i32)]) -> impl Iterator<Item = u32> {
    let mut next = 0;
    row.iter().map(move |&(column, _)| {
        let column = u32::from(column);
        let gap = column - next;
        next = column + 1;
        gap
    })
}

/// The Rice parameter of the fewest bits, among those with which the code of `largest` is
/// at most `widest` bits wide.
fn best_rice(largest: u32, widest: u32, numbers: impl Iterator<Item = u32>) -> Option<u8> {
    let mut cost = [0_u64; 9];
    for number in numbers {
        for (bits, cost) in (0..).zip(&mut cost) {
            *cost += u64::from((number >> bits) + bits);
        }
    }
    let possible = (0..9_u8).filter(|&k| (largest >> k) + 1 + u32::from(k) <= widest);
    possible.min_by_key(|&k| cost[usize::from(k)])
}

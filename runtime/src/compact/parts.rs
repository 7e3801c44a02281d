//! Enters: one part of a compact file. Leaves: the bytes that it stands for. Next: `sink`.

use super::block::{Block, Run, Shape};
use super::sink::{Sink, UnpackError, damaged};
use super::weights::WeightCode;
use super::{MAX_COLUMNS, MAX_ROWS, PART_BYTES, PART_COLUMNS, PART_STRIPS};
use crate::wire::SEGMENT;

/// Rows and columns of a block.
const BLOCK: u32 = SEGMENT as u32;

/// An array of a matrix in the unpacked file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// Where each column starts, of a matrix by columns.
    Start,
    /// The unit of each strip, of a matrix by strips.
    Unit,
    /// The indices of all pairs, in an f32 file.
    Index,
    /// The weights of all pairs, with the indices in an int8 file.
    Weight,
}

/// Writes what the part at the byte `at` stands for; returns where the next one begins.
pub(super) fn unpack<E, W: FnMut(u32, &[u8]) -> Result<(), E>>(
    bytes: &[u8],
    at: usize,
    codes: &[WeightCode; 2],
    sink: &mut Sink<'_, W>,
) -> Result<usize, UnpackError<E>> {
    let [input, recurrent] = codes;
    match *bytes.get(at..).unwrap_or_default() {
        [PART_BYTES, l0, l1, l2, l3, ref rest @ ..] => {
            let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
            let copied = rest.get(..length).filter(|copied| !copied.is_empty());
            sink.push(copied.ok_or(damaged(at))?, at)?;
            Ok(at + 5 + length)
        }
        [
            tag @ (PART_COLUMNS | PART_STRIPS),
            gap_bits,
            r0,
            r1,
            c0,
            c1,
            ..,
        ] => {
            let (rows, columns) = (u16::from_le_bytes([r0, r1]), u16::from_le_bytes([c0, c1]));
            if !(1..=MAX_ROWS).contains(&rows) || !(1..=MAX_COLUMNS).contains(&columns) {
                return Err(damaged(at));
            }
            let by_columns = tag == PART_COLUMNS;
            let mut matrix = Matrix {
                bytes,
                at,
                by_columns,
                gap_bits,
                rows: rows.into(),
                columns: columns.into(),
                code: if by_columns { input } else { recurrent },
                sink,
            };
            let first = if by_columns {
                Field::Start
            } else {
                Field::Unit
            };
            let mut end = matrix.write(first)?;
            for field in [Field::Index, Field::Weight] {
                if field == Field::Weight || matches!(matrix.code, WeightCode::Float32) {
                    end = matrix.write(field)?;
                }
            }
            Ok(end)
        }
        _ => Err(damaged(at)),
    }
}

/// A matrix on its way.
struct Matrix<'s, 'b, W> {
    bytes: &'s [u8],
    /// Where the part begins.
    at: usize,
    by_columns: bool,
    gap_bits: u8,
    rows: u32,
    columns: u32,
    code: &'s WeightCode,
    sink: &'s mut Sink<'b, W>,
}

impl<E, W: FnMut(u32, &[u8]) -> Result<(), E>> Matrix<'_, '_, W> {
    /// Writes one array, block after block; returns where the code of the last one ends.
    fn write(&mut self, field: Field) -> Result<usize, UnpackError<E>> {
        let (mut row, mut column, mut at) = (0, 0, self.at + 6);
        while row < self.rows {
            let down = (self.rows - row).min(BLOCK);
            let across = (self.columns - column).min(BLOCK);
            let (lines, length) = if self.by_columns {
                (self.columns, down)
            } else {
                (down, across)
            };
            let shape = Shape {
                lines,
                length,
                gap_bits: self.gap_bits,
            };
            let block = Block::open(self.bytes, at, shape, self.code).ok_or(damaged(self.at))?;
            if field == Field::Start {
                self.starts(&block)?;
            } else {
                self.runs(&block, field)?;
            }
            at = block.end;
            column += BLOCK;
            if self.by_columns || column >= self.columns {
                (row, column) = (row + BLOCK, 0);
            }
        }
        self.sink.fill(self.at)?;
        Ok(at)
    }

    /// Where each column starts, in pairs.
    fn starts(&mut self, block: &Block<'_>) -> Result<(), UnpackError<E>> {
        let (mut column, mut pairs) = (0, 0_u16);
        let mut runs = block.runs(false);
        loop {
            // an error here would have been one in `Block::open`
            let run = runs.as_mut().and_then(|runs| runs.next()?);
            let next = run.as_ref().map_or(block.lines, |run| run.line);
            while column <= next {
                self.sink.push(&pairs.to_le_bytes(), self.at)?;
                column += 1;
            }
            match run {
                Some(run) => pairs = pairs.wrapping_add(run.pairs() as u16),
                None => return Ok(()),
            }
        }
    }

    /// What a field has of each run: all columns in their order, strips shortest first.
    fn runs(&mut self, block: &Block<'_>, field: Field) -> Result<(), UnpackError<E>> {
        for (pairs, &strips) in (1..).zip(&block.strips) {
            let class = (!self.by_columns).then_some(pairs);
            if class.is_some() && strips == 0 {
                continue;
            }
            let mut runs = block.runs(field == Field::Weight);
            while let Some(run) = runs.as_mut().and_then(|runs| runs.next()?) {
                if class.is_none_or(|pairs| run.pairs() == pairs) {
                    self.run(field, &run)?;
                }
            }
            if class.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn run(&mut self, field: Field, run: &Run) -> Result<(), UnpackError<E>> {
        if field == Field::Unit {
            return self.sink.push(&[run.line as u8], self.at);
        }
        let (index, _) = run.index.as_chunks::<2>();
        let (weight, _) = run.weight.as_chunks::<2>();
        for (&[i, j], &[u, v]) in index.iter().zip(weight).take(run.pairs()) {
            match (field, self.code) {
                (Field::Index, _) => self.sink.push(&[i, j], self.at)?,
                (_, WeightCode::Float32) => {
                    self.sink.push(&u.to_le_bytes(), self.at)?;
                    self.sink.push(&v.to_le_bytes(), self.at)?;
                }
                (_, _) => self.sink.push(&[i, u as u8, j, v as u8], self.at)?,
            }
        }
        Ok(())
    }
}

//! Enters: one part of a compact file. Leaves: the bytes that it stands for. Next: `sink`.

use super::block::{Block, Run, Shape};
use super::sink::{Sink, UnpackError, damaged};
use super::weights::WeightCode;
use super::{PART_BYTES, PART_COLUMNS, PART_STRIPS};
use crate::wire::MAX_UNITS;

/// What of a run is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// Its line.
    Line,
    /// The indices of its pairs, in an f32 file.
    Index,
    /// The weights of its pairs, with the indices in an int8 file.
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
            let possible = |size: u16| (1..=MAX_UNITS).contains(&size);
            if !possible(rows) || !possible(columns) {
                return Err(damaged(at));
            }
            let (rows, columns) = (u32::from(rows), u32::from(columns));
            let by_columns = tag == PART_COLUMNS;
            let (lines, length, code) = if by_columns {
                (columns, rows, input)
            } else {
                (rows, columns, recurrent)
            };
            let shape = Shape {
                lines,
                length,
                gap_bits,
            };
            let block = Block::open(bytes, at + 6, shape, code).ok_or(damaged(at))?;
            let mut out = Matrix { code, at, sink };
            if by_columns {
                out.columns(&block)?;
            } else {
                out.strips(&block)?;
            }
            Ok(block.end)
        }
        _ => Err(damaged(at)),
    }
}

/// A matrix on its way.
struct Matrix<'s, 'b, W> {
    code: &'s WeightCode,
    at: usize,
    sink: &'s mut Sink<'b, W>,
}

impl<E, W: FnMut(u32, &[u8]) -> Result<(), E>> Matrix<'_, '_, W> {
    /// `W`: where each column starts, then the pairs of all columns.
    fn columns(&mut self, block: &Block<'_>) -> Result<(), UnpackError<E>> {
        let (mut column, mut pairs) = (0, 0_u16);
        self.sink.push(&pairs.to_le_bytes(), self.at)?;
        block.for_each(false, |run| {
            while column < run.line {
                column += 1;
                self.sink.push(&pairs.to_le_bytes(), self.at)?;
            }
            pairs = pairs.wrapping_add(run.pairs() as u16); // 2^15 at most
            Ok::<_, UnpackError<E>>(())
        })?;
        for _ in column..block.shape().lines {
            self.sink.push(&pairs.to_le_bytes(), self.at)?;
        }
        self.sink.fill(self.at)?;
        for field in [Field::Index, Field::Weight] {
            if self.is_stored(field) {
                block.for_each(field == Field::Weight, |run| self.run(field, run))?;
                self.sink.fill(self.at)?;
            }
        }
        Ok(())
    }

    /// `U`: the unit of each strip, then the pairs of all strips, shortest strips first.
    fn strips(&mut self, block: &Block<'_>) -> Result<(), UnpackError<E>> {
        for field in [Field::Line, Field::Index, Field::Weight] {
            if !self.is_stored(field) {
                continue;
            }
            for (pairs, &strips) in (1..).zip(&block.strips) {
                if strips == 0 {
                    continue;
                }
                block.for_each(field == Field::Weight, |run| {
                    if run.pairs() == pairs {
                        self.run(field, run)
                    } else {
                        Ok(())
                    }
                })?;
            }
            self.sink.fill(self.at)?;
        }
        Ok(())
    }

    fn is_stored(&self, field: Field) -> bool {
        field != Field::Index || matches!(self.code, WeightCode::Float32)
    }

    fn run(&mut self, field: Field, run: &Run) -> Result<(), UnpackError<E>> {
        if field == Field::Line {
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

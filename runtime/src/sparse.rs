//! Enters: index and weight sections. Leaves: the two views of a sparse matrix, checked.
//! Next: the engines `int8` and `float32`, which multiply by them.
//!
//! Connections are stored by pairs, so that one 32-bit load brings two of them; an odd
//! one has a partner of weight zero.
//!
//! - [`Columns`], for the input matrix `W`: an embedding row has few nonzero inputs, and
//!   only their columns are read. `sum[unit] += weight · x` for each entry of a column.
//! - [`Strips`], for the recurrent matrix `U`: the pairs of a row, cut into strips of 1 to
//!   8 pairs, and the strips sorted by length. `sum[unit] += Σ weight · h[column]` for each
//!   strip. A loop over strips of one length needs no test for the end of a row and no
//!   loop over its entries: at 4 % density and 256 units this is a quarter fewer
//!   instructions than rows that mark their end (kernel of 17 a group of four).

use crate::error::{DecodeError, Fault};
use crate::gate::Gate;
use crate::wire::{STRIP_CLASSES, Section};

/// A run of pairs of connections in flash.
pub trait Pairs: Copy {
    /// Number of pairs.
    fn count(&self) -> usize;
    /// The pairs of a range; `None` if they are not all there.
    fn cut(&self, range: core::ops::Range<usize>) -> Option<Self>;
    /// The larger index of one pair.
    fn highest_index(&self, pair: usize) -> Option<u8>;
}

/// A matrix by columns.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a, P> {
    /// Where each column starts, in pairs; the last entry is the end.
    pub start: &'a [u16], // [columns + 1]
    /// All columns end to end; an index is a unit.
    pub pairs: P,
}

/// A matrix by strips of rows.
#[derive(Debug, Clone, Copy)]
pub struct Strips<'a, P> {
    /// Strips of each class; class `n` has `n + 1` pairs a strip.
    pub counts: [u16; STRIP_CLASSES],
    /// The unit (row) of each strip.
    pub unit: &'a [u8], // [strips]
    /// All strips end to end; an index is a column.
    pub pairs: P,
}

impl<P: Pairs> Columns<'_, P> {
    /// The pairs of a column.
    #[inline(always)]
    pub fn column(&self, column: u8) -> Option<P> {
        let column = usize::from(column);
        let (&start, &end) = (self.start.get(column)?, self.start.get(column + 1)?);
        self.pairs.cut(start.into()..end.into())
    }

    /// Checks that columns join, and that every unit exists.
    pub fn check(&self, gate: Gate, units: u16) -> Result<(), DecodeError> {
        let section = Section::InputStart(gate);
        let mut before = 0;
        for (index, &start) in (0..).zip(self.start) {
            if start < before || (index == 0 && start != 0) {
                return Err(DecodeError::Content {
                    section,
                    index,
                    fault: Fault::Order,
                });
            }
            before = start;
        }
        if usize::from(before) != self.pairs.count() {
            let index = self.start.len() as u32;
            return Err(DecodeError::Content {
                section,
                index,
                fault: Fault::Order,
            });
        }
        check_indices(&self.pairs, units, Section::InputWeight(gate))
    }
}

impl<P: Pairs> Strips<'_, P> {
    /// Checks that every unit and every column exists, both below `units`. That the
    /// counts fit the sections follows from how the sections are cut.
    pub fn check(&self, gate: Gate, units: u16) -> Result<(), DecodeError> {
        for (index, &unit) in (0..).zip(self.unit) {
            if u16::from(unit) >= units {
                let (section, fault) = (Section::StripUnit(gate), Fault::OutOfRange);
                return Err(DecodeError::Content {
                    section,
                    index,
                    fault,
                });
            }
        }
        check_indices(&self.pairs, units, Section::RecurrentWeight(gate))
    }

    /// Calls `each` with the unit and the pairs of every strip. For checks, not for speed.
    pub fn for_each(&self, mut each: impl FnMut(u8, P)) {
        let (mut unit, mut at) = (self.unit.iter(), 0);
        for (pairs, &count) in (1..).zip(&self.counts) {
            for _ in 0..count {
                if let (Some(&unit), Some(strip)) = (unit.next(), self.pairs.cut(at..at + pairs)) {
                    each(unit, strip);
                }
                at += pairs;
            }
        }
    }
}

fn check_indices<P: Pairs>(pairs: &P, limit: u16, section: Section) -> Result<(), DecodeError> {
    for pair in 0..pairs.count() {
        if pairs
            .highest_index(pair)
            .is_none_or(|index| u16::from(index) >= limit)
        {
            let (index, fault) = (pair as u32, Fault::OutOfRange);
            return Err(DecodeError::Content {
                section,
                index,
                fault,
            });
        }
    }
    Ok(())
}

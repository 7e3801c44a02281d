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
//!
//! A matrix of more than 256 rows or columns is cut into blocks of 256 × 256: a column list of
//! each row segment, strips of each block, all rows of blocks one after the other. An index is
//! the place within its block, so it is one byte whatever the size.

use crate::arithmetic::Engine;
use crate::error::{DecodeError, Fault};
use crate::wire::{Place, SEGMENT, STRIP_CLASSES, Section};

/// [`SEGMENT`] as the size of an array.
pub const BLOCK: usize = SEGMENT as usize;

/// A run of pairs of connections in flash.
pub trait Pairs: Copy {
    /// Number of pairs.
    fn count(&self) -> usize;
    /// The pairs of a range; `None` if they are not all there.
    fn cut(&self, range: core::ops::Range<usize>) -> Option<Self>;
    /// The larger index of one pair.
    fn highest_index(&self, pair: usize) -> Option<u8>;
}

/// A matrix by columns; empty if the layer's is joined to the strips.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a, P> {
    /// Pairs of each row segment.
    pub counts: &'a [u16], // [segments]
    /// Where each column starts, in pairs of its segment; the last entry is the end.
    pub start: &'a [u16], // [segments x (columns + 1)]
    /// All columns end to end; an index is a unit of the segment.
    pub pairs: P,
}

/// A matrix by strips of rows.
#[derive(Debug, Clone, Copy)]
pub struct Strips<'a, P> {
    /// Strips of each class in each block; class `n` has `n + 1` pairs a strip.
    pub counts: &'a [[u16; STRIP_CLASSES]], // [blocks]
    /// Blocks side by side.
    pub across: u8,
    /// The unit (row) of each strip in its block.
    pub unit: &'a [u8], // [strips]
    /// All strips end to end; an index is a column of the block.
    pub pairs: P,
}

impl<'a, P: Pairs> Columns<'a, P> {
    /// The pairs of a column, in a matrix of one segment.
    #[inline(always)]
    pub fn column(&self, column: u16) -> Option<P> {
        let column = usize::from(column);
        let (&start, &end) = (self.start.get(column)?, self.start.get(column + 1)?);
        self.pairs.cut(start.into()..end.into())
    }

    /// The row segments, each as a matrix of its own.
    pub fn segments(&self) -> impl Iterator<Item = Self> + use<'a, P> {
        let Columns {
            counts,
            start,
            pairs,
        } = *self;
        let each = start.len().checked_div(counts.len()).unwrap_or_default();
        let mut at = 0;
        let starts = start.chunks_exact(each.max(1));
        counts
            .chunks_exact(1)
            .zip(starts)
            .map_while(move |(counts, start)| {
                let end = at + usize::from(*counts.first()?);
                let pairs = pairs.cut(at..end)?;
                at = end;
                Some(Columns {
                    counts,
                    start,
                    pairs,
                })
            })
    }

    /// Checks that columns join, and that every unit exists.
    pub fn check(&self, place: Place, units: u16) -> Result<(), DecodeError> {
        let fault = |section, index, fault| DecodeError::Content {
            section,
            index,
            fault,
        };
        let out_of_order = |index| fault(Section::InputStart(place), index as u32, Fault::Order);
        let (mut entry, mut pair) = (0, 0);
        for (segment, base) in self.segments().zip((0..).step_by(BLOCK)) {
            let mut before = 0;
            for (index, &start) in segment.start.iter().enumerate() {
                if start < before || (index == 0 && start != 0) {
                    return Err(out_of_order(entry + index));
                }
                before = start;
            }
            entry += segment.start.len();
            if usize::from(before) != segment.pairs.count() {
                return Err(out_of_order(entry));
            }
            let section = Section::InputWeight(place);
            check_indices(&segment.pairs, units.saturating_sub(base), section, pair)?;
            pair += segment.pairs.count();
        }
        Ok(())
    }
}

impl<'a, P: Pairs> Strips<'a, P> {
    /// Cuts the next block off: its strips alone.
    #[inline(always)]
    fn split_block(&mut self) -> Option<Self> {
        let (counts, rest) = self.counts.split_at_checked(1)?;
        let (strips, pairs) =
            counts
                .iter()
                .flatten()
                .zip(1..)
                .fold((0, 0), |(strips, all), (&count, pairs)| {
                    let count = usize::from(count);
                    (strips + count, all + count * pairs)
                });
        let (unit, units_left) = self.unit.split_at_checked(strips)?;
        let block = Strips {
            counts,
            across: 1,
            unit,
            pairs: self.pairs.cut(0..pairs)?,
        };
        self.counts = rest;
        self.unit = units_left;
        self.pairs = self.pairs.cut(pairs..self.pairs.count())?;
        Some(block)
    }

    /// The blocks: first unit, first column, and the strips.
    pub fn blocks(&self) -> impl Iterator<Item = (u16, u16, Self)> + use<'a, P> {
        let (mut rest, across) = (*self, u16::from(self.across.max(1)));
        let (mut row, mut column) = (0_u16, 0_u16);
        core::iter::from_fn(move || {
            let at = (row, column);
            column += SEGMENT;
            if column == across * SEGMENT {
                (row, column) = (row.wrapping_add(SEGMENT), 0);
            }
            Some((at.0, at.1, rest.split_block()?))
        })
    }

    /// Checks that every unit and every column exists. That the counts fit the sections
    /// follows from how the sections are cut.
    pub fn check(&self, place: Place, units: u16, columns: u16) -> Result<(), DecodeError> {
        let (mut strip, mut pair) = (0, 0);
        for (row, column, block) in self.blocks() {
            let limit = units.saturating_sub(row);
            for (index, &unit) in (strip..).zip(block.unit) {
                if u16::from(unit) >= limit {
                    let (section, fault) = (Section::StripUnit(place), Fault::OutOfRange);
                    return Err(DecodeError::Content {
                        section,
                        index,
                        fault,
                    });
                }
            }
            strip += block.unit.len() as u32;
            let section = Section::RecurrentWeight(place);
            check_indices(&block.pairs, columns.saturating_sub(column), section, pair)?;
            pair += block.pairs.count();
        }
        Ok(())
    }

    /// Calls `each` with the unit of the block and the pairs of every strip of one block. For
    /// checks, not for speed.
    pub fn for_each(&self, mut each: impl FnMut(u8, P)) {
        let (mut unit, mut at) = (self.unit.iter(), 0);
        for (pairs, &count) in (1..).zip(self.counts.iter().flatten()) {
            for _ in 0..count {
                if let (Some(&unit), Some(strip)) = (unit.next(), self.pairs.cut(at..at + pairs)) {
                    each(unit, strip);
                }
                at += pairs;
            }
        }
    }
}

/// `sum += M v` for a matrix of strips; what lies beyond the matrix in both arrays is left
/// alone.
#[inline(always)]
pub fn add_rows<A: Engine, const N: usize>(
    strips: &Strips<'_, A::Pairs<'_>>,
    v: &[A::Value; N],
    sum: &mut [A::Sum; N],
) {
    if N <= BLOCK {
        return A::add_strips(strips, v, sum);
    }
    let mut rest = *strips;
    for sum in sum.as_chunks_mut::<BLOCK>().0 {
        for v in v.as_chunks::<BLOCK>().0.iter().take(strips.across.into()) {
            let Some(block) = rest.split_block() else {
                return;
            };
            A::add_strips(&block, v, sum);
        }
    }
}

/// Checks the indices of the pairs of a block, the first of which is number `first`.
fn check_indices<P: Pairs>(
    pairs: &P,
    limit: u16,
    section: Section,
    first: usize,
) -> Result<(), DecodeError> {
    for pair in 0..pairs.count() {
        if pairs
            .highest_index(pair)
            .is_none_or(|index| u16::from(index) >= limit)
        {
            let (index, fault) = ((first + pair) as u32, Fault::OutOfRange);
            return Err(DecodeError::Content {
                section,
                index,
                fault,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::fixed::{pair, slot};
    use crate::gate::Gate;
    use crate::{Float32, Int8};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use std::vec::Vec;

    const UNITS: usize = 256;

    /// A connection as the oracle sees it.
    #[derive(Debug, Clone, Copy)]
    struct Connection {
        unit: u8,
        column: u8,
        weight: i8,
    }

    prop_compose! {
        /// Any number of strips of each class, with weights at their limits more often
        /// than chance would have them; a unit may have several strips.
        fn strips()(
            counts in prop::array::uniform8(0..20_u16),
            draws in prop::collection::vec(
                (any::<u8>(), any::<u8>(), prop_oneof![Just(-128), Just(127), any::<i8>()]),
                19 * 36 * 2,
            ),
        ) -> ([u16; 8], Vec<u8>, Vec<Connection>) {
            let (mut units, mut all, mut draws) = (Vec::new(), Vec::new(), draws.into_iter());
            for (pairs, &count) in (1..).zip(&counts) {
                for _ in 0..count {
                    let strip: Vec<_> = draws.by_ref().take(2 * pairs).collect();
                    let unit = strip[0].0;
                    units.push(unit);
                    all.extend(strip.iter().map(|&(_, column, weight)| Connection { unit, column, weight }));
                }
            }
            (counts, units, all)
        }
    }

    /// `sum[unit] = Σ multiplier · x[column]`, in integers that cannot overflow, brought to
    /// i32 as the engine's additions are.
    fn oracle(connections: &[Connection], x: &[i16], by_column: bool) -> Vec<i32> {
        let mut sum = std::vec![0_i64; UNITS];
        for &Connection {
            unit,
            column,
            weight,
        } in connections
        {
            // the absorbed index is the one that the kernel has to read
            let index = if by_column { unit } else { column };
            let multiplier = 256 * i64::from(weight) + i64::from(index);
            sum[usize::from(unit)] += multiplier * i64::from(x[usize::from(column)]);
        }
        sum.into_iter().map(|sum| sum as i32).collect()
    }

    fn words(slots: &[u16]) -> Vec<u32> {
        let pairs = slots.as_chunks::<2>().0.iter();
        pairs.map(|&[first, second]| pair(first, second)).collect()
    }

    fn state() -> impl Strategy<Value = Vec<i16>> {
        let value = prop_oneof![Just(i16::MIN), Just(i16::MAX), Just(0), any::<i16>()];
        prop::collection::vec(value, UNITS)
    }

    /// The same cases in every run.
    fn cases() -> ProptestConfig {
        ProptestConfig {
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(1),
            ..ProptestConfig::default()
        }
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn int8_strips_are_the_oracles_sums((counts, unit, all) in strips(), h in state()) {
            let slots: Vec<u16> = all.iter().map(|c| slot(c.weight, c.column)).collect();
            let pairs = words(&slots);
            let strips = Strips { counts: &[counts], across: 1, unit: &unit, pairs: &pairs[..] };
            let mut sum = [0; UNITS];
            Int8::add_strips(&strips, h.as_slice().try_into().unwrap(), &mut sum);
            prop_assert_eq!(&sum[..], oracle(&all, &h, false));
        }

        #[test]
        fn int8_columns_are_the_oracles_sums(
            all in prop::collection::vec((any::<u8>(), any::<u8>(), any::<i8>()), 0..2000),
            x in state(),
        ) {
            let mut all: Vec<Connection> = all
                .into_iter()
                .map(|(unit, column, weight)| Connection { unit, column, weight })
                .collect();
            all.sort_by_key(|c| c.column);
            let (mut start, mut slots) = (std::vec![0_u16], Vec::new());
            for column in 0..=255 {
                let entries = all.iter().filter(|c| c.column == column);
                slots.extend(entries.map(|c| slot(c.weight, c.unit)));
                if slots.len() % 2 == 1 {
                    slots.push(0); // the filler adds nothing
                }
                start.push((slots.len() / 2) as u16);
            }
            let pairs = words(&slots);
            let counts = [(slots.len() / 2) as u16];
            let columns = Columns { counts: &counts, start: &start, pairs: &pairs[..] };
            columns.check(Gate::Input.into(), 256).unwrap();
            let mut sum = [0; UNITS];
            for (column, &x) in (0..=255).zip(&x) {
                Int8::add_column(columns.column(column).unwrap(), x, &mut sum);
            }
            prop_assert_eq!(&sum[..], oracle(&all, &x, true));
        }

        #[test]
        fn f32_strips_are_the_sums_in_the_order_of_the_file(
            (counts, unit, all) in strips(),
            h in prop::collection::vec(-1.0..1.0_f32, UNITS),
        ) {
            let index: Vec<u8> = all.iter().map(|c| c.column).collect();
            let weight: Vec<f32> = all.iter().map(|c| f32::from(c.weight) / 3.0).collect();
            let pairs = Float32::pairs(&index, bytemuck::cast_slice(&weight)).unwrap();
            let strips = Strips { counts: &[counts], across: 1, unit: &unit, pairs };
            let mut sum = [0.0; UNITS];
            Float32::add_strips(&strips, h.as_slice().try_into().unwrap(), &mut sum);
            let mut expected = [0.0; UNITS];
            for (c, weight) in all.iter().zip(&weight) {
                expected[usize::from(c.unit)] += weight * h[usize::from(c.column)];
            }
            prop_assert_eq!(sum.map(f32::to_bits), expected.map(f32::to_bits));
        }
    }

    #[test]
    fn a_matrix_too_short_for_its_counts_ends_without_a_panic() {
        let h = [1; UNITS];
        let mut sum = [0; UNITS];
        let pairs = words(&[slot(1, 0), slot(1, 0), slot(1, 0)]);
        let counts = [2, 1, 0, 0, 0, 0, 0, 0];
        Int8::add_strips(
            &Strips {
                counts: &[counts],
                across: 1,
                unit: &[3, 4, 5],
                pairs: &pairs[..],
            },
            &h,
            &mut sum,
        );
        assert_eq!(sum, [0; UNITS]);
    }
}

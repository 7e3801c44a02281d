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

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::arithmetic::Engine;
    use crate::fixed::{pair, slot};
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
            let strips = Strips { counts, unit: &unit, pairs: &pairs[..] };
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
            let columns = Columns { start: &start, pairs: &pairs[..] };
            columns.check(Gate::Input, 256).unwrap();
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
            let strips = Strips { counts, unit: &unit, pairs };
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
                counts,
                unit: &[3, 4, 5],
                pairs: &pairs[..],
            },
            &h,
            &mut sum,
        );
        assert_eq!(sum, [0; UNITS]);
    }
}

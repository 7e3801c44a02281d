//! Enters: the weights of one gate. Leaves: whether a sum of any of its units could leave 32
//! bits, whatever the state and the input. Next: `model`, which refuses such a file.

use super::{Constants, Int8, halves};
use crate::arithmetic::GateWeights;
use crate::error::{DecodeError, Fault};
use crate::sparse::Columns;
use crate::wire::{Place, SEGMENT, Section};

/// Units that are checked at a time: little stack, and still O(bytes), the number of units
/// having a limit.
const TILE: usize = 16;

/// What bounds the sum of a unit.
#[derive(Clone, Copy, Default)]
struct UnitBound {
    recurrent: u32,     // Σ|m| of U
    input: u32,         // Σ|m| of W
    largest_input: u16, // max|m| of W
}

/// The rule of the parent module, for every unit of a gate; `row_sum` is the largest sum of
/// magnitudes of an input, as stored.
#[inline(never)] // its bounds are on the stack only while it runs
pub(super) fn check(
    place: Place,
    weights: &GateWeights<'_, Int8>,
    constants: &Constants,
    row_sum: u32,
    hidden: u16,
) -> Result<(), DecodeError> {
    check_columns(place, &weights.input)?;
    let fault = |index, fault| DecodeError::Content {
        section: Section::Unit(place),
        index,
        fault,
    };
    // largest sum of an input, in the units of x; a strip may have a column twice, and then
    // the largest multiplier bounds nothing
    let x_sum_limit = if weights.input.start.is_empty() {
        u32::MAX
    } else {
        row_sum.saturating_mul(constants.input_scale as u32)
    };
    let (h_limit, x_limit) = (0x8000 >> constants.state_shift, constants.input_limit);
    for (first, units) in (0_u16..).step_by(TILE).zip(weights.units.chunks(TILE)) {
        let mut bounds = [UnitBound::default(); TILE];
        tile(weights, first, hidden, &mut bounds);
        for ((index, &unit), bound) in (u32::from(first)..).zip(units).zip(&bounds) {
            let filler = index >= hidden.into();
            if if filler { unit != 0 } else { unit as i16 <= 0 } {
                return Err(fault(index, Fault::Value));
            }
            let largest = u32::from(bound.largest_input).saturating_mul(x_sum_limit);
            let input = bound.input.saturating_mul(x_limit).min(largest);
            let recurrent = bound.recurrent.saturating_mul(h_limit);
            if input.saturating_add(recurrent) > i32::MAX as u32 {
                return Err(fault(index, Fault::Overflow));
            }
        }
    }
    Ok(())
}

/// The bounds of the units from `first`.
#[inline(never)]
fn tile(weights: &GateWeights<'_, Int8>, first: u16, hidden: u16, bounds: &mut [UnitBound; TILE]) {
    let inside =
        |base: u16, unit: u8| usize::from(base.wrapping_add(unit.into()).wrapping_sub(first));
    for (base, segment) in (0..).step_by(SEGMENT.into()).zip(weights.input.segments()) {
        // the columns of h come first, if they lie by columns
        let of_h = segment.start.get(usize::from(hidden));
        let of_h = of_h.filter(|_| weights.is_listed()).map_or(0, |&end| end);
        for (index, pair) in segment.pairs.iter().enumerate() {
            for slot in halves(pair) {
                if let Some(bound) = bounds.get_mut(inside(base, slot as u8)) {
                    if index < of_h.into() {
                        bound.add_recurrent(slot.unsigned_abs());
                    } else {
                        bound.add_input(slot.unsigned_abs());
                    }
                }
            }
        }
    }
    for (row, column, block) in weights.recurrent.blocks() {
        block.for_each(|unit, strip| {
            if let Some(bound) = bounds.get_mut(inside(row, unit)) {
                for slot in strip.iter().flat_map(halves) {
                    // beyond h lies x, if W is joined to U
                    if column.wrapping_add((slot as u8).into()) < hidden {
                        bound.add_recurrent(slot.unsigned_abs());
                    } else {
                        bound.add_input(slot.unsigned_abs());
                    }
                }
            }
        });
    }
}

impl UnitBound {
    fn add_recurrent(&mut self, multiplier: u16) {
        self.recurrent = self.recurrent.saturating_add(multiplier.into());
    }

    fn add_input(&mut self, multiplier: u16) {
        self.input = self.input.saturating_add(multiplier.into());
        self.largest_input = self.largest_input.max(multiplier);
    }
}

/// Checks that no column has a unit twice, without which `max|m_W|` would bound nothing:
/// units ascend, but for a filler, which is all zero.
fn check_columns(place: Place, columns: &Columns<'_, &[u32]>) -> Result<(), DecodeError> {
    let mut first = 0;
    for segment in columns.segments() {
        for (&start, &end) in segment.start.iter().zip(segment.start.iter().skip(1)) {
            let pairs = segment.pairs.get(start.into()..end.into());
            let mut next = 0;
            for (index, pair) in (first + u32::from(start)..).zip(pairs.unwrap_or_default()) {
                for slot in halves(pair) {
                    let unit = u16::from(slot as u8);
                    if unit < next && slot != 0 {
                        return Err(DecodeError::Content {
                            section: Section::InputWeight(place),
                            index,
                            fault: Fault::Order,
                        });
                    }
                    next = unit + 1;
                }
            }
        }
        first += segment.pairs.len() as u32;
    }
    Ok(())
}

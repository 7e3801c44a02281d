//! Enters: the two sections of a file that scale samples, or numbers of a regression. Leaves:
//! [`Scale`], checked. Next: `samples` normalises by it, and `outputs` does the reverse.

use crate::error::{DecodeError, Fault};
use crate::wire::{Section, Sections};

/// Mean and spread of each channel of a sample, or of each number of an answer, as they lie in
/// flash; empty if the model has none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale<'a> {
    /// Mean of each.
    pub mean: &'a [f32],
    /// One over the standard deviation of each channel, 0 of one that never changes; of a
    /// number the standard deviation, above zero.
    pub factor: &'a [f32],
}

impl<'a> Scale<'a> {
    /// Of nothing.
    pub const NONE: Self = Scale {
        mean: &[],
        factor: &[],
    };

    /// Takes the two sections, of so many bytes each. Means are numbers, and factors numbers
    /// whose bits are no less than `least`.
    ///
    /// # Errors
    /// They are not. That a section is not whole is left to [`Sections::check`].
    #[inline(never)] // twice
    pub fn read(
        &mut self,
        sections: &mut Sections<'a>,
        [mean, factor]: [Section; 2],
        bytes: u32,
        least: u32,
    ) -> Result<(), DecodeError> {
        self.mean = sections.array(mean, bytes);
        self.factor = sections.array(factor, bytes);
        // by their bits: a core without floating point has no short way to compare
        let end = f32::INFINITY.to_bits();
        for (index, (mean_value, value)) in (0..).zip(self.mean.iter().zip(self.factor)) {
            let section = if mean_value.to_bits() << 1 >= end << 1 {
                mean
            } else if !(least..end).contains(&value.to_bits()) {
                factor
            } else {
                continue;
            };
            return Err(DecodeError::Content {
                section,
                index,
                fault: Fault::Value,
            });
        }
        Ok(())
    }
}

//! Enters: the logits of a regression. Leaves: its numbers, in the units of the training data.
//! Next: the application, by `State::values`.

use crate::arithmetic::Logit;
use crate::error::DecodeError;
use crate::samples::check_numbers;
use crate::wire::Section;

/// Mean and spread of each number, as they lie in flash; empty if the model answers classes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outputs<'a> {
    /// Mean of each number.
    pub mean: &'a [f32], // [logits]
    /// Standard deviation of each number, above zero.
    pub deviation: &'a [f32], // [logits]
}

impl Outputs<'_> {
    /// `mean + deviation · logit`, rounded after each of the two: on every core the same bits.
    pub fn numbers(&self, logits: impl Iterator<Item = impl Logit>) -> impl Iterator<Item = f32> {
        let scales = self.mean.iter().zip(self.deviation);
        logits
            .zip(scales)
            .map(|(logit, (&mean, &deviation))| mean + deviation * logit.to_f32())
    }

    /// Checks that means are numbers, and deviations numbers above zero.
    pub fn check(&self) -> Result<(), DecodeError> {
        check_numbers(self.mean, Section::OutputMean, f32::MIN)?;
        // the least number that no core takes for zero
        check_numbers(self.deviation, Section::OutputDeviation, f32::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    #[test]
    fn logits_are_deviations_from_the_mean() {
        let outputs = Outputs {
            mean: &[20.0, -1.0],
            deviation: &[4.0, 0.5],
        };
        // Q16 of an int8 model: 1 and -9.5 deviations
        let mut numbers = outputs.numbers([0x1_0000, -0x9_8000].into_iter());
        assert_eq!([(); 2].map(|()| numbers.next()), [Some(24.0), Some(-5.75)]);
        assert_eq!(numbers.next(), None);
        drop(numbers);
        let mut numbers = outputs.numbers([0.0_f32, 2.0].into_iter());
        assert_eq!([(); 2].map(|()| numbers.next()), [Some(20.0), Some(0.0)]);
    }

    #[test]
    fn a_deviation_is_above_zero_and_every_number_is_one() {
        let faults = [
            (f32::NAN, 1.0, Section::OutputMean),
            (f32::NEG_INFINITY, 1.0, Section::OutputMean),
            (0.0, 0.0, Section::OutputDeviation),
            (0.0, -1.0, Section::OutputDeviation),
            (0.0, f32::NAN, Section::OutputDeviation),
            (0.0, f32::INFINITY, Section::OutputDeviation),
        ];
        for (mean, deviation, section) in faults {
            let outputs = Outputs {
                mean: &[0.0, mean],
                deviation: &[1.0, deviation],
            };
            let error = DecodeError::Content {
                section,
                index: 1,
                fault: Fault::Value,
            };
            assert_eq!(outputs.check(), Err(error), "{mean} {deviation}");
        }
    }
}

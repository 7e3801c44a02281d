//! Enters: the logits of a regression. Leaves: its numbers, in the units of the training data.
//! Next: the application, by `State::values`.

use crate::arithmetic::Logit;
use crate::scale::Scale;

impl Scale<'_> {
    /// `mean + deviation · logit`, rounded after each of the two: on every core the same bits.
    pub fn numbers(&self, logits: impl Iterator<Item = impl Logit>) -> impl Iterator<Item = f32> {
        let scales = self.mean.iter().zip(self.factor);
        logits
            .zip(scales)
            .map(|(logit, (&mean, &deviation))| mean + deviation * logit.to_f32())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_are_deviations_from_the_mean() {
        let scale = Scale {
            mean: &[20.0, -1.0],
            factor: &[4.0, 0.5],
        };
        // Q16 of an int8 model: 1 and -9.5 deviations
        let mut numbers = scale.numbers([0x1_0000, -0x9_8000].into_iter());
        assert_eq!([(); 2].map(|()| numbers.next()), [Some(24.0), Some(-5.75)]);
        assert_eq!(numbers.next(), None);
        let mut numbers = scale.numbers([0.0_f32, 2.0].into_iter());
        assert_eq!([(); 2].map(|()| numbers.next()), [Some(20.0), Some(0.0)]);
    }

    #[test]
    fn a_model_of_classes_has_no_numbers() {
        assert_eq!(Scale::NONE.numbers([1.5_f32].into_iter()).next(), None);
    }
}

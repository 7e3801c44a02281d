//! Enters: a sensor, or what one has recorded. Leaves: a sample of every channel at a time.
//! Next: `run`.

/// Where samples come from: `C` numbers at a time, in the units of training.
pub trait Samples<const C: usize> {
    /// Microseconds from one sample to the next: how long a step may take at most.
    const PERIOD: u32 = 20_000;

    /// Waits until the next sample is due and gives it; `None`: there are no more.
    fn next(&mut self) -> Option<[f32; C]>;
}

/// A recording in flash, in 16-bit steps. It does not wait.
#[derive(Debug, Clone)]
pub struct Recorded<'a, const C: usize> {
    rest: &'a [[i16; C]], // [samples x channels]
    step: f32,
}

impl<'a, const C: usize> Recorded<'a, C> {
    /// A recording at its beginning; a step of its numbers is so many units.
    pub const fn new(samples: &'a [[i16; C]], step: f32) -> Self {
        Recorded {
            rest: samples,
            step,
        }
    }
}

impl<const C: usize> Samples<C> for Recorded<'_, C> {
    fn next(&mut self) -> Option<[f32; C]> {
        let (sample, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(sample.map(|number| f32::from(number) * self.step))
    }
}

#[cfg(test)]
mod tests {
    use super::{Recorded, Samples};

    #[test]
    fn a_recording_gives_its_samples_in_units_and_ends() {
        let mut recorded = Recorded::new(&[[1024, -512], [1, 0]], 1.0 / 1024.0);
        assert_eq!(recorded.next(), Some([1.0, -0.5]));
        assert_eq!(recorded.next(), Some([1.0 / 1024.0, 0.0]));
        assert_eq!(recorded.next(), None);
        assert_eq!(recorded.next(), None);
    }
}

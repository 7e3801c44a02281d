//! Enters: a recording and a clock. Leaves: each sample when its sensor would give it. Next:
//! `activity` steps.

use set_lstm_activity::Samples;
use set_lstm_kit::Clock;

/// Samples at the pace of their sensor.
///
/// If the application is late by a whole period or more, the pace begins anew: the late
/// samples are counted by the application, and are not made up for in a hurry.
#[derive(Debug)]
pub struct Paced<S, C> {
    samples: S,
    clock: C,
    /// When the last sample was due.
    last: Option<u32>,
}

impl<S, C> Paced<S, C> {
    /// The first sample is due at once.
    pub const fn new(samples: S, clock: C) -> Self {
        Paced {
            samples,
            clock,
            last: None,
        }
    }
}

impl<const D: usize, S: Samples<D>, C: Clock> Samples<D> for Paced<S, C> {
    const PERIOD: u32 = S::PERIOD;

    fn next(&mut self) -> Option<[f32; D]> {
        let sample = self.samples.next()?;
        let hertz = u64::from(self.clock.rate().hertz);
        let period = (u64::from(Self::PERIOD) * hertz / 1_000_000) as u32;
        self.last = Some(match self.last {
            None => self.clock.ticks(),
            Some(last) if self.clock.since(last) < 2 * period => {
                while self.clock.since(last) < period {}
                last.wrapping_add(period) & C::MASK
            }
            Some(_) => self.clock.ticks(),
        });
        Some(sample)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use set_lstm_kit::Rate;
    use std::vec;

    /// 1,000 ticks a period; a reading takes 7 ticks. 13 bits, so that it wraps.
    #[derive(Clone)]
    struct Reading<'a>(&'a core::cell::Cell<u32>);

    impl Clock for Reading<'_> {
        const MASK: u32 = 0x1fff;

        fn ticks(&mut self) -> u32 {
            self.0.set(self.0.get() + 7);
            self.0.get() & Self::MASK
        }

        fn rate(&self) -> Rate {
            Rate::microseconds(50_000)
        }
    }

    struct Numbers(u8);

    impl Samples<1> for Numbers {
        fn next(&mut self) -> Option<[f32; 1]> {
            self.0 = self.0.checked_sub(1)?;
            Some([self.0.into()])
        }
    }

    #[test]
    fn samples_come_at_the_pace_of_the_sensor_whatever_the_steps_take() {
        let now = core::cell::Cell::new(0);
        let mut paced = Paced::new(Numbers(20), Reading(&now));
        let mut times = vec![];
        while paced.next().is_some() {
            times.push(now.get());
            now.set(now.get() + 13 * (times.len() as u32 % 7)); // a step
        }
        assert_eq!(times.len(), 20);
        for (index, time) in times.iter().enumerate() {
            // the first reading is the beginning, and a wait ends within three readings
            let due = 7 + 1000 * index as u32;
            assert!((due..due + 21).contains(time), "{time} for {due}");
        }
    }

    #[test]
    fn a_late_step_begins_the_pace_anew() {
        let now = core::cell::Cell::new(0);
        let mut paced = Paced::new(Numbers(4), Reading(&now));
        paced.next();
        now.set(now.get() + 3500);
        paced.next();
        let late = now.get();
        assert!(late < 3530, "{late}");
        paced.next();
        assert!((late + 1000..late + 1021).contains(&now.get()));
    }
}

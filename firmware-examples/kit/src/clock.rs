//! Enters: a counter of the board. Leaves: times in units that a person reads. Next: the
//! applications print them.

/// A counter that runs while the core computes.
///
/// No interrupt is needed: two readings tell a time if the counter wrapped at most once
/// between them, and the applications read it for every few bytes or every sample.
pub trait Clock {
    /// The largest count, after which the counter begins anew: all ones.
    const MASK: u32 = u32::MAX;

    /// The count now. A counter that counts down gives its complement.
    fn ticks(&mut self) -> u32;

    /// What the ticks mean.
    fn rate(&self) -> Rate;

    /// Ticks since an earlier reading.
    fn since(&mut self, earlier: u32) -> u32 {
        self.ticks().wrapping_sub(earlier) & Self::MASK
    }
}

/// How ticks become units of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Name of the unit.
    pub unit: &'static str,
    /// Ticks a second.
    pub hertz: u32,
    /// Units a second.
    pub units: u32,
}

impl Rate {
    /// Microseconds of a counter with so many ticks a second; at least one.
    pub const fn microseconds(hertz: u32) -> Self {
        Rate {
            unit: "us",
            hertz,
            units: 1_000_000,
        }
    }

    /// Instructions of an emulator that runs one in each nanosecond of its own time, as QEMU
    /// with `-icount shift=0` does. Such a board has no true time.
    pub const fn instructions(hertz: u32) -> Self {
        Rate {
            unit: "instructions",
            hertz,
            units: 1_000_000_000,
        }
    }

    /// So many ticks in units; the nearest below, or the largest number that there is.
    pub fn of(self, ticks: u64) -> u32 {
        let units = ticks.saturating_mul(self.units.into()) / u64::from(self.hertz.max(1));
        u32::try_from(units).unwrap_or(u32::MAX)
    }

    /// Microseconds in units.
    pub fn of_microseconds(self, microseconds: u32) -> u32 {
        microseconds.saturating_mul(self.units / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Rate};

    /// Counts 24 bits.
    struct Counter(u32);

    impl Clock for Counter {
        const MASK: u32 = 0xff_ffff;

        fn ticks(&mut self) -> u32 {
            self.0
        }

        fn rate(&self) -> Rate {
            Rate::microseconds(16_000_000)
        }
    }

    #[test]
    fn a_counter_that_has_wrapped_once_tells_the_time() {
        let mut counter = Counter(5);
        assert_eq!(counter.since(0xff_fff0), 21);
        counter.0 = 0xffff_fff0; // as of a counter that counts down, inverted
        assert_eq!(counter.since(0xff_ff00), 0xf0);
    }

    #[test]
    fn ticks_become_units_and_never_overflow() {
        let rate = Rate::microseconds(16_000_000);
        assert_eq!((rate.of(0), rate.of(31), rate.of(16_000)), (0, 1, 1000));
        assert_eq!(rate.of(u64::MAX), u32::MAX);
        assert_eq!(rate.of_microseconds(20_000), 20_000);
        let rate = Rate::instructions(25_000_000);
        assert_eq!((rate.of(1), rate.of_microseconds(20_000)), (40, 20_000_000));
        assert_eq!(rate.of_microseconds(u32::MAX), u32::MAX);
        assert_eq!(Rate::microseconds(0).of(1), 1_000_000);
    }
}

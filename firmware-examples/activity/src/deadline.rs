//! Enters: the time of every step. Leaves: the longest, and how many were too long. Next:
//! `run` prints it.

use embedded_io::Write;
use set_lstm_kit::{Printer, Rate};

/// Whether the core keeps up with the sensor.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    rate: Rate,
    /// Units of time from one sample to the next.
    period: u32,
    longest: u32,
    late: u32,
    samples: u32,
}

impl Deadline {
    /// Nothing measured yet, for so many microseconds between two samples.
    pub fn new(rate: Rate, microseconds: u32) -> Self {
        Deadline {
            rate,
            period: rate.of_microseconds(microseconds),
            longest: 0,
            late: 0,
            samples: 0,
        }
    }

    /// Adds a step of so many ticks.
    pub fn add(&mut self, ticks: u32) {
        let time = self.rate.of(ticks.into());
        self.samples = self.samples.saturating_add(1);
        self.longest = self.longest.max(time);
        if time > self.period {
            self.late = self.late.saturating_add(1);
        }
    }

    /// The line of figures.
    #[inline(never)]
    pub fn print<W: Write>(&self, port: &mut W) -> Result<(), W::Error> {
        let unit = self.rate.unit;
        let mut out = Printer(port);
        out.text("longest step ")?;
        out.count(self.longest, " ")?;
        out.text(unit)?;
        out.text(" of ")?;
        out.count(self.period, " ")?;
        out.text(unit)?;
        out.text(", ")?;
        out.count(self.late, " of ")?;
        out.count(self.samples, " late")?;
        out.end()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::Deadline;
    use set_lstm_kit::Rate;

    #[test]
    fn a_step_that_outlasts_the_period_is_late() {
        let mut deadline = Deadline::new(Rate::microseconds(1_000_000), 20_000);
        for ticks in [312, 20_000, 20_001, 45_000, 5] {
            deadline.add(ticks);
        }
        let mut buffer = [0; 80];
        let mut rest = &mut buffer[..];
        deadline.print(&mut rest).expect("room");
        let length = 80 - rest.len();
        let expected = "longest step 45000 us of 20000 us, 2 of 5 late\r\n";
        assert_eq!(std::str::from_utf8(&buffer[..length]), Ok(expected));
    }
}

//! Enters: the cycle counter of a core. Leaves: the applications' `Clock`. Next: they time
//! their steps, and `paced` waits by it.

use cortex_m::peripheral::DWT;
use set_lstm_kit::{Clock, Rate};

/// The core's own counter of 32 bits.
#[derive(Debug, Clone, Copy)]
pub struct Cycles {
    hertz: u32,
}

impl Cycles {
    /// Starts it on a core with so many cycles a second.
    pub fn start(mut core: cortex_m::Peripherals, hertz: u32) -> Self {
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
        Cycles { hertz }
    }
}

impl Clock for Cycles {
    #[inline(always)]
    fn ticks(&mut self) -> u32 {
        DWT::cycle_count()
    }

    fn rate(&self) -> Rate {
        Rate::microseconds(self.hertz)
    }
}

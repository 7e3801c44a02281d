//! Enters: SysTick. Leaves: the applications' `Clock`, for a core without a cycle counter.
//! Next: they time their steps, and `paced` waits by it.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use set_lstm_kit::{Clock, Rate};

/// SysTick, which every core has: 24 bits, a tenth of a second and more.
#[derive(Debug, Clone, Copy)]
pub struct SysTick {
    hertz: u32,
}

impl SysTick {
    /// Starts it on a core with so many cycles a second.
    pub fn start(mut timer: SYST, hertz: u32) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(Self::MASK);
        timer.clear_current();
        timer.enable_counter();
        SysTick { hertz }
    }
}

impl Clock for SysTick {
    const MASK: u32 = 0xff_ffff;

    #[inline(always)]
    fn ticks(&mut self) -> u32 {
        // it counts down
        Self::MASK - SYST::get_current()
    }

    fn rate(&self) -> Rate {
        Rate::microseconds(self.hertz)
    }
}

//! Enters: a timer of the chip. Leaves: the applications' `Clock`, in cycles of the core,
//! which has no counter of its own. Next: they time their steps.

use nrf_pac::TIMER0;
use nrf_pac::timer::vals::Bitmode;
use set_lstm_board_common::{Clock, Rate};

/// TIMER0: 32 bits at the rate of the core.
#[derive(Debug, Clone, Copy)]
pub struct Timer {
    hertz: u32,
}

impl Timer {
    pub(crate) fn start(hertz: u32) -> Self {
        TIMER0
            .bitmode()
            .write(|mode| mode.set_bitmode(Bitmode::_32bit));
        TIMER0.prescaler().write(|scale| scale.set_prescaler(0));
        TIMER0.tasks_start().write_value(1);
        Timer { hertz }
    }
}

impl Clock for Timer {
    #[inline(always)]
    fn ticks(&mut self) -> u32 {
        TIMER0.tasks_capture(0).write_value(1);
        TIMER0.cc(0).read()
    }

    fn rate(&self) -> Rate {
        Rate::microseconds(self.hertz)
    }
}

//! Enters: SysTick. Leaves: a count of instructions that does not wrap. Next: the demo.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// Instructions that QEMU runs in a tick: 1 ns each, 25 MHz.
const PER_TICK: u64 = 40;
/// SysTick counts 24 bits down.
const RELOAD: u32 = 0xff_ffff;

/// SysTick, drawn out to 64 bits. Right if it is read at least every 671 million
/// instructions.
pub struct Counter {
    ticks: u64,
    last: u32,
}

impl Counter {
    /// Takes SysTick and starts it.
    pub fn start(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(RELOAD);
        timer.clear_current();
        timer.enable_counter();
        let last = SYST::get_current();
        Counter { ticks: 0, last }
    }

    /// Instructions since the start, in whole ticks.
    #[inline(always)]
    pub fn instructions(&mut self) -> u64 {
        let now = SYST::get_current();
        self.ticks += u64::from(self.last.wrapping_sub(now) & RELOAD);
        self.last = now;
        self.ticks * PER_TICK
    }
}

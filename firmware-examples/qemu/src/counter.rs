//! Enters: SysTick. Leaves: a count of ticks: one that does not wrap for the demo, one as it
//! is for the other applications. Next: they print times.
//!
//! Unsafe for one loop whose length no compiler may change.
#![allow(unsafe_code)]

use crate::board::RATE;
use core::arch::asm;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use set_lstm_demo::Rate;
use set_lstm_kit::Clock;

/// SysTick counts 24 bits down.
const RELOAD: u32 = 0xff_ffff;

/// SysTick, drawn out to 64 bits. Right if it is read at least once in each 2^24 ticks.
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

    /// Ticks since the start.
    #[inline(always)]
    pub fn ticks(&mut self) -> u64 {
        let now = SYST::get_current();
        self.ticks += u64::from(self.last.wrapping_sub(now) & RELOAD);
        self.last = now;
        self.ticks
    }

    /// Whether SysTick runs at this rate: by a loop of known length.
    pub fn runs_at(&mut self, rate: Rate) -> bool {
        const TURNS: u32 = 100_000;
        let start = self.ticks();
        // SAFETY: touches nothing but a register and the flags
        unsafe {
            asm!("2:", "subs {turns}, #1", "bne 2b", turns = inout(reg) TURNS => _,
                options(nomem, nostack));
        }
        let counted = rate.instructions(self.ticks() - start);
        counted.abs_diff(u64::from(2 * TURNS)) < u64::from(TURNS / 100)
    }
}

/// SysTick as it is.
#[derive(Debug)]
pub struct Timer(());

impl Timer {
    /// Takes SysTick and starts it.
    pub fn start(timer: SYST) -> Self {
        Counter::start(timer);
        Timer(())
    }
}

impl Clock for Timer {
    const MASK: u32 = RELOAD;

    fn ticks(&mut self) -> u32 {
        !SYST::get_current()
    }

    fn rate(&self) -> set_lstm_kit::Rate {
        // one instruction a nanosecond
        const HERTZ: u64 = 1_000_000_000 * RATE.ticks / RATE.instructions;
        set_lstm_kit::Rate::instructions(HERTZ as u32)
    }
}

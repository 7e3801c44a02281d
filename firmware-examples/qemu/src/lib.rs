//! The emulated board mps2-an386 (Cortex-M4F): counter, output by semihosting, stack, and
//! an exit code whatever happens.
//!
//! QEMU runs with `-icount shift=0`: one instruction takes 1 ns of its time, SysTick runs
//! at 25 MHz, so a tick is 40 instructions.
#![no_std]

mod counter;
mod fault;
mod stack;

use core::fmt::Write;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio::{self, HostStream};
use counter::Counter;
use set_lstm_demo::Board;

/// The board, taken once.
pub struct Mps2An386 {
    output: HostStream,
    counter: Counter,
}

impl Mps2An386 {
    /// Starts the counter and opens the output; `None` if it was taken before or QEMU runs
    /// without semihosting.
    pub fn take() -> Option<Self> {
        let peripherals = cortex_m::Peripherals::take()?;
        Some(Mps2An386 {
            output: hio::hstdout().ok()?,
            counter: Counter::start(peripherals.SYST),
        })
    }
}

impl Write for Mps2An386 {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.output.write_str(text)
    }
}

impl Board for Mps2An386 {
    const NAME: &'static str = "mps2-an386, Cortex-M4F, emulated";

    #[inline(always)]
    fn instructions(&mut self) -> u64 {
        self.counter.instructions()
    }

    #[inline(always)]
    fn stack_of<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, usize) {
        stack::used_by(|| work(self))
    }

    #[inline(always)]
    fn stack_depth(&self) -> usize {
        stack::depth()
    }

    fn static_ram(&self) -> usize {
        stack::static_bytes()
    }
}

/// Ends the emulator: code 0 if all was right, else 1.
pub fn exit(right: bool) -> ! {
    debug::exit(if right { EXIT_SUCCESS } else { EXIT_FAILURE });
    #[expect(clippy::empty_loop, reason = "QEMU is gone before the first turn")]
    loop {}
}

/// Prints a last line and ends the emulator with code 1.
pub fn fail(message: impl core::fmt::Display) -> ! {
    if let Ok(mut output) = hio::hstdout() {
        // nobody is left to tell if this fails; the exit code still says it
        let _ = writeln!(output, "error: {message}");
    }
    exit(false)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    fail(info)
}

//! An emulated board: counter, serial port, input and output by semihosting, stack, and an
//! exit code whatever happens. Which board is chosen when it is built, see `boards.rs`.
//!
//! QEMU runs with `-icount shift=0`: one instruction takes 1 ns of its time, so that the
//! ticks of SysTick count instructions.
#![no_std]

pub mod bench;
pub mod board;
mod counter;
mod fault;
mod input;
mod registers;
mod serial;
mod stack;

use board::{NAME, RATE};
use core::fmt::Write;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio::{self, HostStream};
use counter::Counter;
pub use counter::Timer;
#[cfg(feature = "defmt")]
use defmt_semihosting as _; // sends the frames
pub use input::StandardInput;
pub use serial::SerialPort;
use set_lstm_demo::{Board, Rate};

/// The board, taken once.
pub struct EmulatedBoard {
    output: HostStream,
    counter: Counter,
}

impl EmulatedBoard {
    /// Starts the counter and opens the output.
    ///
    /// # Errors
    /// What is not as it should be, and what to do.
    pub fn take() -> Result<Self, &'static str> {
        let peripherals = cortex_m::Peripherals::take().ok_or("the board was taken before")?;
        let output = hio::hstdout().map_err(
            |()| "no semihosting; run QEMU with -semihosting-config enable=on,target=native",
        )?;
        let mut counter = Counter::start(peripherals.SYST);
        if !counter.runs_at(RATE) {
            return Err(
                "SysTick does not run as boards.rs says; run QEMU with -icount shift=0, and if \
                 that does not help correct the rate of this board",
            );
        }
        Ok(EmulatedBoard { output, counter })
    }
}

impl Write for EmulatedBoard {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.output.write_str(text)
    }
}

impl Board for EmulatedBoard {
    const NAME: &'static str = NAME;
    const RATE: Rate = RATE;

    #[inline(always)]
    fn ticks(&mut self) -> u64 {
        self.counter.ticks()
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

//! What the core does when it can do nothing else: say so and end with a failure.
//!
//! Unsafe because `cortex-m-rt` defines handlers so. They touch no memory but the frame
//! that they are given.
#![allow(unsafe_code)]

use crate::exit;
use cortex_m_rt::{ExceptionFrame, exception};
use cortex_m_semihosting::hio::{self, HostStream};
use embedded_io::{ErrorType, Write};
use set_lstm_kit::Printer;

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    end("hard fault at ", frame.pc())
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    end("no handler for exception ", number as u32)
}

/// Prints a last line without `core::fmt`, which a program may not have otherwise, and ends
/// the emulator with code 1.
fn end(what: &str, number: u32) -> ! {
    if let Ok(output) = hio::hstdout() {
        let mut output = Semihosting(output);
        let mut out = Printer(&mut output);
        // nobody is left to tell if this fails; the exit code still says it
        let _ = out
            .text("error: ")
            .and_then(|()| out.text(what))
            .and_then(|()| out.hexadecimal(number))
            .and_then(|()| out.text("; the program is broken, report it\n"));
    }
    exit(false)
}

/// The emulator's standard output.
struct Semihosting(HostStream);

impl ErrorType for Semihosting {
    type Error = embedded_io::ErrorKind;
}

impl Write for Semihosting {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        match self.0.write_all(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(()) => Err(embedded_io::ErrorKind::Other),
        }
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

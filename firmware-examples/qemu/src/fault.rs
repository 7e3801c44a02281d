//! What the core does when it can do nothing else: say so and end with a failure.
//!
//! Unsafe because `cortex-m-rt` defines handlers so. They touch no memory but the frame
//! that they are given.
#![allow(unsafe_code)]

use cortex_m_rt::{ExceptionFrame, exception};

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    crate::fail(format_args!(
        "hard fault at {:#010x}; the program is broken, report it",
        frame.pc()
    ))
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    crate::fail(format_args!(
        "exception {number} without a handler; the program is broken, report it"
    ))
}

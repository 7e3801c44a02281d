//! What the real boards share, whatever chip they have.
//!
//! ```text
//! interrupt ──▶ Received ──▶ Port ──▶ an application, byte after byte
//!    a byte      bounded
//! Recorded ──▶ Paced ──▶ an application, a sample when it is due
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod received;
pub use received::{Lost, Received, Sink};

mod port;
pub use port::{Port, Wire};

// an M0 has no cycle counter, as it has no atomic exchange
#[cfg(target_has_atomic = "32")]
mod cycles;
#[cfg(target_has_atomic = "32")]
pub use cycles::Cycles;

mod systick;
pub use systick::SysTick;

mod paced;
pub use paced::Paced;

#[cfg(target_os = "none")]
mod panic;

pub use set_lstm_kit::{Clock, Rate};

/// The end of a program: the board does nothing more, and the log can still be read.
pub fn halt() -> ! {
    loop {
        cortex_m::asm::nop();
    }
}

//! Enters: a micro:bit v1 after reset. Leaves: the same with its crystal, the serial port of
//! its USB interface and its clock. Next: the programs in `../programs`.
//!
//! By registers: no HAL of today serves the port of this old chip by interrupt.
#![no_std]

mod serial;
pub use serial::Interface;

mod clock;
pub use clock::Timer;

use defmt_rtt as _;
use set_lstm_board_common::Port;

/// As it greets.
pub const NAME: &str = "BBC micro:bit v1, Cortex-M0";
/// Cycles of the core in a second.
const HERTZ: u32 = 16_000_000;

/// Sets the clocks and opens the serial port.
pub fn start() -> (Port<Interface>, Timer) {
    // the crystal: the oscillator inside is too far off for a serial port
    nrf_pac::CLOCK.tasks_hfclkstart().write_value(1);
    while nrf_pac::CLOCK.events_hfclkstarted().read() == 0 {}
    (Interface::open(), Timer::start(HERTZ))
}

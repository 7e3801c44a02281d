//! Enters: a Pico after reset. Leaves: the same at 125 MHz, its serial port and its clock.
//! Next: the programs in `../programs`.
#![no_std]
#![forbid(unsafe_code)]

use defmt_rtt as _;
use embassy_rp::clocks::clk_sys_freq;
use embassy_rp::config::Config;
use set_lstm_board_common::{Port, SysTick};
use set_lstm_board_rp::Pins;

/// As it greets.
pub const NAME: &str = "Raspberry Pi Pico, Cortex-M0+";

/// Sets the clocks and opens the serial port.
pub fn start() -> (Port<Pins>, SysTick) {
    // 125 MHz from the crystal
    let chip = embassy_rp::init(Config::default());
    let core = cortex_m::Peripherals::take().expect("nobody took them before");
    let port = Pins::open(chip.UART0, chip.PIN_0, chip.PIN_1);
    (port, SysTick::start(core.SYST, clk_sys_freq()))
}

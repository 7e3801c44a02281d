//! Enters: a NUCLEO-F446RE after reset. Leaves: the same at 180 MHz, its serial port and its clock.
//! Next: the programs in `../programs`.
#![no_std]
#![forbid(unsafe_code)]

use defmt_rtt as _;
use embassy_stm32::Config;
use embassy_stm32::rcc::{
    AHBPrescaler, APBPrescaler, Pll, PllMul, PllPDiv, PllPreDiv, PllSource, Sysclk,
};
use set_lstm_board_common::{Cycles, Port};
use set_lstm_board_nucleo::StLink;

/// As it greets.
pub const NAME: &str = "NUCLEO-F446RE, Cortex-M4F";
/// Cycles of the core in a second.
const HERTZ: u32 = 180_000_000;

/// Sets the clocks and opens the serial port.
pub fn start() -> (Port<StLink>, Cycles) {
    let mut config = Config::default();
    // the oscillator inside, which no solder bridge can take away: right to 1 % at room
    // temperature, where a serial port needs 2 %
    config.rcc.hsi = true;
    config.rcc.pll_src = PllSource::HSI;
    config.rcc.pll = Some(Pll {
        prediv: PllPreDiv::DIV8,   // 16 MHz to 2 MHz
        mul: PllMul::MUL180,       // to 360 MHz
        divp: Some(PllPDiv::DIV2), // to 180 MHz
        divq: None,
        divr: None,
    });
    config.rcc.sys = Sysclk::PLL1_P;
    config.rcc.ahb_pre = AHBPrescaler::DIV1;
    config.rcc.apb1_pre = APBPrescaler::DIV4; // 45 MHz at most
    config.rcc.apb2_pre = APBPrescaler::DIV2; // 90 MHz at most
    let chip = embassy_stm32::init(config);
    let core = cortex_m::Peripherals::take().expect("nobody took them before");
    let Ok(port) = StLink::open(chip.USART2, chip.PA2, chip.PA3) else {
        panic!("the clock divides to 115,200");
    };
    (port, Cycles::start(core, HERTZ))
}

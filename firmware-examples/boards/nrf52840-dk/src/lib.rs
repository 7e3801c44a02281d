//! Enters: an nRF52840-DK after reset. Leaves: the same with its crystal, the serial port of
//! its J-Link and its clock. Next: the programs in `../programs`.
#![no_std]
#![forbid(unsafe_code)]

use core::task::Poll;
use defmt_rtt as _;
use embassy_futures::{block_on, poll_once};
use embassy_nrf::buffered_uarte::{BufferedUarte, InterruptHandler};
use embassy_nrf::config::{Config, HfclkSource};
use embassy_nrf::{bind_interrupts, peripherals, uarte};
use set_lstm_board_common::{Cycles, Lost, Port, Wire};
use static_cell::ConstStaticCell;

/// As it greets.
pub const NAME: &str = "nRF52840-DK, Cortex-M4F";
/// Cycles of the core in a second.
const HERTZ: u32 = 64_000_000;
/// Bytes that wait for the application.
///
/// 11,520 come in a second: a word of six, its blank included, every 0.5 ms. A word of a
/// large model takes some 66,000 instructions or 90,000 cycles, 1.4 ms at 64 MHz: two bytes
/// of three have to wait. The hardware fills halves of the buffer, so that one and a half
/// are sure to be free: 24,576 bytes hold the rest of a line of 18,000, and the longest of
/// 50,000 movie reviews has 13,704. Beyond that bytes are lost, and the line is answered by
/// an error.
const BUFFER: usize = 24_576;

static INPUT: ConstStaticCell<[u8; BUFFER]> = ConstStaticCell::new([0; BUFFER]);
static OUTPUT: ConstStaticCell<[u8; 64]> = ConstStaticCell::new([0; 64]);

bind_interrupts!(struct Interrupts {
    UARTE0 => InterruptHandler<peripherals::UARTE0>;
});

/// The serial port of the J-Link.
pub struct JLink {
    uart: BufferedUarte<'static>,
}

/// Sets the clocks and opens the serial port.
pub fn start() -> (Port<JLink>, Cycles) {
    let mut config = Config::default();
    config.hfclk_source = HfclkSource::ExternalXtal;
    let chip = embassy_nrf::init(config);
    let core = cortex_m::Peripherals::take().expect("nobody took them before");
    let uart = BufferedUarte::new(
        chip.UARTE0,
        chip.TIMER0,
        chip.PPI_CH0,
        chip.PPI_CH1,
        chip.PPI_GROUP0,
        chip.P0_08,
        chip.P0_06,
        Interrupts,
        uarte::Config::default(), // 115,200 baud
        INPUT.take(),
        OUTPUT.take(),
    );
    (Port(JLink { uart }), Cycles::start(core, HERTZ))
}

impl Wire for JLink {
    /// It listens from the start: embassy's port takes its buffers when it is opened.
    fn listen(&mut self) {}

    fn receive(&mut self, buffer: &mut [u8]) -> Option<Result<usize, Lost>> {
        match poll_once(self.uart.read(buffer)) {
            Poll::Pending => None,
            Poll::Ready(read) => Some(read.map_err(|_| Lost)),
        }
    }

    fn send(&mut self, mut bytes: &[u8]) {
        while let Ok(sent @ 1..) = block_on(self.uart.write(bytes)) {
            bytes = bytes.get(sent..).unwrap_or_default();
        }
    }
}

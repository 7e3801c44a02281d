//! Enters: the pins of the USB interface. Leaves: a serial port that keeps what comes in.
//! Next: the applications.

use core::cell::Cell;
use cortex_m::peripheral::NVIC;
use critical_section::Mutex;
use nrf_pac::gpio::vals::{Dir, Input};
use nrf_pac::uart::vals::{Baudrate, Enable};
use nrf_pac::{GPIO, Interrupt, interrupt};
use set_lstm_board_common::{Lost, Port, Received, Sink, Wire};

/// Bytes that wait for the application.
///
/// 11,520 come in a second: a word of six, its blank included, every 0.5 ms, and the core
/// takes some milliseconds for it. So nearly all of a line has to wait: this is a quarter of
/// the RAM, and room for a line of about as many bytes. Beyond that bytes are lost, and the
/// line is answered by an error.
const BUFFER: usize = 4096;
/// Pins of the interface, as the chip counts them.
const TRANSMIT: u32 = 24;
const RECEIVE: u32 = 25;

static RECEIVED: Received<BUFFER> = Received::new();
/// Set from the moment the port listens.
static SINK: Mutex<Cell<Option<&'static dyn Sink>>> = Mutex::new(Cell::new(None));

/// The serial port of the USB interface.
pub struct Interface(());

impl Interface {
    /// Opens UART0 at 115,200 baud.
    pub(crate) fn open() -> Port<Self> {
        let uart = nrf_pac::UART0;
        GPIO.outset()
            .write(|pins| pins.set_pin(TRANSMIT as usize, true));
        GPIO.pin_cnf(TRANSMIT as usize)
            .write(|pin| pin.set_dir(Dir::Output));
        GPIO.pin_cnf(RECEIVE as usize)
            .write(|pin| pin.set_input(Input::Connect));
        uart.pseltxd().write_value(TRANSMIT);
        uart.pselrxd().write_value(RECEIVE);
        uart.baudrate()
            .write(|rate| rate.set_baudrate(Baudrate::Baud115200));
        uart.enable().write(|uart| uart.set_enable(Enable::Enabled));
        uart.tasks_starttx().write_value(1);
        Port(Interface(()))
    }
}

impl Wire for Interface {
    fn listen(&mut self) {
        let uart = nrf_pac::UART0;
        critical_section::with(|section| SINK.borrow(section).set(Some(&RECEIVED)));
        uart.intenset().write(|events| {
            events.set_rxdrdy(true);
            events.set_error(true);
        });
        uart.tasks_startrx().write_value(1);
        enable_interrupt();
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<Result<usize, Lost>> {
        RECEIVED.read(buffer)
    }

    fn send(&mut self, bytes: &[u8]) {
        let uart = nrf_pac::UART0;
        for &byte in bytes {
            uart.events_txdrdy().write_value(0);
            uart.txd().write(|data| data.set_txd(byte));
            while uart.events_txdrdy().read() == 0 {}
        }
    }
}

#[allow(unsafe_code)]
fn enable_interrupt() {
    // SAFETY: what the handler uses is in place, and no critical section relies on a mask
    unsafe { NVIC::unmask(Interrupt::UART0) }
}

#[interrupt]
fn UART0() {
    let Some(sink) = critical_section::with(|section| SINK.borrow(section).get()) else {
        return;
    };
    let uart = nrf_pac::UART0;
    if uart.events_error().read() != 0 {
        uart.events_error().write_value(0);
        let errors = uart.errorsrc().read();
        uart.errorsrc().write_value(errors); // ones clear
        sink.lose();
    }
    // the hardware keeps six bytes, and the event comes again for each that is left
    if uart.events_rxdrdy().read() != 0 {
        uart.events_rxdrdy().write_value(0);
        sink.push(uart.rxd().read().rxd());
    }
}

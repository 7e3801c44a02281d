//! Enters: a Nucleo board whose clocks run. Leaves: its serial port, which the ST-LINK
//! carries over USB. Next: the board's `start`.
//!
//! embassy's own buffered port drops bytes without a word when its buffer is full, so that
//! the interrupt here fills a queue that notices.
#![no_std]

use core::cell::RefCell;
use critical_section::Mutex;
use embassy_stm32::interrupt::InterruptExt;
use embassy_stm32::mode::Blocking;
use embassy_stm32::usart::{Config, ConfigError, Uart, UartRx, UartTx};
use embassy_stm32::{Peri, interrupt, pac, peripherals};
use embedded_hal_nb::nb;
use embedded_hal_nb::serial::Read;
use set_lstm_board_common::{Lost, Port, Received, Sink, Wire};

/// Bytes that wait for the application.
///
/// 11,520 come in a second: a word of six, its blank included, every 0.5 ms. A word of a
/// large model takes some 66,000 instructions or 90,000 cycles, 0.5 ms at 180 MHz and 0.9 ms
/// at 100 MHz. So at 180 MHz the board about keeps up, and at 100 MHz 4 of 9 bytes have to
/// wait: there is room for a line of 9,000 bytes sent without a pause. Beyond that bytes are
/// lost, and the line is answered by an error.
const BUFFER: usize = 4096;

static RECEIVED: Received<BUFFER> = Received::new();
static RECEIVER: Mutex<RefCell<Option<Receiver>>> = Mutex::new(RefCell::new(None));

/// What the interrupt works with.
struct Receiver {
    uart: UartRx<'static, Blocking>,
    sink: &'static dyn Sink,
}

/// The serial port of the ST-LINK.
pub struct StLink {
    transmitter: UartTx<'static, Blocking>,
    /// Until the port listens.
    receiver: Option<UartRx<'static, Blocking>>,
}

impl StLink {
    /// Opens USART2 at 115,200 baud.
    ///
    /// # Errors
    /// The clock of the port cannot be divided so.
    pub fn open(
        usart: Peri<'static, peripherals::USART2>,
        transmit: Peri<'static, peripherals::PA2>,
        receive: Peri<'static, peripherals::PA3>,
    ) -> Result<Port<Self>, ConfigError> {
        let uart = Uart::new_blocking(usart, receive, transmit, Config::default())?;
        let (transmitter, receiver) = uart.split();
        Ok(Port(StLink {
            transmitter,
            receiver: Some(receiver),
        }))
    }
}

impl Wire for StLink {
    fn listen(&mut self) {
        let Some(uart) = self.receiver.take() else {
            return;
        };
        let sink = &RECEIVED;
        critical_section::with(|section| RECEIVER.replace(section, Some(Receiver { uart, sink })));
        pac::USART2.cr1().modify(|control| control.set_rxneie(true));
        enable_interrupt();
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<Result<usize, Lost>> {
        RECEIVED.read(buffer)
    }

    fn send(&mut self, bytes: &[u8]) {
        // a transmitter alone has nothing that could go wrong
        let _ = self.transmitter.blocking_write(bytes);
    }
}

#[allow(unsafe_code)]
fn enable_interrupt() {
    // SAFETY: what the handler uses is in place, and no critical section relies on a mask
    unsafe { interrupt::USART2.enable() }
}

#[interrupt]
fn USART2() {
    critical_section::with(|section| {
        let mut receiver = RECEIVER.borrow_ref_mut(section);
        let Some(Receiver { uart, sink }) = receiver.as_mut() else {
            return;
        };
        loop {
            match uart.read() {
                Ok(byte) => sink.push(byte),
                Err(nb::Error::WouldBlock) => break,
                // overrun, or a byte that is not what was sent
                Err(nb::Error::Other(_)) => sink.lose(),
            }
        }
    });
}

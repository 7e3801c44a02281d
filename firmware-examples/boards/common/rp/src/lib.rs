//! Enters: a Pico board whose clocks run. Leaves: its serial port on pins 1 and 2. Next: the
//! board's `start`.
#![no_std]

use core::cell::RefCell;
use critical_section::Mutex;
use embassy_rp::interrupt::InterruptExt;
use embassy_rp::uart::{Blocking, Config, Uart, UartRx, UartTx};
use embassy_rp::{Peri, interrupt, pac, peripherals};
use embedded_hal_nb::nb;
use embedded_hal_nb::serial::Read;
use set_lstm_board_common::{Lost, Port, Received, Sink, Wire};

/// Bytes that wait for the application.
///
/// How fast a word is depends on the cache of the flash, which is outside of the chip: where
/// the model is larger than 16 KB, no arithmetic tells. So there is room for a whole line of
/// 16,384 bytes, however slow the board is; the longest of 50,000 movie reviews has 13,704.
/// Beyond that bytes can be lost, and the line is answered by an error.
const BUFFER: usize = 16_384;

static RECEIVED: Received<BUFFER> = Received::new();
static RECEIVER: Mutex<RefCell<Option<Receiver>>> = Mutex::new(RefCell::new(None));

/// What the interrupt works with.
struct Receiver {
    uart: UartRx<'static, Blocking>,
    sink: &'static dyn Sink,
}

/// The serial port on pins 1 and 2.
pub struct Pins {
    transmitter: UartTx<'static, Blocking>,
    /// Until the port listens.
    receiver: Option<UartRx<'static, Blocking>>,
}

impl Pins {
    /// Opens UART0 at 115,200 baud: pin 1 (GP0) sends, pin 2 (GP1) receives.
    pub fn open(
        uart: Peri<'static, peripherals::UART0>,
        transmit: Peri<'static, peripherals::PIN_0>,
        receive: Peri<'static, peripherals::PIN_1>,
    ) -> Port<Self> {
        let uart = Uart::new_blocking(uart, transmit, receive, Config::default());
        let (transmitter, receiver) = uart.split();
        Port(Pins {
            transmitter,
            receiver: Some(receiver),
        })
    }
}

impl Wire for Pins {
    fn listen(&mut self) {
        let Some(uart) = self.receiver.take() else {
            return;
        };
        let sink = &RECEIVED;
        critical_section::with(|section| RECEIVER.replace(section, Some(Receiver { uart, sink })));
        // when bytes fill a part of the hardware's queue of 32, or wait in it
        pac::UART0.uartimsc().write(|mask| {
            mask.set_rxim(true);
            mask.set_rtim(true);
        });
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
    unsafe { interrupt::UART0_IRQ.enable() }
}

#[interrupt]
fn UART0_IRQ() {
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

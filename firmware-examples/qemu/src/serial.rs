//! Enters: bytes from QEMU's serial line. Leaves: bytes to it. Next: the applications.
//!
//! No byte is lost: both ports hold QEMU back while their buffer is full. Where none has
//! come the core sleeps, so that an emulator that waits for a person takes no processor.
//!
//! | port | registers used | source |
//! |---|---|---|
//! | CMSDK APB UART | DATA 0, STATE 4, CTRL 8, INTSTATUS 12, BAUDDIV 16 | ARM DDI 0479, 4.3 |
//! | nRF51 UART | tasks, events, TXD and RXD as named below | nRF51 Series Reference Manual, 29 |

use crate::board::UART;
use crate::counter::Timer;
use crate::registers::Registers;
use core::convert::Infallible;
use embedded_io::{ErrorType, Read, Write};

/// The kinds of serial port that the boards have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uart {
    /// ARM's, with room for one byte.
    Cmsdk,
    /// Nordic's, with room for six.
    Nrf51,
}

// CMSDK
const DATA: u16 = 0x00;
const STATE: u16 = 0x04;
const TX_FULL: u32 = 1;
const RX_FULL: u32 = 2;
const CTRL: u16 = 0x08;
/// Sends, receives, and raises an interrupt for what is received.
const TX_RX_INTERRUPT: u32 = 0b1011;
const INTERRUPT_STATUS: u16 = 0x0c;
const RX_INTERRUPT: u32 = 2;
const BAUD_DIVIDER: u16 = 0x10;
/// The least that there is: 1.5 million bits a second at 25 MHz; QEMU does not keep to it.
const FASTEST: u32 = 16;

// nRF51
const START_RX: u16 = 0x000;
const START_TX: u16 = 0x008;
const RX_READY: u16 = 0x108;
const TX_READY: u16 = 0x11c;
const INTERRUPT_SET: u16 = 0x304;
const RX_READY_INTERRUPT: u32 = 1 << 2;
const ENABLE: u16 = 0x500;
const ENABLED: u32 = 4;
const SELECT_TXD: u16 = 0x50c;
const SELECT_RXD: u16 = 0x514;
/// Pins of the micro:bit's serial line.
const PINS: [u32; 2] = [24, 25];
const RXD: u16 = 0x518;
const TXD: u16 = 0x51c;

/// The serial port that QEMU connects first.
#[derive(Debug)]
pub struct SerialPort {
    registers: Registers,
}

impl SerialPort {
    /// The port, ready, and the counter beside it; `None` if they were taken before.
    pub fn take() -> Option<(Self, Timer)> {
        let peripherals = cortex_m::Peripherals::take()?;
        let timer = Timer::start(peripherals.SYST);
        let mut registers = Registers::take(&peripherals.NVIC);
        match UART {
            Uart::Cmsdk => {
                registers.write(BAUD_DIVIDER, FASTEST);
                registers.write(CTRL, TX_RX_INTERRUPT);
            }
            Uart::Nrf51 => {
                registers.write(SELECT_TXD, PINS[0]);
                registers.write(SELECT_RXD, PINS[1]);
                registers.write(ENABLE, ENABLED);
                registers.write(INTERRUPT_SET, RX_READY_INTERRUPT);
                registers.write(START_TX, 1);
                registers.write(START_RX, 1);
            }
        }
        Some((SerialPort { registers }, timer))
    }

    /// A byte that has come, if there is one.
    fn received(&mut self) -> Option<u8> {
        let registers = &mut self.registers;
        let (has_come, data) = match UART {
            Uart::Cmsdk => (registers.read(STATE) & RX_FULL != 0, DATA),
            Uart::Nrf51 => (registers.read(RX_READY) != 0, RXD),
        };
        if !has_come {
            return None;
        }
        // before the byte is taken: what comes after it is a new interrupt
        match UART {
            Uart::Cmsdk => registers.write(INTERRUPT_STATUS, RX_INTERRUPT),
            Uart::Nrf51 => registers.write(RX_READY, 0),
        }
        registers.forget();
        Some(registers.read(data) as u8)
    }

    /// Sends a byte as soon as the one before it is gone.
    fn send(&mut self, byte: u8) {
        let registers = &mut self.registers;
        match UART {
            Uart::Cmsdk => {
                while registers.read(STATE) & TX_FULL != 0 {}
                registers.write(DATA, byte.into());
            }
            Uart::Nrf51 => {
                registers.write(TXD, byte.into());
                while registers.read(TX_READY) == 0 {}
                registers.write(TX_READY, 0);
            }
        }
    }
}

impl ErrorType for SerialPort {
    type Error = Infallible;
}

impl Read for SerialPort {
    /// Waits for a byte and takes those that have come with it.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let mut length = 0;
        while let Some(place) = buffer.get_mut(length) {
            match self.received() {
                Some(byte) => {
                    *place = byte;
                    length += 1;
                }
                None if length > 0 => break,
                None => self.registers.sleep(),
            }
        }
        Ok(length)
    }
}

impl Write for SerialPort {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        bytes.iter().for_each(|&byte| self.send(byte));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        if UART == Uart::Cmsdk {
            while self.registers.read(STATE) & TX_FULL != 0 {}
        }
        Ok(())
    }
}

//! Enters: the number of a register. Leaves: what it holds, or a new value in it. Next:
//! `serial`.
//!
//! The only file that touches the registers of the serial port, which are no objects that
//! safe Rust knows; and its interrupt, which is never taken, but wakes the core.
#![allow(unsafe_code)]

use crate::board::{UART_BASE, UART_INTERRUPTS};
use core::ptr;
use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;

/// The registers of the serial port. There is one of it, see [`Registers::take`].
#[derive(Debug)]
pub struct Registers(());

/// An interrupt by its number.
#[derive(Clone, Copy)]
struct Interrupt(u16);

// SAFETY: the numbers are those of `boards.rs`, each of which exists on its board.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self.0
    }
}

impl Registers {
    /// The registers, for whoever has the core's peripherals, which exist once.
    pub fn take(_: &NVIC) -> Self {
        cortex_m::interrupt::disable();
        for &number in UART_INTERRUPTS {
            // SAFETY: interrupts were disabled for good above: no handler ever runs, and no
            // critical section that this could break into is entered by one.
            unsafe { NVIC::unmask(Interrupt(number)) };
        }
        Registers(())
    }

    /// Reads the register at an offset in bytes.
    pub fn read(&mut self, offset: u16) -> u32 {
        // SAFETY: a register of the port, which starts at a multiple of 4096; `serial` names
        // offsets within it, multiples of four. Volatile, as it changes by itself.
        unsafe { ptr::read_volatile(register(offset)) }
    }

    /// Writes the register at an offset in bytes.
    pub fn write(&mut self, offset: u16, value: u32) {
        // SAFETY: as for reading; the port writes to no memory of the program.
        unsafe { ptr::write_volatile(register(offset), value) }
    }

    /// Forgets interrupts that were seen.
    pub fn forget(&mut self) {
        for &number in UART_INTERRUPTS {
            NVIC::unpend(Interrupt(number));
        }
    }

    /// Sleeps until an interrupt is pending, if none is.
    pub fn sleep(&mut self) {
        cortex_m::asm::wfi();
    }
}

fn register(offset: u16) -> *mut u32 {
    ptr::with_exposed_provenance_mut(UART_BASE + usize::from(offset))
}

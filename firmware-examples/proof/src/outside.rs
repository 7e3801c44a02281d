//! Enters: nothing that the compiler could know. Leaves: bytes and numbers from outside, and
//! results to it. Next: `calls`.
//!
//! All of it goes through volatile accesses to a device that does not exist, with registers at
//! the start of the peripherals' addresses: the compiler can assume nothing about what is read
//! and leave out nothing that is written.
#![allow(unsafe_code)]

use core::ptr::with_exposed_provenance;

/// Where registers begin on every Cortex-M.
const REGISTERS: usize = 0x4000_0000;
/// Address of a block of bytes.
const ADDRESS: *const usize = REGISTERS as *const usize;
/// Length of that block.
const LENGTH: *const usize = (REGISTERS + 4) as *const usize;
/// Any number.
const NUMBER: *const u32 = (REGISTERS + 8) as *const u32;
/// Takes any number.
const RESULT: *mut u32 = (REGISTERS + 12) as *mut u32;

/// A number, another one each time.
pub fn number() -> u32 {
    // SAFETY: an aligned register; reading it has no effect on memory.
    unsafe { NUMBER.read_volatile() }
}

/// Some bytes anywhere, of any length and alignment.
pub fn bytes() -> &'static [u8] {
    // SAFETY: the registers are aligned; the device promises that its block is readable, does
    // not change, and is no longer than half of the address space.
    unsafe {
        let start = with_exposed_provenance(ADDRESS.read_volatile());
        core::slice::from_raw_parts(start, LENGTH.read_volatile())
    }
}

/// Some samples.
pub fn samples() -> [f32; 9] {
    [(); 9].map(|()| f32::from_bits(number()))
}

/// Takes a result, which therefore has to be computed.
pub fn take(result: u32) {
    // SAFETY: an aligned register; writing it has no effect on memory.
    unsafe { RESULT.write_volatile(result) }
}

/// Takes a text, character by character.
pub struct Printer;

impl core::fmt::Write for Printer {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        text.bytes().for_each(|byte| take(byte.into()));
        Ok(())
    }
}

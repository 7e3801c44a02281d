//! Runs an instruction that does not exist: what the emulator must not call success.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use set_lstm_qemu as _;

#[entry]
fn main() -> ! {
    cortex_m::asm::udf()
}

//! The demo on this board.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use set_lstm_demo::Memory;
use set_lstm_qemu::{Mps2An386, exit, fail};

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory::EMPTY;
    let Some(mut board) = Mps2An386::take() else {
        fail("no semihosting; run QEMU with -semihosting-config enable=on")
    };
    match set_lstm_demo::run(&mut board, MEMORY) {
        Ok(()) => exit(true),
        Err(failure) => fail(failure),
    }
}

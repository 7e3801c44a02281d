//! The demo on this board: its model lies in flash.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use set_lstm_demo::embedded::{self, Engine, LAYERS, Running};
use set_lstm_demo::{Memory, run};
use set_lstm_qemu::{EmulatedBoard, exit, fail};

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory<'static, Engine, Running, LAYERS> = Memory::EMPTY;
    let mut board = match EmulatedBoard::take() {
        Ok(board) => board,
        Err(problem) => fail(problem),
    };
    match run(&mut board, MEMORY, embedded::model(), embedded::cases()) {
        Ok(()) => exit(true),
        Err(failure) => fail(failure),
    }
}

//! Text typed at this board: a line on its UART, a label back. Ends only with the emulator.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use set_lstm_qemu::board::NAME;
use set_lstm_qemu::{SerialPort, exit};
use set_lstm_sentiment::embedded::{self, CAPACITY, Engine, LAYERS};
use set_lstm_sentiment::{Memory, run};

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory<'static, Engine, CAPACITY, LAYERS> = Memory::EMPTY;
    let Some((mut port, mut clock)) = SerialPort::take() else {
        exit(false)
    };
    let ended = run(NAME, &mut port, &mut clock, MEMORY, embedded::model());
    exit(ended.is_ok())
}

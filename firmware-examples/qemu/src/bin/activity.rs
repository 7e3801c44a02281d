//! A recorded stretch of samples on this board, an activity for every window on its UART.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use set_lstm_activity::embedded::{self, CAPACITY, Engine, LAYERS};
use set_lstm_activity::{Memory, run};
use set_lstm_qemu::board::NAME;
use set_lstm_qemu::{SerialPort, exit};

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory<'static, Engine, CAPACITY, LAYERS> = Memory::EMPTY;
    let Some((mut port, mut clock)) = SerialPort::take() else {
        exit(false)
    };
    let (mut samples, model) = (embedded::recorded(), embedded::model());
    let ended = run(NAME, &mut port, &mut clock, &mut samples, MEMORY, model);
    exit(ended.is_ok())
}

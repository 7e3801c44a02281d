//! Text typed at the board: a line on the serial port, its label back.
#![no_std]
#![no_main]

use board::{NAME, start};
use cortex_m_rt::entry;
use set_lstm_board_common::halt;
use set_lstm_sentiment::embedded::{CAPACITY, Engine, LAYERS, model};
use set_lstm_sentiment::{Memory, Stopped, run};

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory<'static, Engine, CAPACITY, LAYERS> = Memory::EMPTY;
    let (mut port, mut clock) = start();
    port.listen();
    defmt::info!("sentiment on {=str}: type at the serial port", NAME);
    match run(NAME, &mut port, &mut clock, MEMORY, model()) {
        Ok(()) => defmt::info!("the port is closed"),
        Err(Stopped::Refused(refusal)) => defmt::error!("{=str}", refusal.text()),
        Err(Stopped::Port(lost)) => defmt::error!("the port: {}", lost),
    }
    halt()
}

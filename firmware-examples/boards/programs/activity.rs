//! A recorded stretch in flash, sample by sample at the pace of its sensor: the activity of
//! every window, and whether the core keeps up.
#![no_std]
#![no_main]

use board::{NAME, start};
use cortex_m_rt::entry;
use set_lstm_activity::embedded::{CAPACITY, Engine, LAYERS, model, recorded};
use set_lstm_activity::{Memory, Stopped, run};
use set_lstm_board_common::{Paced, halt};

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory<'static, Engine, CAPACITY, LAYERS> = Memory::EMPTY;
    let (mut port, mut clock) = start();
    defmt::info!("activity on {=str}: a window at a time", NAME);
    let mut samples = Paced::new(recorded(), clock);
    match run(NAME, &mut port, &mut clock, &mut samples, MEMORY, model()) {
        Ok(()) => defmt::info!("the recording is over; reset the board to hear it again"),
        Err(Stopped::Refused(refusal)) => defmt::error!("{=str}", refusal.text()),
        Err(Stopped::Port(lost)) => defmt::error!("the port: {}", lost),
    }
    halt()
}

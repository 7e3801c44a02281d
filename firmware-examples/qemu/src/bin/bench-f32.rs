//! Runs one f32 model after the other from standard input.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use set_lstm_qemu::bench::{PairBuffer, any_capacity, bench};
use set_lstm_runtime::Float32;

#[entry]
fn main() -> ! {
    static mut BUFFER: PairBuffer = PairBuffer::EMPTY;
    bench(BUFFER, any_capacity::<Float32>)
}

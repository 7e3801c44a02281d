//! As `bench-f32` with one capacity, as an application has it: linked for the size of its code.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use set_lstm_qemu::bench::{PairBuffer, bench, one_capacity};
use set_lstm_runtime::Float32;

#[entry]
fn main() -> ! {
    static mut BUFFER: PairBuffer = PairBuffer::EMPTY;
    bench(BUFFER, one_capacity::<Float32, 256>)
}

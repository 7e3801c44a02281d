//! Nothing: what every program has, vector table and start.
#![no_std]
#![no_main]

#[path = "../least.rs"]
mod least;

use cortex_m_rt::entry;

#[entry]
fn main() -> ! {
    least::exit(true)
}

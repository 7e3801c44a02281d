//! Every call of the runtime in one program that links only if none of them can panic.
//!
//! ```text
//! outside ──▶ calls ──▶ outside        panic ──▶ a symbol that does not exist
//!   bytes, numbers        results
//! ```
//!
//! To be linked, not run:
//! `cargo build --release -p set-lstm-proof --target thumbv6m-none-eabi`.
//!
//! What it holds for is what is linked: these versions of compiler and crates, these options.
//! A firmware of your own is proven the same way, with `panic.rs` for its panic handler.
#![no_std]
#![no_main]

mod calls;
mod outside;
mod panic;

use cortex_m_rt::entry;
use set_lstm_runtime::{Float32, Int8};

#[entry]
fn main() -> ! {
    loop {
        calls::without_model();
        calls::unpack();
        calls::all::<Int8>();
        calls::all::<Float32>();
        #[cfg(feature = "panics")]
        assert!(outside::number() != 0, "on purpose");
    }
}

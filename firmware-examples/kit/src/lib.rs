//! What the applications share, whatever they read.
//!
//! ```text
//! bytes in flash ──▶ Memory ──▶ model and state, or a Refusal in few words
//! Clock ──▶ ticks ──▶ Rate ──▶ microseconds
//! numbers ──▶ Printer ──▶ embedded_io::Write
//! ```
//!
//! Nothing here uses `core::fmt`: it would take more flash than the engine's steps.
//!
//! The modules in the order of the data:
#![no_std]
#![forbid(unsafe_code)]

pub mod memory;

pub mod clock;

pub mod printer;

pub mod stopped;

pub use clock::{Clock, Rate};
pub use memory::{Memory, Refusal};
pub use printer::Printer;
pub use stopped::{Stopped, stopped};

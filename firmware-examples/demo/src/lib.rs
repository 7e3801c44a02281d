//! The application that every board runs.
//!
//! ```text
//! flash ──▶ Model ─────▶ self-test ──▶ each case ───────▶ report
//!     decode once      as on the host   classify, compare   what was measured
//! ```
//!
//! It prints a report in plain text, which `set-lstm simulate` reads, and is right only if
//! every output is the host's to the last bit.
//!
//! The modules in the order of the data:
#![no_std]
#![forbid(unsafe_code)]

mod embedded;

pub mod cases;

pub mod board;

mod engine;

mod run;

mod report;

pub use board::Board;
pub use embedded::{CAPACITY, Engine, LAYERS};
pub use engine::Memory;
pub use run::{Failure, run};

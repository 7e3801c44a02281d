//! The application that every board runs.
//!
//! ```text
//! bytes ──▶ Model ─────▶ self-test ──▶ each case ───────▶ report
//!     decode once      as on the host   classify, compare   what was measured
//! ```
//!
//! The bytes lie in flash, where [`embedded`] has placed them; a program that measures many
//! models reads them into RAM.
//!
//! It prints a report in plain text, which `set-lstm simulate` reads, and is right only if
//! every output is the host's to the last bit.
//!
//! The modules in the order of the data:
#![no_std]
#![forbid(unsafe_code)]

pub mod embedded;

pub mod cases;

pub mod board;

pub mod stepper;

mod engine;

mod run;

mod report;

pub use board::{Board, Rate};
pub use engine::Memory;
pub use run::{Failure, run};
pub use stepper::Stepper;

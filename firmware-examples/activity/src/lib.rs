//! Samples of a sensor, one by one: an activity for every window, or whatever else the model
//! answers, and whether the core keeps up with the sensor.
//!
//! ```text
//! Samples ──▶ State ──▶ a line for every window
//!   one every    step by step, timed
//!   period
//! ```
//!
//! A window has as many samples as training saw of a recording, and the next one begins
//! behind it. What the board prints, fields parted by tabs:
//!
//! ```text
//! walking  4.213  128 samples  logits 00012345,…
//! ```
//!
//! A model of numbers has `name=number` of each in the place of class and score, and a model
//! that answers after every step has a line for every sample:
//!
//! ```text
//! speed=1.27344  7 samples  logits 00012345
//! ```
//!
//! and at the end, or whenever another activity begins, how the deadline is kept: a step
//! must be over before the next sample is due.
//!
//! ```text
//! longest step 312 us of 20000 us, 0 of 512 late
//! ```
#![no_std]
#![forbid(unsafe_code)]

pub mod samples;

pub mod embedded;

mod deadline;

mod run;

pub use run::run;
pub use samples::{Recorded, Samples};
pub use set_lstm_kit::{Clock, Memory, Rate, Refusal, Stopped};

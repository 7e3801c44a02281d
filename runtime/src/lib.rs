//! Sparse LSTMs straight from flash: `no_std`, no allocation, no unsafe code, no panic.
//!
//! ```text
//! bytes in flash ──▶ Model ─────▶ State ─────▶ Class, or numbers
//!         from_bytes: checks   step: a token   classify: label and score
//!         everything, once     at a time       values: a regression
//!                               ▲
//! bytes of text ──▶ Tokenizer ──┤
//! raw samples ──────────────────┘ step_samples: all channels at a time
//! ```
//!
//! A [`Model`] borrows the file that `set-lstm export` wrote, a
//! [`State`] is a plain value that the application places. What the file's
//! numbers are is chosen by type, [`Int8`] or [`Float32`], so that
//! only one engine is linked:
//!
//! ```
//! use set_lstm_runtime::{Class, Int8, Model, State};
//!
//! // in flash, on a multiple of four
//! #[repr(align(4))]
//! struct Aligned<T: ?Sized>(T);
//! static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("doc/text.setl"));
//!
//! fn classify(text: &[u8]) -> Result<Class, Box<dyn std::error::Error>> {
//!     let model = Model::<Int8>::from_bytes(&FILE.0)?; // once, at the start
//!     let mut state = State::<Int8, 16>::new(&model)?;
//!     let mut tokenizer = model.tokenizer().ok_or("a model of samples")?;
//!     for &byte in text {
//!         // as they come from the serial port: a text is never stored
//!         if let Some(token) = tokenizer.push(byte) {
//!             state.step(&model, token); // cannot fail, cannot panic
//!         }
//!     }
//!     if let Some(last) = tokenizer.finish() {
//!         state.step(&model, last);
//!     }
//!     Ok(state.classify(&model))
//! }
//!
//! let model = Model::<Int8>::from_bytes(&FILE.0)?;
//! let name = |class: Class| model.class_name(class.label);
//! assert_eq!(name(classify(b"What a wonderful film!")?), Some("positive"));
//! assert_eq!(name(classify(b"The plot was dull, the acting awful.")?), Some("negative"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A model that answers numbers, or after every step, says so by [`Model::task`]: see
//! [`State::values`]. Samples of a sensor come from a driver of your own:
//! [`State::step_samples`]. A state in a static: [`State::EMPTY`]. One that outlives a power cut:
//! [`Snapshot`]. The files of these examples lie beside the sources, in `src/doc`.
//!
//! What it does not do: training, dense layers, layers of more than 1024 units.
//!
//! The modules in the order of the data:
#![no_std]
#![forbid(unsafe_code)]

pub mod wire;

pub mod error;

pub mod gate;

pub mod fixed;

mod activation;
mod arithmetic;
mod sparse;

pub mod text;

pub mod vocabulary;

mod scale;

pub mod samples;

mod embedding;

mod float32;
mod int8;

pub mod model;

pub mod compact;

mod cell;

pub mod state;

pub mod delta;

pub mod running;

pub mod snapshot;

mod outputs;

pub mod classify;

pub mod self_test;

pub use arithmetic::{Arithmetic, Logit};
pub use classify::Class;
pub use delta::{DeltaError, DeltaState, Thresholds};
pub use embedding::{EmbeddingEntry, EmbeddingRow};
pub use error::DecodeError;
pub use float32::Float32;
pub use gate::Gate;
pub use int8::Int8;
pub use model::Model;
pub use running::Running;
pub use self_test::SelfTestError;
pub use snapshot::{RestoreError, Snapshot};
pub use state::{CapacityError, State};
pub use vocabulary::{Tokenizer, Vocabulary};
pub use wire::{Answer, Moment, Task};

/// The example of the README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

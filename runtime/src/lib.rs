//! Sparse LSTMs straight from flash: `no_std`, no allocation, no unsafe code, no panic.
//!
//! ```text
//! bytes in flash ──▶ Model ─────▶ State ─────▶ Class
//!         from_bytes: checks   step: a token   classify: label and score
//!         everything, once     at a time
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
//! use set_lstm_runtime::{Class, DecodeError, Int8, Model, State};
//!
//! fn classify(file: &[u8], tokens: &[u16]) -> Result<Class, DecodeError> {
//!     let model = Model::<Int8>::from_bytes(file)?;
//!     let Ok(mut state) = State::<Int8, 256>::new(&model) else { unreachable!("256 is the most") };
//!     for &token in tokens {
//!         state.step(&model, token);
//!     }
//!     Ok(state.classify(&model))
//! }
//! assert_eq!(classify(b"no model", &[1, 2]), Err(DecodeError::NotAModel));
//! ```
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

/// The example of the README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

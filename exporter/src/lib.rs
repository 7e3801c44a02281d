//! Host side: grows a sparse LSTM from data and packs it for a microcontroller.
//!
//! ```text
//! Corpus ─▶ InputCode ─▶ SequenceSet ─▶ Trainer ─▶ SparseModel ─▶ QuantizedModel ─▶ bytes
//!  dataset   load         sequences      train      sparse_model    quantize         pack
//!                                                                                   │
//!          evaluate, predict, simulate, footprint ◀── AnyModel (the runtime) ◀──────┘
//!                                                      device
//! ```
//!
//! A network that was trained elsewhere becomes a SparseModel by `import`.
//!
//! The modules in the order of the data:

pub mod error;
pub mod file;
pub mod fnv;
pub mod process;

pub mod dataset;
pub mod load;
pub mod normalization;
pub mod output_scale;
pub mod sequences;
pub mod target;
pub mod vocabulary;

pub mod train;

pub mod model_file;
pub mod run;
pub mod sparse_model;
pub mod tensors;

pub mod pack;
pub mod quantize;
pub mod random_model;

pub mod device;
pub mod evaluate;
pub mod inspect;
pub mod predict;
pub mod rust_module;

pub mod import;

pub mod boards;
pub mod flash;
pub mod footprint;
pub mod new;
pub mod simulate;
pub mod stack_bound;
pub mod stretch;
pub mod toolchain;

pub mod bench;
pub mod report;
pub mod wiring;

pub mod baseline;
pub mod compare;

pub mod cli;

/// The example of the README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

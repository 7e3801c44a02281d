//! One test binary; this is its table of contents.

#![allow(clippy::unwrap_used)] // a test fails by it

/// Models and vocabularies that the checks below run on.
mod models;

/// The file: literal bytes, damage of every kind, raw text by the file alone.
mod format;

/// The engines: against plain oracles, step by step, interrupted and side by side.
mod engine;

/// The packed model on an emulated Cortex-M.
mod firmware;

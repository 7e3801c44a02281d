//! Attacks on the runtime: what libFuzzer calls a million times, and `cargo test` some thousand.
//!
//! ```text
//! bytes ──▶ mutate ──────────▶ forge: length and checksum right ──▶ model: decode, 64 steps, ...
//! bytes ──▶ mutate_compact ──▶ forge: those of both files ─────────▶ compact: unpack, then model
//! bytes ───────────────────────────────────────────────────────────▶ text: the same words always
//! ```
//!
//! An attack panics where a promise is broken. A decoder of another form of the file gets a
//! module beside these, and a target in `fuzz_targets/`.

pub mod compact;
pub mod forge;
pub mod model;
pub mod mutate;
pub mod mutate_compact;
pub mod parts;
pub mod random;
pub mod snapshot;
pub mod text;

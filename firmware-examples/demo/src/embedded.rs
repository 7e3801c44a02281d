//! Enters: what `build.rs` generated from a model and its cases. Leaves: both in flash on
//! a multiple of four, and the types that fit them. Next: `run`.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The cases that belong to the model, in flash.
pub fn cases() -> &'static [u8] {
    core::hint::black_box(&CASES.0)
}

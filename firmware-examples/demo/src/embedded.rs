//! Enters: what `build.rs` generated from a model and its cases. Leaves: both in flash on
//! a multiple of four, and the types that fit them. Next: `run`.

/// Bytes at an address that the runtime can read words from.
#[repr(C, align(4))]
struct Aligned<T>(T);

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The model file in flash. The compiler is kept from looking into it, so that the program
/// is the same for every model of one size and its code is what any model needs.
pub fn model() -> &'static [u8] {
    core::hint::black_box(&MODEL.0)
}

/// The cases that belong to it, in flash.
pub fn cases() -> &'static [u8] {
    core::hint::black_box(&CASES.0)
}

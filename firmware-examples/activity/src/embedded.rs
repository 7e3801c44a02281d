//! Enters: what `build.rs` generated from a model and a recording. Leaves: both in flash,
//! and the types that fit the model. Next: a board's `main` hands them to `run`.

use crate::samples::Recorded;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The recorded stretch, from its beginning. A board without a sensor has it instead.
pub fn recorded() -> Recorded<'static, CHANNELS> {
    Recorded::new(core::hint::black_box(&STRETCH), 1.0 / STEPS_OF_ONE)
}

//! Enters: what `build.rs` generated from a model. Leaves: the model in flash on a multiple
//! of four, and the types that fit it. Next: a board's `main` hands them to `run`.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

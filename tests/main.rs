//! One test binary; this is its table of contents.

// the packed model on an emulated Cortex-M
mod firmware;

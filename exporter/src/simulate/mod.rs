//! simulate
pub mod cases;

//! Measurements of speed and memory: of the training on this machine, and of the engine on
//! emulated microcontrollers.

pub mod device;
pub mod train;

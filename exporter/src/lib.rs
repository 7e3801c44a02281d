//! Host side: grows a sparse LSTM from data and packs it for a microcontroller.

pub mod dataset;
pub mod device;
pub mod error;
pub mod file;
pub mod inspect;
pub mod pack;
pub mod quantize;
pub mod report;
pub mod sparse_model;
pub mod tokens;
pub mod train;
pub mod vocabulary;

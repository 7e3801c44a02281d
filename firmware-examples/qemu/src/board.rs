//! Enters: what `build.rs` generated for the chosen board. Leaves: its constants. Next: the
//! other modules.

use crate::serial::Uart;
use set_lstm_demo::Rate;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

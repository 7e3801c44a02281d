//! Enters: figures of finished work. Leaves: tables, files and plots for people.
//! Next: a person reads them; of the program only `train --resume` reads `metrics` back.

pub mod break_even;
pub mod confusion;
pub mod curve;
mod legend;
pub mod metrics;
pub mod parameters;
pub(crate) mod picture;
pub mod score;
pub mod table;
pub mod tree_map;

//! Enters: nothing but a seed. Leaves: [`DeviceMeasurement`], what a step takes on every emulated
//! core, over sizes and densities. Next: the command prints it, draws it, and compares it
//! with the committed one.
//!
//! ```text
//! grid ──▶ jobs ────▶ measure ───────▶ DeviceMeasurement ──▶ summary, baseline, chart
//!  points   pack      one program a core
//!           host's answers     compare bit for bit
//! ```
//!
//! All models are random ones. Each takes [`STEPS`](grid::STEPS) steps; the counter of
//! instructions has a grain of 40 to 50, so that the mean over the steps is exact to an
//! instruction. The state has room for the model's units, rounded up to a power of two, and is
//! compiled for that size, as in an application.

pub mod baseline;
pub mod grid;
mod jobs;
mod measure;
pub mod summary;

pub use measure::{DeviceOptions, measure};

use grid::GridPoint;
use serde::{Deserialize, Serialize};

/// What a step takes, of all points on all boards.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceMeasurement {
    /// The compiler of the programs.
    pub compiler: String,
    /// One row a board, kind of values, and point.
    pub rows: Vec<DeviceRow>,
}

/// One point on one board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Name of the board.
    pub board: String,
    /// `int8` or `f32`.
    pub values: String,
    /// The model.
    #[serde(flatten)]
    pub point: GridPoint,
    /// What it takes.
    #[serde(flatten)]
    pub figures: StepFigures,
}

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFigures {
    /// Connections of the eight gate matrices.
    pub connections: u64,
    /// Instructions of a step, mean over all steps.
    pub step_instructions: u64,
    /// Instructions to decode and check the model, once.
    pub decode_instructions: u64,
    /// Bytes of the gate matrices in the file: indices, weights, where rows or columns begin,
    /// fill; without scales, biases, embedding and output layer.
    pub gate_bytes: u64,
    /// Bytes of a state with room for the model, rounded up to a power of two.
    pub state_bytes: u64,
    /// Bytes of stack to decode.
    pub decode_stack_bytes: u64,
    /// Bytes of stack of a step.
    pub step_stack_bytes: u64,
    /// Bytes of the engine's code: decode, check, step, classify. The same in all rows of a
    /// board and kind of values.
    pub code_bytes: u64,
    /// Bytes of the engine's tables and other constants.
    pub table_bytes: u64,
}

impl StepFigures {
    /// Instructions of a step for each connection of the gates.
    pub fn instructions_per_connection(&self) -> f64 {
        self.step_instructions as f64 / self.connections.max(1) as f64
    }

    /// Bytes of the gate matrices for each of their connections.
    pub fn bytes_per_connection(&self) -> f64 {
        self.gate_bytes as f64 / self.connections.max(1) as f64
    }
}

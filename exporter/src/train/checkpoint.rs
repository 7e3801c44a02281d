//! Enters: a training between two steps. Leaves: `checkpoint.safetensors`, and the training
//! read back, to go on with the same bits. Next: `trainer`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::parameters::{Parameters, Shape};
use super::topology::Topology;
use crate::error::Result;
use crate::report::metrics::EpochMetrics;
use crate::tensors::{self, Tensor, TensorFile};

const REMEDY: &str = "remove the file and train again from the start";

/// Where a training is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Epochs done.
    pub epoch: u32,
    /// Batches done of the next epoch.
    pub batch: u32,
    /// Optimiser steps done in all.
    pub steps: u64,
    /// Summed loss of the epoch so far, in nats.
    pub loss: f64,
    /// Documents of the epoch so far.
    pub documents: u64,
    /// Tokens of the epoch so far.
    pub tokens: u64,
    /// Seconds spent on training steps of this epoch so far.
    pub seconds: f64,
    /// Processor time of this epoch so far.
    #[serde(default)]
    pub cpu_seconds: f64,
    /// Figures of the epochs done.
    pub metrics: Vec<EpochMetrics>,
}

/// A training between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Where it is.
    pub position: Position,
    /// FNV-1a of the training and validation tokens: with other data it cannot go on.
    pub data: u64,
    /// FNV-1a of the options: with others it would go on to another result.
    pub options: u64,
    /// Connections and weights.
    pub parameters: Parameters,
    /// First state of the optimiser.
    pub first: Vec<f32>, // [parameters]
    /// Second state of the optimiser.
    pub second: Vec<f32>, // [parameters] or [0]
    /// Running average of the weights.
    pub average: Vec<f32>, // [parameters] or [0]
}

#[derive(Serialize, Deserialize)]
struct Description {
    format: u32,
    position: Position,
    data: u64,
    options: u64,
    shape: [usize; 4],
}

const FORMAT: u32 = 1;

impl Checkpoint {
    /// Writes the file, atomically.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if it cannot be written; the old file is then as it was.
    pub fn save(&self, path: &Path) -> Result<()> {
        let Parameters {
            shape,
            embedding,
            input,
            recurrent,
            value,
        } = &self.parameters;
        let mut tensors = Vec::new();
        for (name, topology) in [
            ("embedding", embedding),
            ("input", input),
            ("recurrent", recurrent),
        ] {
            tensors.push((
                format!("{name}.row_start"),
                Tensor::vector(&topology.row_start),
            ));
            tensors.push((format!("{name}.column"), Tensor::vector(&topology.column)));
        }
        for (name, values) in [
            ("value", value),
            ("first", &self.first),
            ("second", &self.second),
            ("average", &self.average),
        ] {
            tensors.push((name.to_owned(), Tensor::vector(values)));
        }
        let description = Description {
            format: FORMAT,
            position: self.position.clone(),
            data: self.data,
            options: self.options,
            shape: [
                shape.vocabulary,
                shape.embedding,
                shape.hidden,
                shape.logits,
            ],
        };
        tensors::save(path, &description, tensors)
    }

    /// Reads what [`Checkpoint::save`] wrote.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or has another format.
    pub fn load(path: &Path) -> Result<Checkpoint> {
        let file = TensorFile::read(path, REMEDY)?;
        let Description {
            format,
            position,
            data,
            options,
            shape,
        } = file.description()?;
        if format != FORMAT {
            return Err(file.damaged(&format!(
                "format {format} where this program reads {FORMAT}"
            )));
        }
        let topology = |name: &str| -> Result<Topology> {
            Ok(Topology {
                row_start: file.vector(&format!("{name}.row_start"))?,
                column: file.vector(&format!("{name}.column"))?,
            })
        };
        let [vocabulary, embedding, hidden, logits] = shape;
        let parameters = Parameters {
            shape: Shape {
                vocabulary,
                embedding,
                hidden,
                logits,
            },
            embedding: topology("embedding")?,
            input: topology("input")?,
            recurrent: topology("recurrent")?,
            value: file.vector("value")?,
        };
        let checkpoint = Checkpoint {
            position,
            data,
            options,
            parameters,
            first: file.vector("first")?,
            second: file.vector("second")?,
            average: file.vector("average")?,
        };
        let count = checkpoint.parameters.value.len();
        let fits = |values: &[f32]| values.is_empty() || values.len() == count;
        let whole = checkpoint.parameters.is_consistent()
            && checkpoint.first.len() == count
            && fits(&checkpoint.second)
            && fits(&checkpoint.average);
        if whole {
            Ok(checkpoint)
        } else {
            Err(file.damaged("arrays that do not fit together"))
        }
    }
}

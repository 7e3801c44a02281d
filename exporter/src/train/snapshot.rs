//! Enters: the connections of a training when an epoch has ended. Leaves:
//! `topology/epoch-NNN.safetensors`, and the same read back. Next: `wiring` shows how they
//! moved.
//!
//! Number 0 is the random start. Number `n` is what was trained in epoch `n`: written when
//! the epoch ends, before the evolution that follows it, so it belongs to the figures and
//! to the model of that epoch. What moves between `n - 1` and `n` is therefore the evolution
//! after epoch `n - 1`; nothing moves before number 1, and the last one is final, since
//! no evolution follows the last epoch.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::parameters::{Parameters, Shape};
use super::topology::Topology;
use crate::error::Result;
use crate::tensors::{self, Tensor, TensorFile};
use set_lstm_runtime::gate::Gate;

const REMEDY: &str = "train again, or remove the folder `topology` to do without the history";
const FORMAT: u32 = 1;

/// The connections of all matrices when an epoch has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Epochs done.
    pub epoch: u32,
    /// Sizes.
    pub shape: Shape,
    /// Connections of the embedding; none where samples come in its place.
    pub embedding: Topology, // [vocabulary x embedding]
    /// Connections of the four `W`, row `4 · unit + gate`.
    pub input: Topology, // [4 hidden x embedding]
    /// Connections of the four `U`, row `4 · unit + gate`.
    pub recurrent: Topology, // [4 hidden x hidden]
}

#[derive(Serialize, Deserialize)]
struct SnapshotDescription {
    format: u32,
    epoch: u32,
    shape: [usize; 4],
}

impl Snapshot {
    /// The connections of `parameters`.
    pub fn of(epoch: u32, parameters: &Parameters) -> Self {
        Snapshot {
            epoch,
            shape: parameters.shape,
            embedding: parameters.embedding.clone(),
            input: parameters.input.clone(),
            recurrent: parameters.recurrent.clone(),
        }
    }

    /// Name of the file of an epoch.
    pub fn file_name(epoch: u32) -> String {
        format!("epoch-{epoch:03}.safetensors")
    }

    /// The epoch that a file name is of.
    pub fn epoch_of(name: &str) -> Option<u32> {
        let number = name.strip_prefix("epoch-")?.strip_suffix(".safetensors")?;
        let epoch = number.parse().ok()?;
        (Self::file_name(epoch) == name).then_some(epoch)
    }

    /// Writes the file into `folder`, atomically.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if it cannot be written; the old file is then as it was.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let mut tensors = Vec::new();
        for (name, topology) in [
            ("embedding", &self.embedding),
            ("input", &self.input),
            ("recurrent", &self.recurrent),
        ] {
            tensors.push((
                format!("{name}.row_start"),
                Tensor::vector(&topology.row_start),
            ));
            tensors.push((format!("{name}.column"), Tensor::vector(&topology.column)));
        }
        let Shape {
            vocabulary,
            embedding,
            hidden,
            logits,
        } = self.shape;
        let description = SnapshotDescription {
            format: FORMAT,
            epoch: self.epoch,
            shape: [vocabulary, embedding, hidden, logits],
        };
        tensors::save(&self.path(folder), &description, tensors)
    }

    /// Reads what [`Snapshot::save`] wrote.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or has another format.
    pub fn load(path: &Path) -> Result<Snapshot> {
        let file = TensorFile::read(path, REMEDY)?;
        let SnapshotDescription {
            format,
            epoch,
            shape: [vocabulary, embedding, hidden, logits],
        } = file.description()?;
        if format != FORMAT {
            return Err(file.damaged(&format!(
                "format {format} where this program reads {FORMAT}"
            )));
        }
        let topology = |name: &str, rows: usize, columns: usize| -> Result<Topology> {
            let topology = Topology {
                row_start: file.vector(&format!("{name}.row_start"))?,
                column: file.vector(&format!("{name}.column"))?,
            };
            if topology.is_valid(rows, columns) {
                Ok(topology)
            } else {
                Err(file.damaged(&format!("{name} does not fit its sizes")))
            }
        };
        Ok(Snapshot {
            epoch,
            shape: Shape {
                vocabulary,
                embedding,
                hidden,
                logits,
            },
            embedding: topology("embedding", vocabulary, embedding)?,
            input: topology("input", Gate::COUNT * hidden, embedding)?,
            recurrent: topology("recurrent", Gate::COUNT * hidden, hidden)?,
        })
    }

    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(Self::file_name(self.epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Snapshot {
        Snapshot {
            epoch: 7,
            shape: Shape {
                vocabulary: 3,
                embedding: 2,
                hidden: 1,
                logits: 1,
            },
            embedding: Topology::from_positions(3, 2, &[0, 3, 4]),
            input: Topology::from_positions(4, 2, &[1, 2, 7]),
            recurrent: Topology::from_positions(4, 1, &[0, 3]),
        }
    }

    #[test]
    fn a_snapshot_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        small().save(folder.path()).unwrap();
        let path = folder.path().join("epoch-007.safetensors");
        assert_eq!(Snapshot::load(&path).unwrap(), small());
    }

    #[test]
    fn a_column_out_of_range_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let mut snapshot = small();
        snapshot.recurrent.column[1] = 1;
        snapshot.save(folder.path()).unwrap();
        let path = folder.path().join("epoch-007.safetensors");
        let error = Snapshot::load(&path).unwrap_err().to_string();
        assert!(
            error.contains("recurrent does not fit its sizes; train again"),
            "{error}"
        );
    }

    #[test]
    fn names_are_those_of_epochs_and_no_others() {
        for epoch in [0, 12, 999, 1000] {
            assert_eq!(Snapshot::epoch_of(&Snapshot::file_name(epoch)), Some(epoch));
        }
        for name in ["epoch-7.safetensors", "epoch-007", "epoch-+07.safetensors"] {
            assert_eq!(Snapshot::epoch_of(name), None, "{name}");
        }
    }
}

//! Enters: a network that was trained elsewhere, in the file of its framework. Leaves: a
//! [`SparseModel`](crate::sparse_model::SparseModel) in a run folder, as if it had been trained
//! here. Next: `evaluate`, `export`, `train` to go on from it.
//!
//! ```text
//! safetensors ─▶ arrays ─┐
//!  torch         named   ├─▶ DenseNetwork ─▶ SparseModel ─▶ run
//! ONNX ──────────────────┘    network         prune
//!  onnx                            └──────────▶ Verification
//!                                              verify
//! ```
//!
//! What a device does not run is refused by its name: bidirectional layers, projections,
//! peepholes, clipping, other activations, GRUs.

pub mod array;
mod layers;
pub mod named;
pub mod network;
pub mod npy;
pub mod onnx;
pub mod prune;
pub mod torch;
pub mod verify;
pub mod words;

use std::path::Path;

use serde::Serialize;

use crate::error::{Error, Result};
use named::Names;
use network::DenseNetwork;

/// What wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Framework {
    /// A `state_dict` as safetensors.
    PyTorch,
    /// The graph of an ONNX file.
    Onnx,
}

impl Framework {
    /// Name as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Framework::PyTorch => "PyTorch",
            Framework::Onnx => "ONNX",
        }
    }

    /// What the first bytes say.
    fn of(bytes: &[u8]) -> std::result::Result<Framework, String> {
        let save = "save the weights by safetensors.torch.save_file(model.state_dict(), file)";
        if bytes.starts_with(HDF5) || is_keras(bytes) {
            return Err(
                "a file of Keras; turn model.keras into safetensors by scripts/keras_to_safetensors.py"
                    .into(),
            );
        }
        if bytes.starts_with(b"PK") || bytes.starts_with(&[0x80, 2]) {
            return Err(format!(
                "a file of torch.save, which may run code when it is read; {save}"
            ));
        }
        // the length of a JSON header, and its first character
        let header = bytes
            .split_first_chunk()
            .map(|(length, rest)| (u64::from_le_bytes(*length), rest));
        match header {
            Some((length, [b'{', ..])) if length < 1 << 32 => Ok(Framework::PyTorch),
            // the first field of an ONNX file is its version, a number
            _ if bytes.first() == Some(&0x08) => Ok(Framework::Onnx),
            _ => Err(format!("neither safetensors nor ONNX; {save}")),
        }
    }
}

/// How HDF5 files begin, in which Keras keeps weights.
const HDF5: &[u8] = b"\x89HDF";

/// Whether it is an archive that `model.save` of Keras wrote.
fn is_keras(bytes: &[u8]) -> bool {
    zip::ZipArchive::new(std::io::Cursor::new(bytes))
        .is_ok_and(|archive| archive.index_for_name("model.weights.h5").is_some())
}

/// Reads a network and checks it.
///
/// # Errors
/// The file cannot be read, is of no framework that this knows, or holds a network that a
/// device does not run.
pub fn read(path: &Path, names: &Names) -> Result<(Framework, DenseNetwork)> {
    let bytes =
        std::fs::read(path).map_err(Error::io(path, "give the file of a trained network"))?;
    let read = || {
        let framework = Framework::of(&bytes)?;
        let network = match framework {
            Framework::PyTorch => named::network(&torch::arrays(&bytes)?, names)?,
            Framework::Onnx => {
                let folder = path.parent().unwrap_or(Path::new(""));
                onnx::network(&bytes, folder, names)?
            }
        };
        network.check()?;
        Ok((framework, network))
    };
    read().map_err(|problem: String| Error::data(path, problem))
}

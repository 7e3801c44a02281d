//! Enters: a model file. Leaves: its compact form, in some nine tenths of the bytes per
//! connection of a matrix. Next: the air, and the runtime's `compact`, which defines the form and
//! unpacks it again, bit for bit.
//!
//! Only bytes are read, so that what comes back is the ordinary file and not one like it. That
//! a file can be written again from its topology needs an order without choices: connections
//! by ascending index, strips cut and sorted as `matrix` does it. A file with another order is
//! refused.

mod matrix;
mod weights;

use super::bits::BitWriter;
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use matrix::{Layout, Matrix};
use set_lstm_runtime::compact::{PART_BYTES, PREAMBLE_BYTES, VERSION, unpack_into};
use set_lstm_runtime::wire::{CHECKSUM_AT, COMPACT_MAGIC, File, Kind, checksum};
use weights::PrefixCode;

/// What one kind of matrix takes in the compact form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatrixBits {
    /// Connections.
    pub connections: u64,
    /// Bits that say where they are: gaps, what is before them, fill.
    pub index: u64,
    /// Bits of their weights, fill included.
    pub value: u64,
}

impl std::ops::Add for MatrixBits {
    type Output = MatrixBits;

    fn add(self, more: MatrixBits) -> MatrixBits {
        MatrixBits {
            connections: self.connections + more.connections,
            index: self.index + more.index,
            value: self.value + more.value,
        }
    }
}

impl MatrixBits {
    /// Bytes per connection, weights and all.
    pub fn bytes_per_connection(&self) -> f64 {
        (self.index + self.value) as f64 / 8.0 / self.connections.max(1) as f64
    }
}

/// A compact file and what its matrices take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// All `W` and `U` together.
    pub matrices: MatrixBits,
}

/// Writes the compact form of a model file.
///
/// # Errors
/// Bytes that are no model file, or one whose connections are not in the order in which this
/// program writes them.
pub fn compact(file: &AlignedBytes) -> Result<CompactFile> {
    let refuse = |problem: String| Error::Options(problem);
    AnyModel::from_bytes(file).map_err(|problem| refuse(problem.to_string()))?;
    let opened = File::peek(file).map_err(|problem| refuse(problem.to_string()))?;
    let matrices = matrix::all(file, &opened);
    if !matrices.iter().all(Matrix::ascends) {
        return Err(other_order());
    }
    let code = |layout| {
        let all = matrices.iter().filter(|matrix| matrix.layout == layout);
        match opened.kind {
            Kind::Int8 => PrefixCode::of(all.flat_map(Matrix::weights).map(|weight| weight as u8)),
            Kind::Float32 => PrefixCode::none(),
        }
    };
    let codes = [code(Layout::Columns), code(Layout::Strips)];

    let mut bytes = Vec::with_capacity(file.len());
    bytes.extend(COMPACT_MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([opened.kind as u8, 0]);
    bytes.extend([0; 8]);
    bytes.extend((file.len() as u32).to_le_bytes()); // a model file has at most 4 GB
    bytes.extend(codes.iter().flat_map(PrefixCode::lengths));
    assert_eq!(bytes.len(), PREAMBLE_BYTES);

    let (mut at, mut sizes) = (0, MatrixBits::default());
    for matrix in &matrices {
        copy(&mut bytes, &file[at..matrix.place.start]);
        let code = &codes[usize::from(matrix.layout == Layout::Strips)];
        sizes = sizes + matrix.write(opened.kind, code, &mut bytes);
        at = matrix.place.end;
    }
    copy(&mut bytes, &file[at..]);
    let length = bytes.len() as u32;
    bytes[8..12].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&bytes);
    bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&sum.to_le_bytes());

    let mut back = vec![0; file.len()];
    if unpack_into(&bytes, &mut back) != Ok(file.len()) || back != **file {
        return Err(other_order());
    }
    Ok(CompactFile {
        bytes,
        matrices: sizes,
    })
}

fn other_order() -> Error {
    Error::Options(
        "the connections are not in the order in which this program writes them; export the model again"
            .into(),
    )
}

fn copy(out: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.is_empty() {
        out.push(PART_BYTES);
        out.extend((bytes.len() as u32).to_le_bytes());
        out.extend(bytes);
    }
}

//! Enters: numbers of a foreign file, as bytes of whatever width. Leaves: [`Array`], the same
//! in f32 with their shape. Next: `named` and `onnx` find the parts of a network among them.

use std::collections::BTreeSet;
use std::fmt;

/// A dense array in f32, row-major.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Array {
    /// Length of each axis; none of a single number.
    pub shape: Vec<usize>,
    /// The numbers, the last axis the fastest.
    pub data: Vec<f32>, // [product of shape]
}

/// How a foreign file stores a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberType {
    /// IEEE 754, 16 bits.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits; rounded to f32.
    F64,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
}

impl NumberType {
    /// Bytes of a number.
    pub const fn size(self) -> usize {
        match self {
            NumberType::F16 | NumberType::Bf16 => 2,
            NumberType::F32 | NumberType::I32 => 4,
            NumberType::F64 | NumberType::I64 => 8,
        }
    }

    /// Little-endian bytes as f32; a rest that is no whole number is left out.
    pub fn to_f32(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            NumberType::F16 => numbers(bytes, |b| f16_to_f32(u16::from_le_bytes(b))),
            NumberType::Bf16 => numbers(bytes, |b| {
                f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16)
            }),
            NumberType::F32 => numbers(bytes, f32::from_le_bytes),
            NumberType::F64 => numbers(bytes, |b| f64::from_le_bytes(b) as f32),
            NumberType::I32 => numbers(bytes, |b| i32::from_le_bytes(b) as f32),
            NumberType::I64 => numbers(bytes, |b| i64::from_le_bytes(b) as f32),
        }
    }
}

fn numbers<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&b| number(b)).collect()
}

/// Every f16 is an f32.
fn f16_to_f32(half: u16) -> f32 {
    let sign = if half >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(half >> 10 & 0x1f);
    let fraction = f32::from(half & 0x3ff);
    let magnitude = match exponent {
        0 => fraction * 2_f32.powi(-24),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1024.0 + fraction) * 2_f32.powi(exponent - 25),
    };
    sign * magnitude
}

impl Array {
    /// An array of a file, if its bytes are as many as its shape says.
    pub fn from_bytes(shape: Vec<usize>, number: NumberType, bytes: &[u8]) -> Option<Array> {
        let count = shape
            .iter()
            .try_fold(1_usize, |n, &axis| n.checked_mul(axis))?;
        let data = number.to_f32(bytes);
        let whole = bytes.len() == count.checked_mul(number.size())?;
        whole.then_some(Array { shape, data })
    }

    /// Rows and columns, if it has two axes.
    pub fn as_matrix(&self) -> Option<(usize, usize)> {
        match self.shape[..] {
            [rows, columns] => Some((rows, columns)),
            _ => None,
        }
    }

    /// Columns as rows, if it has two axes.
    pub fn transposed(&self) -> Option<Array> {
        let (rows, columns) = self.as_matrix()?;
        let at = |k: usize| self.data[k % rows * columns + k / rows];
        Some(Array {
            shape: vec![columns, rows],
            data: (0..rows * columns).map(at).collect(),
        })
    }

    /// How its shape is written in a message.
    pub fn shown(&self) -> ShownShape<'_> {
        ShownShape(&self.shape)
    }
}

/// A shape as in `[256, 9]`.
#[derive(Debug, Clone, Copy)]
pub struct ShownShape<'a>(pub &'a [usize]);

impl fmt::Display for ShownShape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: Vec<String> = self.0.iter().map(usize::to_string).collect();
        write!(f, "[{}]", axes.join(", "))
    }
}

/// The arrays of a file by name, in the file's order.
pub type NamedArrays = Vec<(String, Array)>;

/// The arrays of a file that have no place yet.
#[derive(Debug)]
pub struct Unused<'a> {
    arrays: &'a NamedArrays,
    left: BTreeSet<usize>,
}

impl<'a> Unused<'a> {
    /// All but those whose names begin as one of `ignored`.
    pub fn new(arrays: &'a NamedArrays, ignored: &[String]) -> Self {
        let wanted = |name: &str| !ignored.iter().any(|start| name.starts_with(&**start));
        let numbered = arrays.iter().enumerate();
        Unused {
            arrays,
            left: numbered
                .filter(|(_, (name, _))| wanted(name))
                .map(|(k, _)| k)
                .collect(),
        }
    }

    /// The names that are left.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.rest().map(|(name, _)| name)
    }

    /// The names of all arrays of the file, those that were taken away too.
    pub fn all_names(&self) -> impl Iterator<Item = &'a str> {
        self.arrays.iter().map(|(name, _)| name.as_str())
    }

    /// The arrays that are left.
    pub fn rest(&self) -> impl Iterator<Item = (&'a str, &'a Array)> {
        let arrays = self.arrays;
        let left: Vec<usize> = self.left.iter().copied().collect();
        left.into_iter()
            .map(|k| (arrays[k].0.as_str(), &arrays[k].1))
    }

    /// Takes an array away, if it is there.
    pub fn take(&mut self, name: &str) -> Option<&'a Array> {
        let index = self.arrays.iter().position(|(found, _)| found == name)?;
        self.left.remove(&index).then(|| &self.arrays[index].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_becomes_f32() {
        let of = |number: NumberType, bytes: &[u8]| number.to_f32(bytes);
        assert_eq!(of(NumberType::F32, &1.5_f32.to_le_bytes()), [1.5]);
        assert_eq!(of(NumberType::F64, &(-0.1_f64).to_le_bytes()), [-0.1]);
        assert_eq!(of(NumberType::I64, &(-7_i64).to_le_bytes()), [-7.0]);
        assert_eq!(of(NumberType::I32, &7_i32.to_le_bytes()), [7.0]);
        assert_eq!(of(NumberType::Bf16, &[0x80, 0xbf]), [-1.0]);
    }

    #[test]
    fn halves_of_every_kind_are_exact() {
        for (half, expected) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(f16_to_f32(half), expected, "{half:#x}");
        }
        assert!(f16_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn bytes_that_do_not_fill_the_shape_are_none() {
        let bytes = [0; 24];
        let of = |shape: &[usize]| Array::from_bytes(shape.to_vec(), NumberType::F32, &bytes);
        assert!(of(&[2, 3]).is_some());
        assert!(of(&[2, 2]).is_none());
        assert!(of(&[usize::MAX, 2]).is_none());
    }

    #[test]
    fn columns_become_rows() {
        let array = Array {
            shape: vec![2, 3],
            data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        };
        let turned = array.transposed().unwrap();
        assert_eq!(turned.shape, [3, 2]);
        assert_eq!(turned.data, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(turned.transposed().unwrap(), array);
    }
}

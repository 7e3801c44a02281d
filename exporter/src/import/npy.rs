//! Enters: a file of `numpy.savez`: a zip archive of `.npy` files. Leaves: its arrays by name.
//! Next: `verify` compares a model with them.
//!
//! A `.npy` file (NumPy Enhancement Proposal 1) is `\x93NUMPY`, two bytes of version, the
//! length of a header, and the header: a Python dictionary that names the type, the order and
//! the shape of the numbers behind it.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::array::{Array, NamedArrays, NumberType};

const MAGIC: &[u8] = b"\x93NUMPY";

/// All arrays of the file.
///
/// # Errors
/// It is no zip archive, or one of its arrays is of a form that this does not read.
pub fn arrays(bytes: &[u8]) -> Result<NamedArrays, String> {
    let again = |e: &dyn std::fmt::Display| {
        format!("no file of numpy.savez ({e}); write it again by numpy.savez")
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| again(&e))?;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|e| again(&e))?;
        let name = file.name().map_err(|e| again(&e))?;
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else {
            continue;
        };
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(|e| again(&e))?;
        let array = array(&content)
            .map_err(|problem| format!("{name}: {problem}; write it again by numpy.savez"))?;
        arrays.push((name, array));
    }
    Ok(arrays)
}

/// One `.npy` file.
fn array(bytes: &[u8]) -> Result<Array, String> {
    let cut = || "cut off".to_owned();
    let rest = bytes.strip_prefix(MAGIC).ok_or("no .npy file")?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = match version {
        [1, _] => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (u32::from(u16::from_le_bytes(*length)), rest)
        }
        [2 | 3, _] => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (u32::from_le_bytes(*length), rest)
        }
        [other, _] => return Err(format!("version {other} of .npy")),
    };
    let (header, data) = rest.split_at_checked(length as usize).ok_or_else(cut)?;
    let header = std::str::from_utf8(header).map_err(|_| "a header that is no text")?;
    let number = match value(header, "descr").map(|text| text.trim_matches(['\'', '"'])) {
        Some("<f2") => NumberType::F16,
        Some("<f4") => NumberType::F32,
        Some("<f8") => NumberType::F64,
        Some("<i4") => NumberType::I32,
        Some("<i8") => NumberType::I64,
        other => {
            let other = other.unwrap_or("none");
            return Err(format!(
                "numbers of type {other}, expected f2, f4, f8, i4 or i8"
            ));
        }
    };
    if value(header, "fortran_order") != Some("False") {
        return Err("columns before rows: use numpy.ascontiguousarray".into());
    }
    let shape = value(header, "shape").and_then(|text| {
        let axes = text.trim_matches(['(', ')']).split(',').map(str::trim);
        axes.filter(|axis| !axis.is_empty())
            .map(|axis| axis.parse().ok())
            .collect::<Option<Vec<usize>>>()
    });
    let shape = shape.ok_or("a header without a shape")?;
    Array::from_bytes(shape, number, data).ok_or_else(cut)
}

/// The value behind a key of the header's dictionary.
fn value<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let (_, behind) = header.split_once(&format!("'{key}'"))?;
    let text = behind.trim_start().strip_prefix(':')?.trim_start();
    let end = match text.strip_prefix('(') {
        Some(inside) => inside.find(')')? + 2,
        None => text.find([',', '}'])?,
    };
    Some(text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    const HEADER: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }   \n";

    #[test]
    fn shape_and_numbers_are_read() {
        let data: Vec<u8> = [1.5_f32, -2.0].map(f32::to_le_bytes).concat();
        let found = array(&npy(HEADER, &data)).unwrap();
        assert_eq!((found.shape, found.data), (vec![1, 2], vec![1.5, -2.0]));
        let one = array(&npy(&HEADER.replace("(1, 2)", "(2,)"), &data)).unwrap();
        assert_eq!(one.shape, [2]);
        let tokens = HEADER.replace("<f4", "<i8").replace("(1, 2)", "()");
        let found = array(&npy(&tokens, &7_i64.to_le_bytes())).unwrap();
        assert_eq!((found.shape, found.data), (vec![], vec![7.0]));
    }

    #[test]
    fn other_forms_and_every_truncation_are_refused() {
        let whole = npy(HEADER, &[0; 8]);
        let problem = |header: &str| array(&npy(header, &[0; 8])).unwrap_err();
        assert!(problem(&HEADER.replace("<f4", "|O")).contains("type |O"));
        assert!(problem(&HEADER.replace("False", "True")).contains("ascontiguousarray"));
        assert!(problem(&HEADER.replace("shape", "form")).contains("without a shape"));
        for length in 0..whole.len() {
            assert!(array(&whole[..length]).is_err(), "{length}");
        }
        assert!(
            arrays(b"PK no archive")
                .unwrap_err()
                .contains("numpy.savez")
        );
    }
}

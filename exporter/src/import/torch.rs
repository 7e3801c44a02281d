//! Enters: a safetensors file, the `state_dict` of a PyTorch module. Leaves: its arrays by
//! name, in f32. Next: `named` finds the network among them.

use safetensors::{Dtype, SafeTensors};

use super::array::{Array, NamedArrays, NumberType};

/// All arrays of real numbers; those of integers and flags are no weights and are left out.
///
/// # Errors
/// The bytes are no safetensors file, or an array is of a number that this does not know.
pub fn arrays(bytes: &[u8]) -> Result<NamedArrays, String> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|e| format!("a damaged safetensors file ({e}); save it again"))?;
    let mut arrays = Vec::new();
    for (name, view) in file.iter() {
        let number = match view.dtype() {
            Dtype::F16 => NumberType::F16,
            Dtype::BF16 => NumberType::Bf16,
            Dtype::F32 => NumberType::F32,
            Dtype::F64 => NumberType::F64,
            Dtype::BOOL
            | Dtype::U8
            | Dtype::I8
            | Dtype::U16
            | Dtype::I16
            | Dtype::U32
            | Dtype::I32
            | Dtype::U64
            | Dtype::I64 => continue,
            other => {
                return Err(format!(
                    "{name} holds {other:?}, which is not read; save it as float32"
                ));
            }
        };
        let array = Array::from_bytes(view.shape().to_vec(), number, view.data())
            .ok_or_else(|| format!("{name} is cut off; save the file again"))?;
        arrays.push((name.to_owned(), array));
    }
    arrays.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(arrays)
}

//! Enters: named arrays and a description. Leaves: a safetensors file, and the arrays read
//! back from it. Next: `run` keeps models in it, `train::checkpoint` interrupted trainings.
//!
//! The description is JSON under the one metadata key `set-lstm`: several keys would stand in
//! a random order, and the same training has to give the same bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors, View};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};
use crate::file;

/// The metadata key of the description.
const KEY: &str = "set-lstm";

/// One array on its way into a file.
#[derive(Debug, Clone)]
pub struct Tensor<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Cow<'a, [u8]>,
}

/// A number that a tensor can hold, in the byte order of the file.
pub trait Element: bytemuck::Pod {
    /// How safetensors calls it.
    const DTYPE: Dtype;
}

impl Element for f32 {
    const DTYPE: Dtype = Dtype::F32;
}
impl Element for u32 {
    const DTYPE: Dtype = Dtype::U32;
}
impl Element for u16 {
    const DTYPE: Dtype = Dtype::U16;
}

impl<'a> Tensor<'a> {
    /// A vector.
    pub fn vector<T: Element>(values: &'a [T]) -> Self {
        Tensor::shaped(values, vec![values.len()])
    }

    /// A row-major matrix.
    pub fn matrix<T: Element>(values: &'a [T], columns: usize) -> Self {
        Tensor::shaped(values, vec![values.len() / columns.max(1), columns])
    }

    fn shaped<T: Element>(values: &'a [T], shape: Vec<usize>) -> Self {
        // safetensors is little-endian, and so is every machine that this trains on
        const {
            assert!(
                cfg!(target_endian = "little"),
                "training needs a little-endian machine"
            )
        };
        Tensor {
            dtype: T::DTYPE,
            shape,
            data: Cow::Borrowed(bytemuck::cast_slice(values)),
        }
    }
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }
    fn data_len(&self) -> usize {
        self.data.len()
    }
}

/// Writes a file, atomically.
///
/// # Errors
/// [`Error::Io`] as of [`file::write_atomic`].
pub fn save(
    path: &Path,
    description: &impl Serialize,
    tensors: Vec<(String, Tensor<'_>)>,
) -> Result<()> {
    let problem = |problem: String| Error::data(path, format!("{problem}; report this"));
    let description = serde_json::to_string(description).map_err(|e| problem(e.to_string()))?;
    let metadata = HashMap::from([(KEY.to_owned(), description)]);
    let bytes =
        safetensors::serialize(tensors, Some(metadata)).map_err(|e| problem(e.to_string()))?;
    file::write_atomic(path, |out| out.write_all(&bytes))
}

/// A file read back.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    bytes: Vec<u8>,
    remedy: &'static str,
}

impl TensorFile {
    /// Reads a file; `remedy` ends every message about it.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read.
    pub fn read(path: &Path, remedy: &'static str) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io(path, remedy))?;
        Ok(TensorFile {
            path: path.to_owned(),
            bytes,
            remedy,
        })
    }

    /// The description.
    ///
    /// # Errors
    /// [`Error::Data`] if the file is damaged or has none of this form.
    pub fn description<T: DeserializeOwned>(&self) -> Result<T> {
        let (_, metadata) =
            SafeTensors::read_metadata(&self.bytes).map_err(|e| self.damaged(&e.to_string()))?;
        let text = metadata.metadata().as_ref().and_then(|all| all.get(KEY));
        let text = text.ok_or_else(|| self.damaged("not written by set-lstm"))?;
        serde_json::from_str(text).map_err(|e| self.damaged(&e.to_string()))
    }

    /// One array, copied.
    ///
    /// # Errors
    /// [`Error::Data`] if it is absent or holds other numbers.
    pub fn vector<T: Element>(&self, name: &str) -> Result<Vec<T>> {
        let file =
            SafeTensors::deserialize(&self.bytes).map_err(|e| self.damaged(&e.to_string()))?;
        let tensor = file
            .tensor(name)
            .map_err(|e| self.damaged(&e.to_string()))?;
        if tensor.dtype() != T::DTYPE {
            return Err(self.damaged(&format!("{name} holds {:?}", tensor.dtype())));
        }
        Ok(bytemuck::pod_collect_to_vec(tensor.data()))
    }

    /// An error about this file.
    pub fn damaged(&self, problem: &str) -> Error {
        Error::data(&self.path, format!("{problem}; {}", self.remedy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_description_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let tensors = vec![
            ("b".to_owned(), Tensor::matrix(&[1.5_f32, -2.0], 1)),
            ("a".to_owned(), Tensor::vector(&[7_u16, 8, 9])),
        ];
        save(&path, &("who", 3), tensors).unwrap();
        let file = TensorFile::read(&path, "train again").unwrap();
        assert_eq!(
            file.description::<(String, u32)>().unwrap(),
            ("who".into(), 3)
        );
        assert_eq!(file.vector::<f32>("b").unwrap(), [1.5, -2.0]);
        assert_eq!(file.vector::<u16>("a").unwrap(), [7, 8, 9]);
        let error = file.vector::<f32>("a").unwrap_err().to_string();
        assert!(
            error.ends_with("x.safetensors: a holds U16; train again"),
            "{error}"
        );
        let error = file.vector::<f32>("c").unwrap_err().to_string();
        assert!(error.ends_with("; train again"), "{error}");
    }

    /// A figure that comes back one unit in the last place off could make another epoch the
    /// best of a resumed training.
    #[test]
    fn figures_of_a_description_come_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let figures: Vec<f64> = (1..2_000).map(|n| f64::from(n).sqrt() / 1e3).collect();
        save(&path, &figures, vec![]).unwrap();
        let file = TensorFile::read(&path, "train again").unwrap();
        assert_eq!(file.description::<Vec<f64>>().unwrap(), figures);
    }

    #[test]
    fn every_truncation_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        save(
            &path,
            &1,
            vec![("a".to_owned(), Tensor::vector(&[1_u32, 2, 3]))],
        )
        .unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let file = TensorFile::read(&path, "train again").unwrap();
            assert!(
                file.vector::<u32>("a").is_err(),
                "{length} of {}",
                whole.len()
            );
        }
    }
}

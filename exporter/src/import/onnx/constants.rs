//! Enters: the graph of an ONNX file. Leaves: [`Constants`], what of it is known without
//! running it. Next: `mod` finds the weights among them.

use std::collections::HashMap;
use std::path::{Component, Path};

use super::proto::{OnnxGraph, OnnxNode, OnnxTensor};
use crate::import::array::{Array, NumberType};

/// A graph whose values can be asked for.
#[derive(Debug)]
pub struct Constants<'g> {
    folder: &'g Path,
    tensors: HashMap<&'g str, &'g OnnxTensor>,
    producers: HashMap<&'g str, &'g OnnxNode>,
}

/// Calculations with constants are no deeper than this in any sane graph.
const DEPTH: usize = 64;

impl<'g> Constants<'g> {
    /// Of a graph whose file is in `folder`.
    pub fn new(graph: &'g OnnxGraph, folder: &'g Path) -> Self {
        let tensors = graph.initializer.iter().map(|t| (t.name.as_str(), t));
        let outputs = |node: &'g OnnxNode| node.output.iter().map(move |o| (o.as_str(), node));
        Constants {
            folder,
            tensors: tensors.collect(),
            producers: graph.node.iter().flat_map(outputs).collect(),
        }
    }

    /// The node that computes a value; none of an input or a constant.
    pub fn producer(&self, name: &str) -> Option<&'g OnnxNode> {
        self.producers.get(name).copied()
    }

    /// A constant, or what follows from constants by changes of shape alone; `None` if it
    /// depends on an input.
    ///
    /// # Errors
    /// Its numbers are of another type, cut off, or in a file that cannot be read.
    pub fn value(&self, name: &str) -> Result<Option<Array>, String> {
        self.value_within(name, DEPTH)
    }

    fn value_within(&self, name: &str, depth: usize) -> Result<Option<Array>, String> {
        if let Some(tensor) = self.tensors.get(name) {
            return self.array(name, tensor).map(Some);
        }
        let (Some(node), Some(depth)) = (self.producer(name), depth.checked_sub(1)) else {
            return Ok(None);
        };
        let operand = |index: usize| match node.input(index) {
            Some(name) => self.value_within(name, depth),
            None => Ok(None),
        };
        match node.op_type.as_str() {
            "Constant" => match node.attribute("value").and_then(|value| value.t.as_ref()) {
                Some(tensor) => self.array(name, tensor).map(Some),
                None => Ok(given_number(node)),
            },
            "Identity" | "Cast" => operand(0),
            "Transpose" => Ok(operand(0)?.and_then(|array| array.transposed())),
            "Unsqueeze" | "Squeeze" | "Reshape" => Ok(operand(0)?.map(flat)),
            "Concat" if node.integer("axis", 0) == 0 => {
                let mut joined: Option<Array> = None;
                for index in 0..node.input.len() {
                    let Some(next) = operand(index)? else {
                        return Ok(None);
                    };
                    match &mut joined {
                        None => joined = Some(next),
                        Some(all) if all.shape.get(1..) == next.shape.get(1..) => {
                            match (all.shape.first_mut(), next.shape.first()) {
                                (Some(rows), Some(more)) => *rows += more,
                                _ => return Ok(None),
                            }
                            all.data.extend(next.data);
                        }
                        Some(_) => return Ok(None),
                    }
                }
                Ok(joined)
            }
            _ => Ok(None),
        }
    }

    /// Whether a value is zero whatever the inputs are: constants, and those that are made
    /// as large as an input needs them.
    ///
    /// # Errors
    /// As of [`Constants::value`].
    pub fn is_zero(&self, name: &str) -> Result<bool, String> {
        self.is_zero_within(name, DEPTH)
    }

    fn is_zero_within(&self, name: &str, depth: usize) -> Result<bool, String> {
        if let Some(array) = self.value(name)? {
            return Ok(array.data.iter().all(|&value| value == 0.0));
        }
        let (Some(node), Some(depth)) = (self.producer(name), depth.checked_sub(1)) else {
            return Ok(false);
        };
        match node.op_type.as_str() {
            "ConstantOfShape" => match node.attribute("value").and_then(|value| value.t.as_ref()) {
                Some(tensor) => {
                    let array = self.array(name, tensor)?;
                    Ok(array.data.iter().all(|&value| value == 0.0))
                }
                None => Ok(true),
            },
            "Expand" | "Tile" | "Identity" | "Cast" | "Slice" | "Unsqueeze" | "Squeeze"
            | "Reshape" | "Transpose" | "Gather" => match node.input(0) {
                Some(name) => self.is_zero_within(name, depth),
                None => Ok(false),
            },
            "Concat" => {
                for name in &node.input {
                    if !self.is_zero_within(name, depth)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn array(&self, name: &str, tensor: &OnnxTensor) -> Result<Array, String> {
        let cut = || format!("{name} is cut off; export the model again");
        let number = match tensor.data_type {
            1 => NumberType::F32,
            6 => NumberType::I32,
            7 => NumberType::I64,
            10 => NumberType::F16,
            11 => NumberType::F64,
            16 => NumberType::Bf16,
            other => {
                return Err(format!(
                    "{name} holds numbers of ONNX type {other}, expected float, float16, bfloat16 or double; export the model in float32"
                ));
            }
        };
        let axes = tensor.dims.iter().map(|&axis| usize::try_from(axis).ok());
        let shape = axes.collect::<Option<Vec<usize>>>().ok_or_else(cut)?;
        if tensor.data_location == 1 {
            let bytes = self.external(name, tensor)?;
            return Array::from_bytes(shape, number, &bytes).ok_or_else(cut);
        }
        let listed: Vec<u8> = match number {
            NumberType::F32 => bytes(&tensor.float_data, |x| x.to_le_bytes()),
            NumberType::F64 => bytes(&tensor.double_data, |x| x.to_le_bytes()),
            NumberType::I64 => bytes(&tensor.int64_data, |x| x.to_le_bytes()),
            NumberType::I32 => bytes(&tensor.int32_data, |x| x.to_le_bytes()),
            // a half in the lower bits of each number
            NumberType::F16 | NumberType::Bf16 => {
                bytes(&tensor.int32_data, |x| (x as u16).to_le_bytes())
            }
        };
        let bytes = if tensor.raw_data.is_empty() {
            &listed
        } else {
            &tensor.raw_data
        };
        Array::from_bytes(shape, number, bytes).ok_or_else(cut)
    }

    /// Numbers that lie in a file beside the model.
    fn external(&self, name: &str, tensor: &OnnxTensor) -> Result<Vec<u8>, String> {
        let entry = |key: &str| {
            let found = tensor.external_data.iter().find(|entry| entry.key == key);
            found.map(|entry| entry.value.as_str())
        };
        let problem = |what: &dyn std::fmt::Display| {
            format!(
                "{name} is in another file: {what}; export the model into one file, or copy both"
            )
        };
        let location = Path::new(entry("location").unwrap_or_default());
        let is_beside = location
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_beside || location.as_os_str().is_empty() {
            return Err(problem(&"it is not beside the model"));
        }
        let all = std::fs::read(self.folder.join(location))
            .map_err(|e| problem(&format_args!("{}: {e}", location.display())))?;
        let number = |key: &str, usual: usize| match entry(key) {
            Some(text) => text.parse().map_err(|_| problem(&"a bad offset")),
            None => Ok(usual),
        };
        let offset: usize = number("offset", 0)?;
        let rest = all.get(offset..).ok_or_else(|| problem(&"cut off"))?;
        let length = number("length", rest.len())?;
        let found = rest.get(..length).ok_or_else(|| problem(&"cut off"))?;
        Ok(found.to_vec())
    }
}

fn bytes<T: Copy, const N: usize>(numbers: &[T], each: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    numbers.iter().flat_map(|&number| each(number)).collect()
}

/// A `Constant` of one number or a list.
fn given_number(node: &OnnxNode) -> Option<Array> {
    let list = |data: Vec<f32>| Array {
        shape: vec![data.len()],
        data,
    };
    let one = |value: f32| Array {
        shape: Vec::new(),
        data: vec![value],
    };
    node.attribute
        .iter()
        .find_map(|given| match given.name.as_str() {
            "value_float" => Some(one(given.f)),
            "value_int" => Some(one(given.i as f32)),
            "value_floats" => Some(list(given.floats.clone())),
            "value_ints" => Some(list(given.ints.iter().map(|&i| i as f32).collect())),
            _ => None,
        })
}

/// The same numbers in one row: whoever needs them in another shape knows it.
fn flat(array: Array) -> Array {
    Array {
        shape: vec![array.data.len()],
        ..array
    }
}

//! The messages of an ONNX file, as far as an LSTM needs them: the fields' numbers are those
//! of `onnx.proto`, and what is not named here is passed over.

use prost::Message;

/// `ModelProto`.
#[derive(Clone, PartialEq, Message)]
pub struct OnnxModel {
    #[prost(message, optional, tag = "7")]
    pub graph: Option<OnnxGraph>,
}

/// `GraphProto`.
#[derive(Clone, PartialEq, Message)]
pub struct OnnxGraph {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<OnnxNode>,
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<OnnxTensor>,
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<OnnxValue>,
}

/// `NodeProto`.
#[derive(Clone, PartialEq, Message)]
pub struct OnnxNode {
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(string, tag = "4")]
    pub op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<OnnxAttribute>,
}

/// `AttributeProto`.
#[derive(Clone, PartialEq, Message)]
pub struct OnnxAttribute {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(float, tag = "2")]
    pub f: f32,
    #[prost(int64, tag = "3")]
    pub i: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub s: Vec<u8>,
    #[prost(message, optional, tag = "5")]
    pub t: Option<OnnxTensor>,
    #[prost(float, repeated, tag = "7")]
    pub floats: Vec<f32>,
    #[prost(int64, repeated, tag = "8")]
    pub ints: Vec<i64>,
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub strings: Vec<Vec<u8>>,
}

/// `TensorProto`.
#[derive(Clone, PartialEq, Message)]
pub struct OnnxTensor {
    #[prost(int64, repeated, tag = "1")]
    pub dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    #[prost(float, repeated, tag = "4")]
    pub float_data: Vec<f32>,
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    pub name: String,
    #[prost(bytes = "vec", tag = "9")]
    pub raw_data: Vec<u8>,
    #[prost(double, repeated, tag = "10")]
    pub double_data: Vec<f64>,
    #[prost(message, repeated, tag = "13")]
    pub external_data: Vec<OnnxEntry>,
    #[prost(int32, tag = "14")]
    pub data_location: i32,
}

/// `StringStringEntryProto`.
#[derive(Clone, PartialEq, Message)]
pub struct OnnxEntry {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

/// `ValueInfoProto`.
#[derive(Clone, PartialEq, Message)]
pub struct OnnxValue {
    #[prost(string, tag = "1")]
    pub name: String,
}

impl OnnxNode {
    /// How it is named in messages.
    pub fn shown(&self) -> String {
        if self.name.is_empty() {
            format!("the {} before `{}`", self.op_type, self.output.join(", "))
        } else {
            format!("the {} `{}`", self.op_type, self.name)
        }
    }

    /// An input, if it is there.
    pub fn input(&self, index: usize) -> Option<&str> {
        let name = self.input.get(index).map(String::as_str);
        name.filter(|name| !name.is_empty())
    }

    /// An attribute, if it is given.
    pub fn attribute(&self, name: &str) -> Option<&OnnxAttribute> {
        self.attribute.iter().find(|found| found.name == name)
    }

    /// An integer attribute.
    pub fn integer(&self, name: &str, usual: i64) -> i64 {
        self.attribute(name).map_or(usual, |found| found.i)
    }
}

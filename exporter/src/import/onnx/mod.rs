//! Enters: an ONNX file. Leaves: [`DenseNetwork`], found by going back from an output. Next:
//! `prune`.
//!
//! ```text
//! tokens ─▶ Gather ─┐
//!                   ├─▶ LSTM ─▶ … ─▶ LSTM ─▶ MatMul, Add or Gemm ─▶ (Softmax or Sigmoid) ─▶ output
//! samples ──────────┘
//! ```
//!
//! Between these may stand what changes shapes only, and what takes the last step. All else is
//! refused by its name.

mod constants;
mod lstm;
mod proto;

use std::path::Path;

use prost::Message;

use super::array::Array;
use super::named::{NONE, Names};
use super::network::{DenseHead, DenseLayer, DenseNetwork, Finding};
use constants::Constants;
use proto::{OnnxGraph, OnnxModel, OnnxNode};

/// More nodes in a row than any network that a device runs.
const LONGEST_WAY: usize = 10_000;

/// Reads the network of a file that lies in `folder`.
///
/// # Errors
/// The bytes are no ONNX file, or the network is none that a device runs.
pub fn network(bytes: &[u8], folder: &Path, names: &Names) -> Result<DenseNetwork, String> {
    let model = OnnxModel::decode(bytes)
        .map_err(|e| format!("a damaged ONNX file ({e}); export the model again"))?;
    let graph = model
        .graph
        .ok_or("an ONNX file without a graph; export the model again")?;
    if !names.lstm.is_empty() || names.embedding.is_some() || !names.ignore.is_empty() {
        let problem =
            "the graph says itself what its parts are; leave out --lstm, --embedding and --ignore";
        return Err(problem.into());
    }
    Graph {
        graph: &graph,
        constants: Constants::new(&graph, folder),
    }
    .network(names.head.as_deref())
}

/// A graph, and what is known of it.
struct Graph<'g> {
    graph: &'g OnnxGraph,
    constants: Constants<'g>,
}

/// Where a value comes from, changes of its shape left out.
enum Origin<'g> {
    /// An input of the graph.
    Input,
    /// A row of a table for each token.
    Rows { table: Array, finding: Finding },
    /// The hidden states of a layer.
    Layer(&'g OnnxNode),
    /// Something else.
    Other(&'g OnnxNode),
}

/// A linear head and the value that it reads.
struct FoundHead<'g> {
    head: DenseHead,
    findings: Vec<Finding>,
    reads: &'g str,
}

impl<'g> Graph<'g> {
    fn network(&self, named: Option<&str>) -> Result<DenseNetwork, String> {
        let outputs = self.graph.output.iter().map(|output| output.name.as_str());
        let wanted: Vec<&str> = match named {
            None | Some(NONE) => outputs.collect(),
            Some(name) => outputs.filter(|output| *output == name).collect(),
        };
        let mut problems = Vec::new();
        for output in wanted {
            match self.network_before(output, named == Some(NONE)) {
                Ok(network) => return Ok(network),
                Err(problem) => problems.push(problem),
            }
        }
        Err(problems.into_iter().next().unwrap_or_else(|| {
            let known: Vec<&str> = self.graph.output.iter().map(|o| o.name.as_str()).collect();
            format!("no such output; name one of {} by --head", known.join(", "))
        }))
    }

    /// The network that computes an output.
    fn network_before(&self, output: &'g str, headless: bool) -> Result<DenseNetwork, String> {
        let found = match headless {
            true => None,
            false => Some(self.head(output)?),
        };
        let mut value = found.as_ref().map_or(output, |head| head.reads);
        let mut nodes = Vec::new();
        let embedding = loop {
            match self.origin(value)? {
                Origin::Input => break None,
                Origin::Rows { table, finding } => break Some((table, finding)),
                Origin::Layer(node) => {
                    nodes.push(node);
                    value = node.input(0).ok_or("an LSTM without an input")?;
                }
                Origin::Other(node) => return Err(no_place(node)),
            }
        };
        nodes.reverse();
        let (mut layers, mut findings) = (Vec::<DenseLayer>::new(), Vec::new());
        let embedding = embedding.map(|(table, finding)| {
            findings.push(finding);
            table
        });
        for node in nodes {
            let (layer, found) = lstm::layer(node, &self.constants, layers.len() + 1)?;
            layers.push(layer);
            findings.extend(found);
        }
        let hidden = layers
            .last()
            .ok_or_else(|| {
                format!("the output {output} comes from no LSTM; name another by --head")
            })?
            .hidden;
        let head = match found {
            None => DenseHead::identity(hidden),
            Some(FoundHead {
                head,
                findings: own,
                ..
            }) => {
                findings.extend(own);
                head
            }
        };
        if head.weight.len() != head.outputs() * hidden {
            return Err(format!(
                "the head before {output} does not read the {hidden} units of the last LSTM; name another output by --head"
            ));
        }
        Ok(DenseNetwork {
            embedding,
            layers,
            head,
            findings,
        })
    }

    /// The linear layer before an output: `MatMul`, with `Add` behind it or not, or `Gemm`.
    fn head(&self, output: &'g str) -> Result<FoundHead<'g>, String> {
        let mut value = output;
        let mut bias: Option<(String, Array)> = None;
        for _ in 0..LONGEST_WAY {
            let Some(node) = self.constants.producer(value) else {
                break;
            };
            match node.op_type.as_str() {
                // they name the same class: the linear outputs are what a device compares
                "Softmax" | "LogSoftmax" | "Sigmoid" => value = first_input(node)?,
                "Add" if bias.is_none() => {
                    let (own, reads) = self.constant_and_value(node)?;
                    (bias, value) = (Some(own), reads);
                }
                "MatMul" => {
                    let ((name, weight), reads) = self.constant_and_value(node)?;
                    if node.input(0) != Some(reads) {
                        return Err(no_place(node));
                    }
                    let finding = Finding::new("head", &name, &weight);
                    let weight = weight.transposed().ok_or_else(|| no_place(node))?;
                    return head_of(finding, weight, bias, reads);
                }
                "Gemm" => return self.gemm(node, bias),
                _ => match self.through(node)? {
                    Some(before) => value = before,
                    None => break,
                },
            }
        }
        Err(format!(
            "no linear head before the output {output}; name an output by --head, or --head none to have the units of the last LSTM as outputs"
        ))
    }

    fn gemm(
        &self,
        node: &'g OnnxNode,
        added: Option<(String, Array)>,
    ) -> Result<FoundHead<'g>, String> {
        let factor = |name: &str| node.attribute(name).map_or(1.0, |given| given.f);
        let plain =
            factor("alpha") == 1.0 && factor("beta") == 1.0 && node.integer("transA", 0) == 0;
        let (Some(reads), Some(name), true) = (node.input(0), node.input(1), plain) else {
            return Err(no_place(node));
        };
        let weight = self.constants.value(name)?.ok_or_else(|| no_place(node))?;
        let finding = Finding::new("head", name, &weight);
        let weight = match node.integer("transB", 0) {
            0 => weight.transposed(),
            _ => weight.as_matrix().map(|_| weight.clone()),
        };
        let bias = match (node.input(2), added) {
            (Some(_), Some(_)) => return Err(no_place(node)),
            (None, added) => added,
            (Some(name), None) => {
                let bias = self.constants.value(name)?.ok_or_else(|| no_place(node))?;
                Some((name.to_owned(), bias))
            }
        };
        head_of(finding, weight.ok_or_else(|| no_place(node))?, bias, reads)
    }

    /// The constant of two operands by name, and the name of the other one.
    fn constant_and_value(&self, node: &'g OnnxNode) -> Result<((String, Array), &'g str), String> {
        let (Some(a), Some(b)) = (node.input(0), node.input(1)) else {
            return Err(no_place(node));
        };
        for (constant, value) in [(b, a), (a, b)] {
            if let Some(array) = self.constants.value(constant)? {
                return Ok(((constant.to_owned(), array), value));
            }
        }
        Err(no_place(node))
    }

    /// Where a value comes from.
    fn origin(&self, value: &'g str) -> Result<Origin<'g>, String> {
        let mut value = value;
        for _ in 0..LONGEST_WAY {
            let Some(node) = self.constants.producer(value) else {
                return Ok(Origin::Input);
            };
            if node.op_type == "LSTM" {
                if node.output.get(2).is_some_and(|cell| cell == value) {
                    return Err(format!(
                        "the cell state of {} is used, and a device shows the hidden state only; use the hidden state",
                        node.shown()
                    ));
                }
                return Ok(Origin::Layer(node));
            }
            if node.op_type == "Gather"
                && let Some(name) = node.input(0)
                && let Some(table) = self.constants.value(name)?
            {
                if table.as_matrix().is_none() || node.integer("axis", 0) != 0 {
                    return Ok(Origin::Other(node));
                }
                let finding = Finding::new("embedding", name, &table);
                return Ok(Origin::Rows { table, finding });
            }
            match self.through(node)? {
                Some(before) => value = before,
                None => return Ok(Origin::Other(node)),
            }
        }
        Err("a graph that runs in a circle; export the model again".into())
    }

    /// The value before a node that changes shapes only or takes the last step.
    fn through(&self, node: &'g OnnxNode) -> Result<Option<&'g str>, String> {
        let passes = match node.op_type.as_str() {
            "Identity" | "Cast" | "Dropout" | "Squeeze" | "Unsqueeze" | "Transpose" | "Reshape"
            | "Flatten" | "Expand" => true,
            "Gather" | "Slice" => self.takes_the_last(node)?,
            _ => false,
        };
        if passes {
            return first_input(node).map(Some);
        }
        Ok(None)
    }

    /// Whether a `Gather` or `Slice` takes the last step, or the only direction.
    fn takes_the_last(&self, node: &OnnxNode) -> Result<bool, String> {
        let Some(name) = node.input(1) else {
            return Ok(false);
        };
        let start = self.constants.value(name)?;
        let start = start.and_then(|array| array.data.first().copied());
        let of_lstm = node.input(0).and_then(|name| self.constants.producer(name));
        let direction = match of_lstm.filter(|below| below.op_type == "LSTM") {
            Some(below) => 1 + below.integer("layout", 0),
            None => return Ok(start == Some(-1.0)),
        };
        let axis = node.integer("axis", 0);
        let only_direction = node.op_type == "Gather" && start == Some(0.0) && axis == direction;
        Ok(start == Some(-1.0) || only_direction)
    }
}

fn head_of<'g>(
    finding: Finding,
    weight: Array,
    bias: Option<(String, Array)>,
    reads: &'g str,
) -> Result<FoundHead<'g>, String> {
    let outputs = weight.shape.first().copied().unwrap_or(0);
    let mut findings = vec![finding];
    let bias = match bias {
        None => vec![0.0; outputs],
        Some((name, array)) => {
            findings.push(Finding::new("head bias", &name, &array));
            match array.data[..] {
                [one] => vec![one; outputs],
                _ if array.data.len() == outputs => array.data,
                _ => {
                    return Err(format!(
                        "the head's bias {name} is {}, expected [{outputs}]; export the model again",
                        array.shown()
                    ));
                }
            }
        }
    };
    let head = DenseHead {
        weight: weight.data,
        bias,
    };
    Ok(FoundHead {
        head,
        findings,
        reads,
    })
}

fn first_input(node: &OnnxNode) -> Result<&str, String> {
    node.input(0)
        .ok_or_else(|| format!("{} has no input; export the model again", node.shown()))
}

/// What to say to a node that is no part of such a network.
fn no_place(node: &OnnxNode) -> String {
    format!(
        "{} has no place in an embedding, LSTM layers and one linear head, of which the last step counts; export such a model",
        node.shown()
    )
}

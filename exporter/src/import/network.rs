//! Enters: the parts of a network that a reader has found. Leaves: [`DenseNetwork`], the same
//! in the order of the device, checked against what a device runs. Next: `prune` makes the
//! sparse model of it.

use serde::Serialize;
use set_lstm_runtime::gate::Gate;
use set_lstm_runtime::wire::{MAX_LAYERS, MAX_UNITS};

use super::array::{Array, ShownShape};

/// Most outputs of a model file.
const MAX_OUTPUTS: usize = 255;
/// Most tokens of a model file.
const MAX_TOKENS: usize = 0x1_0000;

/// The gates of PyTorch and of Keras in the order of their rows, or columns.
pub const TORCH_GATES: [Gate; Gate::COUNT] =
    [Gate::Input, Gate::Forget, Gate::Candidate, Gate::Output];
/// The gates of ONNX in the order of their rows.
pub const ONNX_GATES: [Gate; Gate::COUNT] =
    [Gate::Input, Gate::Output, Gate::Forget, Gate::Candidate];

/// A network as it was trained elsewhere: every weight.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseNetwork {
    /// A row for every token; absent if the inputs are samples.
    pub embedding: Option<Array>, // [vocabulary x inputs]
    /// The layers, the first one's first.
    pub layers: Vec<DenseLayer>,
    /// What turns the last hidden state into outputs.
    pub head: DenseHead,
    /// Where each part was found.
    pub findings: Vec<Finding>,
}

/// One layer, each matrix row-major and in the order of [`Gate::ALL`].
#[derive(Debug, Clone, PartialEq)]
pub struct DenseLayer {
    /// Length of an input.
    pub inputs: usize,
    /// Hidden units.
    pub hidden: usize,
    /// `W` of each gate.
    pub input: [Vec<f32>; Gate::COUNT], // each [hidden x inputs]
    /// `U` of each gate.
    pub recurrent: [Vec<f32>; Gate::COUNT], // each [hidden x hidden]
    /// Bias of each gate.
    pub bias: [Vec<f32>; Gate::COUNT], // each [hidden]
}

/// The output layer.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseHead {
    /// Weights, row-major.
    pub weight: Vec<f32>, // [outputs x hidden]
    /// A bias an output.
    pub bias: Vec<f32>, // [outputs]
}

/// One part of a network, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub part: String,
    /// What the file calls it.
    pub name: String,
    /// Its shape in the file.
    pub shape: Vec<usize>,
}

impl Finding {
    /// A part and its array.
    pub fn new(part: impl Into<String>, name: &str, array: &Array) -> Self {
        Finding {
            part: part.into(),
            name: name.to_owned(),
            shape: array.shape.clone(),
        }
    }

    /// The shape as people write it.
    pub fn shown_shape(&self) -> String {
        ShownShape(&self.shape).to_string()
    }
}

/// The weights of a layer as a file has them: the four gates below one another.
#[derive(Debug, Clone, Copy)]
pub struct StackedGates<'a> {
    /// Which gate each block is of.
    pub order: [Gate; Gate::COUNT],
    /// The four `W`.
    pub input: &'a [f32], // [4 hidden x inputs]
    /// The four `U`.
    pub recurrent: &'a [f32], // [4 hidden x hidden]
    /// The four biases.
    pub bias: &'a [f32], // [4 hidden]
}

impl DenseLayer {
    /// The blocks in the order of the device.
    ///
    /// # Panics
    /// If the lengths do not fit the sizes.
    pub fn from_stacked(inputs: usize, hidden: usize, stacked: StackedGates<'_>) -> Self {
        let StackedGates {
            order,
            input,
            recurrent,
            bias,
        } = stacked;
        let blocks = |all: &[f32], length: usize| {
            assert_eq!(all.len(), Gate::COUNT * length, "four blocks");
            let mut gates: [Vec<f32>; Gate::COUNT] = Default::default();
            for (gate, block) in order.into_iter().zip(all.chunks_exact(length)) {
                gates[gate.index()] = block.to_vec();
            }
            gates
        };
        DenseLayer {
            inputs,
            hidden,
            input: blocks(input, hidden * inputs),
            recurrent: blocks(recurrent, hidden * hidden),
            bias: blocks(bias, hidden),
        }
    }
}

impl DenseHead {
    /// A head that gives the hidden state itself.
    pub fn identity(hidden: usize) -> Self {
        let one = |k: usize| f32::from(u8::from(k / hidden == k % hidden));
        DenseHead {
            weight: (0..hidden * hidden).map(one).collect(),
            bias: vec![0.0; hidden],
        }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }
}

impl DenseNetwork {
    /// Length of an embedding row, or channels of a sample.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// Units of the last layer.
    pub fn hidden(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.hidden)
    }

    /// Tokens that it knows; 0 if its inputs are samples.
    pub fn vocabulary(&self) -> usize {
        let rows = self.embedding.as_ref().and_then(Array::as_matrix);
        rows.map_or(0, |(rows, _)| rows)
    }

    /// Refuses what a model file does not hold, and layers that do not fit each other.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn check(&self) -> Result<(), String> {
        let layers = self.layers.len();
        if layers == 0 {
            return Err("no LSTM layer; give a file that has one".into());
        }
        if layers > MAX_LAYERS {
            return Err(format!(
                "{layers} LSTM layers where a device runs {MAX_LAYERS} at most; train a flatter network"
            ));
        }
        let mut below = self.inputs();
        for (number, layer) in (1..).zip(&self.layers) {
            if layer.inputs != below {
                return Err(format!(
                    "layer {number} reads {} inputs and the one below has {below} units; name the layers by --lstm in the order in which they run",
                    layer.inputs
                ));
            }
            let sizes = [(layer.hidden, "hidden units"), (layer.inputs, "inputs")];
            for (size, what) in sizes {
                if !(1..=usize::from(MAX_UNITS)).contains(&size) {
                    return Err(format!(
                        "layer {number} has {size} {what} where a device runs 1 to {MAX_UNITS}; train a smaller network"
                    ));
                }
            }
            below = layer.hidden;
        }
        if !(1..=MAX_OUTPUTS).contains(&self.head.outputs()) {
            return Err(format!(
                "{} outputs where a device tells 1 to {MAX_OUTPUTS} apart; train with fewer classes",
                self.head.outputs()
            ));
        }
        if self.embedding.is_some() && self.vocabulary() == 0 {
            return Err("an embedding without rows; give a row to each token".into());
        }
        if self.vocabulary() > MAX_TOKENS {
            return Err(format!(
                "{} tokens where a device knows {MAX_TOKENS} at most; train with a smaller vocabulary",
                self.vocabulary()
            ));
        }
        let weights = (self.layers.iter())
            .flat_map(|layer| {
                layer
                    .input
                    .iter()
                    .chain(&layer.recurrent)
                    .chain(&layer.bias)
            })
            .chain([&self.head.weight, &self.head.bias])
            .chain(self.embedding.iter().map(|embedding| &embedding.data));
        if weights.flatten().any(|weight| !weight.is_finite()) {
            return Err("a weight is not a number; train again with a lower learning rate".into());
        }
        Ok(())
    }

    /// Lets the first layer read inputs that are `1 / factor` times as large as before.
    pub fn scale_inputs(&mut self, factor: f32) {
        if let Some(first) = self.layers.first_mut() {
            let weights = first.input.iter_mut().flatten();
            weights.for_each(|weight| *weight /= factor);
        }
    }

    /// Two outputs as the one that tells their classes apart: the second less the first.
    pub fn join_two_outputs(&mut self) {
        if let [first, second] = self.head.bias[..] {
            let (zero, one) = self.head.weight.split_at(self.head.weight.len() / 2);
            let weight = one.iter().zip(zero).map(|(one, zero)| one - zero).collect();
            self.head = DenseHead {
                weight,
                bias: vec![second - first],
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(inputs: usize, hidden: usize) -> DenseLayer {
        let [input, recurrent, bias] = [hidden * inputs, hidden * hidden, hidden]
            .map(|length| (0..4 * length).map(|k| k as f32).collect::<Vec<f32>>());
        let stacked = StackedGates {
            order: TORCH_GATES,
            input: &input,
            recurrent: &recurrent,
            bias: &bias,
        };
        DenseLayer::from_stacked(inputs, hidden, stacked)
    }

    fn network(layers: Vec<DenseLayer>) -> DenseNetwork {
        let hidden = layers.last().unwrap().hidden;
        DenseNetwork {
            embedding: None,
            layers,
            head: DenseHead::identity(hidden),
            findings: Vec::new(),
        }
    }

    #[test]
    fn blocks_come_into_the_order_of_the_device() {
        let layer = layer(1, 2);
        assert_eq!(layer.bias[Gate::Input.index()], [0.0, 1.0]);
        assert_eq!(layer.bias[Gate::Forget.index()], [2.0, 3.0]);
        assert_eq!(layer.bias[Gate::Candidate.index()], [4.0, 5.0]);
        assert_eq!(
            layer.recurrent[Gate::Output.index()],
            [12.0, 13.0, 14.0, 15.0]
        );
    }

    #[test]
    fn what_a_device_does_not_run_is_refused_by_its_number() {
        let problem = |layers| network(layers).check().unwrap_err();
        assert!(problem(vec![layer(2, 2); 5]).contains("5 LSTM layers"));
        assert!(problem(vec![layer(2, 3), layer(2, 3)]).contains("layer 2 reads 2 inputs"));
        assert!(problem(vec![layer(1025, 1)]).contains("layer 1 has 1025 inputs"));
        let mut broken = network(vec![layer(2, 2)]);
        broken.head.bias[0] = f32::NAN;
        assert!(broken.check().unwrap_err().contains("not a number"));
        assert_eq!(network(vec![layer(2, 3), layer(3, 2)]).check(), Ok(()));
    }

    #[test]
    fn two_outputs_become_their_difference() {
        let mut network = network(vec![layer(1, 2)]);
        network.head = DenseHead {
            weight: vec![1.0, 2.0, 5.0, 7.0],
            bias: vec![0.5, 0.25],
        };
        network.join_two_outputs();
        assert_eq!(network.head.weight, [4.0, 5.0]);
        assert_eq!(network.head.bias, [-0.25]);
    }
}

//! Enters: an `LSTM` node. Leaves: its layer, in the order of the device. Next: `mod` puts it
//! on top of the one below.

use set_lstm_runtime::gate::Gate;

use super::constants::Constants;
use super::proto::OnnxNode;
use crate::import::array::Array;
use crate::import::network::{DenseLayer, Finding, ONNX_GATES, StackedGates};

/// What its inputs are called, in their order (ONNX operator LSTM, since version 14).
const INPUTS: [&str; 8] = [
    "X",
    "W",
    "R",
    "B",
    "sequence_lens",
    "initial_h",
    "initial_c",
    "P",
];

/// The activations of the gates, the candidate and the output, unless others are named.
const ACTIVATIONS: [&str; 3] = ["sigmoid", "tanh", "tanh"];

/// The layer of a node.
///
/// # Errors
/// It does what a device does not, or its weights are no constants of the right shape.
pub fn layer(
    node: &OnnxNode,
    constants: &Constants<'_>,
    number: usize,
) -> Result<(DenseLayer, Vec<Finding>), String> {
    check_attributes(node)?;
    check_inputs(node, constants)?;
    let mut findings = Vec::new();
    let mut weight = |index: usize| -> Result<Option<Array>, String> {
        let Some(name) = node.input(index) else {
            return Ok(None);
        };
        let what = INPUTS[index];
        let array = constants.value(name)?.ok_or_else(|| {
            format!(
                "{what} of {} comes from outside as `{name}`; export the model with its weights as constants",
                node.shown()
            )
        })?;
        findings.push(Finding::new(
            format!("layer {number}, {what}"),
            name,
            &array,
        ));
        Ok(Some(array))
    };
    let missing = || format!("{} has no weights; export the model again", node.shown());
    let input = weight(1)?.ok_or_else(missing)?;
    let recurrent = weight(2)?.ok_or_else(missing)?;
    let bias = weight(3)?;
    let hidden = match recurrent.shape[..] {
        [1, _, hidden] => hidden,
        _ => usize::try_from(node.integer("hidden_size", 0)).unwrap_or(0),
    };
    let rows = Gate::COUNT.saturating_mul(hidden);
    let inputs = input.data.len() / rows.max(1);
    let whole = hidden > 0
        && inputs > 0
        && input.data.len() == rows * inputs
        && rows.checked_mul(hidden) == Some(recurrent.data.len())
        && bias.as_ref().is_none_or(|bias| bias.data.len() == 2 * rows);
    if !whole {
        return Err(format!(
            "W of {} is {}, R is {}, expected [1, 4 x units, inputs] and [1, 4 x units, units]; export the model again",
            node.shown(),
            input.shown(),
            recurrent.shown()
        ));
    }
    let bias = match bias {
        None => vec![0.0; rows],
        // of W, then of R
        Some(both) => {
            let (of_input, of_state) = both.data.split_at(rows);
            of_input.iter().zip(of_state).map(|(a, b)| a + b).collect()
        }
    };
    let stacked = StackedGates {
        order: ONNX_GATES,
        input: &input.data,
        recurrent: &recurrent.data,
        bias: &bias,
    };
    Ok((DenseLayer::from_stacked(inputs, hidden, stacked), findings))
}

fn check_attributes(node: &OnnxNode) -> Result<(), String> {
    let refuse = |what: &str, instead: &str| {
        Err(format!(
            "{} {what}, which a device does not do; {instead}",
            node.shown()
        ))
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
    if let Some(direction) = node.attribute("direction") {
        match text(&direction.s).as_str() {
            "forward" => {}
            "reverse" => return refuse("runs in reverse", "train one that runs forward"),
            other => {
                return refuse(&format!("is {other}"), "train one that runs forward");
            }
        }
    }
    if node.attribute("clip").is_some() {
        return refuse("has clip, a clipping of its sums", "train without it");
    }
    if node.integer("input_forget", 0) != 0 {
        return refuse("has input_forget, one gate for both", "train without it");
    }
    if let Some(given) = node.attribute("activations") {
        let names: Vec<String> = given.strings.iter().map(|name| text(name)).collect();
        if names != ACTIVATIONS {
            return refuse(
                &format!("has the activations {}", names.join(", ")),
                "train with sigmoid, tanh and tanh",
            );
        }
    }
    Ok(())
}

fn check_inputs(node: &OnnxNode, constants: &Constants<'_>) -> Result<(), String> {
    let refuse = |index: usize, what: &str, instead: &str| {
        Err(format!(
            "{} has {}, {what}; {instead}",
            node.shown(),
            INPUTS[index]
        ))
    };
    if let Some(name) = node.input(7)
        && !constants.is_zero(name)?
    {
        let what = "peepholes from the cell state to the gates, which a device does not run";
        return refuse(7, what, "train without peepholes");
    }
    if node.input(4).is_some() {
        let what = "lengths of sequences in a batch, and a device runs one sequence";
        return refuse(4, what, "export the model without them");
    }
    for index in [5, 6] {
        if let Some(name) = node.input(index)
            && !constants.is_zero(name)?
        {
            let what = "a state at the start that is not zero, and a device starts at zero";
            return refuse(index, what, "export the model without it");
        }
    }
    Ok(())
}

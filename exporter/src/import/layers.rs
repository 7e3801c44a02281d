//! Enters: the arrays of one LSTM of PyTorch. Leaves: its layers. Next: `named` sets them
//! between embedding and head.

use set_lstm_runtime::gate::Gate;

use super::array::{Array, Unused};
use super::network::{DenseLayer, Finding, StackedGates, TORCH_GATES};

/// How the names of `W` begin, behind their prefix.
const INPUT: &str = "weight_ih";

/// The prefixes of all LSTMs, in the order of their names.
pub fn prefixes<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = names
        .filter_map(|name| name.rsplit_once(INPUT))
        .map(|(prefix, _)| prefix.to_owned())
        .collect();
    all.sort();
    all.dedup();
    all
}

/// The prefix that a person means, a dot at its end or not.
pub fn matching<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Result<String, String> {
    let known = prefixes(names);
    let dotted = format!("{wanted}.");
    let found = known
        .iter()
        .find(|prefix| [wanted, dotted.as_str()].contains(&prefix.as_str()));
    found
        .cloned()
        .ok_or_else(|| format!("no LSTM under `{wanted}`; there are {}", known.join(", ")))
}

/// Ends of the names of a prefix's layers, `_l0` and so on; empty for an `LSTMCell`.
///
/// # Errors
/// Layers that run backwards, or project their state.
pub fn suffixes<'a>(
    names: impl Iterator<Item = &'a str>,
    prefix: &str,
) -> Result<Vec<String>, String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for name in names {
        let Some(rest) = name.strip_prefix(prefix) else {
            continue;
        };
        if rest.ends_with("_reverse") {
            return Err(format!(
                "{name} is of a bidirectional LSTM, which needs the end of a sequence first; train one that runs forward"
            ));
        }
        if rest.starts_with("weight_hr") {
            return Err(format!(
                "{name} is a projection of the hidden state, which a device does not run; train with proj_size=0"
            ));
        }
        let Some(suffix) = rest.strip_prefix(INPUT) else {
            continue;
        };
        let number = match suffix.strip_prefix("_l") {
            _ if suffix.is_empty() => 0,
            Some(number) => number.parse().map_err(|_| not_a_layer(name))?,
            None => return Err(not_a_layer(name)),
        };
        found.push((number, suffix.to_owned()));
    }
    found.sort();
    Ok(found.into_iter().map(|(_, suffix)| suffix).collect())
}

fn not_a_layer(name: &str) -> String {
    format!("{name} is no layer of torch.nn.LSTM; name what may be left out by --ignore")
}

/// One layer, taken out of the file.
///
/// # Errors
/// A part is missing or has another shape, or it is of a GRU or of a plain network.
pub fn layer(
    file: &mut Unused<'_>,
    prefix: &str,
    suffix: &str,
    number: usize,
) -> Result<(DenseLayer, Vec<Finding>), String> {
    let mut findings = Vec::new();
    let mut take = |part: &str| {
        let name = format!("{prefix}{part}{suffix}");
        let array = file.take(&name);
        if let Some(array) = array {
            findings.push(Finding::new(format!("layer {number}"), &name, array));
        }
        (name, array)
    };
    let [(input_name, input), (recurrent_name, recurrent)] = [INPUT, "weight_hh"].map(&mut take);
    let biases = ["bias_ih", "bias_hh"].map(take);
    let (Some(input), Some(recurrent)) = (input, recurrent) else {
        let missing = if input.is_none() {
            input_name
        } else {
            recurrent_name
        };
        return Err(format!("{missing} is missing; save the whole state_dict"));
    };
    let (rows, hidden) = (recurrent.as_matrix())
        .filter(|&(_, hidden)| hidden > 0)
        .ok_or_else(|| expected(&recurrent_name, recurrent, "[4 x units, units]"))?;
    if rows / Gate::COUNT != hidden || rows % Gate::COUNT != 0 {
        return Err(match rows / hidden {
            3 if rows % hidden == 0 => format!(
                "{recurrent_name} has three gates: a GRU, which a device does not run; train an LSTM"
            ),
            1 if rows % hidden == 0 => {
                format!("{recurrent_name} has no gates: a plain recurrent network; train an LSTM")
            }
            _ => expected(&recurrent_name, recurrent, "[4 x units, units]"),
        });
    }
    let inputs = match input.as_matrix() {
        Some((found, inputs)) if found == rows && inputs > 0 => inputs,
        _ => return Err(expected(&input_name, input, &format!("[{rows}, inputs]"))),
    };
    let mut bias = vec![0.0; rows];
    for (name, found) in biases {
        let Some(found) = found else { continue };
        if found.shape != [rows] {
            return Err(expected(&name, found, &format!("[{rows}]")));
        }
        bias.iter_mut()
            .zip(&found.data)
            .for_each(|(sum, b)| *sum += b);
    }
    let stacked = StackedGates {
        order: TORCH_GATES,
        input: &input.data,
        recurrent: &recurrent.data,
        bias: &bias,
    };
    Ok((DenseLayer::from_stacked(inputs, hidden, stacked), findings))
}

fn expected(name: &str, array: &Array, shape: &str) -> String {
    format!(
        "{name} is {}, expected {shape}; save the state_dict of an LSTM",
        array.shown()
    )
}

/// What to say where there is no LSTM at all.
pub fn no_layer<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = names.collect();
    let gates = Gate::ALL.len();
    format!(
        "no LSTM layer: expected weight_ih_l0 and weight_hh_l0 of {gates} gates, found {}; save the state_dict of an LSTM",
        if known.is_empty() {
            "no arrays".into()
        } else {
            known.join(", ")
        }
    )
}

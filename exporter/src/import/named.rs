//! Enters: the arrays of a PyTorch module by name. Leaves: [`DenseNetwork`]: its embedding,
//! LSTM layers and head, found by name and shape. Next: `prune`.
//!
//! | array | what it is | found by |
//! |---|---|---|
//! | `P weight_ih_lK`, `weight_hh_lK` | `W` and `U` of layer `K`, gates `i f g o` | their names; `P` by `--lstm` |
//! | `P bias_ih_lK`, `bias_hh_lK` | two biases, added | their names |
//! | `weight_ih` and so on | an `LSTMCell`: one layer | the same |
//! | `E` | embedding | `emb` in the name and the width of the first layer, or `--embedding` |
//! | `H weight`, `H bias` | head | the width of the last layer, or `--head` |
//!
//! Nothing is left out silently: an array that has no place is an error, unless `--ignore`
//! names it.

use std::collections::BTreeSet;

use super::array::{Array, NamedArrays, Unused};
use super::layers::{self, layer};
use super::network::{DenseHead, DenseLayer, DenseNetwork, Finding};

/// What stands for a part that is not there.
pub const NONE: &str = "none";

/// Names that a person gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Prefixes of the LSTM layers, in the order in which they run; found by name if empty.
    pub lstm: Vec<String>,
    /// The embedding's array, or [`NONE`].
    pub embedding: Option<String>,
    /// The head's array or its prefix, or [`NONE`].
    pub head: Option<String>,
    /// Beginnings of names that have no part in it.
    pub ignore: Vec<String>,
}

/// Finds the network.
///
/// # Errors
/// A part is missing, has another shape, is of a kind that a device does not run, or could be
/// one of several; arrays that have no place.
pub fn network(arrays: &NamedArrays, names: &Names) -> Result<DenseNetwork, String> {
    let mut file = Unused::new(arrays, &names.ignore);
    let layers = lstm_layers(&mut file, names)?;
    let (Some((first, _)), Some((last, _))) = (layers.first(), layers.last()) else {
        return Err(layers::no_layer(file.names()));
    };
    let (inputs, hidden) = (first.inputs, last.hidden);
    let mut findings = Vec::new();
    let embedding = embedding(&mut file, names.embedding.as_deref(), inputs, &mut findings)?;
    let mut own = Vec::new();
    let head = head(&mut file, names.head.as_deref(), hidden, &mut own)?;
    let (layers, of_layers): (Vec<DenseLayer>, Vec<Vec<Finding>>) = layers.into_iter().unzip();
    findings.extend(of_layers.into_iter().flatten());
    findings.extend(own);
    let left: Vec<&str> = file.names().collect();
    if !left.is_empty() {
        return Err(format!(
            "{} has no place in an embedding, LSTM layers and one linear head; name what may be left out by --ignore",
            left.join(", ")
        ));
    }
    Ok(DenseNetwork {
        embedding,
        layers,
        head,
        findings,
    })
}

/// The layers of all prefixes, and where they were found.
fn lstm_layers(
    file: &mut Unused<'_>,
    names: &Names,
) -> Result<Vec<(DenseLayer, Vec<Finding>)>, String> {
    let found = layers::prefixes(file.names());
    let prefixes = if names.lstm.is_empty() {
        if found.len() > 1 {
            let shown: Vec<String> = found.iter().map(|prefix| format!("`{prefix}`")).collect();
            return Err(format!(
                "LSTM layers under {}; name one by --lstm, or several in the order in which they run, with commas between",
                shown.join(" and ")
            ));
        }
        found
    } else {
        names.lstm.clone()
    };
    let mut all = Vec::new();
    for prefix in prefixes {
        let prefix = layers::matching(file.names(), &prefix)?;
        for suffix in layers::suffixes(file.names(), &prefix)? {
            all.push(layer(file, &prefix, &suffix, all.len() + 1)?);
        }
    }
    Ok(all)
}

/// The embedding, if there is one.
fn embedding(
    file: &mut Unused<'_>,
    named: Option<&str>,
    inputs: usize,
    findings: &mut Vec<Finding>,
) -> Result<Option<Array>, String> {
    let name = match named {
        Some(NONE) => return Ok(None),
        Some(name) => whole_name(file, name)?,
        None => {
            let is_embedding = |(name, array): &(&str, &Array)| {
                name.to_lowercase().contains("emb") && array.shape.len() == 2
            };
            let found: Vec<&str> = file.rest().filter(is_embedding).map(|(n, _)| n).collect();
            match found[..] {
                [] => return Ok(None),
                [one] => one.to_owned(),
                _ => {
                    return Err(format!(
                        "{} may each be the embedding; name it by --embedding",
                        found.join(" and ")
                    ));
                }
            }
        }
    };
    let array = file.take(&name).ok_or_else(|| {
        format!("{name} is another part already; name the embedding by --embedding")
    })?;
    if array.as_matrix().is_none_or(|(_, width)| width != inputs) {
        return Err(format!(
            "the embedding {name} is {}, and the first LSTM layer reads {inputs} numbers; name another by --embedding, or none",
            array.shown()
        ));
    }
    findings.push(Finding::new("embedding", &name, array));
    Ok(Some(array.clone()))
}

/// The output layer.
fn head(
    file: &mut Unused<'_>,
    named: Option<&str>,
    hidden: usize,
    findings: &mut Vec<Finding>,
) -> Result<DenseHead, String> {
    let name = match named {
        Some(NONE) => return Ok(DenseHead::identity(hidden)),
        Some(name) => whole_name(file, name)?,
        None => {
            let fits = |(_, array): &(&str, &Array)| {
                array.as_matrix().is_some_and(|(_, width)| width == hidden)
            };
            let found: Vec<&str> = file.rest().filter(fits).map(|(name, _)| name).collect();
            match found[..] {
                [] => {
                    return Err(format!(
                        "no linear layer reads the {hidden} units of the last LSTM layer; name it by --head, or --head none to have the units themselves as outputs"
                    ));
                }
                [one] => one.to_owned(),
                _ => {
                    return Err(format!(
                        "{} may each be the linear head; name it by --head",
                        found.join(" and ")
                    ));
                }
            }
        }
    };
    let weight = file
        .take(&name)
        .ok_or_else(|| format!("{name} is another part already; name the head by --head"))?;
    let outputs = match weight.as_matrix() {
        Some((outputs, width)) if width == hidden => outputs,
        _ => {
            return Err(format!(
                "the head {name} is {}, expected one column for each of {hidden} units; name another by --head",
                weight.shown()
            ));
        }
    };
    findings.push(Finding::new("head", &name, weight));
    let bias_name = match name.strip_suffix("weight") {
        Some(prefix) => format!("{prefix}bias"),
        None => format!("{name}.bias"),
    };
    let bias = match file.take(&bias_name) {
        None => vec![0.0; outputs],
        Some(bias) if bias.shape == [outputs] => {
            findings.push(Finding::new("head bias", &bias_name, bias));
            bias.data.clone()
        }
        Some(bias) => {
            return Err(format!(
                "the head's bias {bias_name} is {}, expected [{outputs}]; name another head by --head",
                bias.shown()
            ));
        }
    };
    Ok(DenseHead {
        weight: weight.data.clone(),
        bias,
    })
}

/// The array that a person means by a name or by all of it but `weight`.
fn whole_name(file: &Unused<'_>, name: &str) -> Result<String, String> {
    let forms = [
        name.to_owned(),
        format!("{name}weight"),
        format!("{name}.weight"),
    ];
    let all: BTreeSet<&str> = file.all_names().collect();
    let found = forms.into_iter().find(|form| all.contains(form.as_str()));
    found.ok_or_else(|| {
        let known: Vec<&str> = all.into_iter().collect();
        format!("no array `{name}`; there are {}", known.join(", "))
    })
}

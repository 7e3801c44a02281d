//! Enters: [`SparseModel`] with what is known about it. Leaves: `model.safetensors`, and the
//! same read back. Next: `run`, in whose folder it lies.

use std::path::Path;

use serde::{Deserialize, Serialize};
use set_lstm_runtime::gate::Gate;
use set_lstm_runtime::wire::{Answer, Task};

use crate::error::Result;
use crate::normalization::Normalization;
use crate::output_scale::OutputScale;
use crate::report::score::Score;
use crate::sparse_model::{LayerView, SparseLayer, SparseMatrix, SparseModel};
use crate::tensors::{self, Tensor, TensorFile};
use crate::train::pooling::Pooling;

const REMEDY: &str = "train the model again, or copy its file again";

/// What a trained model is, beside its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Version of this form.
    pub format: u32,
    /// Names of the classes, by label; of a regression those of its numbers.
    pub classes: Vec<String>,
    /// Tokens that training saw of a document at most, counted from its end.
    pub max_tokens: usize,
    /// Whether nobody gave words to its tokens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_tokens: bool,
    /// What turns raw samples into the model's inputs; absent for texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<Normalization>,
    /// What of the hidden state over time the output layer reads; absent for the last.
    #[serde(default, skip_serializing_if = "Pooling::is_last")]
    pub pooling: Pooling,
    /// What it answers, and when; absent for a class at the end.
    #[serde(default, skip_serializing_if = "Task::is_classification")]
    pub task: Task,
    /// What turns the logits of a regression into its numbers; absent for classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<OutputScale>,
    /// Epoch after which the weights were taken.
    pub epoch: u32,
    /// How well they answer the validation part: `validation_accuracy` or `validation_r2`.
    #[serde(flatten)]
    pub score: Score,
}

impl ModelCard {
    /// The version of models of one layer.
    pub const FORMAT: u32 = 1;
    /// The version of stacks, whose upper layers a reader of the first one would not see.
    pub const STACK_FORMAT: u32 = 2;

    /// The version of a model's form.
    pub fn format_of(model: &SparseModel) -> u32 {
        if model.upper.is_empty() {
            ModelCard::FORMAT
        } else {
            ModelCard::STACK_FORMAT
        }
    }
}

/// Writes a model, atomically.
///
/// # Errors
/// [`crate::error::Error::Io`] if it cannot be written; the old file is then as it was.
pub fn save(path: &Path, card: &ModelCard, model: &SparseModel) -> Result<()> {
    let mut tensors = arrays("embedding", &model.embedding).to_vec();
    for (number, layer) in (1..).zip(model.layers()) {
        let prefix = prefix(number);
        for gate in Gate::ALL {
            let (letter, at) = (gate.letter(), gate.index());
            tensors.extend(arrays(&format!("{prefix}input.{letter}"), &layer.input[at]));
            let recurrent = arrays(&format!("{prefix}recurrent.{letter}"), &layer.recurrent[at]);
            tensors.extend(recurrent);
        }
        for gate in Gate::ALL {
            let bias = Tensor::vector(&layer.bias[gate.index()]);
            tensors.push((format!("{prefix}bias.{}", gate.letter()), bias));
        }
    }
    tensors.push((
        "head.weight".into(),
        Tensor::matrix(&model.head, model.hidden_size()),
    ));
    tensors.push(("head.bias".into(), Tensor::vector(&model.head_bias)));
    let mut hidden = model.layers().map(|layer| layer.hidden_size());
    let sizes = Sizes {
        embedding: model.embedding_size(),
        hidden: hidden.next().unwrap_or(0),
        upper: hidden.collect(),
    };
    tensors::save(path, &(card, sizes), tensors)
}

/// How the names of a layer's arrays begin: nothing for the first.
fn prefix(layer: usize) -> String {
    match layer {
        1 => String::new(),
        _ => format!("layer{layer}."),
    }
}

fn arrays<'a>(name: &str, matrix: &'a SparseMatrix) -> [(String, Tensor<'a>); 3] {
    [
        (
            format!("{name}.row_start"),
            Tensor::vector(&matrix.row_start),
        ),
        (format!("{name}.column"), Tensor::vector(&matrix.column)),
        (format!("{name}.value"), Tensor::vector(&matrix.value)),
    ]
}

/// What the arrays alone do not say.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sizes {
    embedding: usize,
    hidden: usize,
    /// Hidden units of the layers above the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    upper: Vec<usize>,
}

/// Reads what [`save`] wrote.
///
/// # Errors
/// The file cannot be read, is damaged, or has another format.
pub fn load(path: &Path) -> Result<(ModelCard, SparseModel)> {
    let file = TensorFile::read(path, REMEDY)?;
    let (card, sizes): (ModelCard, Sizes) = file.description()?;
    let known = match sizes.upper[..] {
        [] => ModelCard::FORMAT,
        _ => ModelCard::STACK_FORMAT,
    };
    if card.format != known {
        let found = card.format;
        return Err(file.damaged(&format!("format {found} where this program reads {known}")));
    }
    let first = layer(&file, 1, sizes.embedding, sizes.hidden)?;
    let (mut upper, mut below) = (Vec::new(), sizes.hidden);
    for (number, &hidden) in (2..).zip(&sizes.upper) {
        upper.push(layer(&file, number, below, hidden)?);
        below = hidden;
    }
    let embedding_rows = file
        .vector::<u32>("embedding.row_start")?
        .len()
        .saturating_sub(1);
    let model = SparseModel {
        embedding: matrix(&file, "embedding", embedding_rows, sizes.embedding)?,
        input: first.input,
        recurrent: first.recurrent,
        bias: first.bias,
        upper,
        head: file.vector("head.weight")?,
        head_bias: file.vector("head.bias")?,
    };
    let biases_fit = |layer: LayerView<'_>| {
        let hidden = layer.hidden_size();
        layer.bias.iter().all(|bias| bias.len() == hidden)
    };
    let lengths_fit = model.layers().all(biases_fit)
        && model.head.len() == model.hidden_size() * model.head_bias.len()
        && card.classes.len()
            == match card.task.answer {
                Answer::Class => model.classes(),
                Answer::Values => model.logits(),
            }
        && card.statistics.as_ref().is_none_or(|statistics| {
            statistics.channels() == sizes.embedding
                && statistics.factor.len() == sizes.embedding
                && model.embedding.rows == 0
        });
    if lengths_fit {
        Ok((card, model))
    } else {
        Err(file.damaged("arrays of other lengths"))
    }
}

/// One layer.
fn layer(file: &TensorFile, number: usize, inputs: usize, hidden: usize) -> Result<SparseLayer> {
    let prefix = prefix(number);
    let gates = |kind: &str, columns| -> Result<[SparseMatrix; Gate::COUNT]> {
        let [i, g, f, o] = Gate::ALL.map(|gate| {
            let name = format!("{prefix}{kind}.{}", gate.letter());
            matrix(file, &name, hidden, columns)
        });
        Ok([i?, g?, f?, o?])
    };
    let bias = |gate: Gate| file.vector(&format!("{prefix}bias.{}", gate.letter()));
    let [i, g, f, o] = Gate::ALL.map(bias);
    Ok(SparseLayer {
        input: gates("input", inputs)?,
        recurrent: gates("recurrent", hidden)?,
        bias: [i?, g?, f?, o?],
    })
}

/// One matrix, its topology checked.
fn matrix(file: &TensorFile, name: &str, rows: usize, columns: usize) -> Result<SparseMatrix> {
    let row_start: Vec<u32> = file.vector(&format!("{name}.row_start"))?;
    let column: Vec<u16> = file.vector(&format!("{name}.column"))?;
    let value = file.vector(&format!("{name}.value"))?;
    let ends_fit = row_start.first() == Some(&0)
        && row_start.last().map(|&end| end as usize) == Some(column.len());
    let rows_fit = row_start.len() == rows + 1 && row_start.is_sorted();
    if !ends_fit || !rows_fit || value.len() != column.len() {
        return Err(file.damaged(&format!("{name} has arrays of other lengths")));
    }
    let matrix = SparseMatrix {
        rows,
        columns,
        row_start,
        column,
        value,
    };
    for row in 0..rows {
        let (found, _) = matrix.row(row);
        let in_range = found.last().is_none_or(|&last| usize::from(last) < columns);
        if !in_range || !found.is_sorted_by(|a, b| a < b) {
            return Err(file.damaged(&format!("{name} has a bad column in row {row}")));
        }
    }
    Ok(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::parameters::{Parameters, Shape};
    use crate::train::preset::Preset;

    fn small() -> (ModelCard, SparseModel) {
        let options = Preset::Reber.options();
        let shape = Shape {
            vocabulary: 9,
            embedding: options.embedding_size,
            hidden: options.hidden_size,
            logits: 3,
        };
        let scale = options.initial_scale(shape);
        let parameters = Parameters::random(shape, options.densities(), scale, 1);
        let card = ModelCard {
            format: ModelCard::FORMAT,
            classes: ["a", "b", "c"].map(String::from).into(),
            max_tokens: 400,
            only_tokens: false,
            statistics: None,
            pooling: Pooling::Last,
            task: Task::CLASSIFICATION,
            outputs: None,
            epoch: 3,
            score: Score::Accuracy(0.875),
        };
        (card, parameters.to_model(&parameters.value))
    }

    #[test]
    fn a_model_comes_back_and_its_bytes_are_always_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let (card, model) = small();
        save(&path, &card, &model).unwrap();
        assert_eq!(load(&path).unwrap(), (card.clone(), model.clone()));
        let first = std::fs::read(&path).unwrap();
        save(&path, &card, &model).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), first);
    }

    #[test]
    fn a_stack_comes_back_and_says_that_it_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let (mut card, mut model) = small();
        let above = SparseLayer {
            input: model.recurrent.clone(),
            recurrent: model.recurrent.clone(),
            bias: model.bias.clone(),
        };
        model.upper = vec![above.clone(), above];
        card.format = ModelCard::format_of(&model);
        save(&path, &card, &model).unwrap();
        assert_eq!(load(&path).unwrap(), (card.clone(), model.clone()));
        card.format = ModelCard::FORMAT;
        save(&path, &card, &model).unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(
            error.contains("format 1 where this program reads 2"),
            "{error}"
        );
    }

    #[test]
    fn a_newer_format_and_a_bad_topology_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let (mut card, mut model) = small();
        card.format = 2;
        save(&path, &card, &model).unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(
            error.contains("format 2 where this program reads 1; train"),
            "{error}"
        );
        card.format = 1;
        model.input[2].column[0] = 999;
        save(&path, &card, &model).unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(
            error.contains("input.f has a bad column in row 0"),
            "{error}"
        );
    }
}

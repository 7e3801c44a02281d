//! Enters: a model and what is packed beside it. Leaves: nothing, or what does not fit together.
//! Next: `pack` writes.

use super::{PackOptions, Values};
use crate::error::{Error, Result};
use crate::normalization::Normalization;
use crate::output_scale::OutputScale;
use crate::sparse_model::SparseModel;
use set_lstm_runtime::wire::{Answer, MAX_LAYERS, MAX_UNITS};

/// Refuses what does not go into a file, or does not go together.
///
/// # Errors
/// The first thing that does not.
pub(super) fn check(model: &SparseModel, options: &PackOptions<'_>) -> Result<()> {
    let refuse = |problem: String| Err(Error::Options(problem));
    let layers = model.layers().count();
    if layers > MAX_LAYERS {
        return refuse(format!(
            "a file holds {MAX_LAYERS} layers, the model has {layers}; train a flatter one"
        ));
    }
    let hidden = model
        .layers()
        .map(|layer| (layer.hidden_size(), "hidden units"));
    for (size, what) in hidden.chain([(model.embedding_size(), "inputs")]) {
        if !(1..=usize::from(MAX_UNITS)).contains(&size) {
            return refuse(format!(
                "the device runs 1 to {MAX_UNITS} {what}, the model has {size}; train a smaller one"
            ));
        }
    }
    check_inputs(model, options)?;
    if options.values == Values::Int8Delta && (model.channels().is_none() || layers > 1) {
        return refuse(
            "delta stepping is for models of samples with one layer; export without --delta".into(),
        );
    }
    if model.vocabulary_size() > 0x1_0000 {
        let size = model.vocabulary_size();
        return refuse(format!(
            "the device knows 65536 tokens at most, the model has {size}; train with a smaller vocabulary"
        ));
    }
    check_outputs(model, options)?;
    let matrices = model
        .layers()
        .flat_map(|layer| layer.input.iter().chain(layer.recurrent))
        .chain([&model.embedding]);
    let vectors = model
        .layers()
        .flat_map(|layer| layer.bias)
        .chain([&model.head, &model.head_bias]);
    let all = matrices.map(|m| &m.value).chain(vectors).flatten();
    if all.clone().any(|value| !value.is_finite()) {
        return refuse("a weight is not a number; train again with a lower learning rate".into());
    }
    Ok(())
}

/// Names go with classes or numbers, and a scale with numbers.
fn check_outputs(model: &SparseModel, options: &PackOptions<'_>) -> Result<()> {
    let refuse = |problem: String| Err(Error::Options(problem));
    let (what, each, needed) = match options.task.answer {
        Answer::Class => ("classes", "class", model.classes()),
        Answer::Values => ("numbers", "number", model.logits()),
    };
    let lines = |name: &String| name.is_empty() || name.contains(['\n', '\r']);
    if options.classes.len() != needed || options.classes.iter().any(lines) {
        let names = options.classes.len();
        return refuse(format!(
            "{names} {each} names for {needed} {what}; name each {each} in one line"
        ));
    }
    if needed > 255 {
        return refuse(format!(
            "the device answers 255 {what} at most, the model has {needed}; train a smaller one"
        ));
    }
    let problem = match (options.task.answer, options.outputs) {
        (Answer::Class, None) => return Ok(()),
        (Answer::Class, Some(_)) => "a scale of numbers for a model of classes",
        (Answer::Values, None) => "a model of numbers without their scale",
        (Answer::Values, Some(OutputScale { mean, deviation })) => {
            if [mean.len(), deviation.len()] != [needed; 2] {
                "a scale of other numbers than the model has"
            } else if mean.iter().any(|mean| !mean.is_finite())
                || deviation.iter().any(|d| !(d.is_normal() && *d > 0.0))
            {
                "a scale that is no number or not above zero"
            } else {
                return Ok(());
            }
        }
    };
    refuse(format!(
        "{problem}; pack the model with what it was trained with"
    ))
}

/// Words go with tokens, and statistics with samples.
fn check_inputs(model: &SparseModel, options: &PackOptions<'_>) -> Result<()> {
    let problem = match (model.channels(), options.statistics) {
        (None, None) => return Ok(()),
        (None, Some(_)) => "statistics of samples for a model of tokens",
        (Some(_), _) if options.vocabulary.is_some() => "words for a model of samples",
        (Some(_), None) => "a model of samples without their statistics",
        (Some(channels), Some(statistics)) => {
            let Normalization { mean, factor } = statistics;
            if [mean.len(), factor.len()] != [channels; 2] {
                "statistics of other channels than the model has"
            } else if mean.iter().any(|mean| !mean.is_finite())
                || factor.iter().any(|f| !(f.is_finite() && *f >= 0.0))
            {
                "statistics that are not numbers"
            } else {
                return Ok(());
            }
        }
    };
    Err(Error::Options(format!(
        "{problem}; pack the model with what it was trained with"
    )))
}

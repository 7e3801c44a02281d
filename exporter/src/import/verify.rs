//! Enters: a model before anything was pruned, and what its source computed from given inputs.
//! Leaves: [`Verification`], the largest difference. Next: the command prints it, or fails.
//!
//! The file is one of `numpy.savez` with two arrays; the axis of sequences may be absent:
//!
//! | array | samples | tokens |
//! |---|---|---|
//! | `input` | `[sequences, steps, channels]` | `[sequences, steps]` |
//! | `output`, of every step | `[sequences, steps, outputs]` | the same |
//! | `output`, of the last step | `[sequences, outputs]` | the same |
//!
//! Inputs are what the network itself reads, and outputs the linear ones of its head. The
//! model is packed in f32 and run by the device's own engine.

use serde::Serialize;

use super::array::Array;
use super::npy;
use crate::device::{AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::pack::nameless;
use crate::sequences::SequenceSet;
use crate::sparse_model::SparseModel;
use set_lstm_runtime::samples::SAMPLE_LIMIT;

/// How far a model is from its source.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Verification {
    /// Sequences that were run.
    pub sequences: usize,
    /// Steps of all of them.
    pub steps: usize,
    /// Outputs that were compared.
    pub outputs: usize,
    /// The largest difference of any of them.
    pub largest_difference: f32,
    /// What it may be at most.
    pub tolerance: f32,
}

impl Verification {
    /// Whether the model is the same within the tolerance.
    pub fn holds(&self) -> bool {
        self.largest_difference <= self.tolerance
    }
}

/// Inputs, and what the source makes of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    inputs: SequenceSet,
    outputs: Vec<f32>, // [sequences x (steps or 1) x outputs]
    every_step: bool,
}

impl Recorded {
    /// Reads a file of `numpy.savez` for a model of so many channels (`None`: of tokens), with
    /// so many outputs.
    ///
    /// # Errors
    /// An array is missing, or its shape does not fit the model or the other array.
    pub fn read(bytes: &[u8], model: &SparseModel) -> std::result::Result<Recorded, String> {
        let arrays = npy::arrays(bytes)?;
        let named = |wanted: &str| {
            let found = arrays.iter().find(|(name, _)| name == wanted);
            found.map(|(_, array)| array).ok_or_else(|| {
                format!("no array `{wanted}`; write it by numpy.savez(file, input=…, output=…)")
            })
        };
        Recorded::new(named("input")?, named("output")?, model)
    }

    /// The two arrays, if they fit the model and each other.
    ///
    /// # Errors
    /// A shape that does not fit.
    pub fn new(
        input: &Array,
        output: &Array,
        model: &SparseModel,
    ) -> std::result::Result<Recorded, String> {
        let inputs = sequences(input, model)?;
        let (count, steps) = (inputs.len(), inputs.step_count());
        let per_sequence = steps.checked_div(count).unwrap_or(0);
        let logits = model.logits();
        let single = count == 1;
        let every_step = match output.shape[..] {
            [a, b, c] if [a, b, c] == [count, per_sequence, logits] => true,
            [a, b] if single && [a, b] == [per_sequence, logits] => true,
            [a, b] if [a, b] == [count, logits] => false,
            [a] if single && a == logits => false,
            _ => {
                return Err(format!(
                    "output is {}, expected {logits} outputs for each of {count} sequences or of their {per_sequence} steps; put sequences first, then steps",
                    output.shown()
                ));
            }
        };
        Ok(Recorded {
            inputs,
            outputs: output.data.clone(),
            every_step,
        })
    }
}

/// The input array as sequences.
fn sequences(input: &Array, model: &SparseModel) -> std::result::Result<SequenceSet, String> {
    let refuse = |expected: String| {
        Err(format!(
            "input is {}, expected {expected}; put sequences first, then steps",
            input.shown()
        ))
    };
    match model.channels() {
        Some(channels) => {
            let steps = match input.shape[..] {
                [steps, own] | [_, steps, own] if own == channels && !input.data.is_empty() => {
                    steps
                }
                _ => return refuse(format!("[sequences, steps, {channels}]")),
            };
            let mut set = SequenceSet::of_samples(channels);
            let each = input.data.chunks_exact(steps * channels);
            each.for_each(|samples| set.push_samples(samples, 0));
            Ok(set)
        }
        None => {
            let steps = match input.shape[..] {
                [steps] | [_, steps] if !input.data.is_empty() => steps,
                _ => return refuse("[sequences, steps] of tokens".into()),
            };
            let known = 0.0..model.vocabulary_size() as f32;
            let is_token = |&x: &f32| known.contains(&x) && x.fract() == 0.0;
            if let Some(other) = input.data.iter().find(|x| !is_token(x)) {
                return Err(format!(
                    "input holds {other}, and tokens are 0 to {}; record tokens of this vocabulary",
                    model.vocabulary_size().saturating_sub(1)
                ));
            }
            let mut set = SequenceSet::of_tokens();
            for tokens in input.data.chunks_exact(steps) {
                set.push(tokens.iter().map(|&token| token as u16), 0);
            }
            Ok(set)
        }
    }
}

/// Runs the recorded inputs. `factor` is what the model's first layer was made for: samples
/// come to it multiplied by that.
///
/// # Errors
/// The model does not go into a file, or a sample is beyond what a device takes.
pub fn verify(
    model: &SparseModel,
    recorded: &Recorded,
    factor: f32,
    tolerance: f32,
) -> Result<Verification> {
    let Recorded {
        inputs,
        outputs,
        every_step,
    } = recorded;
    let largest = (0..inputs.len())
        .flat_map(|k| inputs.sequence(k).samples().flatten())
        .fold(0.0_f32, |largest, sample| largest.max(sample.abs()));
    if largest * factor > SAMPLE_LIMIT {
        return Err(Error::Options(format!(
            "the recorded input reaches {largest}, and a device holds samples within {}; give the largest by --sample-range",
            SAMPLE_LIMIT / factor
        )));
    }
    let packed = nameless(model, factor)?;
    let device = AnyModel::open(&packed, "the imported model")?;
    let mut state = AnyState::new(&device);
    let mut expected = outputs.chunks_exact(model.logits());
    let (mut largest_difference, mut compared) = (0.0_f32, 0);
    let mut compare = |state: &AnyState| {
        for (found, &wanted) in (state.logits(&device).iter()).zip(expected.next().unwrap_or(&[])) {
            let difference = (found - wanted).abs();
            // what is no number is as far away as can be
            let difference = if difference.is_nan() {
                f32::INFINITY
            } else {
                difference
            };
            largest_difference = largest_difference.max(difference);
            compared += 1;
        }
    };
    for k in 0..inputs.len() {
        if *every_step {
            state.run_each(&device, inputs.sequence(k), &mut compare);
        } else {
            state.run(&device, inputs.sequence(k));
            compare(&state);
        }
    }
    Ok(Verification {
        sequences: inputs.len(),
        steps: inputs.step_count(),
        outputs: compared,
        largest_difference,
        tolerance,
    })
}

//! Enters: a model and labelled sequences. Leaves: [`Evaluation`], how many it gets right.
//! Next: the command line prints it.
//!
//! A trained model in f32 is run by the training kernels; a model file by the runtime
//! itself, so its figures are the device's.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Serialize;
use set_lstm_runtime::{DeltaError, DeltaState, Thresholds};

use crate::device::{AnyModel, AnyState, CAPACITY};
use crate::error::{Error, Result};
use crate::pack::plain;
use crate::sequences::SequenceSet;
use crate::sparse_model::SparseModel;
use crate::train::engine::Engine;
use crate::train::loss::predicted;
use crate::train::parameters::Parameters;
use crate::train::pooling::Pooling;

/// Sequences that the kernels run together.
const BATCH: usize = 64;

/// How a model does on a set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Sequences.
    pub examples: usize,
    /// Sequences whose class was named.
    pub correct: usize,
    /// `correct / examples`.
    pub accuracy: f64,
    /// The mean over classes of `2 TP / (2 TP + FP + FN)`.
    pub macro_f1: f64,
    /// How many of class `[row]` were called `[column]`.
    pub confusion: Vec<Vec<usize>>, // [classes x classes]
}

/// How a model does that is stepped by what changes.
#[derive(Debug, Clone, PartialEq)]
pub struct DeltaEvaluation {
    /// How it does.
    pub evaluation: Evaluation,
    /// Columns of `[U W]` that were read, of all columns in all steps, 0 to 1.
    pub columns_read: f64,
}

impl Evaluation {
    /// Runs a trained model in f32: one layer by the training kernels, several by the runtime.
    ///
    /// # Errors
    /// Of several layers, as of [`Evaluation::of_device`].
    pub fn of_trained(
        model: &SparseModel,
        pooling: Pooling,
        set: &SequenceSet,
        threads: usize,
    ) -> Result<Self> {
        if !model.upper.is_empty() {
            let file = plain(model, 1.0)?;
            let model = AnyModel::open(&file, "the stack in f32")?;
            return Evaluation::of_device(&model, set, threads);
        }
        let parameters = Parameters::from_model(model);
        let mut engine = Engine::new(parameters, BATCH, threads).with_pooling(pooling);
        let logits = engine.infer(set);
        let predictions: Vec<u8> = logits.chunks_exact(model.logits()).map(predicted).collect();
        Ok(Evaluation::new(set, &predictions, model.classes()))
    }

    /// Runs a model file through the runtime, a sequence a thread at a time.
    ///
    /// # Errors
    /// The system has no threads to give.
    pub fn of_device(model: &AnyModel<'_>, set: &SequenceSet, threads: usize) -> Result<Self> {
        let run = |state: &mut AnyState, k| state.run(model, set.sequence(k)).label;
        let predictions: Vec<u8> = pool(threads)?.install(|| {
            (0..set.len())
                .into_par_iter()
                .map_init(|| AnyState::new(model), run)
                .collect()
        });
        Ok(Evaluation::new(set, &predictions, classes(model.logits())))
    }

    /// Runs a model file laid out for delta stepping, by what changes.
    ///
    /// # Errors
    /// The file is not laid out so, the recordings are none, or the system has no threads.
    pub fn of_delta(
        model: &AnyModel<'_>,
        thresholds: Thresholds,
        set: &SequenceSet,
        threads: usize,
    ) -> Result<DeltaEvaluation> {
        let AnyModel::Int8(model) = model else {
            return Err(Error::Options(DeltaError::Layout.to_string()));
        };
        let state = DeltaState::<CAPACITY>::new(model, thresholds)
            .map_err(|problem| Error::Options(problem.to_string()))?;
        let run = |state: &mut Box<DeltaState<CAPACITY>>, k| {
            state.reset();
            let samples = set.sequence(k).samples();
            samples.for_each(|sample| state.step_samples(model, sample));
            (state.classify(model).label, u64::from(state.columns_read()))
        };
        let answers: Vec<(u8, u64)> = pool(threads)?.install(|| {
            (0..set.len())
                .into_par_iter()
                .map_init(|| Box::new(state.clone()), run)
                .collect()
        });
        let predictions: Vec<u8> = answers.iter().map(|&(label, _)| label).collect();
        let columns_read: u64 = answers.iter().map(|&(_, columns)| columns).sum();
        let all = (model.units() * set.step_count()).max(1);
        Ok(DeltaEvaluation {
            evaluation: Evaluation::new(set, &predictions, classes(model.logits())),
            columns_read: columns_read as f64 / all as f64,
        })
    }

    /// Counts predictions against labels.
    pub fn new(set: &SequenceSet, predictions: &[u8], classes: usize) -> Self {
        let mut confusion = vec![vec![0; classes]; classes];
        for (&label, &predicted) in set.labels().iter().zip(predictions) {
            confusion[usize::from(label)][usize::from(predicted)] += 1;
        }
        let correct = (0..classes).map(|class| confusion[class][class]).sum();
        let f1 = |class: usize| {
            let hits = 2 * confusion[class][class];
            let of_class: usize = confusion[class].iter().sum();
            let called: usize = confusion.iter().map(|row| row[class]).sum();
            hits as f64 / (of_class + called).max(1) as f64
        };
        let macro_f1 = (0..classes).map(f1).sum::<f64>() / classes.max(1) as f64;
        let examples = predictions.len();
        let accuracy = correct as f64 / examples.max(1) as f64;
        Evaluation {
            examples,
            correct,
            accuracy,
            macro_f1,
            confusion,
        }
    }
}

fn pool(threads: usize) -> Result<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| {
        Error::Tool(format!(
            "{threads} threads: {e}; ask for fewer by --threads"
        ))
    })
}

/// Classes that so many logits tell apart.
fn classes(logits: usize) -> usize {
    if logits == 1 { 2 } else { logits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_made_by_hand() {
        let mut set = SequenceSet::of_tokens();
        for label in [0, 0, 0, 1, 1, 2] {
            set.push([0], label);
        }
        let evaluation = Evaluation::new(&set, &[0, 0, 1, 1, 0, 2], 3);
        assert_eq!((evaluation.examples, evaluation.correct), (6, 4));
        assert_eq!(evaluation.confusion, [[2, 1, 0], [1, 1, 0], [0, 0, 1]]);
        // F1: 2·2/(3+3), 2·1/(2+2), 2·1/(1+1)
        assert!((evaluation.macro_f1 - (4.0 / 6.0 + 0.5 + 1.0) / 3.0).abs() < 1e-12);
    }
}

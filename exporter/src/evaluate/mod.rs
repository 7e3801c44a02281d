//! Enters: a model and sequences with their targets. Leaves: [`Evaluation`], how well it answers
//! them, and [`warm_up`], after how many steps. Next: the command line prints both.
//!
//! A trained model in f32 is run by the training kernels; a model file by the runtime
//! itself, so its figures are the device's. Numbers are compared in the units of the data.

pub mod classes;
pub mod values;
pub mod warm_up;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Serialize;
use set_lstm_runtime::{Answer, DeltaError, DeltaState, Task, Thresholds};

use crate::device::{AnyModel, AnyState, CAPACITY, task_words};
use crate::error::{Error, Result};
use crate::model_file::ModelCard;
use crate::pack::plain;
use crate::sequences::SequenceSet;
use crate::sparse_model::SparseModel;
use crate::train::engine::Engine;
use crate::train::loss::predicted;
use crate::train::parameters::Parameters;
pub use classes::ClassEvaluation;
pub use values::{OutputEvaluation, ValueEvaluation};

/// Sequences that the kernels run together.
const BATCH: usize = 64;

/// How a model does on a set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Evaluation {
    /// Classes, after the last step or after every one.
    Classes(ClassEvaluation),
    /// Numbers, after the last step or after every one.
    Values(ValueEvaluation),
}

/// How a model does that is stepped by what changes.
#[derive(Debug, Clone, PartialEq)]
pub struct DeltaEvaluation {
    /// How it does.
    pub evaluation: Evaluation,
    /// Columns of `[U W]` that were read, of all columns in all steps, 0 to 1.
    pub columns_read: f64,
}

/// What a model answered, in the order of a set's targets.
#[derive(Debug, Clone, PartialEq)]
enum Answers {
    Classes(Vec<u8>), // [answers]
    Values(Vec<f32>), // [answers x outputs], in the units of the data
}

impl Answers {
    fn none(answer: Answer) -> Self {
        match answer {
            Answer::Class => Answers::Classes(Vec::new()),
            Answer::Values => Answers::Values(Vec::new()),
        }
    }

    fn push(&mut self, class: impl FnOnce() -> u8, numbers: impl IntoIterator<Item = f32>) {
        match self {
            Answers::Classes(classes) => classes.push(class()),
            Answers::Values(values) => values.extend(numbers),
        }
    }

    fn append(mut self, mut more: Self) -> Self {
        match (&mut self, &mut more) {
            (Answers::Classes(all), Answers::Classes(more)) => all.append(more),
            (Answers::Values(all), Answers::Values(more)) => all.append(more),
            _ => unreachable!("one model answers one way"),
        }
        self
    }
}

impl Evaluation {
    /// Runs a trained model in f32: one layer by the training kernels, several by the runtime.
    /// Samples of the set are in the units of training, numbers of its targets in those of
    /// the data.
    ///
    /// # Errors
    /// The set wants other answers; of several layers also as of [`Evaluation::of_device`].
    pub fn of_trained(
        model: &SparseModel,
        card: &ModelCard,
        set: &SequenceSet,
        threads: usize,
    ) -> Result<Self> {
        check(card.task, model.logits(), set)?;
        if !model.upper.is_empty() {
            let file = plain(model, card)?;
            let model = AnyModel::open(&file, "the stack in f32")?;
            return Evaluation::of_device(&model, set, threads);
        }
        let parameters = Parameters::from_model(model);
        let mut engine = Engine::new(parameters, BATCH, threads).with_pooling(card.pooling);
        let mut logits = engine.infer(set);
        let answers = match card.task.answer {
            Answer::Class => {
                Answers::Classes(logits.chunks_exact(model.logits()).map(predicted).collect())
            }
            Answer::Values => {
                if let Some(scale) = &card.outputs {
                    scale.restore(&mut logits);
                }
                Answers::Values(logits)
            }
        };
        let names: Vec<&str> = card.classes.iter().map(String::as_str).collect();
        Ok(Evaluation::new(set, &answers, model.classes(), &names))
    }

    /// Runs a model file through the runtime, a sequence a thread at a time. Samples of the set
    /// are raw, numbers of its targets in the units of the data.
    ///
    /// # Errors
    /// The set wants other answers, or the system has no threads to give.
    pub fn of_device(model: &AnyModel<'_>, set: &SequenceSet, threads: usize) -> Result<Self> {
        let task = model.task();
        check(task, model.logits(), set)?;
        let run = |state: &mut AnyState, k| {
            let mut answers = Answers::none(task.answer);
            let mut take = |state: &AnyState| {
                answers.push(|| state.classify(model).label, state.values(model));
            };
            if task.is_every_step() {
                state.run_each(model, set.sequence(k), take);
            } else {
                state.run(model, set.sequence(k));
                take(state);
            }
            answers
        };
        let answers = pool(threads)?.install(|| {
            let runs = (0..set.len()).into_par_iter();
            let runs = runs.map_init(|| AnyState::new(model), run);
            runs.collect::<Vec<Answers>>()
        });
        Ok(Evaluation::of_file(model, set, answers))
    }

    /// Runs a model file laid out for delta stepping, by what changes.
    ///
    /// # Errors
    /// The file is not laid out so, the set wants other answers, the recordings are none, or the
    /// system has no threads.
    pub fn of_delta(
        model: &AnyModel<'_>,
        thresholds: Thresholds,
        set: &SequenceSet,
        threads: usize,
    ) -> Result<DeltaEvaluation> {
        let task = model.task();
        check(task, model.logits(), set)?;
        let AnyModel::Int8(inner) = model else {
            return Err(Error::Options(DeltaError::Layout.to_string()));
        };
        let state = DeltaState::<CAPACITY>::new(inner, thresholds)
            .map_err(|problem| Error::Options(problem.to_string()))?;
        let run = |state: &mut Box<DeltaState<CAPACITY>>, k| {
            state.reset();
            let mut answers = Answers::none(task.answer);
            let mut take = |state: &DeltaState<CAPACITY>| {
                answers.push(|| state.classify(inner).label, state.values(inner));
            };
            for sample in set.sequence(k).samples() {
                state.step_samples(inner, sample);
                if task.is_every_step() {
                    take(state);
                }
            }
            if !task.is_every_step() {
                take(state);
            }
            (answers, u64::from(state.columns_read()))
        };
        let (answers, columns): (Vec<Answers>, Vec<u64>) = pool(threads)?.install(|| {
            let runs = (0..set.len()).into_par_iter();
            runs.map_init(|| Box::new(state.clone()), run).unzip()
        });
        let all = (inner.units() * set.step_count()).max(1);
        Ok(DeltaEvaluation {
            evaluation: Evaluation::of_file(model, set, answers),
            columns_read: columns.iter().sum::<u64>() as f64 / all as f64,
        })
    }

    fn of_file(model: &AnyModel<'_>, set: &SequenceSet, answers: Vec<Answers>) -> Self {
        let none = Answers::none(model.task().answer);
        let answers = answers.into_iter().fold(none, Answers::append);
        Evaluation::new(set, &answers, classes_of(model.logits()), &model.names())
    }

    fn new(set: &SequenceSet, answers: &Answers, classes: usize, names: &[&str]) -> Self {
        match answers {
            Answers::Classes(found) => {
                Evaluation::Classes(ClassEvaluation::new(set, found, classes))
            }
            Answers::Values(found) => Evaluation::Values(ValueEvaluation::new(set, found, names)),
        }
    }

    /// How it does on classes; `None` of numbers.
    pub fn classes(&self) -> Option<&ClassEvaluation> {
        match self {
            Evaluation::Classes(classes) => Some(classes),
            Evaluation::Values(_) => None,
        }
    }

    /// How it does on numbers; `None` of classes.
    pub fn values(&self) -> Option<&ValueEvaluation> {
        match self {
            Evaluation::Classes(_) => None,
            Evaluation::Values(values) => Some(values),
        }
    }
}

/// Refuses a set that wants other answers than the model gives.
fn check(task: Task, logits: usize, set: &SequenceSet) -> Result<()> {
    let found = set.task();
    if task != found {
        return Err(Error::Options(format!(
            "the model answers {} and the data wants {}; name the data and the columns that it was trained with",
            task_words(task),
            task_words(found)
        )));
    }
    if task.answer == Answer::Values && set.outputs() != logits {
        return Err(Error::Options(format!(
            "the model answers {logits} numbers and the data wants {}; name the columns that it was trained with",
            set.outputs()
        )));
    }
    Ok(())
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
fn classes_of(logits: usize) -> usize {
    if logits == 1 { 2 } else { logits }
}

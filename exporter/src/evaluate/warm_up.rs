//! Enters: a model and sequences. Leaves: [`WarmUp`], how many steps an answer takes to settle,
//! and a state to forget where it began. Next: the command line prints both.
//!
//! **`settled_after`**, of a class at the end: the answer is asked for after every step, and a
//! sequence has settled with the step from which on it does not change any more until the end.
//! What has settled early could have been answered early.
//!
//! **`forgets_after`**, of models of samples: what an application that never resets its state
//! must skip after power-up. Each sequence is run twice, from the zero state and from the state
//! that another sequence left behind, the one before it (before the first, the last). A state has
//! forgotten with the step from which on both answer alike until the end: name the same class, or
//! numbers within 0.05 standard deviations of each other. Where they differ at the last step it
//! has not; these are counted as longer than all others.
//!
//! Both count steps from 1: 1 says that the very first answer holds. Reported are the median and
//! the 95th percentile over the sequences (by nearest rank). At most 500 sequences are looked
//! at, evenly spread, and fewer if they have more than 300,000 steps together.

use rayon::prelude::*;
use serde::Serialize;
use set_lstm_runtime::Answer;

use super::pool;
use crate::device::{AnyModel, AnyState};
use crate::error::Result;
use crate::model_file::ModelCard;
use crate::pack::plain;
use crate::sequences::{Sequence, SequenceSet};
use crate::sparse_model::SparseModel;
use crate::train::loss::predicted;

/// Most sequences that are looked at.
const MOST_SEQUENCES: usize = 500;
/// Most steps of all of them together, about.
const MOST_STEPS: usize = 300_000;
/// How close two numbers are alike, in standard deviations.
const CLOSE: f32 = 0.05;

/// After how many steps a model's answers hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WarmUp {
    /// Sequences looked at.
    pub sequences: usize,
    /// Steps until the answer at the end stands; absent of other answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_after: Option<Percentiles>,
    /// Steps until it does not matter any more where a state began; absent of models of tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgets_after: Option<Percentiles>,
    /// Share of the sequences at whose end it still matters, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub never_forgets: Option<f64>,
}

/// Steps, over sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half of the sequences need no more; `null` if half of them never get there.
    pub median: Option<usize>,
    /// 95 of 100 sequences need no more; `null` if more than 5 never get there.
    pub percentile_95: Option<usize>,
}

impl Percentiles {
    /// Of steps, `None` for never.
    fn of(mut steps: Vec<Option<usize>>) -> Self {
        steps.sort_unstable_by_key(|it| it.unwrap_or(usize::MAX));
        let at = |percent: usize| {
            let rank = (steps.len() * percent).div_ceil(100);
            steps.get(rank.max(1) - 1).copied().flatten()
        };
        Percentiles {
            median: at(50),
            percentile_95: at(95),
        }
    }
}

/// What is compared of one step.
#[derive(Debug, Clone, PartialEq)]
enum StepLook {
    Class(u8),
    Numbers(Vec<f32>), // [outputs], in standard deviations
}

impl StepLook {
    fn of(state: &AnyState, model: &AnyModel<'_>) -> Self {
        match model.task().answer {
            Answer::Class => StepLook::Class(predicted(&state.logits(model))),
            Answer::Values => StepLook::Numbers(state.logits(model)),
        }
    }

    fn is_like(&self, other: &StepLook) -> bool {
        match (self, other) {
            (StepLook::Numbers(a), StepLook::Numbers(b)) => {
                a.iter().zip(b).all(|(a, b)| (a - b).abs() <= CLOSE)
            }
            _ => self == other,
        }
    }
}

impl WarmUp {
    /// Of a trained model in f32, run by the runtime. Samples are in the units of training.
    ///
    /// # Errors
    /// As of [`plain`] and [`WarmUp::of_device`].
    pub fn of_trained(
        model: &SparseModel,
        card: &ModelCard,
        set: &SequenceSet,
        threads: usize,
    ) -> Result<Self> {
        let file = plain(model, card)?;
        let model = AnyModel::open(&file, "the model in f32")?;
        WarmUp::of_device(&model, set, threads)
    }

    /// Of a model file. Samples are raw.
    ///
    /// # Errors
    /// The system has no threads to give.
    pub fn of_device(model: &AnyModel<'_>, set: &SequenceSet, threads: usize) -> Result<Self> {
        let set = looked_at(set);
        let streams = set.channels().is_some();
        let one = |state: &mut AnyState, k: usize| {
            let fresh = moments(model, state, set.sequence(k));
            let settled = agreed(&fresh, |step| step.is_like(&fresh[fresh.len() - 1]));
            let forgot = streams.then(|| {
                let before = set.sequence((k + set.len() - 1) % set.len());
                state.run(model, before);
                let mut fresh = fresh.iter();
                let mut alike = Vec::with_capacity(fresh.len());
                state.go_on(model, set.sequence(k), |state| {
                    let now = StepLook::of(state, model);
                    alike.push(fresh.next().is_some_and(|fresh| fresh.is_like(&now)));
                });
                agreed(&alike, |alike| *alike)
            });
            (settled, forgot)
        };
        let found: Vec<(Option<usize>, Option<Option<usize>>)> = pool(threads)?.install(|| {
            let all = (0..set.len()).into_par_iter();
            all.map_init(|| AnyState::new(model), one).collect()
        });
        let settled = found.iter().map(|(settled, _)| *settled).collect();
        let forgot: Vec<Option<usize>> = found.iter().filter_map(|(_, forgot)| *forgot).collect();
        let never = forgot.iter().filter(|it| it.is_none()).count();
        let share = never as f64 / forgot.len().max(1) as f64;
        Ok(WarmUp {
            sequences: set.len(),
            settled_after: model
                .task()
                .is_classification()
                .then(|| Percentiles::of(settled)),
            forgets_after: streams.then(|| Percentiles::of(forgot)),
            never_forgets: streams.then_some(share),
        })
    }
}

/// At most so many sequences with at most so many steps, evenly spread; none without steps.
fn looked_at(set: &SequenceSet) -> SequenceSet {
    let mut all = set.empty_like();
    for k in (0..set.len()).filter(|&k| !set.sequence(k).is_empty()) {
        all.push_sequence(set.sequence(k), set.target(k));
    }
    let length = all.step_count().div_ceil(all.len().max(1));
    let affordable = (MOST_STEPS / length.max(1)).max(2);
    all.spread(MOST_SEQUENCES.min(affordable))
}

/// The answer after every step, from the zero state.
fn moments(model: &AnyModel<'_>, state: &mut AnyState, sequence: Sequence<'_>) -> Vec<StepLook> {
    let mut moments = Vec::with_capacity(sequence.len());
    state.run_each(model, sequence, |state| {
        moments.push(StepLook::of(state, model));
    });
    moments
}

/// The first step, from 1, from which on all hold; `None` if the last does not.
fn agreed<T>(steps: &[T], holds: impl Fn(&T) -> bool) -> Option<usize> {
    let wrong = steps.iter().rposition(|step| !holds(step));
    let first = wrong.map_or(0, |wrong| wrong + 1);
    (first < steps.len()).then_some(first + 1)
}

#[cfg(test)]
mod tests {
    use set_lstm_runtime::Gate;

    use super::*;
    use crate::pack::nameless;
    use crate::sparse_model::SparseMatrix;

    #[test]
    fn an_answer_holds_from_the_last_change_on() {
        let of = |steps: &[u8]| agreed(steps, |it| *it == 1);
        assert_eq!(of(&[1, 1, 1]), Some(1));
        assert_eq!(of(&[0, 1, 0, 1, 1]), Some(4));
        assert_eq!(of(&[1, 1, 0]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn never_is_longer_than_all() {
        let steps = |never: usize| {
            let some = (1..=20 - never).map(Some);
            Percentiles::of(some.chain(vec![None; never]).collect())
        };
        let (median, percentile_95) = (Some(10), Some(19));
        assert_eq!(
            steps(1),
            Percentiles {
                median,
                percentile_95
            }
        );
        let percentile_95 = None;
        assert_eq!(
            steps(2),
            Percentiles {
                median,
                percentile_95
            }
        );
        assert_eq!(steps(11).median, None);
        assert_eq!(Percentiles::of(vec![]).median, None);
    }

    #[test]
    fn numbers_are_alike_within_a_twentieth_of_a_deviation() {
        let numbers = |x: f32| StepLook::Numbers(vec![0.0, x]);
        assert!(numbers(1.0).is_like(&numbers(1.04)));
        assert!(!numbers(1.0).is_like(&numbers(1.06)));
        assert!(!StepLook::Class(1).is_like(&StepLook::Class(2)));
    }

    /// One unit that adds up the signs of its samples, keeping all of what it had, or nothing;
    /// its answer is the sign of the sum.
    fn sums(forget_bias: f32) -> SparseModel {
        let matrix = |rows, value: &[f32]| SparseMatrix {
            rows,
            columns: 1,
            row_start: [0]
                .into_iter()
                .chain((0..rows).map(|_| value.len() as u32))
                .collect(),
            column: vec![0; value.len()],
            value: value.to_vec(),
        };
        let mut input = Gate::ALL.map(|_| matrix(1, &[]));
        input[Gate::Candidate.index()] = matrix(1, &[10.0]);
        let mut bias = Gate::ALL.map(|_| vec![20.0]);
        bias[Gate::Candidate.index()] = vec![0.0];
        bias[Gate::Forget.index()] = vec![forget_bias];
        SparseModel {
            embedding: matrix(0, &[]),
            input,
            recurrent: Gate::ALL.map(|_| matrix(1, &[])),
            bias,
            upper: Vec::new(),
            head: vec![1.0],
            head_bias: vec![0.0],
        }
    }

    #[test]
    fn what_is_kept_for_ever_is_not_forgotten_and_the_rest_at_once() {
        let mut set = SequenceSet::of_samples(1);
        set.push_samples(&[1.0, 0.0, 0.0], 1);
        set.push_samples(&[-1.0, -1.0, -1.0], 0);
        let of = |forget_bias| {
            let file = nameless(&sums(forget_bias), 1.0).unwrap();
            let model = AnyModel::open(&file, "sums").unwrap();
            WarmUp::of_device(&model, &set, 2).unwrap()
        };
        let at_once = Percentiles {
            median: Some(1),
            percentile_95: Some(1),
        };
        // the first after the second: -3 + 1 is below 0 for good, and alone it is above
        let keeps = of(20.0);
        assert_eq!((keeps.sequences, keeps.settled_after), (2, Some(at_once)));
        assert_eq!(keeps.never_forgets, Some(0.5));
        assert_eq!(keeps.forgets_after.unwrap().percentile_95, None);
        let forgets = of(-20.0);
        assert_eq!(forgets.never_forgets, Some(0.0));
        assert!(
            forgets.forgets_after.unwrap().percentile_95 <= Some(2),
            "{forgets:?}"
        );
    }

    #[test]
    fn long_recordings_are_fewer_and_empty_ones_none() {
        let mut set = SequenceSet::of_samples(1);
        for k in 0..40 {
            set.push_samples(&vec![0.0; 20_000 * (k % 2)], 0);
        }
        assert_eq!(
            (looked_at(&set).len(), looked_at(&set).step_count()),
            (15, 300_000)
        );
        assert!(looked_at(&set.empty_like()).is_empty());
    }
}

//! Enters: the state after any step. Leaves: logits, and a [`Class`] or the numbers of a
//! regression. Next: the application.

use crate::arithmetic::{Arithmetic, Logit};
use crate::model::Model;
use crate::state::State;

/// The answer of a model of classes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Class {
    /// Number of the class; `Model::class_name` knows its name.
    pub label: u8,
    /// By how much the logit of the label leads the next best: with two classes the
    /// log-odds of the label. Never negative.
    pub score: f32,
}

impl<A: Arithmetic, const N: usize, const L: usize> State<A, N, L> {
    /// `head · h + bias`, one logit after the other.
    pub fn logits<'s>(&'s self, model: &'s Model<'_, A, L>) -> impl Iterator<Item = A::Logit> + 's {
        logits(model, self.hidden())
    }

    /// The numbers of a regression after the steps so far, one after the other, in the units of
    /// the data that the model was trained on: `mean + deviation · logit`. None of a model of
    /// classes. [`Model::names`] has their names.
    ///
    /// A model of this kind often answers after every step, as [`Model::task`] says:
    ///
    /// ```
    /// use set_lstm_runtime::{Answer, Int8, Model, Moment, State};
    /// # #[repr(align(4))]
    /// # struct Aligned<T: ?Sized>(T);
    /// # static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("doc/temperature.setl"));
    ///
    /// // counts of a noisy thermometer in, degrees out
    /// let model = Model::<Int8>::from_bytes(&FILE.0)?;
    /// assert_eq!(model.task().answer, Answer::Values);
    /// assert_eq!(model.task().moment, Moment::EveryStep);
    /// assert!(model.names().eq(["degrees"]));
    ///
    /// let mut state = State::<Int8, 4>::new(&model)?;
    /// let mut degrees = 0.0;
    /// for count in [2480, 2530, 2495, 2510, 2505, 2490].repeat(4) {
    ///     state.step_samples(&model, &[count as f32]);
    ///     degrees = state.values(&model).next().unwrap_or_default();
    /// }
    /// assert!((25.3..25.7).contains(&degrees), "{degrees}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// One is infinite if `f32` does not hold it, as of a file whose means and deviations are
    /// near the largest that there are.
    pub fn values<'s>(&'s self, model: &'s Model<'_, A, L>) -> impl Iterator<Item = f32> + 's {
        model.outputs.numbers(self.logits(model))
    }

    /// The class of the sequence so far. One logit: positive is class 1, else class 0.
    /// Several: the largest, and the first of equal ones.
    ///
    /// The logits of a regression are no classes: of such a model this compares deviations of
    /// different numbers, which says nothing. Ask [`Model::task`] where either may come.
    pub fn classify(&self, model: &Model<'_, A, L>) -> Class {
        class(self.logits(model))
    }
}

/// The logits of an `h`.
pub(crate) fn logits<'s, A: Arithmetic, const L: usize>(
    model: &'s Model<'_, A, L>,
    h: &'s [A::Value],
) -> impl Iterator<Item = A::Logit> + 's {
    let rows = model.head_weight.chunks_exact(model.hidden().max(1));
    let layer = model.layers().last();
    rows.zip(model.head_bias)
        .filter_map(move |(row, &bias)| layer.map(|layer| A::logit(row, bias, h, &layer.constants)))
}

/// The class of all logits.
pub(crate) fn class(logits: impl Iterator<Item = impl Logit>) -> Class {
    let mut logits = logits.map(Logit::to_f32).enumerate();
    let (_, first) = logits.next().unwrap_or_default();
    let (mut best, mut second) = ((0, first), f32::NEG_INFINITY);
    for (label, logit) in logits {
        if logit > best.1 {
            (second, best) = (best.1, (label, logit));
        } else {
            second = logit.max(second);
        }
    }
    if second == f32::NEG_INFINITY {
        return Class {
            label: u8::from(first > 0.0),
            score: first.abs(),
        };
    }
    Class {
        label: best.0 as u8,
        score: best.1 - second,
    }
}

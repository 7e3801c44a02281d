//! Enters: logits and what they are to be. Leaves: the loss, its gradient, and whether the
//! largest logit names the class. Next: `chunk` starts the way back with it.
//!
//! | targets | loss of an answer |
//! |---|---|
//! | a class | cross-entropy in nats |
//! | numbers | mean of `(logit - number)²` over the numbers that are known, in deviations |
//!
//! With an answer a step, the loss of a sequence is the mean over the steps whose answer is
//! known; where none is, it is 0.

use crate::target::{Target, UNLABELLED};

/// Loss of one sample, or of one of its answers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SampleLoss {
    /// Cross-entropy in nats, or squared error in squared deviations.
    pub loss: f64,
    /// Answers that name the class; 0 of numbers.
    pub correct: usize,
    /// Answers that are known.
    pub answers: usize,
}

impl SampleLoss {
    /// Adds an answer, whose loss counts `share`.
    pub fn add(&mut self, answer: SampleLoss, share: f64) {
        self.loss += answer.loss * share;
        self.correct += answer.correct;
        self.answers += answer.answers;
    }
}

/// Loss of one answer; `logits` become `∂loss/∂logits`, zeros where the answer is unknown.
///
/// # Panics
/// If the target is of every step: its steps are answered one by one.
pub fn loss_of(logits: &mut [f32], target: Target<'_>, smoothing: f32) -> SampleLoss {
    match target {
        Target::Class(UNLABELLED) => {
            logits.fill(0.0);
            SampleLoss::default()
        }
        Target::Class(class) => cross_entropy(logits, class, smoothing),
        Target::Values(values) => squared_error(logits, values),
        Target::ClassOfSteps(_) | Target::ValuesOfSteps(_) => panic!("one answer at a time"),
    }
}

/// Loss of all answers of one sample, row by row; `logits` become their gradient.
pub fn loss_of_all(
    logits: &mut [f32], // [answers x width]
    width: usize,
    target: Target<'_>,
    smoothing: f32,
) -> SampleLoss {
    let known = known_answers(target, logits.len() / width, width);
    let share = 1.0 / known.max(1) as f64;
    let mut total = SampleLoss::default();
    for (k, row) in logits.chunks_exact_mut(width).enumerate() {
        let answer = loss_of(row, target.of_step(k, width), smoothing);
        row.iter_mut().for_each(|slope| *slope *= share as f32);
        total.add(answer, share);
    }
    total
}

/// How many of so many answers are known.
pub fn known_answers(target: Target<'_>, answers: usize, outputs: usize) -> usize {
    let known = |&step: &usize| target.of_step(step, outputs).is_known();
    (0..answers).filter(known).count()
}

/// Mean squared error of one answer; `logits` become `∂loss/∂logits`. A number that is NaN
/// does not count.
pub fn squared_error(logits: &mut [f32], values: &[f32]) -> SampleLoss {
    let known = values.iter().filter(|value| !value.is_nan()).count();
    let share = 1.0 / known.max(1) as f64;
    let mut loss = 0.0;
    for (z, value) in logits.iter_mut().zip(values) {
        if value.is_nan() {
            *z = 0.0;
            continue;
        }
        let error = f64::from(*z) - f64::from(*value);
        loss += error * error * share;
        *z = (2.0 * error * share) as f32;
    }
    SampleLoss {
        loss,
        correct: 0,
        answers: usize::from(known > 0),
    }
}

/// Cross-entropy of one sample; `logits` become `∂loss/∂logits`.
///
/// One logit: logistic loss of class 1 against class 0. Several: softmax.
/// `smoothing` moves that share of the target evenly onto all classes.
pub fn cross_entropy(logits: &mut [f32], class: u8, smoothing: f32) -> SampleLoss {
    let smoothing = f64::from(smoothing);
    if let [logit] = logits {
        let z = f64::from(*logit);
        let target = f64::from(class) * (1.0 - smoothing) + smoothing / 2.0;
        // log(1 + e^z) - target·z, without overflow
        let loss = z.max(0.0) - target * z + (-z.abs()).exp().ln_1p();
        *logit = (1.0 / (1.0 + (-z).exp()) - target) as f32;
        return SampleLoss {
            loss,
            correct: usize::from((z > 0.0) == (class == 1)),
            answers: 1,
        };
    }
    let best = predicted(logits);
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|&z| f64::from(z - max).exp()).sum();
    let share = smoothing / logits.len() as f64;
    let mut loss = 0.0;
    for (k, z) in logits.iter_mut().enumerate() {
        let target = share
            + if k == class as usize {
                1.0 - smoothing
            } else {
                0.0
            };
        let log_probability = f64::from(*z - max) - total.ln();
        loss -= target * log_probability;
        *z = (log_probability.exp() - target) as f32;
    }
    SampleLoss {
        loss,
        correct: usize::from(best == class),
        answers: 1,
    }
}

/// The class that the logits name: the sign of a single one, else the first largest.
pub fn predicted(logits: &[f32]) -> u8 {
    if let [logit] = logits {
        return u8::from(*logit > 0.0);
    }
    let mut best = 0;
    for k in 1..logits.len() {
        if logits[k] > logits[best] {
            best = k;
        }
    }
    best as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undecided_logit_costs_ln_2() {
        let mut logits = [0.0];
        let loss = cross_entropy(&mut logits, 1, 0.0);
        assert!((loss.loss - std::f64::consts::LN_2).abs() < 1e-12);
        assert_eq!((logits[0], loss.correct, loss.answers), (-0.5, 0, 1));
    }

    #[test]
    fn gradients_are_the_slope_of_the_loss() {
        for (logits, class, smoothing) in [
            (vec![0.7f32], 0u8, 0.1f32),
            (vec![-3.0], 1, 0.0),
            (vec![0.2, -1.0, 2.0], 1, 0.0),
            (vec![0.2, -1.0, 2.0], 2, 0.2),
        ] {
            let mut gradient = logits.clone();
            cross_entropy(&mut gradient, class, smoothing);
            for k in 0..logits.len() {
                let at = |step: f32| {
                    let mut moved = logits.clone();
                    moved[k] += step;
                    cross_entropy(&mut moved, class, smoothing).loss
                };
                let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!(
                    (slope - f64::from(gradient[k])).abs() < 1e-4,
                    "{logits:?} {k}"
                );
            }
        }
    }

    #[test]
    fn numbers_cost_their_squared_error_and_unknown_ones_nothing() {
        let mut logits = [1.5, 7.0, -1.0];
        let loss = squared_error(&mut logits, &[1.0, f32::NAN, 1.0]);
        assert_eq!((loss.loss, loss.answers), ((0.25 + 4.0) / 2.0, 1));
        assert_eq!(logits, [0.5, 0.0, -2.0]);
        let loss = squared_error(&mut logits, &[f32::NAN; 3]);
        assert_eq!((loss, logits), (SampleLoss::default(), [0.0; 3]));
    }

    #[test]
    fn a_sequence_costs_the_mean_of_its_known_steps() {
        let labels = Target::ClassOfSteps(&[UNLABELLED, 1, 0]);
        let mut logits = [9.0, 0.0, 0.0];
        let loss = loss_of_all(&mut logits, 1, labels, 0.0);
        assert!((loss.loss - std::f64::consts::LN_2).abs() < 1e-12);
        assert_eq!((loss.correct, loss.answers), (1, 2));
        assert_eq!(logits, [0.0, -0.25, 0.25]);
        let nobody = Target::ClassOfSteps(&[UNLABELLED]);
        let loss = loss_of_all(&mut [3.0], 1, nobody, 0.0);
        assert_eq!(loss, SampleLoss::default());
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let mut logits = [500.0];
        assert_eq!(cross_entropy(&mut logits, 0, 0.0).loss, 500.0);
        let mut logits = [500.0, -500.0];
        assert_eq!(cross_entropy(&mut logits, 1, 0.0).loss, 1000.0);
    }
}

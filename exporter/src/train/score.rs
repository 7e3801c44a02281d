//! Enters: the engine and the validation part. Leaves: its loss and [`Score`], the figure that
//! people read, and with these the best epoch. Next: `trainer` keeps that epoch's model.
//!
//! Classes are scored by accuracy, and the best epoch is the first of the highest. Numbers are
//! scored by R², the mean over the numbers of `1 - squared error / variance`: 1 is perfect, 0
//! is as good as always to answer the mean. Their best epoch is the first of the lowest loss,
//! which is what training lowers; where every sequence has as many answers, all of one spread,
//! that is the highest R².

use set_lstm_runtime::wire::Answer;

use super::batch::LogitPlaces;
use super::engine::Engine;
use super::loss::loss_of_all;
use crate::report::metrics::EpochMetrics;
use crate::report::score::{Errors, Score, mean_r2};
use crate::sequences::SequenceSet;

/// The epoch whose model is kept: the first of the best.
pub fn best_epoch(metrics: &[EpochMetrics]) -> Option<u32> {
    let best = metrics
        .iter()
        .reduce(|best, next| if next.is_better(best) { next } else { best });
    best.map(|best| best.epoch)
}

/// Mean loss of a set, and its score, with `value` as weights.
pub fn test(engine: &mut Engine, value: &[f32], set: &SequenceSet) -> (f64, Score) {
    let width = engine.parameters().shape.logits;
    let mut logits = engine.infer_with(value, set);
    let score = match set.task().answer {
        Answer::Class => None,
        Answer::Values => Some(Score::R2(r2(&logits, set.values(), width))),
    };
    let places = LogitPlaces::new(set, width, set.task().moment);
    let (mut loss, mut correct, mut answers) = (0.0, 0, 0);
    for index in 0..set.len() {
        let rows = &mut logits[places.of(index as u32)];
        let sample = loss_of_all(rows, width, set.target(index), 0.0);
        loss += sample.loss;
        correct += sample.correct;
        answers += sample.answers;
    }
    let accuracy = || Score::Accuracy(correct as f64 / answers.max(1) as f64);
    (loss / set.len() as f64, score.unwrap_or_else(accuracy))
}

/// The mean over the numbers that change; 0 if none does.
fn r2(answers: &[f32], values: &[f32], outputs: usize) -> f64 {
    let of_output = |output| Errors::of(answers, values, output, outputs).r2();
    mean_r2((0..outputs).map(of_output)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explained_variance_of_two_numbers_with_gaps() {
        let values = [1.0, 5.0, 3.0, f32::NAN, 5.0, 5.0];
        let answers = [2.0, 9.0, 3.0, 7.0, 4.0, 9.0];
        // of the first: errors 1 0 1, variance 4 0 4; the second never changes
        assert!((r2(&answers, &values, 2) - 0.75).abs() < 1e-12);
        assert_eq!(r2(&[], &[], 1), 0.0);
    }
}

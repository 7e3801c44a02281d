//! Enters: the figures of each epoch, from `train`. Leaves: `metrics.csv`, and the same
//! figures read back from it. Next: `curve` draws them, and `train --resume` goes on.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::file;
use crate::output_scale::OutputScale;
use crate::report::score::Score;

/// First line of the file: the fields of [`EpochMetrics`] in their order, with a score of
/// classes and with one of numbers.
const HEADERS: [&str; 2] = [
    "epoch,train_loss,validation_loss,validation_accuracy,learning_rate,\
     tokens_per_second,seconds,cpu_seconds",
    "epoch,train_loss,validation_loss,validation_r2,learning_rate,\
     tokens_per_second,seconds,cpu_seconds",
];

/// What one epoch of training came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Number of the epoch, from 1.
    pub epoch: u32,
    /// Mean loss of the training part: cross-entropy in nats, or squared error in squared
    /// deviations.
    pub train_loss: f64,
    /// Mean loss of the validation part.
    pub validation_loss: f64,
    /// How well the validation part is answered: `validation_accuracy` or `validation_r2`.
    #[serde(flatten)]
    pub score: Score,
    /// Learning rate at the end of the epoch.
    pub learning_rate: f64,
    /// Training speed, without validation.
    pub tokens_per_second: f64,
    /// Duration of the epoch, validation included.
    pub seconds: f64,
    /// Processor time of the epoch, all threads together; 0 where the system does not say.
    pub cpu_seconds: f64,
}

impl EpochMetrics {
    /// Root of the mean squared error of the validation part in the units of the data, every
    /// sequence weighing alike; `None` of classes, and of several numbers, which may have
    /// several units.
    pub fn validation_rmse(&self, outputs: Option<&OutputScale>) -> Option<f64> {
        let [deviation] = outputs?.deviation[..] else {
            return None;
        };
        Some(self.validation_loss.sqrt() * f64::from(deviation))
    }

    /// Whether its model is better than that of an earlier epoch: by accuracy, or of numbers
    /// by the validation loss.
    pub fn is_better(&self, best: &EpochMetrics) -> bool {
        match (self.score, best.score) {
            (Score::R2(_), Score::R2(_)) => self.validation_loss < best.validation_loss,
            (own, best) => own.value() > best.value(),
        }
    }
}

/// Writes the file anew, atomically; the figures come back from [`load`] bit for bit.
///
/// # Errors
///
/// [`Error::Io`] as of [`file::write_atomic`].
pub fn save(path: &Path, epochs: &[EpochMetrics]) -> Result<()> {
    file::write_atomic(path, |out| {
        let of_numbers = epochs
            .first()
            .is_some_and(|it| matches!(it.score, Score::R2(_)));
        writeln!(out, "{}", HEADERS[usize::from(of_numbers)])?;
        epochs.iter().try_for_each(|it| {
            writeln!(
                out,
                "{},{},{},{},{},{},{},{}",
                it.epoch,
                it.train_loss,
                it.validation_loss,
                it.score.value(),
                it.learning_rate,
                it.tokens_per_second,
                it.seconds,
                it.cpu_seconds
            )
        })
    })
}

/// Reads what [`save`] wrote.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be read; [`Error::Data`] with the line that does not have
/// the form.
pub fn load(path: &Path) -> Result<Vec<EpochMetrics>> {
    let text = file::read_text(path)?;
    let mut lines = text.lines().zip(1..);
    let header = lines.next().map_or("", |(line, _)| line);
    let score = match HEADERS.iter().position(|known| *known == header) {
        Some(0) => Score::Accuracy,
        Some(_) => Score::R2,
        None => {
            let [expected, _] = HEADERS;
            let problem = format!("expected `{expected}` in line 1; remove the file or restore it");
            return Err(Error::data(path, problem));
        }
    };
    lines
        .map(|(line, number)| {
            parse(line, score).ok_or_else(|| {
                let problem = "expected an epoch and seven numbers; remove the line or restore it";
                Error::data(path, format!("line {number}: {problem}"))
            })
        })
        .collect()
}

fn parse(line: &str, score: fn(f64) -> Score) -> Option<EpochMetrics> {
    let (epoch, rest) = line.split_once(',')?;
    let numbers: Option<Vec<f64>> = rest.split(',').map(|field| field.parse().ok()).collect();
    let [
        train_loss,
        validation_loss,
        value,
        learning_rate,
        tokens_per_second,
        seconds,
        cpu_seconds,
    ] = numbers?[..]
    else {
        return None;
    };
    Some(EpochMetrics {
        epoch: epoch.parse().ok()?,
        train_loss,
        validation_loss,
        score: score(value),
        learning_rate,
        tokens_per_second,
        seconds,
        cpu_seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> [EpochMetrics; 2] {
        let first = EpochMetrics {
            epoch: 1,
            train_loss: 0.625,
            validation_loss: 0.1 + 0.2,
            score: Score::Accuracy(0.75),
            learning_rate: 0.003,
            tokens_per_second: 500_000.0,
            seconds: 9.5,
            cpu_seconds: 18.5,
        };
        let second = EpochMetrics {
            epoch: 2,
            train_loss: f64::INFINITY,
            ..first
        };
        [first, second]
    }

    #[test]
    fn figures_are_plain_csv_and_come_back_exactly() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        save(&path, &two()).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "epoch,train_loss,validation_loss,validation_accuracy,learning_rate,tokens_per_second,seconds,cpu_seconds\n\
             1,0.625,0.30000000000000004,0.75,0.003,500000,9.5,18.5\n\
             2,inf,0.30000000000000004,0.75,0.003,500000,9.5,18.5\n"
        );
        assert_eq!(load(&path).unwrap(), two());
        let numbers = two().map(|it| EpochMetrics {
            score: Score::R2(0.1 + 0.2),
            ..it
        });
        save(&path, &numbers).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("epoch,train_loss,validation_loss,validation_r2,"),
            "{text}"
        );
        assert_eq!(load(&path).unwrap(), numbers);
        save(&path, &[]).unwrap();
        assert_eq!(load(&path).unwrap(), []);
    }

    #[test]
    fn the_error_of_one_number_has_its_units() {
        let [first, _] = two();
        let epoch = EpochMetrics {
            validation_loss: 0.25,
            ..first
        };
        let scale = |outputs| OutputScale {
            mean: vec![0.0; outputs],
            deviation: vec![6.0; outputs],
        };
        assert_eq!(epoch.validation_rmse(Some(&scale(1))), Some(3.0));
        assert_eq!(epoch.validation_rmse(Some(&scale(2))), None);
        assert_eq!(epoch.validation_rmse(None), None);
    }

    #[test]
    fn a_checkpoint_names_its_score_as_it_always_did() {
        let [first, _] = two();
        let text = serde_json::to_string(&first).unwrap();
        assert!(text.contains("\"validation_accuracy\":0.75,"), "{text}");
        assert_eq!(serde_json::from_str::<EpochMetrics>(&text).unwrap(), first);
        let numbers = EpochMetrics {
            score: Score::R2(-0.5),
            ..first
        };
        let text = serde_json::to_string(&numbers).unwrap();
        assert!(text.contains("\"validation_r2\":-0.5,"), "{text}");
        assert_eq!(
            serde_json::from_str::<EpochMetrics>(&text).unwrap(),
            numbers
        );
    }

    #[test]
    fn a_file_of_another_form_is_refused_with_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let failure = |content: String| {
            std::fs::write(&path, content).unwrap();
            load(&path).unwrap_err().to_string()
        };
        assert!(failure(String::new()).contains("metrics.csv: expected `epoch,train_loss"));
        assert!(failure("epoch\n1\n".into()).contains("in line 1"));
        for row in [
            "1,2,3,4,5,6,7",
            "1,2,3,4,5,6,7,8,9",
            "one,2,3,4,5,6,7,8",
            "1,2,3,4,5,6,7,x",
            "",
        ] {
            let error = failure(format!("{}\n1,2,3,4,5,6,7,8\n{row}\n", HEADERS[0]));
            assert!(
                error.contains("line 3: expected an epoch"),
                "{row}: {error}"
            );
        }
    }
}

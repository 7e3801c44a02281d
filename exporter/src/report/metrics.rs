//! Enters: the figures of each epoch, from `train`. Leaves: `metrics.csv`, and the same
//! figures read back from it. Next: `curve` draws them, and `train --resume` goes on.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::file;

/// First line of the file: the fields of [`EpochMetrics`] in their order.
const HEADER: &str = "epoch,train_loss,validation_loss,validation_accuracy,learning_rate,\
                      tokens_per_second,seconds,cpu_seconds";

/// What one epoch of training came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Number of the epoch, from 1.
    pub epoch: u32,
    /// Mean cross-entropy of the training part, in nats.
    pub train_loss: f64,
    /// Mean cross-entropy of the validation part, in nats.
    pub validation_loss: f64,
    /// Share of the validation part that is classified rightly, 0 to 1.
    pub validation_accuracy: f64,
    /// Learning rate at the end of the epoch.
    pub learning_rate: f64,
    /// Training speed, without validation.
    pub tokens_per_second: f64,
    /// Duration of the epoch, validation included.
    pub seconds: f64,
    /// Processor time of the epoch, all threads together; 0 where the system does not say.
    pub cpu_seconds: f64,
}

/// Writes the file anew, atomically; the figures come back from [`load`] bit for bit.
///
/// # Errors
///
/// [`Error::Io`] as of [`file::write_atomic`].
pub fn save(path: &Path, epochs: &[EpochMetrics]) -> Result<()> {
    file::write_atomic(path, |out| {
        writeln!(out, "{HEADER}")?;
        epochs.iter().try_for_each(|it| {
            writeln!(
                out,
                "{},{},{},{},{},{},{},{}",
                it.epoch,
                it.train_loss,
                it.validation_loss,
                it.validation_accuracy,
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
    if lines.next().map(|(line, _)| line) != Some(HEADER) {
        let problem = format!("expected `{HEADER}` in line 1; remove the file or restore it");
        return Err(Error::data(path, problem));
    }
    lines
        .map(|(line, number)| {
            parse(line).ok_or_else(|| {
                let problem = "expected an epoch and seven numbers; remove the line or restore it";
                Error::data(path, format!("line {number}: {problem}"))
            })
        })
        .collect()
}

fn parse(line: &str) -> Option<EpochMetrics> {
    let (epoch, rest) = line.split_once(',')?;
    let numbers: Option<Vec<f64>> = rest.split(',').map(|field| field.parse().ok()).collect();
    let [
        train_loss,
        validation_loss,
        validation_accuracy,
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
        validation_accuracy,
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
            validation_accuracy: 0.75,
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
        save(&path, &[]).unwrap();
        assert_eq!(load(&path).unwrap(), []);
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
            let error = failure(format!("{HEADER}\n1,2,3,4,5,6,7,8\n{row}\n"));
            assert!(
                error.contains("line 3: expected an epoch"),
                "{row}: {error}"
            );
        }
    }
}

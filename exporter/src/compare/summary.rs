//! Enters: the finished cells of a comparison. Leaves: [`Summary`], a line a method, and the
//! mean curves and matrices for the pictures. Next: the command line prints and saves them.

use serde::Serialize;

use super::grid::Method;
use super::ledger::CellRow;
use crate::report::metrics::EpochMetrics;
use crate::report::table::{Column, Table, bytes, thousands};

/// A mean and its standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of a sample; 0 for one value.
    pub deviation: f64,
}

impl Spread {
    /// Of values; `None` if there is none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let values: Vec<f64> = values.into_iter().collect();
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let square: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Spread {
            mean,
            deviation: (square / (count - 1.0).max(1.0)).sqrt(),
        })
    }
}

/// What a method came to, over its seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Which.
    pub method: Method,
    /// Seeds that are finished.
    pub seeds: usize,
    /// On the test part.
    pub accuracy: Spread,
    /// On the test part.
    pub macro_f1: Spread,
    /// Of the int8 file, on the test part.
    pub int8_accuracy: Option<Spread>,
    /// Mean.
    pub parameters: f64,
    /// Of the fully connected network's; `None` if nothing is known of that.
    pub share_of_dense: Option<f64>,
    /// Mean.
    pub model_bytes: Option<f64>,
    /// Of the firmware.
    pub ram_bytes: Option<u64>,
    /// Of the firmware.
    pub instructions_per_step: Option<u64>,
    /// Mean of all processors together: on a busy machine the clock would tell nothing.
    pub cpu_seconds: f64,
    /// Of the seed that took most.
    pub peak_memory_bytes: Option<u64>,
}

/// A line for each method that has a row, in the order of [`Method::ALL`]. Rows of the plot's
/// other densities are not counted.
pub fn summarize(rows: &[CellRow]) -> Vec<Summary> {
    let dense = rows
        .iter()
        .find(|row| matches!(row.method, Method::Dense) || row.method.is_sparse());
    let dense = dense.map(|row| row.dense_parameters as f64);
    let of = |method| {
        let rows: Vec<&CellRow> = own(rows, method).collect();
        let mean =
            |value: fn(&CellRow) -> Option<f64>| Spread::of(rows.iter().copied().filter_map(value));
        let parameters = mean(|row| Some(row.parameters as f64))?.mean;
        Some(Summary {
            method,
            seeds: rows.len(),
            accuracy: mean(|row| Some(row.accuracy))?,
            macro_f1: mean(|row| Some(row.macro_f1))?,
            int8_accuracy: mean(|row| row.int8_accuracy),
            parameters,
            share_of_dense: dense.map(|dense| parameters / dense),
            model_bytes: mean(|row| row.model_bytes.map(|it| it as f64)).map(|it| it.mean),
            ram_bytes: rows.iter().find_map(|row| row.ram_bytes),
            instructions_per_step: rows.iter().find_map(|row| row.instructions_per_step),
            cpu_seconds: mean(|row| Some(row.cpu_seconds))?.mean,
            peak_memory_bytes: rows.iter().filter_map(|row| row.peak_memory_bytes).max(),
        })
    };
    Method::ALL.into_iter().filter_map(of).collect()
}

/// Rows of a method at the preset's own densities.
pub fn own(rows: &[CellRow], method: Method) -> impl Iterator<Item = &CellRow> {
    rows.iter()
        .filter(move |row| row.method == method && row.percent.is_none())
}

/// For people; a dash where there is no figure.
pub fn table(summaries: &[Summary]) -> Table<11> {
    let mut table = Table::new([
        Column::words("method"),
        Column::numbers("accuracy"),
        Column::numbers("macro F1"),
        Column::numbers("int8 accuracy"),
        Column::numbers("parameters"),
        Column::numbers("of dense"),
        Column::numbers("model"),
        Column::numbers("RAM"),
        Column::numbers("instructions/step"),
        Column::numbers("processor time"),
        Column::numbers("peak memory"),
    ]);
    let dash = || "–".to_owned();
    for it in summaries {
        let percent = |spread: Spread| {
            let (mean, deviation) = (100.0 * spread.mean, 100.0 * spread.deviation);
            match it.seeds {
                1 => format!("{mean:.2} %"),
                _ => format!("{mean:.2} ± {deviation:.2} %"),
            }
        };
        table.row([
            it.method.title().into(),
            percent(it.accuracy),
            percent(it.macro_f1),
            it.int8_accuracy.map_or_else(dash, percent),
            thousands(it.parameters.round() as u64),
            it.share_of_dense
                .map_or_else(dash, |share| format!("{:.2} %", 100.0 * share)),
            it.model_bytes
                .map_or_else(dash, |mean| bytes(mean.round() as u64)),
            it.ram_bytes.map_or_else(dash, bytes),
            it.instructions_per_step.map_or_else(dash, thousands),
            duration(it.cpu_seconds),
            it.peak_memory_bytes.map_or_else(dash, bytes),
        ]);
    }
    table
}

fn duration(seconds: f64) -> String {
    match seconds {
        0.0..10.0 => format!("{seconds:.1} s"),
        _ if seconds < 600.0 => format!("{seconds:.0} s"),
        _ => format!("{:.0} min", seconds / 60.0),
    }
}

/// The mean of several runs, as far as all of them go.
pub fn mean_epochs(runs: &[Vec<EpochMetrics>]) -> Vec<EpochMetrics> {
    let length = runs.iter().map(Vec::len).min().unwrap_or(0);
    let at = |epoch: usize| {
        let mean = |value: fn(&EpochMetrics) -> f64| {
            runs.iter().map(|run| value(&run[epoch])).sum::<f64>() / runs.len() as f64
        };
        EpochMetrics {
            epoch: runs[0][epoch].epoch,
            train_loss: mean(|it| it.train_loss),
            validation_loss: mean(|it| it.validation_loss),
            score: runs[0][epoch].score.with(mean(|it| it.score.value())),
            learning_rate: mean(|it| it.learning_rate),
            tokens_per_second: mean(|it| it.tokens_per_second),
            seconds: mean(|it| it.seconds),
            cpu_seconds: mean(|it| it.cpu_seconds),
        }
    };
    (0..length).map(at).collect()
}

/// All confusion matrices of a method together, as shares of each row.
pub fn mean_confusion(rows: &[CellRow], method: Method) -> Option<Vec<Vec<f64>>> {
    let mut matrices = own(rows, method).filter_map(CellRow::confusion);
    let mut sum = matrices.next()?;
    for matrix in matrices {
        for (row, more) in sum.iter_mut().zip(&matrix) {
            for (cell, more) in row.iter_mut().zip(more) {
                *cell += more;
            }
        }
    }
    let shares = |row: &Vec<u64>| {
        let total = row.iter().sum::<u64>().max(1) as f64;
        row.iter().map(|&count| count as f64 / total).collect()
    };
    Some(sum.iter().map(shares).collect())
}

#[cfg(test)]
mod tests {
    use super::super::ledger::tests::row;
    use super::*;

    #[test]
    fn a_spread_is_that_of_a_sample() {
        let spread = Spread::of([1.0, 2.0, 3.0]).unwrap();
        assert_eq!((spread.mean, spread.deviation), (2.0, 1.0));
        assert_eq!(Spread::of([5.0]).unwrap().deviation, 0.0);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_line_a_method_without_the_other_densities() {
        let mut rows = vec![
            row(Method::Set, 1, 0.8),
            row(Method::Set, 2, 0.9),
            row(Method::Dense, 1, 0.7),
        ];
        rows.push(CellRow {
            percent: Some(4),
            ..row(Method::Set, 1, 0.1)
        });
        let found = summarize(&rows);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].method, found[0].seeds), (Method::Set, 2));
        assert!((found[0].accuracy.mean - 0.85).abs() < 1e-12);
        assert_eq!(found[0].share_of_dense, Some(0.04));
        let text = table(&found).to_string();
        assert!(text.contains("85.00 ± 7.07 %"), "{text}");
        assert!(text.contains("70.00 %"), "{text}");
        let confusion = mean_confusion(&rows, Method::Set).unwrap();
        assert_eq!(confusion[0], [1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0]);
        assert_eq!(mean_confusion(&rows, Method::Static), None);
    }
}

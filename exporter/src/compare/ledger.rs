//! Enters: what finished cells came to. Leaves: [`Ledger`], two files of a results folder that
//! are whole after every cell. Next: `summary` and the pictures, also on another machine.
//!
//! | file | a line is |
//! |---|---|
//! | `<preset>.csv` | a finished cell, [`CellRow`] |
//! | `<preset>-epochs.csv` | an epoch of one, [`EpochRow`] |

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::grid::{Cell, Method};
use crate::error::{Error, Result};
use crate::file;
use crate::report::metrics::EpochMetrics;
use crate::report::score::Score;
use crate::train::parameters::Shape;

/// What a cell came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRow {
    /// What was trained.
    pub method: Method,
    /// Connections in percent of all; the preset's own densities if none.
    pub percent: Option<u8>,
    /// Its seed.
    pub seed: u64,
    /// On the test part, in f32.
    pub accuracy: f64,
    /// On the test part, in f32.
    pub macro_f1: f64,
    /// What chose the epoch, or the penalty.
    pub validation_accuracy: f64,
    /// Parameters that exist.
    pub parameters: u64,
    /// Parameters of the fully connected counterpart of the same sizes.
    pub dense_parameters: u64,
    /// Of the int8 file; of a fully connected network, by [`plain_bytes`](super::sizes::plain_bytes).
    pub model_bytes: Option<u64>,
    /// Of the int8 file, on the test part.
    pub int8_accuracy: Option<f64>,
    /// Of the firmware.
    pub ram_bytes: Option<u64>,
    /// Of the firmware, a step.
    pub instructions_per_step: Option<u64>,
    /// Epochs done.
    pub epochs: u32,
    /// Epoch that was kept.
    pub best_epoch: u32,
    /// All epochs.
    pub training_seconds: f64,
    /// Processor time of all epochs.
    pub cpu_seconds: f64,
    /// Of the process that trained.
    pub peak_memory_bytes: Option<u64>,
    /// Tokens of the vocabulary; 0 for recordings.
    pub vocabulary: usize,
    /// Length of an embedding row, or channels.
    pub embedding: usize,
    /// Hidden units.
    pub hidden: usize,
    /// The table of words in a file.
    pub word_bytes: u64,
    /// Names of the classes, a `|` between them.
    pub classes: String,
    /// Rows of the confusion matrix with a `/` between them.
    pub confusion: String,
    /// Of the options.
    pub fingerprint: String,
    /// Of the program.
    pub version: String,
    /// When.
    pub date: String,
    /// Where.
    pub machine: String,
}

impl CellRow {
    /// Which cell.
    pub fn cell(&self) -> Cell {
        Cell {
            method: self.method,
            percent: self.percent,
            seed: self.seed,
        }
    }

    /// Sizes of the network.
    pub fn shape(&self) -> Shape {
        Shape {
            vocabulary: self.vocabulary,
            embedding: self.embedding,
            hidden: self.hidden,
            logits: match self.class_names().count() {
                2 => 1,
                classes => classes,
            },
        }
    }

    /// Names of the classes.
    pub fn class_names(&self) -> impl Iterator<Item = &str> {
        self.classes.split('|')
    }

    /// The confusion matrix; `None` if the text is none.
    pub fn confusion(&self) -> Option<Vec<Vec<u64>>> {
        let numbers = |row: &str| row.split(' ').map(|n| n.parse().ok()).collect();
        let matrix: Vec<Vec<u64>> = self
            .confusion
            .split('/')
            .map(numbers)
            .collect::<Option<_>>()?;
        let classes = self.class_names().count();
        let square = matrix.len() == classes && matrix.iter().all(|row| row.len() == classes);
        square.then_some(matrix)
    }
}

/// A confusion matrix as a field.
pub fn confusion_text(matrix: &[Vec<usize>]) -> String {
    let row = |row: &Vec<usize>| {
        row.iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    matrix.iter().map(row).collect::<Vec<_>>().join("/")
}

/// One epoch of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    method: Method,
    percent: Option<u8>,
    seed: u64,
    epoch: u32,
    train_loss: f64,
    validation_loss: f64,
    validation_accuracy: f64,
    learning_rate: f64,
    tokens_per_second: f64,
    seconds: f64,
    cpu_seconds: f64,
}

impl EpochRow {
    fn new(cell: Cell, it: &EpochMetrics) -> Self {
        EpochRow {
            method: cell.method,
            percent: cell.percent,
            seed: cell.seed,
            epoch: it.epoch,
            train_loss: it.train_loss,
            validation_loss: it.validation_loss,
            validation_accuracy: it.score.value(),
            learning_rate: it.learning_rate,
            tokens_per_second: it.tokens_per_second,
            seconds: it.seconds,
            cpu_seconds: it.cpu_seconds,
        }
    }

    fn cell(&self) -> Cell {
        Cell {
            method: self.method,
            percent: self.percent,
            seed: self.seed,
        }
    }

    fn metrics(&self) -> EpochMetrics {
        EpochMetrics {
            epoch: self.epoch,
            train_loss: self.train_loss,
            validation_loss: self.validation_loss,
            score: Score::Accuracy(self.validation_accuracy),
            learning_rate: self.learning_rate,
            tokens_per_second: self.tokens_per_second,
            seconds: self.seconds,
            cpu_seconds: self.cpu_seconds,
        }
    }
}

/// The finished cells of a preset.
#[derive(Debug, Clone)]
pub struct Ledger {
    cells: PathBuf,
    epochs: PathBuf,
    rows: Vec<CellRow>,
    epoch_rows: Vec<EpochRow>,
}

impl Ledger {
    /// Reads the files of a results folder; without them no cell is finished.
    ///
    /// # Errors
    /// A file that cannot be read or has another form, with the line.
    pub fn open(folder: &Path, preset: &str) -> Result<Ledger> {
        let [cells, epochs] =
            ["", "-epochs"].map(|what| folder.join(format!("{preset}{what}.csv")));
        let rows: Vec<CellRow> = read(&cells)?;
        for (index, row) in rows.iter().enumerate() {
            let problem = if row.confusion().is_none() {
                "a confusion matrix of other classes"
            } else if rows[..index].iter().any(|other| other.cell() == row.cell()) {
                "a cell that is there above"
            } else {
                continue;
            };
            return Err(damaged(&cells, index as u64 + 2, problem));
        }
        Ok(Ledger {
            epoch_rows: read(&epochs)?,
            rows,
            cells,
            epochs,
        })
    }

    /// The finished cell, if it has been trained with these options.
    pub fn row(&self, cell: Cell, fingerprint: &str) -> Option<&CellRow> {
        self.any_row(cell)
            .filter(|row| row.fingerprint == fingerprint)
    }

    /// The finished cell, whatever its options.
    pub fn any_row(&self, cell: Cell) -> Option<&CellRow> {
        self.rows.iter().find(|row| row.cell() == cell)
    }

    /// The epochs of a cell.
    pub fn epochs(&self, cell: Cell) -> Vec<EpochMetrics> {
        let own = self.epoch_rows.iter().filter(|row| row.cell() == cell);
        own.map(EpochRow::metrics).collect()
    }

    /// Keeps a finished cell in place of an older one. The cell comes after its epochs: what
    /// is in the first file is complete.
    ///
    /// # Errors
    /// A file cannot be written; it is then as it was.
    pub fn add(&mut self, row: CellRow, epochs: &[EpochMetrics]) -> Result<()> {
        let cell = row.cell();
        self.epoch_rows.retain(|row| row.cell() != cell);
        self.epoch_rows
            .extend(epochs.iter().map(|epoch| EpochRow::new(cell, epoch)));
        write(&self.epochs, &self.epoch_rows)?;
        self.rows.retain(|row| row.cell() != cell);
        self.rows.push(row);
        write(&self.cells, &self.rows)
    }
}

fn damaged(path: &Path, line: u64, problem: impl std::fmt::Display) -> Error {
    let problem = format!("line {line}: {problem}; remove the line or restore it");
    Error::data(path, problem)
}

fn read<Row: DeserializeOwned>(path: &Path) -> Result<Vec<Row>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = file::read_text(path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().zip(2..);
    rows.map(|(row, number)| {
        row.map_err(|problem| {
            let line = problem.position().map_or(number, csv::Position::line);
            match problem.kind() {
                csv::ErrorKind::Deserialize { err, .. } => damaged(path, line, err),
                csv::ErrorKind::UnequalLengths {
                    expected_len, len, ..
                } => {
                    let problem = format!("expected {expected_len} fields, found {len}");
                    damaged(path, line, problem)
                }
                _ => damaged(path, line, problem),
            }
        })
    })
    .collect()
}

fn write<Row: Serialize>(path: &Path, rows: &[Row]) -> Result<()> {
    file::write_atomic(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        rows.iter().try_for_each(|row| writer.serialize(row))?;
        writer.flush()
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn row(method: Method, seed: u64, accuracy: f64) -> CellRow {
        CellRow {
            method,
            percent: None,
            seed,
            accuracy,
            macro_f1: accuracy,
            validation_accuracy: 0.1 + 0.2,
            parameters: 4_000,
            dense_parameters: 100_000,
            model_bytes: Some(9_000),
            int8_accuracy: None,
            ram_bytes: None,
            instructions_per_step: None,
            epochs: 2,
            best_epoch: 1,
            training_seconds: 4.0,
            cpu_seconds: 4.0,
            peak_memory_bytes: Some(1 << 20),
            vocabulary: 9,
            embedding: 8,
            hidden: 8,
            word_bytes: 20,
            classes: "bad|so, so|good".into(),
            confusion: "1 2 3/4 5 6/7 8 9".into(),
            fingerprint: "f".into(),
            version: "0".into(),
            date: "2025-01-01".into(),
            machine: "2 cores of \"x\", y".into(),
        }
    }

    fn epoch(epoch: u32) -> EpochMetrics {
        EpochMetrics {
            epoch,
            train_loss: f64::INFINITY,
            validation_loss: 0.5,
            score: Score::Accuracy(0.5),
            learning_rate: 0.1,
            tokens_per_second: 1.0,
            seconds: 1.0,
            cpu_seconds: 1.0,
        }
    }

    #[test]
    fn rows_come_back_exactly_and_a_new_one_takes_the_place_of_the_old() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path(), "p").unwrap();
        let first = row(Method::Set, 1, 0.5);
        ledger.add(first.clone(), &[epoch(1), epoch(2)]).unwrap();
        ledger.add(row(Method::Dense, 1, 0.6), &[epoch(1)]).unwrap();
        let again = Ledger::open(folder.path(), "p").unwrap();
        assert_eq!(again.any_row(first.cell()), Some(&first));
        assert_eq!(again.epochs(first.cell()), [epoch(1), epoch(2)]);
        assert_eq!(again.row(first.cell(), "g"), None);
        ledger.add(row(Method::Set, 1, 0.7), &[epoch(1)]).unwrap();
        let again = Ledger::open(folder.path(), "p").unwrap();
        assert_eq!(again.rows.len(), 2);
        assert_eq!(again.row(first.cell(), "f").unwrap().accuracy, 0.7);
        assert_eq!(again.epochs(first.cell()), [epoch(1)]);
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path(), "p").unwrap();
        ledger.add(row(Method::Set, 1, 0.5), &[]).unwrap();
        ledger.add(row(Method::Set, 2, 0.5), &[]).unwrap();
        let path = folder.path().join("p.csv");
        let good = std::fs::read_to_string(&path).unwrap();
        let failure = |from: &str, to: &str| {
            std::fs::write(&path, good.replace(from, to)).unwrap();
            Ledger::open(folder.path(), "p").unwrap_err().to_string()
        };
        assert!(failure("set,,2", "sett,,2").contains("p.csv: line 3: "));
        assert!(failure("set,,2,0.5", "set,,2").contains("line 3: "));
        assert!(failure("set,,2", "set,,1").contains("line 3: a cell that is there above"));
        assert!(failure("1 2 3/", "1 2/").contains("line 2: a confusion matrix"));
        assert!(failure("accuracy", "acuracy").contains("missing field"));
    }
}

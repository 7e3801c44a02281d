//! Enters: a measurement. Leaves: its table on the disk, or what has grown since the table
//! that is there. Next: `scripts/test.sh` fails by it.

use super::grid::{GridPoint, InputKind};
use super::{DeviceMeasurement, DeviceRow, StepFigures};
use crate::error::{Error, Result};
use crate::file;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// What a figure may grow by, in percent.
const LIMIT: u64 = 1;
/// The same if another compiler made the programs.
const OTHER_COMPILER_LIMIT: u64 = 10;
/// Growths that are listed.
const LISTED: usize = 40;
const HINT: &str = "name a table that `set-lstm bench device --out` wrote";

/// A row of the table.
#[derive(Serialize, Deserialize)]
struct Record {
    board: String,
    values: String,
    inputs: InputKind,
    input_size: u16,
    hidden_size: u16,
    input_density: u8,
    recurrent_density: u8,
    connections: u64,
    step_instructions: u64,
    decode_instructions: u64,
    gate_bytes: u64,
    state_bytes: u64,
    decode_stack_bytes: u64,
    step_stack_bytes: u64,
    code_bytes: u64,
    table_bytes: u64,
}

impl From<&DeviceRow> for Record {
    fn from(row: &DeviceRow) -> Self {
        let (point, figures) = (row.point, row.figures);
        Record {
            board: row.board.clone(),
            values: row.values.clone(),
            inputs: point.inputs,
            input_size: point.input_size,
            hidden_size: point.hidden_size,
            input_density: point.input_density,
            recurrent_density: point.recurrent_density,
            connections: figures.connections,
            step_instructions: figures.step_instructions,
            decode_instructions: figures.decode_instructions,
            gate_bytes: figures.gate_bytes,
            state_bytes: figures.state_bytes,
            decode_stack_bytes: figures.decode_stack_bytes,
            step_stack_bytes: figures.step_stack_bytes,
            code_bytes: figures.code_bytes,
            table_bytes: figures.table_bytes,
        }
    }
}

impl From<Record> for DeviceRow {
    fn from(record: Record) -> Self {
        DeviceRow {
            board: record.board,
            values: record.values,
            point: GridPoint {
                inputs: record.inputs,
                input_size: record.input_size,
                hidden_size: record.hidden_size,
                input_density: record.input_density,
                recurrent_density: record.recurrent_density,
            },
            figures: StepFigures {
                connections: record.connections,
                step_instructions: record.step_instructions,
                decode_instructions: record.decode_instructions,
                gate_bytes: record.gate_bytes,
                state_bytes: record.state_bytes,
                decode_stack_bytes: record.decode_stack_bytes,
                step_stack_bytes: record.step_stack_bytes,
                code_bytes: record.code_bytes,
                table_bytes: record.table_bytes,
            },
        }
    }
}

/// Writes a table: the compiler in the first line, then a line a row.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, measurement: &DeviceMeasurement) -> Result<()> {
    file::write_atomic(path, |out| {
        writeln!(out, "# {}", measurement.compiler)?;
        let mut table = csv::Writer::from_writer(out);
        for row in &measurement.rows {
            table
                .serialize(Record::from(row))
                .map_err(std::io::Error::other)?;
        }
        table.flush()
    })
}

/// Reads a table.
///
/// # Errors
/// It does not exist or has another form.
pub fn load(path: &Path) -> Result<DeviceMeasurement> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path, HINT))?;
    let (compiler, table) = (text.strip_prefix("# "))
        .and_then(|rest| rest.split_once('\n'))
        .ok_or_else(|| Error::data(path, format!("names no compiler; {HINT}")))?;
    let records = csv::Reader::from_reader(table.as_bytes()).into_deserialize();
    let rows = records.map(|record| {
        let record: Record =
            record.map_err(|problem| Error::data(path, format!("{problem}; {HINT}")))?;
        Ok(record.into())
    });
    Ok(DeviceMeasurement {
        compiler: compiler.trim_end().to_owned(),
        rows: rows.collect::<Result<_>>()?,
    })
}

/// What has changed since a table was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableComparison {
    /// StepFigures that were compared.
    pub compared: usize,
    /// Percent that a figure may grow by.
    pub limit: u64,
    /// The table's compiler and the present one, if they differ.
    pub compilers: Option<[String; 2]>,
    /// StepFigures that have grown by more, the worst first.
    pub growths: Vec<FigureGrowth>,
    /// Models that only one of the two has.
    pub unmatched: Vec<String>,
}

/// A figure that has grown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureGrowth {
    /// Board, values and model.
    pub of: String,
    /// Name of the figure.
    pub figure: &'static str,
    /// In the table.
    pub before: u64,
    /// At present.
    pub now: u64,
}

impl FigureGrowth {
    /// In percent; from nothing it is endless.
    fn percent(&self) -> f64 {
        100.0 * (self.now as f64 / self.before as f64 - 1.0)
    }
}

impl TableComparison {
    /// Compares the boards that were measured with what the table says of them.
    pub fn new(table: &DeviceMeasurement, now: &DeviceMeasurement) -> Self {
        let is_measured = |row: &&DeviceRow| now.rows.iter().any(|new| new.board == row.board);
        let known: Vec<&DeviceRow> = table.rows.iter().filter(is_measured).collect();
        let compilers = [&table.compiler, &now.compiler];
        let same = compilers[0] == compilers[1];
        let limit = if same { LIMIT } else { OTHER_COMPILER_LIMIT };
        let (mut compared, mut growths, mut unmatched) = (0, Vec::new(), Vec::new());
        for new in &now.rows {
            let Some(old) = known.iter().find(|old| is_of(old, new)) else {
                unmatched.push(format!("{} is not in the table", name(new)));
                continue;
            };
            for ((figure, before), (_, now)) in
                named(&old.figures).into_iter().zip(named(&new.figures))
            {
                compared += 1;
                let growth = FigureGrowth {
                    of: if is_of_engine(figure) {
                        format!("{} {}", new.board, new.values)
                    } else {
                        name(new)
                    },
                    figure,
                    before,
                    now,
                };
                // all rows of an engine say the same of its code
                if 100 * now > (100 + limit) * before && !growths.contains(&growth) {
                    growths.push(growth);
                }
            }
        }
        let gone = |old: &&&DeviceRow| !now.rows.iter().any(|new| is_of(old, new));
        let gone = known.iter().filter(gone);
        unmatched.extend(gone.map(|old| format!("{} is only in the table", name(old))));
        growths.sort_by(|a, b| b.percent().total_cmp(&a.percent()));
        TableComparison {
            compared,
            limit,
            compilers: (!same).then(|| compilers.map(Clone::clone)),
            growths,
            unmatched,
        }
    }

    /// Whether nothing has grown and nothing is missing.
    pub fn is_good(&self) -> bool {
        self.growths.is_empty() && self.unmatched.is_empty()
    }
}

fn is_of(a: &DeviceRow, b: &DeviceRow) -> bool {
    (&a.board, &a.values, a.point) == (&b.board, &b.values, b.point)
}

fn name(row: &DeviceRow) -> String {
    format!("{} {}, {}", row.board, row.values, row.point)
}

fn is_of_engine(figure: &str) -> bool {
    ["code", "tables"].contains(&figure)
}

fn named(figures: &StepFigures) -> [(&'static str, u64); 8] {
    [
        ("instructions of a step", figures.step_instructions),
        ("instructions to decode", figures.decode_instructions),
        ("bytes of the gates", figures.gate_bytes),
        ("bytes of the state", figures.state_bytes),
        ("stack to decode", figures.decode_stack_bytes),
        ("stack of a step", figures.step_stack_bytes),
        ("code", figures.code_bytes),
        ("tables", figures.table_bytes),
    ]
}

impl fmt::Display for TableComparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some([table, now]) = &self.compilers {
            writeln!(
                out,
                "the table was written with {table}, the programs are built with {now}: figures \
                 may grow by {} % instead of {LIMIT} %",
                self.limit
            )?;
        }
        for growth in self.growths.iter().take(LISTED) {
            let FigureGrowth {
                of,
                figure,
                before,
                now,
            } = growth;
            let percent = growth.percent();
            writeln!(
                out,
                "grown: {of}: {figure} from {before} to {now} (+{percent:.1} %)"
            )?;
        }
        let more = self.growths.len().saturating_sub(LISTED);
        if more > 0 {
            writeln!(out, "grown: and {more} more")?;
        }
        for line in &self.unmatched {
            writeln!(out, "unmatched: {line}")?;
        }
        writeln!(
            out,
            "{} figures compared, {} have grown by more than {} %",
            self.compared,
            self.growths.len(),
            self.limit
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(board: &str, density: u8, step: u64) -> DeviceRow {
        DeviceRow {
            board: board.into(),
            values: "int8".into(),
            point: GridPoint::square(InputKind::Token, 64, density),
            figures: StepFigures {
                connections: 1,
                step_instructions: step,
                decode_instructions: 100,
                gate_bytes: 0,
                state_bytes: 100,
                decode_stack_bytes: 100,
                step_stack_bytes: 100,
                code_bytes: 5000,
                table_bytes: 100,
            },
        }
    }

    fn measurement(rows: Vec<DeviceRow>) -> DeviceMeasurement {
        DeviceMeasurement {
            compiler: "rustc 1.0".into(),
            rows,
        }
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.csv");
        let written = measurement(vec![row("a", 1, 1000), row("b", 2, 7)]);
        save(&path, &written).unwrap();
        assert_eq!(load(&path).unwrap(), written);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("# rustc 1.0\nboard,values,inputs,"),
            "{text}"
        );
        assert!(
            text.contains("\na,int8,token,64,64,1,1,1,1000,100,"),
            "{text}"
        );
        for wrong in ["", "board\n1\n", "# rustc\nboard,values\na,b\n"] {
            std::fs::write(&path, wrong).unwrap();
            let error = load(&path).unwrap_err().to_string();
            assert!(error.ends_with(HINT), "{error}");
        }
    }

    #[test]
    fn one_percent_is_no_growth_and_more_is() {
        let table = measurement(vec![row("a", 1, 1000), row("a", 2, 1000), row("b", 1, 1)]);
        let now = |one, two| measurement(vec![row("a", 1, one), row("a", 2, two)]);
        let good = TableComparison::new(&table, &now(1010, 500));
        assert!(good.is_good(), "{good}");
        assert_eq!(good.compared, 16);
        let bad = TableComparison::new(&table, &now(1011, 2000));
        assert!(!bad.is_good());
        let text = bad.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "grown: a int8, H 64, E 64, token input, 2 %: instructions of a step from 1000 to 2000 (+100.0 %)",
                "grown: a int8, H 64, E 64, token input, 1 %: instructions of a step from 1000 to 1011 (+1.1 %)",
                "16 figures compared, 2 have grown by more than 1 %",
            ]
        );
    }

    #[test]
    fn code_is_named_once_and_what_grows_from_nothing_has_grown() {
        let table = measurement(vec![row("a", 1, 1000), row("a", 2, 1000)]);
        let mut now = table.clone();
        now.rows
            .iter_mut()
            .for_each(|row| row.figures.code_bytes += 100);
        now.rows[0].figures.gate_bytes = 1;
        let found = TableComparison::new(&table, &now).growths;
        let found: Vec<&str> = found.iter().map(|growth| growth.figure).collect();
        assert_eq!(found, ["bytes of the gates", "code"]);
    }

    #[test]
    fn a_model_that_only_one_has_is_named() {
        let table = measurement(vec![row("a", 1, 1000), row("b", 1, 1000)]);
        let now = measurement(vec![row("a", 2, 1000)]);
        let found = TableComparison::new(&table, &now);
        assert!(!found.is_good());
        assert_eq!(
            found.unmatched,
            [
                "a int8, H 64, E 64, token input, 2 % is not in the table",
                "a int8, H 64, E 64, token input, 1 % is only in the table",
            ]
        );
    }

    #[test]
    fn another_compiler_has_more_room_and_is_named() {
        let table = measurement(vec![row("a", 1, 1000)]);
        let mut now = measurement(vec![row("a", 1, 1100)]);
        now.compiler = "rustc 2.0".into();
        let found = TableComparison::new(&table, &now);
        assert!(found.is_good());
        assert!(
            found
                .to_string()
                .contains("rustc 1.0, the programs are built with rustc 2.0")
        );
        now.rows[0].figures.step_instructions += 1;
        assert!(!TableComparison::new(&table, &now).is_good());
    }
}

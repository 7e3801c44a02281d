//! Enters: a [`DeviceMeasurement`]. Leaves: [`DeviceSummary`], its rows that people ask for, beside the
//! dense int8 step of CMSIS-NN. Next: the command prints it.

use super::grid::{GridPoint, InputKind, SENSORS, SIZES};
use super::{DeviceMeasurement, DeviceRow};
use crate::report::table::{Column, Table, bytes, thousands};
use crate::simulate::board::EmulatedBoard;
use std::fmt;

/// A dense int8 LSTM step of CMSIS-NN (`arm_lstm_unidirectional_s8`): inputs, hidden units,
/// instructions. Counted as here, under QEMU on mps2-an386; gcc 12.2 -O3 with the DSP
/// instructions, mean of 8 steps.
pub const CMSIS_NN: [([u16; 2], u64); 5] = [
    ([32, 32], 34_730),
    ([64, 64], 98_525),
    ([128, 128], 318_317),
    ([256, 256], 1_126_530),
    ([9, 64], 72_810),
];

/// The density that most is said of, in percent.
const DENSITY: u8 = 4;

/// The rows that people ask for.
#[derive(Debug, Clone, Copy)]
pub struct DeviceSummary<'m>(pub &'m DeviceMeasurement);

impl DeviceMeasurement {
    /// The row of a point, if it was measured.
    pub fn row(&self, board: &str, values: &str, point: GridPoint) -> Option<&DeviceRow> {
        let is_it =
            |row: &&DeviceRow| row.board == board && row.values == values && row.point == point;
        self.rows.iter().find(is_it)
    }

    /// Instructions of a step on the default board in int8, by density in percent.
    pub fn curve(&self, inputs: InputKind, size: u16) -> Vec<(u8, u64)> {
        let of_curve = |row: &&DeviceRow| {
            let density = row.point.recurrent_density;
            row.board == EmulatedBoard::default().name
                && row.values == "int8"
                && density > 0
                && row.point == GridPoint::square(inputs, size, density)
        };
        let rows = self.rows.iter().filter(of_curve);
        rows.map(|row| (row.point.recurrent_density, row.figures.step_instructions))
            .collect()
    }

    /// The density in percent at which a step costs as much as a dense one of CMSIS-NN, on
    /// the line between the two nearest; `None` if it lies beyond all that were measured.
    pub fn break_even(&self, inputs: InputKind, size: u16) -> Option<f64> {
        let level = cmsis_nn([size, size])? as f64;
        let curve = self.curve(inputs, size);
        curve.windows(2).find_map(|pair| {
            let [(x0, y0), (x1, y1)] = [pair[0], pair[1]].map(|(x, y)| (f64::from(x), y as f64));
            (y0 <= level && level < y1).then(|| x0 + (x1 - x0) * (level - y0) / (y1 - y0))
        })
    }
}

/// Instructions of a dense step of CMSIS-NN.
pub fn cmsis_nn(sizes: [u16; 2]) -> Option<u64> {
    let found = CMSIS_NN.iter().find(|(of, _)| *of == sizes);
    found.map(|(_, instructions)| *instructions)
}

impl DeviceSummary<'_> {
    /// Boards and kinds of values in the order of the rows.
    fn engines(&self) -> Vec<&DeviceRow> {
        let mut engines: Vec<&DeviceRow> = Vec::new();
        for row in &self.0.rows {
            let same =
                |known: &&DeviceRow| (&known.board, &known.values) == (&row.board, &row.values);
            if !engines.iter().any(same) {
                engines.push(row);
            }
        }
        engines
    }

    fn steps(&self) -> Table<9> {
        let mut table = Table::new([
            Column::words("board"),
            Column::words("values"),
            Column::numbers("256, token"),
            Column::numbers("256, dense"),
            Column::numbers("128, token"),
            Column::numbers("128, dense"),
            Column::numbers("9 to 64, U 10 %"),
            Column::numbers("U 4 %"),
            Column::numbers("gates and cell"),
        ]);
        for engine in self.engines() {
            let (board, values) = (&engine.board, &engine.values);
            let step = |point| {
                let row = self.0.row(board, values, point)?;
                Some(row.figures.step_instructions)
            };
            let shown = |point| step(point).map_or("-".into(), thousands);
            let square = |inputs, size| shown(GridPoint::square(inputs, size, DENSITY));
            let unit = step(GridPoint::square(InputKind::Token, 256, 0));
            table.row([
                board.clone(),
                values.clone(),
                square(InputKind::Token, 256),
                square(InputKind::Samples, 256),
                square(InputKind::Token, 128),
                square(InputKind::Samples, 128),
                shown(GridPoint::sensors(10)),
                shown(GridPoint::sensors(4)),
                unit.map_or("-".into(), |step| format!("{:.1}", step as f64 / 256.0)),
            ]);
        }
        table
    }

    fn against(&self) -> Table<7> {
        let mut table = Table::new([
            Column::words("inputs, units"),
            Column::numbers("CMSIS-NN, dense"),
            Column::numbers("token input"),
            Column::numbers("fewer"),
            Column::numbers("dense input"),
            Column::numbers("fewer"),
            Column::numbers("break-even"),
        ]);
        let board = EmulatedBoard::default().name;
        for (sizes, dense) in CMSIS_NN {
            let [input, hidden] = sizes;
            let of = |inputs| {
                let point = match (sizes == SENSORS, inputs) {
                    (false, inputs) => GridPoint::square(inputs, hidden, DENSITY),
                    (true, InputKind::Samples) => GridPoint::sensors(DENSITY),
                    (true, InputKind::Token) => return ["-".into(), "-".into()],
                };
                let Some(row) = self.0.row(board, "int8", point) else {
                    return ["-".into(), "-".into()];
                };
                let step = row.figures.step_instructions;
                [
                    thousands(step),
                    format!("{:.1} x", dense as f64 / step as f64),
                ]
            };
            let [token, token_ratio] = of(InputKind::Token);
            let [samples, samples_ratio] = of(InputKind::Samples);
            table.row([
                format!("{input}, {hidden}"),
                thousands(dense),
                token,
                token_ratio,
                samples,
                samples_ratio,
                self.break_even(sizes),
            ]);
        }
        table
    }

    /// The density of [`DeviceMeasurement::break_even`] in words.
    fn break_even(&self, [input, hidden]: [u16; 2]) -> String {
        let curve = self.0.curve(InputKind::Samples, hidden);
        match (curve.last(), self.0.break_even(InputKind::Samples, hidden)) {
            (Some(_), Some(percent)) if input == hidden => format!("{percent:.0} %"),
            (Some((last, _)), None) if input == hidden => format!("above {last} %"),
            _ => "-".into(),
        }
    }

    fn connections(&self) -> Table<5> {
        let mut table = Table::new([
            Column::words("units, inputs, density"),
            Column::numbers("connections"),
            Column::numbers("bytes each"),
            Column::numbers("step"),
            Column::numbers("instructions each"),
        ]);
        let board = EmulatedBoard::default().name;
        for row in &self.0.rows {
            let is_shown =
                row.board == board && row.values == "int8" && row.figures.connections > 0;
            if is_shown && (row.point.hidden_size == 256 || row.point.input_size == SENSORS[0]) {
                table.row([
                    row.point.to_string(),
                    thousands(row.figures.connections),
                    format!("{:.2}", row.figures.bytes_per_connection()),
                    thousands(row.figures.step_instructions),
                    format!("{:.2}", row.figures.instructions_per_connection()),
                ]);
            }
        }
        table
    }

    fn memory(&self) -> Table<10> {
        let mut table = Table::new([
            Column::words("board"),
            Column::words("values"),
            Column::numbers("code"),
            Column::numbers("tables"),
            Column::numbers("stack, decode"),
            Column::numbers("step"),
            Column::numbers("state, 32"),
            Column::numbers("64"),
            Column::numbers("128"),
            Column::numbers("256"),
        ]);
        for engine in self.engines() {
            let rows = || {
                let same =
                    |row: &&DeviceRow| (&row.board, &row.values) == (&engine.board, &engine.values);
                self.0.rows.iter().filter(same).map(|row| row.figures)
            };
            let [state_32, state_64, state_128, state_256] = SIZES.map(|size| {
                let point = GridPoint::square(InputKind::Token, size, DENSITY);
                let row = self.0.row(&engine.board, &engine.values, point);
                row.map_or("-".into(), |row| bytes(row.figures.state_bytes))
            });
            let decode = rows().map(|figures| figures.decode_stack_bytes).max();
            let step = rows().map(|figures| figures.step_stack_bytes).max();
            table.row([
                engine.board.clone(),
                engine.values.clone(),
                bytes(engine.figures.code_bytes),
                bytes(engine.figures.table_bytes),
                bytes(decode.unwrap_or_default()),
                bytes(step.unwrap_or_default()),
                state_32,
                state_64,
                state_128,
                state_256,
            ]);
        }
        table
    }
}

impl fmt::Display for DeviceSummary<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "instructions of a step: units, as many inputs, {DENSITY} % of the connections; or 9 \
             sensors,\n64 units, W 50 %; gates and cell: of a unit without connections\n"
        )?;
        writeln!(out, "{}", self.steps())?;
        writeln!(
            out,
            "int8 on {} at {DENSITY} % (9 sensors: W 50 %); break-even: the density where a step \
             with\ndense input costs as much as CMSIS-NN's dense int8 step\n",
            EmulatedBoard::default().name
        )?;
        writeln!(out, "{}", self.against())?;
        writeln!(
            out,
            "connections of the gates in int8, all that the matrices take, on {}\n",
            EmulatedBoard::default().name
        )?;
        writeln!(out, "{}", self.connections())?;
        writeln!(
            out,
            "the engine: code with decoder, deepest stacks, states by units\n"
        )?;
        write!(out, "{}", self.memory())
    }
}

#[cfg(test)]
mod tests {
    use super::super::StepFigures;
    use super::*;

    fn measured(inputs: InputKind, size: u16, steps: &[(u8, u64)]) -> DeviceMeasurement {
        let row = |&(density, step)| DeviceRow {
            board: "mps2-an386".into(),
            values: "int8".into(),
            point: GridPoint::square(inputs, size, density),
            figures: StepFigures {
                connections: 100,
                step_instructions: step,
                decode_instructions: 0,
                gate_bytes: 250,
                state_bytes: 0,
                decode_stack_bytes: 0,
                step_stack_bytes: 0,
                code_bytes: 0,
                table_bytes: 0,
            },
        };
        DeviceMeasurement {
            compiler: "rustc".into(),
            rows: steps.iter().map(row).collect(),
        }
    }

    #[test]
    fn break_even_lies_on_the_line_between_two_densities() {
        // CMSIS-NN: 98,525 at (64, 64)
        let steps = [(0, 1), (10, 58_525), (20, 138_525)];
        let found = measured(InputKind::Samples, 64, &steps).break_even(InputKind::Samples, 64);
        assert!((found.unwrap() - 15.0).abs() < 1e-9);
        let cheap = measured(InputKind::Samples, 64, &steps[..2]);
        assert_eq!(cheap.break_even(InputKind::Samples, 64), None);
        assert_eq!(cheap.break_even(InputKind::Token, 64), None);
    }

    #[test]
    fn ratios_and_quotients_are_printed() {
        let measurement = measured(InputKind::Token, 256, &[(0, 25_600), (4, 112_653)]);
        let text = DeviceSummary(&measurement).to_string();
        for part in [
            "112,653",
            "10.0 x",
            "100.0\n",
            "2.50",
            "1126.53",
            "1,126,530",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}

//! Enters: the boards. Leaves: [`DeviceMeasurement`]: every point, on every board, checked against
//! the host bit for bit. Next: the command.

use super::grid::points;
use super::jobs::{Jobs, Packed};
use super::{DeviceMeasurement, DeviceRow, StepFigures};
use crate::error::{Error, Result};
use crate::footprint::FlashUse;
use crate::pack::{EMBEDDING_BITS, Values};
use crate::simulate::board::{BOARDS, EmulatedBoard};
use crate::simulate::firmware::{Firmware, Folders, Run};
use crate::simulate::report::Report;
use crate::simulate::stopped;
use crate::toolchain::Compiler;
use std::collections::VecDeque;
use std::thread::{ScopedJoinHandle, available_parallelism, scope};
use std::time::Duration;

/// How to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceOptions {
    /// The boards; each must have room for every model.
    pub boards: Vec<EmulatedBoard>,
    /// Seed of the models.
    pub seed: u64,
    /// How long one emulator may run.
    pub timeout: Duration,
    /// Where the firmware's sources and builds lie.
    pub folders: Folders,
}

impl Default for DeviceOptions {
    fn default() -> Self {
        DeviceOptions {
            boards: roomy_boards().collect(),
            seed: 1,
            timeout: Duration::from_secs(1800),
            folders: Folders::default(),
        }
    }
}

/// Boards with room for every model: one of each core.
pub fn roomy_boards() -> impl Iterator<Item = EmulatedBoard> {
    BOARDS.into_iter().filter(|board| board.ram >= 4 << 20)
}

/// The two engines: program, name in the rows, and kind of values.
const ENGINES: [(&str, &str, Values); 2] = [
    (
        "bench-int8",
        "int8",
        Values::Int8 {
            embedding_bits: EMBEDDING_BITS,
        },
    ),
    ("bench-f32", "f32", Values::Float32),
];

/// Measures all points on all boards; f32 only on cores that compute with it. `watch` is
/// told what begins.
///
/// # Errors
/// A missing tool, a program that does not build, crashes or hangs, and answers that are not
/// the host's.
pub fn measure(options: &DeviceOptions, watch: impl Fn(&str)) -> Result<DeviceMeasurement> {
    let first = options
        .boards
        .first()
        .ok_or_else(|| Error::Options("no board to measure on; name at least one".into()))?;
    let compiler = Compiler::find(first.target)?.name()?;
    // the jobs of a board are the first ones of the default board, which has the most
    let mut rows = Vec::new();
    for (program, values, kind) in ENGINES {
        let boards = (options.boards.iter().copied())
            .filter(|board| board.has_fpu || kind != Values::Float32);
        let boards: Vec<EmulatedBoard> = boards.collect();
        let mut jobs: Vec<(Vec<_>, Jobs)> = Vec::new();
        for &board in &boards {
            let points = points(board);
            if !jobs.iter().any(|(known, _)| *known == points) {
                let new = Jobs::new(&points, kind, options.seed)?;
                jobs.push((points, new));
            }
        }
        let jobs_of = |board| {
            let wanted = points(board);
            jobs.iter().find(|(points, _)| *points == wanted)
        };
        let most = available_parallelism().map_or(1, usize::from);
        let measured: Result<Vec<Vec<DeviceRow>>> = scope(|scope| {
            let mut running: VecDeque<ScopedJoinHandle<'_, Result<Vec<DeviceRow>>>> =
                VecDeque::new();
            let mut done = Vec::new();
            for &board in &boards {
                watch(&format!("{values} on {}, {}", board.name, board.core));
                let firmware = Firmware::build_bare(board, program, &options.folders)?;
                if running.len() >= most {
                    done.extend(running.pop_front().map(joined).transpose()?);
                }
                let Some((_, jobs)) = jobs_of(board) else {
                    continue;
                };
                let timeout = options.timeout;
                running.push_back(scope.spawn(move || run(&firmware, values, jobs, timeout)));
            }
            for handle in running {
                done.push(joined(handle)?);
            }
            Ok(done)
        });
        rows.extend(measured?.into_iter().flatten());
    }
    Ok(DeviceMeasurement { compiler, rows })
}

fn joined(handle: ScopedJoinHandle<'_, Result<Vec<DeviceRow>>>) -> Result<Vec<DeviceRow>> {
    let broken = |_| Err(Error::Tool("a measurement broke off; report this".into()));
    handle.join().unwrap_or_else(broken)
}

/// Runs all jobs of a board.
fn run(
    firmware: &Firmware,
    values: &str,
    jobs: &Jobs,
    timeout: Duration,
) -> Result<Vec<DeviceRow>> {
    let flash = FlashUse::of_elf(&firmware.elf()?)?;
    let run = firmware.run_with(jobs.open()?, timeout)?;
    if run.code != Some(0) {
        return Err(stopped(&run));
    }
    // what stands before the first report are the sizes of a state
    let mut texts = run.text.split("board      ");
    let sizes = texts.next().unwrap_or_default();
    let mut rows = Vec::new();
    for job in &jobs.points {
        let row = texts.next().and_then(|text| {
            let report = Report::parse(text)?;
            let state_bytes = state_bytes(sizes, job.point.hidden_size)?;
            Some((report, state_bytes))
        });
        let (report, state_bytes) = row.ok_or_else(|| stopped(&run))?;
        check(&report, job, &run)?;
        rows.push(DeviceRow {
            board: firmware.board().name.to_owned(),
            values: values.to_owned(),
            point: job.point,
            figures: StepFigures {
                connections: job.connections,
                step_instructions: report.instructions_per_token,
                decode_instructions: report.instructions_decode,
                gate_bytes: job.gate_bytes,
                state_bytes,
                decode_stack_bytes: report.decode_stack_bytes,
                step_stack_bytes: report.step_stack_bytes,
                code_bytes: flash.engine_code_bytes,
                table_bytes: flash.engine_table_bytes,
            },
        });
    }
    Ok(rows)
}

/// The board's answers are the host's.
fn check(report: &Report, job: &Packed, run: &Run) -> Result<()> {
    if report.answers == job.expected {
        return Ok(());
    }
    let last = run.text.lines().next_back().unwrap_or_default();
    Err(Error::Tool(format!(
        "the board's answers are not the host's at {}: {last}; report this",
        job.point
    )))
}

/// Bytes of the smallest state with room for so many units.
fn state_bytes(sizes: &str, hidden: u16) -> Option<u64> {
    let line = |line: &str| {
        let mut fields = line.strip_prefix("state of ")?.split_whitespace();
        let units: u16 = fields.next()?.parse().ok()?;
        let bytes = fields.next_back()?.parse().ok()?;
        (units >= hidden).then_some(bytes)
    };
    sizes.lines().find_map(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_the_smallest_with_room_for_the_units() {
        let sizes = "state of 32 units 552\nstate of 64 units 1064\n";
        assert_eq!(state_bytes(sizes, 5), Some(552));
        assert_eq!(state_bytes(sizes, 32), Some(552));
        assert_eq!(state_bytes(sizes, 33), Some(1064));
        assert_eq!(state_bytes(sizes, 65), None);
    }

    #[test]
    fn one_board_of_each_core_has_room() {
        let names: Vec<&str> = roomy_boards().map(|board| board.name).collect();
        let expected = [
            "mps2-an386",
            "mps2-an500",
            "mps2-an505",
            "mps2-an385",
            "mps2-an385-m0",
        ];
        assert_eq!(names, expected);
    }
}

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

/// An engine and its programs.
struct EngineKind {
    /// Name in the rows.
    values: &'static str,
    kind: Values,
    /// What runs the models.
    bench: &'static str,
    /// What is linked for the size of the code.
    size: &'static str,
}

const ENGINES: [EngineKind; 2] = [
    EngineKind {
        values: "int8",
        kind: Values::Int8 {
            embedding_bits: EMBEDDING_BITS,
        },
        bench: "bench-int8",
        size: "size-int8",
    },
    EngineKind {
        values: "f32",
        kind: Values::Float32,
        bench: "bench-f32",
        size: "size-f32",
    },
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
    let mut rows = Vec::new();
    for engine in &ENGINES {
        let is_int8 = engine.kind != Values::Float32;
        let boards = options.boards.iter().copied();
        let boards: Vec<EmulatedBoard> = boards.filter(|board| is_int8 || board.has_fpu).collect();
        rows.extend(engine.measure(&boards, options, &watch)?);
    }
    Ok(DeviceMeasurement { compiler, rows })
}

impl EngineKind {
    /// All boards, as many at a time as this machine has cores.
    fn measure(
        &self,
        boards: &[EmulatedBoard],
        options: &DeviceOptions,
        watch: impl Fn(&str),
    ) -> Result<Vec<DeviceRow>> {
        let jobs = |further| Jobs::new(&points(further), self.kind, options.seed);
        let (few, many) = (jobs(false)?, jobs(true)?);
        let most = available_parallelism().map_or(1, usize::from);
        let measured: Result<Vec<Vec<DeviceRow>>> = scope(|scope| {
            let mut running = VecDeque::new();
            let mut done = Vec::new();
            for &board in boards {
                watch(&format!(
                    "{} on {}, {}",
                    self.values, board.name, board.core
                ));
                let build = |program| Firmware::build_bare(board, program, &options.folders);
                let (bench, size) = (build(self.bench)?, build(self.size)?);
                let flash = FlashUse::of_elf(&size.elf()?)?;
                let is_first = board == EmulatedBoard::default() && self.kind != Values::Float32;
                let jobs = if is_first { &many } else { &few };
                if running.len() >= most {
                    done.extend(running.pop_front().map(joined).transpose()?);
                }
                let work = move || self.run(&bench, flash, jobs, options.timeout);
                running.push_back(scope.spawn(work));
            }
            for handle in running {
                done.push(joined(handle)?);
            }
            Ok(done)
        });
        Ok(measured?.into_iter().flatten().collect())
    }

    /// Runs all jobs on a board.
    fn run(
        &self,
        firmware: &Firmware,
        flash: FlashUse,
        jobs: &Jobs,
        timeout: Duration,
    ) -> Result<Vec<DeviceRow>> {
        let run = firmware.run_with(jobs.open()?, timeout)?;
        if run.code != Some(0) {
            return Err(stopped(&run));
        }
        let mut texts = run.text.split("board      ").skip(1);
        let row = |job: &Packed| {
            let report = texts.next().and_then(Report::parse);
            let report = report.ok_or_else(|| stopped(&run))?;
            check(&report, job, &run)?;
            Ok(DeviceRow {
                board: firmware.board().name.to_owned(),
                values: self.values.to_owned(),
                point: job.point,
                figures: StepFigures {
                    connections: job.connections,
                    step_instructions: report.instructions_per_token,
                    decode_instructions: report.instructions_decode,
                    gate_bytes: job.gate_bytes,
                    state_bytes: report.state_bytes,
                    decode_stack_bytes: report.decode_stack_bytes,
                    step_stack_bytes: report.step_stack_bytes,
                    code_bytes: flash.engine_code_bytes,
                    table_bytes: flash.engine_table_bytes,
                },
            })
        };
        jobs.points.iter().map(row).collect()
    }
}

fn joined(handle: ScopedJoinHandle<'_, Result<Vec<DeviceRow>>>) -> Result<Vec<DeviceRow>> {
    let broken = |_| Err(Error::Tool("a measurement broke off; report this".into()));
    handle.join().unwrap_or_else(broken)
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

#[cfg(test)]
mod tests {
    use super::*;

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

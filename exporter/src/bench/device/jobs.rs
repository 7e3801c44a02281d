//! Enters: points. Leaves: [`Jobs`], their model files with the host's answers, as one stream
//! for the program on the board. Next: `measure`.
//!
//! The form of the stream is defined in `firmware-examples/qemu/src/bench.rs`.

use super::grid::GridPoint;
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::inspect::inspect;
use crate::pack::{PackOptions, Values, pack};
use crate::simulate::cases::{self, CaseAnswer, answers};
use set_lstm_runtime::Task;
use std::io::{Seek, Write};
use std::path::Path;

/// Models to run one after the other, all of one kind of values.
pub(super) struct Jobs {
    pub points: Vec<Packed>,
    stream: tempfile::NamedTempFile,
}

/// A point, packed.
pub(super) struct Packed {
    pub point: GridPoint,
    /// What the host says about its sequence.
    pub expected: Vec<CaseAnswer>,
    /// Connections and bytes of the gate matrices.
    pub connections: u64,
    pub gate_bytes: u64,
}

impl Jobs {
    /// Builds and packs all models.
    ///
    /// # Errors
    /// A model that cannot be packed, or no space for the stream.
    pub fn new(points: &[GridPoint], values: Values, seed: u64) -> Result<Self> {
        let io = || Error::io(std::env::temp_dir(), "free some space");
        let mut stream = tempfile::NamedTempFile::new().map_err(io())?;
        let mut jobs = Vec::new();
        for &point in points {
            let (packed, bytes) = job(point, values, seed)?;
            stream.write_all(&bytes).map_err(io())?;
            jobs.push(packed);
        }
        stream.flush().map_err(io())?;
        Ok(Jobs {
            points: jobs,
            stream,
        })
    }

    /// The stream from its beginning.
    ///
    /// # Errors
    /// It was removed.
    pub fn open(&self) -> Result<std::fs::File> {
        let reopened = self.stream.reopen().and_then(|mut file| {
            file.rewind()?;
            Ok(file)
        });
        reopened.map_err(Error::io(self.stream.path(), "measure again"))
    }
}

/// One point and its bytes in the stream.
fn job(point: GridPoint, values: Values, seed: u64) -> Result<(Packed, Vec<u8>)> {
    let (model, statistics, sequence) = point.model(seed);
    let options = PackOptions {
        values,
        classes: vec!["no".into(), "yes".into()],
        vocabulary: None,
        task: Task::CLASSIFICATION,
        outputs: None,
        statistics: statistics.as_ref(),
        max_tokens: 0,
        seed,
    };
    let file = AlignedBytes::from(pack(&model, &options)?);
    let name = Path::new("random model");
    let runtime = AnyModel::open(&file, name)?;
    let capacity = runtime.units().next_power_of_two();
    let expected = answers(&runtime, &sequence);
    let cases = cases::write(&sequence, &expected)?;
    let inspection = inspect(&file, name)?;
    let gates = (inspection.matrices.iter()).filter(|facts| facts.matrix != "embedding");
    let bits: f64 = (gates.map(|facts| facts.bits * facts.connections as f64)).sum();
    let packed = Packed {
        point,
        expected,
        connections: model.gate_connections() as u64,
        gate_bytes: (bits / 8.0).round() as u64,
    };
    let head = [capacity, file.len(), cases.len()].map(|field| (field as u32).to_le_bytes());
    let mut bytes = head.concat();
    bytes.extend(&*file);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(cases);
    Ok((packed, bytes))
}

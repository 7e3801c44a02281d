//! Enters: a run. Leaves: [`Wiring`], how its connections moved and how they are spread.
//! Next: `set-lstm topology` prints it, as tables or as JSON, and draws it. `distance` compares
//! several runs.
//!
//! A connection lives from the epoch in which it appears to that in which it is gone; one
//! that goes and comes back is a new one. `born` holds the first epoch of each life, and
//! every figure of change is a count of it:
//!
//! ```text
//! turnover of epoch n            born = n    of the connections of n
//! survival of the start at n     born = 0    of the connections of the start
//! still there at the end, of n   born ≤ n    of the last connections, over those of n
//! ```

mod degree;
pub mod distance;
mod history;
pub mod inputs;
mod matching;
pub mod picture;
pub mod trained;

pub use degree::DegreeFacts;
pub use history::EpochFacts;

use serde::Serialize;
use set_lstm_runtime::gate::Gate;

use crate::error::{Error, Result};
use crate::run::Run;
use crate::train::options::TopologyKind;
use crate::train::parameters::row;
use crate::train::snapshot::Snapshot;
use crate::train::topology::Topology;

/// Name of the embedding's matrix.
const EMBEDDING: &str = "embedding";

/// The connections of one matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// `embedding`, or `W` or `U` and the letter of the gate.
    pub name: String,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// `row · columns + column`, ascending.
    pub positions: Vec<u64>, // [connections]
}

impl Connections {
    /// The embedding, if there is one, then `W` and then `U` of each gate.
    pub fn of(snapshot: &Snapshot) -> Vec<Connections> {
        let shape = snapshot.shape;
        let one = |name: String, topology: &Topology, rows: Vec<usize>, columns: usize| {
            let positions = rows.iter().enumerate().flat_map(|(place, &row)| {
                let found = topology.column[topology.range(row)].iter();
                found.map(move |&column| (place * columns) as u64 + u64::from(column))
            });
            Connections {
                name,
                rows: rows.len(),
                columns,
                positions: positions.collect(),
            }
        };
        let mut all = Vec::new();
        if shape.vocabulary > 0 {
            let rows = (0..shape.vocabulary).collect();
            let (name, topology) = (EMBEDDING.to_owned(), &snapshot.embedding);
            all.push(one(name, topology, rows, shape.embedding));
        }
        for (kind, topology, columns) in [
            ('W', &snapshot.input, shape.embedding),
            ('U', &snapshot.recurrent, shape.hidden),
        ] {
            for gate in Gate::ALL {
                let rows = (0..shape.hidden).map(|unit| row(unit, gate)).collect();
                let name = format!("{kind} {}", gate.letter());
                all.push(one(name, topology, rows, columns));
            }
        }
        all
    }
}

/// How the connections of a run moved and how they are spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wiring {
    /// Name of the run.
    pub run: String,
    /// Every epoch of the history, the start first.
    pub epochs: Vec<EpochFacts>,
    /// Share of the last connections that appeared in each epoch, the start first.
    pub born: Vec<f64>,
    /// How the connections of each matrix are spread over rows and columns.
    pub degrees: Vec<DegreeFacts>,
}

impl Wiring {
    /// Reads the history of a run.
    ///
    /// # Errors
    /// A dense run, a run without a whole history, or a damaged file.
    pub fn of(run: &Run) -> Result<Wiring> {
        let folder = run.topology_path();
        refuse_dense(run)?;
        let files = run.connection_files()?;
        if files.is_empty() {
            let problem = "no history of the connections: the run is older than that; train it again to have one";
            return Err(Error::data(folder, problem));
        }
        let snapshots = files.iter().map(|path| Snapshot::load(path));
        let snapshots = snapshots.collect::<Result<Vec<Snapshot>>>()?;
        let shape = snapshots[0].shape;
        let whole = (0..)
            .zip(&snapshots)
            .all(|(epoch, snapshot): (u32, _)| snapshot.epoch == epoch && snapshot.shape == shape);
        if !whole {
            let problem = "epochs are missing from the history, or are of another run; train it again to have all";
            return Err(Error::data(folder, problem));
        }
        let all: Vec<Vec<Connections>> = snapshots.iter().map(Connections::of).collect();
        Ok(Wiring::from_history(run.name(), &all))
    }

    /// From the connections of the start and of each epoch, at least one.
    pub fn from_history(run: String, all: &[Vec<Connections>]) -> Wiring {
        let (epochs, born) = history::facts(all);
        let (start, end) = (&all[0], &all[all.len() - 1]);
        Wiring {
            run,
            epochs,
            born,
            degrees: start
                .iter()
                .zip(end)
                .flat_map(|(start, end)| degree::facts(start, end))
                .collect(),
        }
    }
}

fn refuse_dense(run: &Run) -> Result<()> {
    if run.options()?.topology == TopologyKind::Dense {
        let problem = "a dense run has no topology; name a run of --topology set or static";
        return Err(Error::data(run.folder(), problem));
    }
    Ok(())
}

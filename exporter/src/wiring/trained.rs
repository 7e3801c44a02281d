//! Enters: a run. Leaves: [`TrainedWiring`], the connections of its model and what is at their
//! ends. Next: `distance` compares those of several runs, `words` counts, `picture` draws.

use set_lstm_runtime::gate::Gate;

use super::{Connections, EMBEDDING, refuse_dense};
use crate::error::Result;
use crate::load::InputCode;
use crate::report::score::Score;
use crate::run::Run;
use crate::sparse_model::{SparseMatrix, SparseModel};

/// The connections of a run's model, that of the best epoch, whose accuracy stands beside them.
#[derive(Debug, Clone)]
pub struct TrainedWiring {
    /// Name of the run.
    pub run: String,
    /// Epoch of the model.
    pub epoch: u32,
    /// How well it answers the validation part.
    pub score: Score,
    /// The words of its tokens; none of recordings.
    pub words: Option<Vec<String>>, // [vocabulary]
    /// As of [`Connections::of_model`].
    pub matrices: Vec<Connections>,
    /// The model.
    pub model: SparseModel,
}

impl TrainedWiring {
    /// Reads the model of a run.
    ///
    /// # Errors
    /// A dense run, no model yet, or a damaged file.
    pub fn of(run: &Run) -> Result<TrainedWiring> {
        refuse_dense(run)?;
        let (card, model) = run.model()?;
        let words = match run.code_of(&card, &model)? {
            InputCode::Words(vocabulary) => Some(
                (0..=u16::MAX)
                    .map_while(|token| vocabulary.word(token).map(str::to_owned))
                    .collect(),
            ),
            InputCode::Samples(_) | InputCode::Tokens { .. } => None,
        };
        Ok(TrainedWiring {
            run: run.name(),
            epoch: card.epoch,
            score: card.score,
            words,
            matrices: Connections::of_model(&model),
            model,
        })
    }
}

impl Connections {
    /// The embedding, if there is one, then `W` and then `U` of each gate.
    pub fn of_model(model: &SparseModel) -> Vec<Connections> {
        let one = |name: String, matrix: &SparseMatrix| Connections {
            name,
            rows: matrix.rows,
            columns: matrix.columns,
            positions: (0..matrix.rows)
                .flat_map(|row| {
                    let place =
                        move |&column: &u16| (row * matrix.columns) as u64 + u64::from(column);
                    matrix.row(row).0.iter().map(place)
                })
                .collect(),
        };
        let mut all = Vec::new();
        if model.channels().is_none() {
            all.push(one(EMBEDDING.into(), &model.embedding));
        }
        for (kind, matrices) in [('W', &model.input), ('U', &model.recurrent)] {
            for gate in Gate::ALL {
                all.push(one(
                    format!("{kind} {}", gate.letter()),
                    &matrices[gate.index()],
                ));
            }
        }
        all
    }
}

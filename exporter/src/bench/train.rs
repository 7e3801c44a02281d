//! Enters: documents of one length. Leaves: [`TrainSpeed`], how fast this machine trains on
//! them. Next: the command line prints it.
//!
//! What is timed is the training itself, every part of it: order, dropout, forward and back
//! through time, clipping, optimiser. Rounds of some batches are timed one by one, so that
//! the figure is a median and the spread is known.

use std::time::Instant;

use rand::RngExt;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::load::{InputCode, Training};
use crate::process::peak_memory_bytes;
use crate::report::metrics::EpochMetrics;
use crate::sequences::{SequenceSet, Token};
use crate::sparse_model::SparseModel;
use crate::train::checkpoint::{Checkpoint, Position};
use crate::train::options::{TopologyKind, TrainOptions};
use crate::train::parameters::stream;
use crate::train::simd::Unit;
use crate::train::trainer::{Trainer, Watch};
use crate::vocabulary::Vocabulary;

/// Batches that are not timed: buffers grow, caches fill.
const WARM_UP: usize = 3;

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounds {
    /// Rounds that are timed one by one.
    pub rounds: usize,
    /// Batches in a round.
    pub batches: usize,
}

/// How fast a machine trains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainSpeed {
    /// What the connections do.
    pub topology: TopologyKind,
    /// Where the documents come from.
    pub data: String,
    /// Length of an embedding row.
    pub embedding_size: usize,
    /// Hidden units.
    pub hidden_size: usize,
    /// Parameters that exist.
    pub parameters: usize,
    /// Documents in a batch.
    pub batch: usize,
    /// Tokens of each document.
    pub tokens: usize,
    /// Threads.
    pub threads: usize,
    /// The vector instructions that were used.
    pub vector_unit: &'static str,
    /// Median over the rounds.
    pub tokens_per_second: f64,
    /// The slowest round.
    pub tokens_per_second_min: f64,
    /// The fastest round.
    pub tokens_per_second_max: f64,
    /// Most memory that the process held so far, documents included.
    pub peak_memory_bytes: Option<u64>,
}

/// Documents of `length` tokens from a training part, as many as the rounds need; documents
/// are used again if there are too few.
///
/// # Errors
/// No document is that long.
pub fn long_documents(
    training: Training,
    options: &TrainOptions,
    length: usize,
    rounds: Rounds,
) -> Result<Training> {
    let long: Vec<usize> = (0..training.train.len())
        .filter(|&k| training.train.sequence(k).len() == length)
        .collect();
    if long.is_empty() {
        let problem = format!("no document has {length} tokens; ask for fewer by --tokens");
        return Err(Error::Options(problem));
    }
    let mut train = SequenceSet::of_tokens();
    // documents lie class by class: take them from all over the set
    for k in 0..rounds.documents(options) {
        let document = long[k * 7919 % long.len()];
        train.push_sequence(
            training.train.sequence(document),
            training.train.target(document),
        );
    }
    Ok(Training { train, ..training })
}

/// Random documents: token `n` comes with a probability in proportion to `1 / n` (Zipf's
/// law), so that about as many words repeat as in real text.
pub fn generated_documents(options: &TrainOptions, length: usize, rounds: Rounds) -> Training {
    let mut rng = stream(options.seed, u64::MAX);
    let span = (options.vocabulary as f64).ln();
    // for p ~ 1/n the logarithm of n is uniform
    let mut token =
        || (libm::exp(rng.random::<f64>() * span) as usize).min(options.vocabulary - 1) as Token;
    let mut train = SequenceSet::of_tokens();
    for k in 0..rounds.documents(options) {
        train.push((0..length).map(|_| token()), (k % 2) as u8);
    }
    let mut validation = SequenceSet::of_tokens();
    validation.push([0], 0);
    let words = (1..options.vocabulary).map(|n| format!("w{n}").into_boxed_str());
    Training {
        code: InputCode::Words(Vocabulary::new(words)),
        classes: ["no", "yes"].map(String::from).into(),
        output_names: Vec::new(),
        outputs: None,
        train,
        validation,
    }
}

impl Rounds {
    fn steps(self) -> usize {
        WARM_UP + self.rounds * self.batches
    }

    fn documents(self, options: &TrainOptions) -> usize {
        self.steps() * options.batch
    }
}

/// Trains for as long as the rounds take. `name` says where the documents come from.
///
/// # Errors
/// Options out of range.
pub fn train_speed(
    options: &TrainOptions,
    data: &Training,
    name: String,
    threads: usize,
    rounds: Rounds,
) -> Result<TrainSpeed> {
    let mut trainer = Trainer::new(options.clone(), data, threads)?;
    let parameters = trainer.parameters().count();
    let mut watch = StopWatch {
        stop_after: rounds.steps(),
        ..StopWatch::default()
    };
    match trainer.run(&mut watch) {
        Ok(()) | Err(Error::Interrupted(_)) => {}
        Err(error) => return Err(error),
    }
    let mut speeds: Vec<f64> = Vec::new();
    for round in watch.steps[WARM_UP - 1..]
        .windows(rounds.batches + 1)
        .step_by(rounds.batches)
    {
        let ((start, before), (end, after)) = (round[0], round[rounds.batches]);
        speeds.push((after - before) as f64 / (end - start).as_secs_f64());
    }
    speeds.sort_by(f64::total_cmp);
    let at = |place: usize| speeds.get(place).copied().unwrap_or_default();
    Ok(TrainSpeed {
        topology: options.topology,
        data: name,
        embedding_size: options.embedding_size,
        hidden_size: options.hidden_size,
        parameters,
        batch: options.batch,
        tokens: data.train.sequence(0).len(),
        threads,
        vector_unit: Unit::default().available().name(),
        tokens_per_second: at(speeds.len() / 2),
        tokens_per_second_min: at(0),
        tokens_per_second_max: at(speeds.len().saturating_sub(1)),
        peak_memory_bytes: peak_memory_bytes(),
    })
}

/// Notes when each step ended, and stops the training when there are enough.
#[derive(Debug, Default)]
struct StopWatch {
    steps: Vec<(Instant, u64)>, // end of the step, tokens until then
    stop_after: usize,
}

impl Watch for StopWatch {
    fn step(&mut self, position: &Position, _: f32) {
        self.steps.push((Instant::now(), position.tokens));
    }
    fn epoch(&mut self, _: &EpochMetrics) {}
    fn is_interrupted(&self) -> bool {
        self.steps.len() >= self.stop_after
    }
    fn save(&mut self, _: &Checkpoint, _: Option<&SparseModel>) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::preset::Preset;

    #[test]
    fn a_measurement_has_its_rounds_and_plausible_figures() {
        let options = TrainOptions {
            vocabulary: 50,
            batch: 16,
            ..Preset::Reber.options()
        };
        let rounds = Rounds {
            rounds: 3,
            batches: 2,
        };
        let data = generated_documents(&options, 12, rounds);
        assert_eq!(data.train.len(), (3 + 6) * 16);
        let speed = train_speed(&options, &data, "generated".into(), 1, rounds).unwrap();
        assert_eq!((speed.tokens, speed.batch), (12, 16));
        assert!(speed.tokens_per_second_min > 0.0);
        assert!(speed.tokens_per_second_min <= speed.tokens_per_second);
        assert!(speed.tokens_per_second <= speed.tokens_per_second_max);
    }

    #[test]
    fn documents_that_are_too_short_are_refused() {
        let options = TrainOptions {
            vocabulary: 50,
            ..Preset::Reber.options()
        };
        let rounds = Rounds {
            rounds: 1,
            batches: 1,
        };
        let data = generated_documents(&options, 12, rounds);
        let error = long_documents(data, &options, 13, rounds)
            .unwrap_err()
            .to_string();
        assert!(error.contains("no document has 13 tokens"), "{error}");
    }
}

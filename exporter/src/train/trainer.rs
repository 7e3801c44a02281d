//! Enters: options and documents as tokens. Leaves: the model of the best epoch and the
//! figures of all. Next: `run` keeps them.
//!
//! ```text
//! for each epoch:
//!     for each batch:  loss, gradient ◀ engine · clip · optimiser · running average
//!     validation decides whether this epoch's weights are the best so far
//!     evolve: the weakest connections move          (SET; not after the last epoch)
//! ```
//!
//! Every random choice has a stream of its own, named by seed, purpose and place, so a
//! training goes on from a [`Checkpoint`] with the bits that it would have had.

mod slopes;
mod start;

use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;

use super::augmentation::augmented;
use super::batch::plan;
use super::checkpoint::{Checkpoint, Position};
use super::chunk::{Noise, Sample, samples};
use super::engine::Engine;
use super::evolve::evolve;
use super::fingerprint;
use super::optimizer::{Optimizer, clip};
use super::options::{TopologyKind, TrainOptions};
use super::parameters::{Parameters, Part, Shape, stream};
use super::score::{best_epoch, test};
use crate::error::{Error, Result};
use crate::load::Training;
use crate::process::cpu_seconds;
use crate::report::metrics::EpochMetrics;
use crate::sequences::SequenceSet;
use crate::sparse_model::SparseModel;
use set_lstm_runtime::wire::Answer;

/// How long a training may go on before it is saved within an epoch.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// What the random streams are for; the rest of the stream's number says where.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    // 0 and 1 are the topology and the weights at the start
    Evolution = 2,
    Order = 3,
    Noise = 4,
    Growth = 5,
    Augmentation = 6,
}

/// Who follows a training, and may stop it.
pub trait Watch {
    /// A step is done; `position` is after it.
    fn step(&mut self, position: &Position, learning_rate: f32);
    /// An epoch is done.
    fn epoch(&mut self, metrics: &EpochMetrics);
    /// The connections at the start (`epochs` is 0), and those that an epoch was trained
    /// with, before they move. Not called for dense trainings.
    ///
    /// # Errors
    /// What keeping them returns.
    fn connections(&mut self, _epochs: u32, _parameters: &Parameters) -> Result<()> {
        Ok(())
    }
    /// Whether to stop now.
    fn is_interrupted(&self) -> bool;
    /// A place to go on from. `best` is the model if this epoch is the best so far.
    ///
    /// # Errors
    /// What saving returns.
    fn save(&mut self, checkpoint: &Checkpoint, best: Option<&SparseModel>) -> Result<()>;
}

/// A training.
#[derive(Debug)]
pub struct Trainer<'d> {
    options: TrainOptions,
    data: &'d Training,
    engine: Engine,
    threads: usize,
    optimizer: Optimizer,
    average: Vec<f32>, // [parameters] or [0]
    position: Position,
    gradient: Vec<f32>, // [parameters]
    saved: Instant,
}

impl<'d> Trainer<'d> {
    /// A training at its start.
    ///
    /// # Errors
    /// Options out of range, or a set without documents.
    pub fn new(options: TrainOptions, data: &'d Training, threads: usize) -> Result<Self> {
        options.check()?;
        let shape = shape_of(&options, data);
        let scale = options.initial_scale(shape);
        let parameters = Parameters::random(shape, options.densities(), scale, options.seed);
        Self::begin(options, data, threads, parameters)
    }

    fn begin(
        options: TrainOptions,
        data: &'d Training,
        threads: usize,
        parameters: Parameters,
    ) -> Result<Self> {
        let average = if options.averaging > 0.0 {
            parameters.value.clone()
        } else {
            Vec::new()
        };
        let optimizer = Optimizer::new(options.rule(), parameters.count());
        Self::at(
            options,
            data,
            threads,
            parameters,
            optimizer,
            average,
            Position::default(),
        )
    }

    /// A training that goes on from where it was saved.
    ///
    /// # Errors
    /// Options out of range, or other data than the training began with.
    pub fn resume(
        options: TrainOptions,
        data: &'d Training,
        threads: usize,
        checkpoint: Checkpoint,
    ) -> Result<Self> {
        options.check()?;
        let Checkpoint {
            position,
            data: fingerprint,
            options: made_with,
            parameters,
            first,
            second,
            average,
        } = checkpoint;
        if fingerprint != fingerprint::of_data(data) {
            let problem = "the data is not what this run was trained on; give the same data, or train anew in another folder";
            return Err(Error::Options(problem.into()));
        }
        let shape = shape_of(&options, data);
        let empty = |values: &[f32]| values.is_empty();
        let rule = options.rule();
        if made_with != fingerprint::of_options(&options)
            || parameters.shape != shape
            || empty(&average) != (options.averaging == 0.0)
            || second.len() != Optimizer::new(rule, parameters.count()).second.len()
        {
            let problem = "the checkpoint was made with other options; restore options.toml, or train anew in another folder";
            return Err(Error::Options(problem.into()));
        }
        let optimizer = Optimizer {
            rule,
            steps: position.steps,
            first,
            second,
        };
        Self::at(
            options, data, threads, parameters, optimizer, average, position,
        )
    }

    fn at(
        options: TrainOptions,
        data: &'d Training,
        threads: usize,
        parameters: Parameters,
        optimizer: Optimizer,
        average: Vec<f32>,
        position: Position,
    ) -> Result<Self> {
        options.check_task(data.train.task())?;
        if data.train.channels().is_some() && options.word_dropout > 0.0 {
            let problem = "recordings have no words to drop; train with --word-dropout 0";
            return Err(Error::Options(problem.into()));
        }
        options.augmentation().check(data.train.channels())?;
        if data.train.is_empty() || data.validation.is_empty() {
            let problem = "training and validation need at least one document of each class; give more data or raise --validation-fraction";
            return Err(Error::Options(problem.into()));
        }
        let gradient = vec![0.0; parameters.count()];
        let engine = Engine::new(parameters, options.batch, threads).with_pooling(options.pooling);
        let saved = Instant::now();
        Ok(Trainer {
            options,
            data,
            engine,
            threads,
            optimizer,
            average,
            position,
            gradient,
            saved,
        })
    }

    /// Where the training is.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Connections and weights as they are now.
    pub fn parameters(&self) -> &Parameters {
        self.engine.parameters()
    }

    /// Batches of one epoch.
    pub fn batches_per_epoch(&self) -> u32 {
        // as `batch::plan` cuts them
        self.data.train.len().div_ceil(self.options.batch) as u32
    }

    /// The epochs that are left.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if `watch` asks for it: everything is saved then;
    /// [`Error::Options`] if the loss is no number any more; and what saving returns.
    pub fn run(&mut self, watch: &mut dyn Watch) -> Result<()> {
        if self.position.steps == 0 {
            self.show_connections(watch)?;
        }
        while !self.is_done() {
            self.epoch(watch)?;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        let Position { epoch, metrics, .. } = &self.position;
        let since_best = best_epoch(metrics).map_or(0, |best| epoch - best);
        let patience = self.options.patience;
        *epoch >= self.options.epochs || (patience > 0 && since_best >= patience)
    }

    fn epoch(&mut self, watch: &mut dyn Watch) -> Result<()> {
        let mut order = self.stream(Purpose::Order, self.position.epoch.into());
        let batches = plan(&self.data.train, self.options.batch, &mut order);
        for batch in &batches[self.position.batch as usize..] {
            if watch.is_interrupted() {
                watch.save(&self.checkpoint(), None)?;
                return Err(Error::Interrupted(
                    "everything up to the last step is saved".into(),
                ));
            }
            if self.saved.elapsed() >= SAVE_EVERY {
                watch.save(&self.checkpoint(), None)?;
                self.saved = Instant::now();
            }
            let rate = self.learning_rate(batches.len());
            self.step(batch, rate)?;
            watch.step(&self.position, rate);
        }
        self.finish_epoch(batches.len(), watch)
    }

    fn step(&mut self, batch: &[u32], rate: f32) -> Result<()> {
        let (start, cpu_start) = (Instant::now(), cpu_seconds());
        let changed = self.changed(batch);
        let samples = match &changed {
            None => samples(&self.data.train, batch),
            Some(changed) => (0..changed.len()).map(|k| Sample::of(changed, k)).collect(),
        };
        let TrainOptions {
            word_dropout,
            output_dropout,
            recurrent_dropout,
            label_smoothing,
            ..
        } = self.options;
        let (seed, step) = (self.options.seed, self.position.steps);
        let noise = |chunk: u64| Noise {
            word_dropout,
            output_dropout,
            recurrent_dropout,
            smoothing: label_smoothing,
            // at most 65,536 documents, so at most 4,096 chunks in a batch
            rng: stream(seed, number(Purpose::Noise, step << 12 | chunk)),
        };
        let loss = self.engine.train(&samples, noise, &mut self.gradient);
        if !loss.loss.is_finite() {
            let epoch = self.position.epoch + 1;
            return Err(Error::Options(format!(
                "the loss of epoch {epoch} is no number any more; train with a lower --learning-rate"
            )));
        }
        if self.options.clip > 0.0 {
            clip(&mut self.gradient, self.options.clip);
        }
        let (optimizer, gradient) = (&mut self.optimizer, &self.gradient);
        let decayed = self.engine.parameters().range(Part::Bias).start;
        let decay = (self.options.weight_decay, decayed);
        self.engine
            .update(|value| optimizer.step(value, gradient, rate, decay));
        let (kept, value) = (self.options.averaging, &self.engine.parameters().value);
        for (average, value) in self.average.iter_mut().zip(value) {
            *average += (1.0 - kept) * (value - *average);
        }
        let position = &mut self.position;
        position.batch += 1;
        position.steps += 1;
        position.loss += loss.loss;
        position.documents += samples.len() as u64;
        position.tokens += samples
            .iter()
            .map(|sample| sample.inputs.len() as u64)
            .sum::<u64>();
        position.seconds += start.elapsed().as_secs_f64();
        position.cpu_seconds += cpu_since(cpu_start);
        Ok(())
    }

    /// The recordings of a batch as this epoch changes them; `None` if it does not.
    fn changed(&self, batch: &[u32]) -> Option<SequenceSet> {
        let augmentation = self.options.augmentation();
        let statistics = self.data.code.statistics()?;
        let epoch = u64::from(self.position.epoch) << 32;
        let rng = |number: u32| self.stream(Purpose::Augmentation, epoch | u64::from(number));
        augmentation
            .is_some()
            .then(|| augmented(&self.data.train, batch, augmentation, statistics, rng))
    }

    /// From the rate at the start to that at the end in a line over all steps.
    fn learning_rate(&self, batches: usize) -> f32 {
        let all = u64::from(self.options.epochs) * batches as u64;
        let done = self.position.steps as f64 / (all.max(2) - 1) as f64;
        let end = f64::from(self.options.final_rate);
        (f64::from(self.options.learning_rate) * (1.0 - done * (1.0 - end))) as f32
    }

    fn finish_epoch(&mut self, batches: usize, watch: &mut dyn Watch) -> Result<()> {
        let (start, cpu_start) = (Instant::now(), cpu_seconds());
        let value = self.tested_weights().to_vec();
        let (validation_loss, score) = test(&mut self.engine, &value, &self.data.validation);
        let learning_rate = self.learning_rate(batches).into();
        let position = &mut self.position;
        let metrics = EpochMetrics {
            epoch: position.epoch + 1,
            train_loss: position.loss / position.documents as f64,
            validation_loss,
            score,
            learning_rate,
            tokens_per_second: position.tokens as f64 / position.seconds,
            seconds: position.seconds + start.elapsed().as_secs_f64(),
            cpu_seconds: position.cpu_seconds + cpu_since(cpu_start),
        };
        position.metrics.push(metrics);
        *position = Position {
            epoch: metrics.epoch,
            steps: position.steps,
            metrics: std::mem::take(&mut position.metrics),
            ..Position::default()
        };
        watch.epoch(&metrics);
        let is_best = best_epoch(&self.position.metrics) == Some(metrics.epoch);
        let best = is_best.then(|| self.engine.parameters().to_model(&value));
        self.show_connections(watch)?;
        if self.options.topology == TopologyKind::Set && !self.is_done() {
            self.evolve();
        }
        watch.save(&self.checkpoint(), best.as_ref())?;
        self.saved = Instant::now();
        Ok(())
    }

    /// The weights that are tested and saved.
    fn tested_weights(&self) -> &[f32] {
        if self.average.is_empty() {
            &self.engine.parameters().value
        } else {
            &self.average
        }
    }

    fn show_connections(&self, watch: &mut dyn Watch) -> Result<()> {
        if self.options.topology == TopologyKind::Dense {
            return Ok(());
        }
        watch.connections(self.position.epoch, self.engine.parameters())
    }

    fn evolve(&mut self) {
        let mut rng = self.stream(Purpose::Evolution, self.position.epoch.into());
        let evolution = self.options.evolution(self.position.epoch);
        let (options, data, threads) = (&self.options, self.data, self.threads);
        let epoch = self.position.epoch;
        let Optimizer { first, second, .. } = &mut self.optimizer;
        let average = &mut self.average;
        let mut slopes =
            |tried: &Parameters| slopes::of_batches(tried, options, data, threads, epoch);
        self.engine.rewire(|parameters| {
            let companions = [first, second, average];
            evolve(parameters, companions, evolution, &mut rng, &mut slopes);
        });
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            position: self.position.clone(),
            data: fingerprint::of_data(self.data),
            options: fingerprint::of_options(&self.options),
            parameters: self.engine.parameters().clone(),
            first: self.optimizer.first.clone(),
            second: self.optimizer.second.clone(),
            average: self.average.clone(),
        }
    }

    fn stream(&self, purpose: Purpose, place: u64) -> ChaCha8Rng {
        stream(self.options.seed, number(purpose, place))
    }
}

/// Number of a random stream.
fn number(purpose: Purpose, place: u64) -> u64 {
    place << 3 | purpose as u64
}

/// Sizes of the network that is to learn such data.
fn shape_of(options: &TrainOptions, data: &Training) -> Shape {
    let answers = match data.train.task().answer {
        Answer::Class => data.classes.len(),
        Answer::Values => data.train.outputs(),
    };
    options.shape(&data.code, data.train.task().answer, answers)
}

/// Processor time since then; 0 where the system does not say.
fn cpu_since(start: Option<f64>) -> f64 {
    match (start, cpu_seconds()) {
        (Some(start), Some(now)) => now - start,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests;

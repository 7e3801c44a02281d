//! A training as people watch it: a bar on a terminal, a line an epoch elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::say;
use crate::error::{Error, Result};
use crate::model_file::ModelCard;
use crate::report::metrics::EpochMetrics;
use crate::report::table::{figure, thousands};
use crate::run::Run;
use crate::sparse_model::SparseModel;
use crate::train::checkpoint::{Checkpoint, Position};
use crate::train::parameters::Parameters;
use crate::train::score::best_epoch;
use crate::train::snapshot::Snapshot;
use crate::train::trainer::Watch;

/// Follows a training, keeps it in its run folder, and stops it on Ctrl-C.
pub struct Progress<'r> {
    run: &'r Run,
    card: ModelCard,
    bar: ProgressBar,
    epochs: u32,
    interrupted: Arc<AtomicBool>,
}

impl<'r> Progress<'r> {
    /// For a training of `epochs` epochs with `batches` steps each that is at `position`.
    ///
    /// # Errors
    /// The system does not let Ctrl-C be caught.
    pub fn new(
        run: &'r Run,
        card: ModelCard,
        epochs: u32,
        batches: u32,
        position: &Position,
    ) -> Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        ctrlc::set_handler(move || {
            // a second Ctrl-C does not wait for the step to end
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
        .map_err(|e| {
            Error::Tool(format!(
                "Ctrl-C cannot be caught: {e}; start the command in another shell"
            ))
        })?;
        let bar = ProgressBar::new(u64::from(epochs) * u64::from(batches));
        let style = ProgressStyle::with_template(
            "{prefix} {bar:28.cyan/dim} {percent:>3} %  {msg}  {eta} left",
        );
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("━╸─"),
        );
        bar.set_position(position.steps);
        bar.reset_eta();
        Ok(Progress {
            run,
            card,
            bar,
            epochs,
            interrupted,
        })
    }

    /// Takes the bar away. From now on Ctrl-C ends the program at once: there is no step to
    /// wait for.
    pub fn finish(self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.bar.finish_and_clear();
    }
}

impl Watch for Progress<'_> {
    fn step(&mut self, position: &Position, _learning_rate: f32) {
        self.bar
            .set_prefix(format!("epoch {}/{}", position.epoch + 1, self.epochs));
        let speed = (position.tokens as f64 / position.seconds) as u64;
        let loss = position.loss / position.documents as f64;
        self.bar
            .set_message(format!("loss {loss:.3}  {} tokens/s", thousands(speed)));
        self.bar.set_position(position.steps);
    }

    fn epoch(&mut self, metrics: &EpochMetrics) {
        let EpochMetrics {
            epoch,
            train_loss,
            validation_loss,
            ..
        } = metrics;
        let rmse = metrics.validation_rmse(self.card.outputs.as_ref());
        let rmse = rmse.map_or_else(String::new, |rmse| format!("  RMSE {}", figure(rmse)));
        let line = format!(
            "epoch {epoch:>2}/{}  loss {train_loss:.3}  validation loss {validation_loss:.3}  {} {}{rmse}  {:>9} tokens/s  {:.1} s",
            self.epochs,
            metrics.score.name(),
            metrics.score.text(),
            thousands(metrics.tokens_per_second as u64),
            metrics.seconds,
        );
        // a hidden bar prints nothing
        if self.bar.is_hidden() {
            say(&line)
        } else {
            self.bar.println(line)
        }
    }

    fn connections(&mut self, epochs: u32, parameters: &Parameters) -> Result<()> {
        self.run.save_connections(&Snapshot::of(epochs, parameters))
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn save(&mut self, checkpoint: &Checkpoint, best: Option<&SparseModel>) -> Result<()> {
        let metrics = &checkpoint.position.metrics;
        if let Some(best) = best_epoch(metrics).and_then(|epoch| metrics.get(epoch as usize - 1)) {
            self.card.epoch = best.epoch;
            self.card.score = best.score;
        }
        self.run
            .save(checkpoint, best.map(|model| (&self.card, model)))
    }
}

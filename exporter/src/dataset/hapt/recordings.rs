//! Enters: the files of the smartphones. Leaves: [`LabelledRecording`]s, whole, with the activity
//! of every sample. Next: whoever trains a model that answers after every step.

use super::{Hapt, Raw, Stretch};
use crate::dataset::Split;
use crate::error::Result;
use crate::target::UNLABELLED;

/// All samples of one experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledRecording {
    /// Who wore the smartphone.
    pub user: u32,
    /// Acceleration x y z in g, then angular speed x y z in radians a second; 50 steps a second.
    pub samples: Vec<f32>, // [steps x 6]
    /// The activity; [`UNLABELLED`] between two of them and while the posture changes.
    pub labels: Vec<u8>, // [steps]
}

impl Hapt {
    /// The recordings of one split as a whole, by experiment.
    ///
    /// # Errors
    /// As of [`Corpus::for_each`](crate::dataset::Corpus::for_each).
    pub fn recordings(&self, split: Split) -> Result<Vec<LabelledRecording>> {
        let raw = Raw::read(&self.source, split)?;
        let all = raw.checked()?.into_iter().map(|(key, recording)| {
            let [acceleration, turning] = recording.tracks;
            let both = acceleration.iter().zip(turning);
            let samples = both.flat_map(|(a, b)| a.iter().chain(b)).copied();
            let mut labels = vec![UNLABELLED; acceleration.len()];
            for stretch in raw.stretches.iter().filter(|stretch| stretch.key == key) {
                let label = stretch.label().unwrap_or(UNLABELLED);
                labels[stretch.steps()].fill(label);
            }
            LabelledRecording {
                user: key.user,
                samples: samples.collect(),
                labels,
            }
        });
        Ok(all.collect())
    }
}

impl Stretch {
    fn steps(&self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}

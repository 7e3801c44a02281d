//! Enters: the recordings of a batch. Leaves: the same, as if the sensor had been worn a
//! little differently. Next: `trainer` gives them to `engine` in place of the originals.
//!
//! What people differ in and what a class does not depend on is drawn anew for every
//! recording in every epoch:
//!
//! ```text
//! speed s    x_t ◀ x at step last − s·(last − t), between two samples in a line
//! rotation R x ◀ R·x, of every three channels: one sensor frame, so one R for all of them
//! gain g     x ◀ g·x, of every sensor (three channels, or all if they are not threes)
//! noise      x ◀ x + normal, in deviations of the channel
//! ```
//!
//! Rotation and gain are of raw samples: gravity turns with the sensor, and a mean is not in
//! its way. Every recording has a random stream of its own, named by its number, so the
//! number of threads and the order of a batch change nothing.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::parameters::normal;
use crate::error::{Error, Result};
use crate::normalization::Normalization;
use crate::sequences::{Sequence, SequenceSet};

/// Channels of a sensor that turns as a whole: x y z.
const AXES: usize = 3;

/// How far recordings are changed; 0 for not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Augmentation {
    /// Largest angle in degrees, about any axis.
    pub rotation: f32,
    /// Largest change of the length of all samples of a sensor, as a part of it.
    pub gain: f32,
    /// Largest change of speed, as a part of it.
    pub speed: f32,
    /// Standard deviation of the noise of a sample, in those of its channel.
    pub noise: f32,
}

impl Augmentation {
    /// Whether it changes anything.
    pub fn is_some(self) -> bool {
        self != Augmentation::default()
    }

    /// Refuses what the channels do not allow; `channels` is `None` of texts.
    ///
    /// # Errors
    /// [`Error::Options`] that names the option.
    pub fn check(self, channels: Option<usize>) -> Result<()> {
        let problem = match channels {
            None if self.is_some() => {
                "texts are no samples to turn or blur; train with --rotation 0 --gain 0 --speed 0 --sample-noise 0".to_owned()
            }
            Some(channels) if self.rotation > 0.0 && !channels.is_multiple_of(AXES) => format!(
                "{channels} channels are no sensors of {AXES} axes to turn; train with --rotation 0"
            ),
            _ => return Ok(()),
        };
        Err(Error::Options(problem))
    }

    /// A recording of normalised samples, changed as `rng` says.
    pub fn apply(
        self,
        values: &[f32], // [steps x channels]
        statistics: &Normalization,
        rng: &mut ChaCha8Rng,
    ) -> Vec<f32> {
        let channels = statistics.channels();
        let mut changed = if self.speed > 0.0 {
            at_speed(values, channels, 1.0 + self.speed * signed(rng))
        } else {
            values.to_vec()
        };
        if self.rotation > 0.0 || self.gain > 0.0 {
            let sensor = if channels.is_multiple_of(AXES) {
                AXES
            } else {
                channels
            };
            let turn = (self.rotation > 0.0).then(|| rotation(self.rotation * signed(rng), rng));
            let gains: Vec<f32> = (0..channels / sensor)
                .map(|_| 1.0 + self.gain * signed(rng))
                .collect();
            for sample in changed.chunks_exact_mut(channels) {
                raw(sample, statistics, |sample| {
                    for (sensor, gain) in sample.chunks_exact_mut(sensor).zip(&gains) {
                        if let Some(turn) = &turn {
                            turned(sensor, turn);
                        }
                        sensor.iter_mut().for_each(|x| *x *= gain);
                    }
                });
            }
        }
        if self.noise > 0.0 {
            changed
                .iter_mut()
                .for_each(|x| *x += self.noise * normal(rng));
        }
        changed
    }
}

/// The recordings of those numbers, each changed by `rng` of its number.
pub fn augmented(
    set: &SequenceSet,
    numbers: &[u32],
    augmentation: Augmentation,
    statistics: &Normalization,
    rng: impl Fn(u32) -> ChaCha8Rng,
) -> SequenceSet {
    let mut changed = set.empty_like();
    for &number in numbers {
        let index = number as usize;
        let sequence = set.sequence(index);
        match sequence {
            Sequence::Tokens(_) => changed.push_sequence(sequence, set.target(index)),
            Sequence::Samples { values, .. } => {
                let values = augmentation.apply(values, statistics, &mut rng(number));
                changed.push_samples(&values, set.target(index));
            }
        }
    }
    changed
}

/// Between −1 and 1.
fn signed(rng: &mut ChaCha8Rng) -> f32 {
    2.0 * rng.random::<f32>() - 1.0
}

/// As many steps at another speed, ending with the same sample; the first sample stands
/// where a faster recording would have begun before it.
fn at_speed(values: &[f32], channels: usize, speed: f32) -> Vec<f32> {
    let steps = values.len() / channels;
    let mut changed = Vec::with_capacity(values.len());
    let last = steps.saturating_sub(1);
    for step in 0..steps {
        let place = (last as f32 - speed * (last - step) as f32).max(0.0);
        let before = (place as usize).min(last);
        let after = (before + 1).min(last);
        let part = place - before as f32;
        let [before, after] = [before, after].map(|step| &values[step * channels..][..channels]);
        let between = before.iter().zip(after).map(|(a, b)| a + part * (b - a));
        changed.extend(between);
    }
    changed
}

/// A rotation by so many degrees about an axis drawn evenly from the sphere (Rodrigues).
fn rotation(degrees: f32, rng: &mut ChaCha8Rng) -> [[f32; AXES]; AXES] {
    let axis: [f32; AXES] = std::array::from_fn(|_| normal(rng));
    let length = axis.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
    let [x, y, z] = axis.map(|it| it / length);
    let angle = f64::from(degrees).to_radians();
    let (sin, cos) = (libm::sin(angle) as f32, libm::cos(angle) as f32);
    let rest = 1.0 - cos;
    [
        [
            cos + x * x * rest,
            x * y * rest - z * sin,
            x * z * rest + y * sin,
        ],
        [
            y * x * rest + z * sin,
            cos + y * y * rest,
            y * z * rest - x * sin,
        ],
        [
            z * x * rest - y * sin,
            z * y * rest + x * sin,
            cos + z * z * rest,
        ],
    ]
}

fn turned(sensor: &mut [f32], turn: &[[f32; AXES]; AXES]) {
    let before: [f32; AXES] = [sensor[0], sensor[1], sensor[2]];
    for (x, row) in sensor.iter_mut().zip(turn) {
        *x = row.iter().zip(before).map(|(a, b)| a * b).sum();
    }
}

/// Lets `change` see a normalised sample in its own units. A channel that never changed in
/// training stays silent.
fn raw(sample: &mut [f32], statistics: &Normalization, change: impl FnOnce(&mut [f32])) {
    let Normalization { mean, factor } = statistics;
    for ((x, mean), factor) in sample.iter_mut().zip(mean).zip(factor) {
        *x = if *factor > 0.0 {
            *x / factor + mean
        } else {
            *mean
        };
    }
    change(sample);
    for ((x, mean), factor) in sample.iter_mut().zip(mean).zip(factor) {
        *x = (*x - mean) * factor;
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    const NONE: Augmentation = Augmentation {
        rotation: 0.0,
        gain: 0.0,
        speed: 0.0,
        noise: 0.0,
    };

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    /// Two sensors of three axes, in units of their own.
    fn statistics() -> Normalization {
        Normalization {
            mean: vec![9.0, -1.0, 0.5, 0.0, 0.1, -0.2],
            factor: vec![2.0, 0.5, 1.0, 4.0, 1.0, 3.0],
        }
    }

    /// Five steps, no two alike.
    fn recording() -> Vec<f32> {
        (0..30)
            .map(|k| libm::sin(f64::from(k * k)) as f32)
            .collect()
    }

    /// Length of each sensor's raw samples, step by step.
    fn lengths(values: &[f32]) -> Vec<f32> {
        let statistics = statistics();
        let mut found = Vec::new();
        for sample in values.chunks_exact(6) {
            raw(&mut sample.to_vec(), &statistics, |sample| {
                let length = |axes: &[f32]| axes.iter().map(|x| x * x).sum::<f32>().sqrt();
                found.extend(sample.chunks_exact(AXES).map(length));
            });
        }
        found
    }

    fn assert_close(a: &[f32], b: &[f32]) {
        assert_eq!(a.len(), b.len());
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() <= 1e-5 * (1.0 + b.abs()), "{a} is not {b}");
        }
    }

    #[test]
    fn a_rotation_keeps_the_length_of_raw_samples_and_moves_them() {
        let turn = Augmentation {
            rotation: 90.0,
            ..NONE
        };
        let before = recording();
        for seed in 0..20 {
            let after = turn.apply(&before, &statistics(), &mut rng(seed));
            assert_close(&lengths(&after), &lengths(&before));
            assert_ne!(after, before);
        }
    }

    #[test]
    fn a_rotation_is_by_its_angle_and_one_for_all_sensors_and_steps() {
        for seed in 0..20 {
            let turn = rotation(25.0, &mut rng(seed));
            let trace = turn[0][0] + turn[1][1] + turn[2][2]; // 1 + 2 cos
            let angle = ((trace - 1.0) / 2.0).acos().to_degrees();
            assert!((angle - 25.0).abs() < 0.01, "{angle}");
        }
        // equal raw samples of both sensors stay equal
        let plain = Normalization {
            mean: vec![0.0; 6],
            factor: vec![1.0; 6],
        };
        let turn = Augmentation {
            rotation: 30.0,
            ..NONE
        };
        let after = turn.apply(&[1.0, 2.0, 3.0].repeat(4), &plain, &mut rng(1));
        assert!(after.chunks_exact(3).all(|sensor| sensor == &after[..3]));
    }

    #[test]
    fn a_gain_changes_all_samples_of_a_sensor_alike_and_no_more_than_it_may() {
        let louder = Augmentation { gain: 0.1, ..NONE };
        let before = recording();
        for seed in 0..20 {
            let after = louder.apply(&before, &statistics(), &mut rng(seed));
            let (after, before) = (lengths(&after), lengths(&before));
            let ratio = |k: usize| after[k] / before[k];
            for k in 0..after.len() {
                assert!((ratio(k) - ratio(k % 2)).abs() < 1e-5);
                assert!((0.9 - 1e-5..=1.1 + 1e-5).contains(&ratio(k)));
            }
            assert_ne!(ratio(0), ratio(1));
        }
    }

    #[test]
    fn another_speed_ends_with_the_same_sample_and_lies_between_neighbours() {
        let ramp = [0.0, 0.0, 1.0, 10.0, 2.0, 20.0, 3.0, 30.0]; // two channels
        let slow = at_speed(&ramp, 2, 0.5);
        assert_close(&slow, &[1.5, 15.0, 2.0, 20.0, 2.5, 25.0, 3.0, 30.0]);
        let fast = at_speed(&ramp, 2, 2.0);
        assert_close(&fast, &[0.0, 0.0, 0.0, 0.0, 1.0, 10.0, 3.0, 30.0]);
        assert_eq!(at_speed(&ramp, 2, 1.0), ramp);
        assert_eq!(at_speed(&[], 2, 1.5), [0.0; 0]);
    }

    #[test]
    fn noise_has_the_deviation_that_is_asked_for() {
        let blurred = Augmentation { noise: 0.5, ..NONE };
        let after = blurred.apply(&vec![0.0; 60_000], &statistics(), &mut rng(3));
        let square = after.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 60_000.0;
        assert!((square.sqrt() - 0.5).abs() < 0.01, "{square}");
    }

    #[test]
    fn a_silent_channel_of_one_axis_stays_silent() {
        let silent = Normalization {
            mean: vec![5.0],
            factor: vec![0.0],
        };
        let all = Augmentation {
            gain: 0.5,
            speed: 0.5,
            ..NONE
        };
        assert_eq!(all.apply(&[0.0; 3], &silent, &mut rng(1)), [0.0; 3]);
    }

    #[test]
    fn a_recording_changes_alike_wherever_it_stands_in_a_batch() {
        let mut set = SequenceSet::of_samples(6);
        (0..4).for_each(|label| set.push_samples(&recording(), label));
        let all = Augmentation {
            rotation: 20.0,
            gain: 0.1,
            speed: 0.1,
            noise: 0.1,
        };
        let of = |numbers: &[u32]| augmented(&set, numbers, all, &statistics(), |k| rng(k.into()));
        let (one, other) = (of(&[0, 2, 3]), of(&[3, 0]));
        assert_eq!(one.sequence(0), other.sequence(1));
        assert_eq!(one.sequence(2), other.sequence(0));
        assert_ne!(one.sequence(0), one.sequence(1));
        assert_eq!(
            (one.labels(), other.labels()),
            (&[0, 2, 3][..], &[3, 0][..])
        );
    }

    #[test]
    fn what_the_channels_do_not_allow_is_refused_with_what_to_do() {
        let turn = Augmentation {
            rotation: 5.0,
            ..NONE
        };
        let error = |channels| turn.check(channels).unwrap_err().to_string();
        assert!(error(Some(4)).contains("4 channels are no sensors of 3 axes to turn"));
        assert!(error(None).contains("texts are no samples"));
        assert!(turn.check(Some(6)).is_ok());
        assert!(Augmentation { gain: 0.1, ..NONE }.check(Some(1)).is_ok());
        assert!(NONE.check(None).is_ok());
    }
}

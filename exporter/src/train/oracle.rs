//! The LSTM once more, in f64 and as plainly as it can be said: what the kernels are
//! checked against. Only tests use it.

use super::batch::BatchLoss;
use super::chunk::{Noise, Sample};
use super::parameters::{Densities, InitialScale, Parameters, Part, Shape, normal, stream};
use super::pooling::Pooling;
use crate::sequences::{Sequence, SequenceSet};
use crate::sparse_model::{SparseMatrix, SparseModel};
use crate::target::{Target, UNLABELLED};
use rand::RngExt;
use set_lstm_runtime::gate::Gate;
use set_lstm_runtime::wire::{Answer, Moment, Task};

/// Every part of the flat vector.
pub const PARTS: [Part; 6] = [
    Part::Embedding,
    Part::Input,
    Part::Recurrent,
    Part::Bias,
    Part::Head,
    Part::HeadBias,
];

fn multiply_add(matrix: &SparseMatrix, x: &[f64], y: &mut [f64]) {
    for (r, y) in y.iter_mut().enumerate() {
        let (columns, values) = matrix.row(r);
        *y += columns
            .iter()
            .zip(values)
            .map(|(&c, &w)| f64::from(w) * x[c as usize])
            .sum::<f64>();
    }
}

/// The input vector of every step.
fn inputs(model: &SparseModel, sequence: Sequence<'_>) -> Vec<Vec<f64>> {
    let of_token = |&token: &u16| {
        let mut x = vec![0.0; model.embedding_size()];
        let (columns, values) = model.embedding.row(token as usize);
        columns
            .iter()
            .zip(values)
            .for_each(|(&c, &v)| x[c as usize] = f64::from(v));
        x
    };
    match sequence {
        Sequence::Tokens(tokens) => tokens.iter().map(of_token).collect(),
        Sequence::Samples { .. } => sequence
            .samples()
            .map(|sample| sample.iter().copied().map(f64::from).collect())
            .collect(),
    }
}

/// Logits after the last step.
pub fn logits(model: &SparseModel, sequence: Sequence<'_>) -> Vec<f64> {
    let mask = vec![1.0; model.hidden_size()];
    logits_of(model, sequence, Pooling::Last, &mask)
}

/// The states after every step, each multiplied by `mask`.
fn states(model: &SparseModel, sequence: Sequence<'_>, mask: &[f64]) -> Vec<Vec<f64>> {
    let hidden = model.hidden_size();
    let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
    let mut states = Vec::new();
    for x in inputs(model, sequence) {
        let pre = Gate::ALL.map(|gate| {
            let g = gate.index();
            let mut pre: Vec<f64> = model.bias[g].iter().copied().map(f64::from).collect();
            multiply_add(&model.input[g], &x, &mut pre);
            multiply_add(&model.recurrent[g], &h, &mut pre);
            pre
        });
        let sigmoid = |gate: Gate, u: usize| 1.0 / (1.0 + (-pre[gate.index()][u]).exp());
        for u in 0..hidden {
            let candidate = sigmoid(Gate::Input, u) * pre[Gate::Candidate.index()][u].tanh();
            c[u] = sigmoid(Gate::Forget, u) * c[u] + candidate;
            h[u] = mask[u] * sigmoid(Gate::Output, u) * c[u].tanh();
        }
        states.push(h.clone());
    }
    states
}

/// Logits of what `pooling` makes of the states, each multiplied by `mask`.
pub fn logits_of(
    model: &SparseModel,
    sequence: Sequence<'_>,
    pooling: Pooling,
    mask: &[f64],
) -> Vec<f64> {
    let states = states(model, sequence, mask);
    let nothing = vec![0.0; model.hidden_size()];
    let mut h = states.last().unwrap_or(&nothing).clone();
    for (u, h) in h.iter_mut().enumerate() {
        let of_unit = states.iter().map(|h| h[u]);
        match pooling {
            Pooling::Mean => *h = of_unit.sum::<f64>() / states.len().max(1) as f64,
            Pooling::Max => *h = of_unit.reduce(f64::max).unwrap_or(0.0),
            Pooling::Last => {}
        }
    }
    head(model, &h)
}

/// Logits after every step, from states that are multiplied by `mask`.
pub fn logits_of_steps(model: &SparseModel, sequence: Sequence<'_>, mask: &[f64]) -> Vec<Vec<f64>> {
    let states = states(model, sequence, mask);
    states.iter().map(|h| head(model, h)).collect()
}

fn head(model: &SparseModel, h: &[f64]) -> Vec<f64> {
    let rows = model.head.chunks_exact(model.hidden_size());
    let rows = rows.zip(&model.head_bias);
    rows.map(|(row, &b)| {
        f64::from(b)
            + row
                .iter()
                .zip(h)
                .map(|(&w, h)| f64::from(w) * h)
                .sum::<f64>()
    })
    .collect()
}

/// Loss of one answer; nothing if nobody knows it.
fn loss_of_answer(z: &[f64], target: Target<'_>) -> Option<f64> {
    match (target, z) {
        (Target::Class(UNLABELLED), _) => None,
        (Target::Class(class), [z]) => Some((1.0 + (if class == 1 { -z } else { *z }).exp()).ln()),
        (Target::Class(class), z) => {
            Some(z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[usize::from(class)])
        }
        (Target::Values(values), z) => mean(
            z.iter()
                .zip(values)
                .map(|(z, value)| (z - f64::from(*value)).powi(2)),
        ),
        _ => panic!("one answer"),
    }
}

/// Of what is a number; nothing if nothing is.
fn mean(all: impl Iterator<Item = f64>) -> Option<f64> {
    let known: Vec<f64> = all.filter(|it| !it.is_nan()).collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// Random weights, their biases too, so that no part is zero.
pub fn parameters_of(shape: Shape, densities: Densities, scale: InitialScale) -> Parameters {
    let mut parameters = Parameters::random(shape, densities, scale, 5);
    let mut rng = stream(6, 0);
    for part in [Part::Bias, Part::HeadBias] {
        let range = parameters.range(part);
        for value in &mut parameters.value[range] {
            *value += rng.random::<f32>() - 0.5;
        }
    }
    parameters
}

/// Fails unless the mean loss and the gradient of an engine are those of the oracle; `what`
/// names the case.
pub fn assert_equals(
    parameters: &Parameters,
    loss: BatchLoss,
    (gradient, every): (&[f32], Option<usize>),
    exact: impl Fn(&SparseModel) -> f64,
    what: &str,
) {
    let mean = loss.loss / loss.samples as f64;
    let error = mean - exact(&parameters.to_model(&parameters.value));
    assert!(error.abs() < 1e-4, "{what}: {error}");
    if let Some(every) = every {
        assert_slopes_of(parameters, gradient, every, exact);
    }
}

/// Mean loss of the samples.
pub fn loss(model: &SparseModel, samples: &[Sample<'_>]) -> f64 {
    let mask = vec![1.0; model.hidden_size()];
    loss_of(model, samples, Pooling::Last, &vec![mask; samples.len()])
}

/// The same with a pooling, and a mask for each sample.
pub fn loss_of(
    model: &SparseModel,
    samples: &[Sample<'_>],
    pooling: Pooling,
    masks: &[Vec<f64>],
) -> f64 {
    let one = |(sample, mask): (&Sample<'_>, &Vec<f64>)| {
        if sample.target.task().is_every_step() {
            let answers = logits_of_steps(model, sample.inputs, mask);
            let losses = answers.iter().enumerate().map(|(step, z)| {
                let target = sample.target.of_step(step, z.len());
                loss_of_answer(z, target).unwrap_or(f64::NAN)
            });
            return mean(losses).unwrap_or(0.0);
        }
        let z = logits_of(model, sample.inputs, pooling, mask);
        loss_of_answer(&z, sample.target).unwrap_or(0.0)
    };
    samples.iter().zip(masks).map(one).sum::<f64>() / samples.len() as f64
}

/// Fails unless `gradient` is the slope of [`loss`] at every `every`-th parameter of each
/// part, and not zero throughout.
pub fn assert_slopes(
    parameters: &Parameters,
    samples: &[Sample<'_>],
    gradient: &[f32],
    every: usize,
) {
    assert_slopes_of(parameters, gradient, every, |model| loss(model, samples));
}

/// The same of any loss.
pub fn assert_slopes_of(
    parameters: &Parameters,
    gradient: &[f32],
    every: usize,
    loss: impl Fn(&SparseModel) -> f64,
) {
    for part in PARTS {
        let range = parameters.range(part);
        if range.is_empty() {
            assert_eq!((part, parameters.shape.vocabulary), (Part::Embedding, 0));
            continue;
        }
        let largest = gradient[range.clone()]
            .iter()
            .fold(0.0f32, |m, g| m.max(g.abs()));
        assert!(largest > 1e-4, "{part:?} has no gradient");
        for k in range.step_by(every) {
            let at = |step: f32| {
                let mut moved = parameters.clone();
                moved.value[k] += step;
                let step = f64::from(moved.value[k]) - f64::from(parameters.value[k]);
                (step, loss(&moved.to_model(&moved.value)))
            };
            // small, so that no unit's maximum passes to another step in between
            let ((up, above), (down, below)) = (at(3e-5), at(-3e-5));
            let slope = (above - below) / (up - down);
            let error = (slope - f64::from(gradient[k])).abs();
            assert!(
                error < 2e-5 + 1e-3 * f64::from(largest),
                "{part:?} {k}: {} but slope {slope}",
                gradient[k]
            );
        }
    }
}

/// The masks of recurrent dropout that both engines draw when nothing else is dropped.
pub fn recurrent_masks(
    hidden: usize,
    samples: usize,
    lanes: usize,
    noise: impl Fn(u64) -> Noise,
) -> Vec<Vec<f64>> {
    let mut masks = vec![vec![0.0; hidden]; samples];
    for (chunk, masks) in masks.chunks_mut(lanes).enumerate() {
        let Noise {
            recurrent_dropout,
            mut rng,
            ..
        } = noise(chunk as u64);
        for unit in 0..hidden {
            for lane in 0..lanes {
                let keeps = rng.random::<f32>() >= recurrent_dropout;
                if let (true, Some(mask)) = (keeps, masks.get_mut(lane)) {
                    mask[unit] = 1.0 / (1.0 - f64::from(recurrent_dropout));
                }
            }
        }
    }
    masks
}

/// Poolings with and without recurrent dropout.
pub const VARIANTS: [(Pooling, f32); 5] = [
    (Pooling::Mean, 0.0),
    (Pooling::Max, 0.0),
    (Pooling::Last, 0.4),
    (Pooling::Mean, 0.4),
    (Pooling::Max, 0.4),
];

/// Noise of nothing but recurrent dropout.
pub fn recurrent_noise(recurrent_dropout: f32) -> impl Fn(u64) -> Noise + Copy + Sync {
    move |chunk| Noise {
        word_dropout: 0.0,
        output_dropout: 0.0,
        recurrent_dropout,
        smoothing: 0.0,
        rng: stream(4, chunk),
    }
}

/// Ragged token sequences with targets of one kind, some of them unknown, and an empty one.
pub fn answered(task: Task, logits: usize, count: usize) -> SequenceSet {
    let mut rng = stream(9, 0);
    let classes = logits.max(2) as u8;
    let mut set = SequenceSet::of_tokens().answering(task, logits);
    for k in 0..count {
        let steps = k % 12;
        let tokens: Vec<u16> = (0..steps).map(|_| rng.random_range(0..30)).collect();
        let answers = if task.is_every_step() { steps } else { 1 };
        let labels: Vec<u8> = (0..answers)
            .map(|_| match rng.random_range(0..4) {
                0 => UNLABELLED,
                _ => rng.random_range(0..classes),
            })
            .collect();
        let values: Vec<f32> = (0..answers * logits)
            .map(|_| match rng.random_range(0..4) {
                0 => f32::NAN,
                _ => normal(&mut rng),
            })
            .collect();
        let target = match (task.answer, task.moment) {
            (Answer::Class, Moment::End) => Target::Class(labels[0]),
            (Answer::Class, Moment::EveryStep) => Target::ClassOfSteps(&labels),
            (Answer::Values, Moment::End) => Target::Values(&values),
            (Answer::Values, Moment::EveryStep) => Target::ValuesOfSteps(&values),
        };
        set.push(tokens, target);
    }
    set
}

/// All kinds of answers.
pub fn tasks() -> impl Iterator<Item = Task> {
    (0..4).filter_map(Task::of_byte)
}

/// Ragged recordings of three classes, an empty one among them.
pub fn recordings(channels: usize, count: usize) -> SequenceSet {
    let mut rng = stream(8, 0);
    let mut set = SequenceSet::of_samples(channels);
    for k in 0..count {
        let samples: Vec<f32> = (0..k % 12 * channels).map(|_| normal(&mut rng)).collect();
        set.push_samples(&samples, k as u8 % 3);
    }
    set
}

mod answers;
mod tests;

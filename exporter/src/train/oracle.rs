//! The LSTM once more, in f64 and as plainly as it can be said: what the kernels are
//! checked against. Only tests use it.

use super::chunk::{Noise, Sample};
use super::parameters::{Parameters, Part, normal, stream};
use super::pooling::Pooling;
use crate::sequences::{Sequence, SequenceSet};
use crate::sparse_model::{SparseMatrix, SparseModel};
use rand::RngExt;
use set_lstm_runtime::gate::Gate;

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

/// Logits of what `pooling` makes of the states, each multiplied by `mask`.
pub fn logits_of(
    model: &SparseModel,
    sequence: Sequence<'_>,
    pooling: Pooling,
    mask: &[f64],
) -> Vec<f64> {
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
    for (u, h) in h.iter_mut().enumerate() {
        let of_unit = states.iter().map(|h| h[u]);
        match pooling {
            Pooling::Mean => *h = of_unit.sum::<f64>() / states.len().max(1) as f64,
            Pooling::Max => *h = of_unit.reduce(f64::max).unwrap_or(0.0),
            Pooling::Last => {}
        }
    }
    let rows = model.head.chunks_exact(hidden).zip(&model.head_bias);
    rows.map(|(row, &b)| {
        f64::from(b)
            + row
                .iter()
                .zip(&h)
                .map(|(&w, h)| f64::from(w) * h)
                .sum::<f64>()
    })
    .collect()
}

/// Mean cross-entropy of the samples.
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
        let z = logits_of(model, sample.inputs, pooling, mask);
        let class = sample.label as usize;
        match z[..] {
            [z] => (1.0 + (if class == 1 { -z } else { z }).exp()).ln(),
            _ => z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[class],
        }
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
            let ((up, above), (down, below)) = (at(1e-3), at(-1e-3));
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

mod tests {
    use super::super::batch::{Width, Workers};
    use super::super::network::Network;
    use super::super::parameters::{Densities, InitialScale, Shape};
    use super::super::simd::Unit;
    use super::super::topology::{Density, Topology};
    use super::*;

    fn parameters(hidden: usize, logits: usize) -> Parameters {
        let shape = Shape {
            vocabulary: 30,
            embedding: 10,
            hidden,
            logits,
        };
        let densities = Densities {
            embedding: Density::Share(0.4),
            input: Density::Share(0.3),
            recurrent: Density::Share(0.3),
            fan_in_multiple: 1,
        };
        let scale = InitialScale {
            embedding: 0.5,
            input: 1.0,
            recurrent: 1.0,
            forget_bias: 1.0,
        };
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

    fn sequences(classes: u8, count: usize) -> Vec<(Vec<u16>, u8)> {
        let mut rng = stream(7, 0);
        let one = |k: usize| {
            let tokens = (0..1 + k % 9).map(|_| rng.random_range(0..30)).collect();
            (tokens, k as u8 % classes)
        };
        (0..count).map(one).collect()
    }

    fn quiet(_: u64) -> Noise {
        Noise {
            word_dropout: 0.0,
            output_dropout: 0.0,
            recurrent_dropout: 0.0,
            smoothing: 0.0,
            rng: stream(1, 1),
        }
    }

    fn samples(sequences: &[(Vec<u16>, u8)]) -> Vec<Sample<'_>> {
        sequences
            .iter()
            .map(|(tokens, label)| Sample {
                inputs: Sequence::Tokens(tokens),
                label: *label,
            })
            .collect()
    }

    #[test]
    fn gradients_of_every_part_equal_finite_differences() {
        for (hidden, logits, width) in [
            (12, 1, Width::ThirtyTwo),
            (10, 3, Width::Sixteen),
            (5, 1, Width::Sixteen),
        ] {
            let parameters = parameters(hidden, logits);
            let sequences = sequences(if logits == 1 { 2 } else { 3 }, 40);
            let samples = samples(&sequences);
            let mut gradient = vec![0.0; parameters.count()];
            let network = Network::new(parameters.clone());
            let mut workers = Workers::new(width, 2, Unit::default());
            let loss = workers.train(&network, &samples, quiet, &mut gradient);
            let mean = loss.loss / samples.len() as f64;
            assert!(
                (mean - super::loss(&parameters.to_model(&parameters.value), &samples)).abs()
                    < 1e-4
            );
            assert_slopes(&parameters, &samples, &gradient, 7);
        }
    }

    #[test]
    fn gradients_of_every_pooling_with_recurrent_dropout_equal_finite_differences() {
        for (hidden, width) in [(12, Width::ThirtyTwo), (5, Width::Sixteen)] {
            let parameters = parameters(hidden, 1);
            let mut sequences = sequences(2, 40);
            sequences[3].0.clear();
            let samples = samples(&sequences);
            let network = Network::new(parameters.clone());
            for (pooling, dropout) in VARIANTS {
                let noise = recurrent_noise(dropout);
                let masks = recurrent_masks(hidden, samples.len(), width.lanes(), noise);
                let mut gradient = vec![0.0; parameters.count()];
                let mut workers = Workers::new(width, 2, Unit::default());
                workers.set_pooling(pooling);
                let loss = workers.train(&network, &samples, noise, &mut gradient);
                let exact = |model: &SparseModel| loss_of(model, &samples, pooling, &masks);
                let mean = loss.loss / samples.len() as f64;
                let error = mean - exact(&parameters.to_model(&parameters.value));
                assert!(error.abs() < 1e-4, "{pooling:?} {dropout}: {error}");
                assert_slopes_of(&parameters, &gradient, 7, exact);
            }
        }
    }

    #[test]
    fn inference_of_every_pooling_equals_the_oracle_also_in_used_buffers() {
        let parameters = parameters(12, 3);
        let model = parameters.to_model(&parameters.value);
        let network = Network::new(parameters);
        let mut set = SequenceSet::of_tokens();
        set.push([], 0);
        for (tokens, label) in sequences(3, 77) {
            set.push(tokens, label);
        }
        let mut workers = Workers::new(Width::Sixteen, 2, Unit::default());
        for pooling in [Pooling::Mean, Pooling::Max, Pooling::Last] {
            workers.set_pooling(pooling);
            let got = workers.infer(&network, &set);
            for k in 0..set.len() {
                let exact = logits_of(&model, set.sequence(k), pooling, &[1.0; 12]);
                for (z, exact) in got[3 * k..].iter().zip(exact) {
                    assert!((f64::from(*z) - exact).abs() < 2e-4, "{z} {exact}");
                }
            }
        }
    }

    #[test]
    fn gradients_of_recordings_equal_finite_differences() {
        let mut start = parameters(10, 3);
        start.shape.vocabulary = 0;
        start.value.drain(start.range(Part::Embedding));
        start.embedding = Topology::from_positions(0, 10, &[]);
        let set = recordings(10, 40);
        let sample = |k| Sample {
            inputs: set.sequence(k),
            label: set.label(k),
        };
        let samples: Vec<Sample<'_>> = (0..set.len()).map(sample).collect();
        let mut gradient = vec![0.0; start.count()];
        let network = Network::new(start.clone());
        let mut workers = Workers::new(Width::Sixteen, 2, Unit::default());
        workers.train(&network, &samples, quiet, &mut gradient);
        assert_slopes(&start, &samples, &gradient, 5);
        let model = start.to_model(&start.value);
        let got = workers.infer(&network, &set);
        for k in 0..set.len() {
            for (z, exact) in got[3 * k..].iter().zip(logits(&model, set.sequence(k))) {
                assert!((f64::from(*z) - exact).abs() < 2e-4, "{z} {exact}");
            }
        }
    }

    #[test]
    fn inference_equals_the_oracle() {
        let parameters = parameters(12, 3);
        let model = parameters.to_model(&parameters.value);
        let network = Network::new(parameters);
        let mut set = crate::sequences::SequenceSet::of_tokens();
        for (tokens, label) in sequences(3, 77) {
            set.push(tokens, label);
        }
        let got = Workers::new(Width::Sixteen, 2, Unit::default()).infer(&network, &set);
        for k in 0..set.len() {
            for (z, exact) in got[3 * k..].iter().zip(logits(&model, set.sequence(k))) {
                assert!((f64::from(*z) - exact).abs() < 2e-4, "{z} {exact}");
            }
        }
    }

    #[test]
    fn every_thread_count_and_fused_unit_yields_the_same_bits() {
        let network = Network::new(parameters(12, 1));
        let sequences = sequences(2, 150);
        let samples = samples(&sequences);
        let noise = |chunk| Noise {
            word_dropout: 0.3,
            output_dropout: 0.3,
            recurrent_dropout: 0.0,
            smoothing: 0.1,
            rng: stream(3, chunk),
        };
        for width in [Width::Sixteen, Width::ThirtyTwo] {
            let run = |threads, unit| {
                let mut gradient = vec![0.0; network.parameters.count()];
                let mut workers = Workers::new(width, threads, unit);
                let loss = workers.train(&network, &samples, noise, &mut gradient);
                (loss, gradient)
            };
            let one = run(1, Unit::Avx512);
            assert_eq!(one, run(2, Unit::Avx512));
            assert_eq!(one, run(7, Unit::Avx512));
            if Unit::Avx512.available() != Unit::Plain {
                assert_eq!(one, run(2, Unit::Avx2));
            }
            let plain = run(2, Unit::Plain);
            let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4;
            assert!(one.1.iter().zip(&plain.1).all(close));
        }
    }
}

//! The sparse engine against the f64 oracle.

use super::*;
use crate::train::batch::{Width, Workers};
use crate::train::network::Network;
use crate::train::parameters::{Densities, InitialScale, Shape};
use crate::train::simd::Unit;
use crate::train::topology::{Density, Topology};

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
        shared: false,
    };
    let scale = InitialScale {
        embedding: 0.5,
        input: 1.0,
        recurrent: 1.0,
        forget_bias: 1.0,
    };
    parameters_of(shape, densities, scale)
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
            target: (*label).into(),
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
            (mean - super::loss(&parameters.to_model(&parameters.value), &samples)).abs() < 1e-4
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
            let what = format!("{pooling:?} {dropout}");
            assert_equals(&parameters, loss, (&gradient, Some(7)), exact, &what);
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
        let got = workers.infer(&network, &set, Moment::End);
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
    let samples: Vec<Sample<'_>> = (0..set.len()).map(|k| Sample::of(&set, k)).collect();
    let mut gradient = vec![0.0; start.count()];
    let network = Network::new(start.clone());
    let mut workers = Workers::new(Width::Sixteen, 2, Unit::default());
    workers.train(&network, &samples, quiet, &mut gradient);
    assert_slopes(&start, &samples, &gradient, 5);
    let model = start.to_model(&start.value);
    let got = workers.infer(&network, &set, Moment::End);
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
    let got = Workers::new(Width::Sixteen, 2, Unit::default()).infer(&network, &set, Moment::End);
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

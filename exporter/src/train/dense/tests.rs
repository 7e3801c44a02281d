//! The dense engine against the f64 oracle and against the sparse engine on the same,
//! full topology.

use super::*;
use crate::sequences::Sequence;
use crate::train::batch::Workers;
use crate::train::network::Network;
use crate::train::oracle::{self, PARTS};
use crate::train::parameters::{InitialScale, Part, Shape, stream};
use crate::train::topology::Topology;
use rand::RngExt;
use set_lstm_runtime::wire::Moment;

fn parameters(hidden: usize, logits: usize) -> Parameters {
    let shape = Shape {
        vocabulary: 30,
        embedding: 7,
        hidden,
        logits,
    };
    let scale = InitialScale {
        embedding: 0.5,
        input: 0.5,
        recurrent: 1.0,
        forget_bias: 1.0,
    };
    oracle::parameters_of(shape, FULL, scale)
}

/// Ragged sequences, empty ones among them, of tokens below `tokens`.
fn sequences(classes: u8, count: usize, tokens: u16) -> Vec<(Vec<u16>, u8)> {
    let mut rng = stream(7, 0);
    let one = |k: usize| {
        let tokens = (0..k % 12).map(|_| rng.random_range(0..tokens)).collect();
        (tokens, k as u8 % classes)
    };
    (0..count).map(one).collect()
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

fn quiet(_: u64) -> Noise {
    Noise {
        word_dropout: 0.0,
        output_dropout: 0.0,
        recurrent_dropout: 0.0,
        smoothing: 0.0,
        rng: stream(1, 1),
    }
}

fn noisy(chunk: u64) -> Noise {
    Noise {
        word_dropout: 0.3,
        output_dropout: 0.3,
        recurrent_dropout: 0.0,
        smoothing: 0.1,
        rng: stream(3, chunk),
    }
}

/// Largest absolute value, and largest difference.
fn compare(a: &[f32], b: &[f32]) -> (f32, f32) {
    let largest = |m: f32, x: f32| m.max(x.abs());
    let difference = a.iter().zip(b).map(|(a, b)| a - b).fold(0.0, largest);
    assert_eq!(a.len(), b.len());
    (a.iter().copied().fold(0.0, largest), difference)
}

#[test]
fn loss_and_gradient_equal_those_of_the_sparse_engine() {
    for (hidden, logits, width, count) in [
        (12, 1, Width::ThirtyTwo, 70),
        (17, 3, Width::Sixteen, 49),
        (32, 2, Width::Sixteen, 5),
    ] {
        let parameters = parameters(hidden, logits);
        // Token 30 is beyond the vocabulary.
        let sequences = sequences(logits.max(2) as u8, count, 31);
        let samples = samples(&sequences);
        let network = Network::new(parameters.clone());
        for noise in [quiet, noisy] {
            let mut sparse = vec![0.0; parameters.count()];
            let mut dense = vec![f32::NAN; parameters.count()];
            let expected = Workers::new(width, 1, Unit::default()).train(
                &network,
                &samples,
                noise,
                &mut sparse,
            );
            let loss = DenseWorkers::new(width, 2, Unit::default()).train(
                &parameters,
                &samples,
                noise,
                &mut dense,
            );
            assert!((loss.loss - expected.loss).abs() < 1e-4 * expected.loss);
            assert_eq!(loss.samples, expected.samples);
            assert_eq!(loss.correct, expected.correct);
            for part in PARTS {
                let range = parameters.range(part);
                let (largest, difference) = compare(&sparse[range.clone()], &dense[range]);
                assert!(largest > 1e-4, "{part:?} has no gradient");
                assert!(
                    difference < 1e-5 * largest.max(0.1),
                    "{part:?}: {difference}"
                );
            }
        }
    }
}

#[test]
fn gradients_of_every_part_equal_finite_differences() {
    for (hidden, logits, width) in [(12, 1, Width::ThirtyTwo), (17, 3, Width::Sixteen)] {
        let parameters = parameters(hidden, logits);
        let sequences = sequences(logits.max(2) as u8, 40, 30);
        let samples = samples(&sequences);
        let oracle = |parameters: &Parameters| {
            oracle::loss(&parameters.to_model(&parameters.value), &samples)
        };
        let mut gradient = vec![0.0; parameters.count()];
        let loss = DenseWorkers::new(width, 2, Unit::default()).train(
            &parameters,
            &samples,
            quiet,
            &mut gradient,
        );
        assert!((loss.loss / samples.len() as f64 - oracle(&parameters)).abs() < 1e-4);
        oracle::assert_slopes(&parameters, &samples, &gradient, 11);
    }
}

#[test]
fn logits_equal_those_of_the_oracle() {
    let parameters = parameters(12, 3);
    let model = parameters.to_model(&parameters.value);
    let mut set = SequenceSet::of_tokens();
    for (tokens, label) in sequences(3, 77, 30) {
        set.push(tokens, label);
    }
    let got =
        DenseWorkers::new(Width::Sixteen, 2, Unit::default()).infer(&parameters, &set, Moment::End);
    assert_eq!(got.len(), 3 * set.len());
    for k in 0..set.len() {
        let exact = oracle::logits(&model, set.sequence(k));
        for (z, exact) in got[3 * k..].iter().zip(exact) {
            assert!((f64::from(*z) - exact).abs() < 2e-4, "{k}: {z} {exact}");
        }
    }
}

#[test]
fn gradients_of_recordings_equal_finite_differences() {
    let mut start = parameters(12, 3);
    start.shape.vocabulary = 0;
    start.value.drain(start.range(Part::Embedding));
    start.embedding = Topology::from_positions(0, 7, &[]);
    let set = oracle::recordings(7, 40);
    let samples: Vec<Sample<'_>> = (0..set.len()).map(|k| Sample::of(&set, k)).collect();
    let mut gradient = vec![0.0; start.count()];
    let mut workers = DenseWorkers::new(Width::Sixteen, 2, Unit::default());
    workers.train(&start, &samples, quiet, &mut gradient);
    oracle::assert_slopes(&start, &samples, &gradient, 5);
}

#[test]
fn every_thread_count_yields_the_same_bits_also_in_used_buffers() {
    let parameters = parameters(12, 1);
    let sequences = sequences(2, 150, 30);
    let samples = samples(&sequences);
    let run = |workers: &mut DenseWorkers, samples: &[Sample<'_>]| {
        let mut gradient = vec![0.0; parameters.count()];
        let loss = workers.train(&parameters, samples, noisy, &mut gradient);
        (loss, gradient)
    };
    for width in [Width::Sixteen, Width::ThirtyTwo] {
        let mut workers = DenseWorkers::new(width, 1, Unit::default());
        let one = run(&mut workers, &samples);
        run(&mut workers, &samples[..11]);
        assert_eq!(one, run(&mut workers, &samples));
        for threads in [2, 7] {
            let mut workers = DenseWorkers::new(width, threads, Unit::default());
            assert_eq!(one, run(&mut workers, &samples));
        }
        let plain = run(&mut DenseWorkers::new(width, 2, Unit::Plain), &samples);
        assert!(compare(&one.1, &plain.1).1 < 1e-4);
    }
}

#[test]
fn gradients_that_fade_away_do_not_become_subnormal_numbers() {
    let parameters = parameters(12, 1);
    let tokens: Vec<u16> = (0..600).map(|k| k % 30).collect();
    let samples = [Sample {
        inputs: Sequence::Tokens(&tokens),
        target: 1.into(),
    }];
    let mut workers = DenseWorkers::new(Width::Sixteen, 1, Unit::default());
    let mut gradient = vec![0.0; parameters.count()];
    workers.train(&parameters, &samples, quiet, &mut gradient);
    assert!(gradient.iter().any(|g| *g != 0.0));
    assert!(!workers.work[0].fading().any(f32::is_subnormal));
}

#[test]
#[should_panic(expected = "a connection is missing")]
fn sparse_parameters_are_refused() {
    let mut parameters = parameters(12, 1);
    parameters.input.column.pop();
    let mut gradient = vec![0.0; parameters.count()];
    DenseWorkers::new(Width::Sixteen, 1, Unit::default()).train(
        &parameters,
        &[],
        quiet,
        &mut gradient,
    );
}

#[test]
fn every_pooling_with_recurrent_dropout_is_that_of_the_sparse_engine_and_of_the_oracle() {
    for (hidden, width) in [(12, Width::ThirtyTwo), (17, Width::Sixteen)] {
        let parameters = parameters(hidden, 1);
        let sequences = sequences(2, 40, 30);
        let samples = samples(&sequences);
        let network = Network::new(parameters.clone());
        let mut dense = DenseWorkers::new(width, 2, Unit::default());
        let mut sparse = Workers::new(width, 1, Unit::default());
        for (pooling, dropout) in oracle::VARIANTS {
            let noise = oracle::recurrent_noise(dropout);
            dense.set_pooling(pooling);
            sparse.set_pooling(pooling);
            let [mut a, mut b] = [0.0, f32::NAN].map(|value| vec![value; parameters.count()]);
            let expected = sparse.train(&network, &samples, noise, &mut a);
            let loss = dense.train(&parameters, &samples, noise, &mut b);
            assert!((loss.loss - expected.loss).abs() < 1e-4 * expected.loss);
            let (largest, difference) = compare(&a, &b);
            assert!(
                difference < 1e-5 * largest.max(0.1),
                "{pooling:?} {dropout}"
            );
            if hidden % 4 == 0 {
                let lanes = width.lanes();
                let masks = oracle::recurrent_masks(hidden, samples.len(), lanes, noise);
                oracle::assert_slopes_of(&parameters, &b, 11, |model| {
                    oracle::loss_of(model, &samples, pooling, &masks)
                });
            }
        }
    }
}

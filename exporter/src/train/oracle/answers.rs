//! Both engines against the f64 oracle, with answers of every kind at every moment.

use super::*;
use crate::train::batch::{Width, Workers};
use crate::train::dense::{DenseWorkers, FULL};
use crate::train::network::Network;
use crate::train::parameters::{Densities, InitialScale, Shape};
use crate::train::simd::Unit;
use crate::train::topology::Density;

fn parameters(hidden: usize, logits: usize, densities: Densities) -> Parameters {
    let shape = Shape {
        vocabulary: 30,
        embedding: 7,
        hidden,
        logits,
    };
    let scale = InitialScale {
        embedding: 0.5,
        input: 0.7,
        recurrent: 1.0,
        forget_bias: 1.0,
    };
    parameters_of(shape, densities, scale)
}

fn all(set: &SequenceSet) -> Vec<Sample<'_>> {
    (0..set.len()).map(|k| Sample::of(set, k)).collect()
}

const SPARSE: Densities = Densities::even(Density::Share(0.4));
const SIZES: [(usize, usize, Width); 3] = [
    (12, 1, Width::ThirtyTwo),
    (10, 3, Width::Sixteen),
    (5, 2, Width::Sixteen),
];

#[test]
fn sparse_gradients_of_every_kind_equal_finite_differences() {
    for (task, (hidden, logits, width)) in tasks().flat_map(|it| SIZES.map(|size| (it, size))) {
        let parameters = parameters(hidden, logits, SPARSE);
        let network = Network::new(parameters.clone());
        let set = answered(task, logits, 40);
        let samples = all(&set);
        for dropout in [0.0, 0.4] {
            let noise = recurrent_noise(dropout);
            let masks = recurrent_masks(hidden, samples.len(), width.lanes(), noise);
            let mut gradient = vec![0.0; parameters.count()];
            let mut workers = Workers::new(width, 2, Unit::default());
            let loss = workers.train(&network, &samples, noise, &mut gradient);
            let exact = |model: &SparseModel| loss_of(model, &samples, Pooling::Last, &masks);
            let what = format!("{task:?} {dropout}");
            assert_equals(&parameters, loss, (&gradient, Some(7)), exact, &what);
        }
    }
}

#[test]
fn dense_gradients_of_every_kind_equal_finite_differences() {
    for (task, (hidden, logits, width)) in tasks().flat_map(|it| SIZES.map(|size| (it, size))) {
        let parameters = parameters(hidden, logits, FULL);
        let set = answered(task, logits, 40);
        let samples = all(&set);
        for dropout in [0.0, 0.4] {
            let noise = recurrent_noise(dropout);
            let masks = recurrent_masks(hidden, samples.len(), width.lanes(), noise);
            let mut gradient = vec![f32::NAN; parameters.count()];
            let mut workers = DenseWorkers::new(width, 2, Unit::default());
            let loss = workers.train(&parameters, &samples, noise, &mut gradient);
            let exact = |model: &SparseModel| loss_of(model, &samples, Pooling::Last, &masks);
            let what = format!("{task:?} {dropout}");
            let every = (hidden % 4 == 0 || dropout == 0.0).then_some(11);
            assert_equals(&parameters, loss, (&gradient, every), exact, &what);
        }
    }
}

fn noisy(chunk: u64) -> Noise {
    Noise {
        word_dropout: 0.3,
        output_dropout: 0.3,
        recurrent_dropout: 0.2,
        smoothing: 0.1,
        rng: stream(3, chunk),
    }
}

#[test]
fn both_engines_agree_on_every_kind_with_all_noise() {
    for (task, (hidden, logits, width)) in tasks().flat_map(|it| SIZES.map(|size| (it, size))) {
        let parameters = parameters(hidden, logits, FULL);
        let network = Network::new(parameters.clone());
        let set = answered(task, logits, 70);
        let samples = all(&set);
        let [mut a, mut b] = [0.0, f32::NAN].map(|value| vec![value; parameters.count()]);
        let mut sparse = Workers::new(width, 2, Unit::default());
        let mut dense = DenseWorkers::new(width, 1, Unit::default());
        let expected = sparse.train(&network, &samples, noisy, &mut a);
        let loss = dense.train(&parameters, &samples, noisy, &mut b);
        assert!(
            (loss.loss - expected.loss).abs() < 1e-4 * expected.loss,
            "{task:?}"
        );
        let counts = (loss.correct, loss.answers, loss.samples);
        assert_eq!(
            counts,
            (expected.correct, expected.answers, expected.samples)
        );
        let largest = a.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let difference = a
            .iter()
            .zip(&b)
            .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(
            difference < 1e-5 * largest.max(0.1),
            "{task:?}: {difference}"
        );
    }
}

#[test]
fn logits_of_every_step_equal_the_oracle_in_used_buffers_too() {
    let labelling = tasks().find(|task| task.byte() == 1).unwrap();
    let set = answered(labelling, 3, 70);
    let mask = [1.0; 12];
    for densities in [SPARSE, FULL] {
        let parameters = parameters(12, 3, densities);
        let model = parameters.to_model(&parameters.value);
        let network = Network::new(parameters.clone());
        let mut sparse = Workers::new(Width::Sixteen, 2, Unit::default());
        let mut dense = DenseWorkers::new(Width::Sixteen, 2, Unit::default());
        let mut infer = |moment| match densities == FULL {
            true => dense.infer(&parameters, &set, moment),
            false => sparse.infer(&network, &set, moment),
        };
        let (steps, ends) = (infer(Moment::EveryStep), infer(Moment::End));
        assert_eq!(infer(Moment::EveryStep), steps);
        let exact = (0..set.len())
            .flat_map(|k| logits_of_steps(&model, set.sequence(k), &mask))
            .flatten();
        assert_eq!(steps.len(), 3 * set.step_count());
        for (z, exact) in steps.iter().zip(exact) {
            assert!((f64::from(*z) - exact).abs() < 2e-4, "{z} {exact}");
        }
        let mut rest = &steps[..];
        for (k, end) in ends.chunks_exact(3).enumerate() {
            let (own, after) = rest.split_at(3 * set.sequence(k).len());
            for (z, last) in end
                .iter()
                .zip(own.chunks_exact(3).last().into_iter().flatten())
            {
                assert!((z - last).abs() < 1e-5, "{k}: {z} {last}");
            }
            rest = after;
        }
    }
}

/// The same sequences of one step, answered at the end and after every step.
fn of_one_step(answer: Answer, moment: Moment) -> SequenceSet {
    let end = Task {
        answer,
        moment: Moment::End,
    };
    let known = answered(end, 2, 48);
    let mut set = SequenceSet::of_tokens().answering(Task { answer, moment }, 2);
    for k in 0..known.len() {
        let token = [k as u16 % 30];
        match (known.target(k), moment) {
            (Target::Class(class), Moment::EveryStep) => {
                set.push(token, Target::ClassOfSteps(&[class]));
            }
            (Target::Values(values), Moment::EveryStep) => {
                set.push(token, Target::ValuesOfSteps(values));
            }
            (target, _) => set.push(token, target),
        }
    }
    set
}

#[test]
fn of_one_step_every_step_is_the_end() {
    for (answer, densities) in [Answer::Class, Answer::Values]
        .into_iter()
        .flat_map(|answer| [SPARSE, FULL].map(|densities| (answer, densities)))
    {
        let parameters = parameters(9, 2, densities);
        let network = Network::new(parameters.clone());
        let learn = |moment| {
            let set = of_one_step(answer, moment);
            let mut gradient = vec![0.0; parameters.count()];
            let loss = if densities == FULL {
                let mut workers = DenseWorkers::new(Width::Sixteen, 1, Unit::default());
                workers.train(&parameters, &all(&set), noisy, &mut gradient)
            } else {
                let mut workers = Workers::new(Width::Sixteen, 1, Unit::default());
                workers.train(&network, &all(&set), noisy, &mut gradient)
            };
            (loss, gradient)
        };
        let (end, steps) = (learn(Moment::End), learn(Moment::EveryStep));
        assert!((end.0.loss - steps.0.loss).abs() < 1e-5 * end.0.loss);
        assert_eq!(
            (end.0.correct, end.0.answers),
            (steps.0.correct, steps.0.answers)
        );
        for (a, b) in end.1.iter().zip(&steps.1) {
            assert!((a - b).abs() < 1e-6, "{answer:?}: {a} {b}");
        }
    }
}

#[test]
fn every_thread_count_and_fused_unit_yields_the_same_bits_for_every_kind() {
    for task in tasks() {
        let network = Network::new(parameters(12, 3, SPARSE));
        let set = answered(task, 3, 150);
        let samples = all(&set);
        for width in [Width::Sixteen, Width::ThirtyTwo] {
            let run = |threads, unit| {
                let mut gradient = vec![0.0; network.parameters.count()];
                let mut workers = Workers::new(width, threads, unit);
                workers.train(&network, &samples[..40], noisy, &mut gradient);
                let loss = workers.train(&network, &samples, noisy, &mut gradient);
                let moment = task.moment;
                (loss, gradient, workers.infer(&network, &set, moment))
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

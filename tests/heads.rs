//! Answers of every kind learnt from real recordings, by the library: the activity of every
//! sample of whole recordings, and how vigorous the next second will be. Both need a memory,
//! and both must beat what can be said of a single sample.

use crate::sensors::data;
use set_lstm::dataset::Split;
use set_lstm::dataset::hapt::{Hapt, LabelledRecording};
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::evaluate::warm_up::WarmUp;
use set_lstm::evaluate::{ClassEvaluation, Evaluation, ValueEvaluation};
use set_lstm::load::{InputCode, Training};
use set_lstm::normalization::Normalization;
use set_lstm::output_scale::OutputScale;
use set_lstm::pack::Values;
use set_lstm::sequences::SequenceSet;
use set_lstm::target::{Target, UNLABELLED};
use set_lstm::train::fit::{Fitted, fit};
use set_lstm::train::options::TrainOptions;
use set_lstm::train::overrides::Overrides;
use set_lstm::train::preset::Preset;
use set_lstm_runtime::{Answer, Moment, Task};

const THREADS: usize = 2;
const SENSORS: usize = 6;
const AXES: usize = 3;
const CLASSES: usize = 6;

/// Raw recordings as a training, in its units; every fifth user or so chooses the epoch.
fn training([train, validation]: [SequenceSet; 2], names: &[&str]) -> Training {
    let statistics = Normalization::of(&train);
    let outputs = OutputScale::of(&train);
    let names = || names.iter().map(|&name| name.to_owned()).collect();
    let in_units = |set: &SequenceSet| match &outputs {
        Some(scale) => scale.apply(&statistics.apply(set)),
        None => statistics.apply(set),
    };
    Training {
        train: in_units(&train),
        validation: in_units(&validation),
        classes: names(),
        output_names: names(),
        outputs,
        code: InputCode::Samples(statistics),
    }
}

fn options(text: &str) -> TrainOptions {
    let overrides: Overrides = toml::from_str(text).unwrap();
    Preset::Series.options().with(&overrides).unwrap()
}

/// The int8 file of it.
fn packed(fitted: &Fitted) -> AlignedBytes {
    let values = Values::Int8 { embedding_bits: 8 };
    fitted.pack(values).unwrap().into()
}

/// Recordings of those who train, of those who choose the epoch, and of the test.
fn recordings(hapt: &Hapt) -> [Vec<LabelledRecording>; 3] {
    let chooses = |it: &LabelledRecording| it.user % 5 == 3;
    let known = hapt.recordings(Split::Train).unwrap();
    let (validation, train) = known.into_iter().partition(chooses);
    [train, validation, hapt.recordings(Split::Test).unwrap()]
}

const LABELLING: Task = Task {
    answer: Answer::Class,
    moment: Moment::EveryStep,
};

/// Every fourth piece of ten seconds of which something is known.
fn pieces(recordings: &[LabelledRecording]) -> SequenceSet {
    const STEPS: usize = 512;
    let mut set = SequenceSet::of_samples(SENSORS).answering(LABELLING, 1);
    let pieces = recordings.iter().flat_map(|it| {
        let samples = it.samples.chunks(SENSORS * STEPS);
        samples.zip(it.labels.chunks(STEPS))
    });
    for (samples, labels) in pieces.skip(3).step_by(4) {
        if Target::ClassOfSteps(labels).is_known() {
            set.push_samples(samples, Target::ClassOfSteps(labels));
        }
    }
    set
}

/// Names the class whose mean sample is nearest.
fn nearest_means(train: &SequenceSet, test: &SequenceSet) -> Vec<u8> {
    let mut mean = [[0.0f64; SENSORS]; CLASSES];
    let mut count = [0.0; CLASSES];
    for (sample, &label) in all_samples(train).zip(train.labels()) {
        if label != UNLABELLED {
            let class = usize::from(label);
            count[class] += 1.0;
            let sums = mean[class].iter_mut().zip(sample);
            sums.for_each(|(sum, x)| *sum += f64::from(*x));
        }
    }
    for (mean, count) in mean.iter_mut().zip(count) {
        mean.iter_mut().for_each(|sum| *sum /= count);
    }
    let distance = |sample: &[f32], class: u8| -> f64 {
        let pairs = sample.iter().zip(mean[usize::from(class)]);
        pairs.map(|(x, mean)| (f64::from(*x) - mean).powi(2)).sum()
    };
    let nearest = |sample: &[f32]| {
        (0..CLASSES as u8)
            .min_by(|a, b| distance(sample, *a).total_cmp(&distance(sample, *b)))
            .unwrap()
    };
    all_samples(test).map(nearest).collect()
}

fn all_samples(set: &SequenceSet) -> impl Iterator<Item = &[f32]> {
    (0..set.len()).flat_map(|k| set.sequence(k).samples())
}

fn classes(evaluation: &Evaluation) -> &ClassEvaluation {
    evaluation.classes().unwrap()
}

#[test]
fn the_activity_of_every_sample_is_learnt_from_whole_recordings() {
    let Some(path) = data("labelling the smartphone recordings", "hapt") else {
        return;
    };
    let [train, validation, test] = recordings(&Hapt::open(&path).unwrap());
    let mut raw = SequenceSet::of_samples(SENSORS).answering(LABELLING, 1);
    for it in &test {
        raw.push_samples(&it.samples, Target::ClassOfSteps(&it.labels));
    }
    let names = ["walking", "up", "down", "sitting", "standing", "lying"];
    let data = training([train, validation].map(|it| pieces(&it)), &names);
    let options = options(
        "epochs = 20\nbatch = 16\nhidden-size = 32\nmax-tokens = 512\naveraging = 0.9\nrecurrent-dropout = 0.3",
    );
    let fitted = fit(&options, &data, THREADS).unwrap();
    let Fitted { card, model, .. } = &fitted;
    let known = card.statistics.as_ref().unwrap().apply(&raw);
    let found = Evaluation::of_trained(model, card, &known, THREADS).unwrap();
    let found = classes(&found);

    let guess = |answers: &[u8]| ClassEvaluation::new(&known, answers, CLASSES).accuracy;
    let majority = (0..CLASSES as u8).map(|class| guess(&vec![class; known.step_count()]));
    let majority = majority.fold(0.0, f64::max); // of the test part itself: the best there is
    let nearest = guess(&nearest_means(&data.train, &known));
    eprintln!(
        "labelled: {} steps of {} recordings, accuracy {:.4}, macro F1 {:.4}; one class {majority:.4}, nearest mean {nearest:.4}",
        found.steps.unwrap(),
        found.examples,
        found.accuracy,
        found.macro_f1
    );
    assert!(found.steps.unwrap() > 100_000);
    assert!(found.accuracy > majority + 0.3, "{found:?}");
    assert!(found.accuracy > nearest + 0.1, "{found:?}");

    let file = packed(&fitted);
    let device = AnyModel::open(&file, "int8").unwrap();
    let int8 = Evaluation::of_device(&device, &raw, THREADS).unwrap();
    let warm_up = WarmUp::of_device(&device, &raw, THREADS).unwrap();
    eprintln!("int8: accuracy {:.4}; {warm_up:?}", classes(&int8).accuracy);
    assert!((classes(&int8).accuracy - found.accuracy).abs() < 0.02);
    assert_eq!(
        (warm_up.sequences, warm_up.settled_after),
        (test.len(), None)
    );
    assert_eq!(warm_up.never_forgets, Some(0.0));
}

const FORECAST: Task = Task {
    answer: Answer::Values,
    moment: Moment::End,
};

/// Two seconds of acceleration, and how much its length will vary in the second after them.
fn forecasts(recordings: &[LabelledRecording], stride: usize) -> SequenceSet {
    const SEEN: usize = 100;
    const AHEAD: usize = 50;
    let mut set = SequenceSet::of_samples(AXES).answering(FORECAST, 1);
    for it in recordings {
        let axes = |sample: &[f32]| sample[..AXES].to_vec();
        let samples: Vec<f32> = it.samples.chunks_exact(SENSORS).flat_map(axes).collect();
        for window in samples
            .windows(AXES * (SEEN + AHEAD))
            .step_by(AXES * stride)
        {
            let (seen, ahead) = window.split_at(AXES * SEEN);
            let length = |axes: &[f32]| axes.iter().map(|x| x * x).sum::<f32>().sqrt();
            let lengths = || ahead.chunks_exact(AXES).map(length);
            let mean = lengths().sum::<f32>() / AHEAD as f32;
            let square = lengths().map(|x| (x - mean).powi(2)).sum::<f32>();
            set.push_samples(seen, Target::Values(&[(square / AHEAD as f32).sqrt()]));
        }
    }
    set
}

/// Least squares on the last sample and a constant, by the normal equations; the numbers that
/// it answers.
fn by_the_last_sample(train: &SequenceSet, test: &SequenceSet) -> Vec<f32> {
    const TERMS: usize = AXES + 1;
    let last = |set: &SequenceSet, k| -> [f64; TERMS] {
        let sample = set.sequence(k).samples().last().unwrap();
        std::array::from_fn(|x| sample.get(x).map_or(1.0, |&value| value.into()))
    };
    let mut rows = [[0.0; TERMS + 1]; TERMS];
    for (k, &value) in train.values().iter().enumerate() {
        let x = last(train, k);
        for (row, a) in rows.iter_mut().zip(x) {
            let right = x.into_iter().chain([f64::from(value)]);
            row.iter_mut().zip(right).for_each(|(sum, b)| *sum += a * b);
        }
    }
    for i in 0..TERMS {
        let pivot = rows[i].map(|value| value / rows[i][i]);
        for (k, row) in rows.iter_mut().enumerate() {
            let factor = row[i];
            match k == i {
                true => *row = pivot,
                false => row
                    .iter_mut()
                    .zip(pivot)
                    .for_each(|(x, p)| *x -= factor * p),
            }
        }
    }
    let answer = |k| {
        let terms = last(test, k).into_iter().zip(rows);
        terms.map(|(x, row)| x * row[TERMS]).sum::<f64>() as f32
    };
    (0..test.len()).map(answer).collect()
}

fn values(evaluation: &Evaluation) -> &ValueEvaluation {
    evaluation.values().unwrap()
}

#[test]
fn how_vigorous_the_next_second_will_be_is_learnt_from_the_last_two() {
    let Some(path) = data("a forecast on the smartphone recordings", "hapt") else {
        return;
    };
    let [train, validation, test] = recordings(&Hapt::open(&path).unwrap());
    let raw = forecasts(&test, 50);
    let known = [train, validation].map(|it| forecasts(&it, 300));
    let linear = {
        let answers = by_the_last_sample(&known[0], &raw);
        ValueEvaluation::new(&raw, &answers, &["linear"])
    };
    let data = training(known, &["vigour"]);
    let options = options(
        "epochs = 12\nbatch = 16\nhidden-size = 24\nmax-tokens = 100\naveraging = 0.9
        output-dropout = 0.0\nrecurrent-dropout = 0.0",
    );
    let fitted = fit(&options, &data, THREADS).unwrap();
    let Fitted { card, model, .. } = &fitted;
    let in_units = card.statistics.as_ref().unwrap().apply(&raw);
    let found = Evaluation::of_trained(model, card, &in_units, THREADS).unwrap();
    let file = packed(&fitted);
    let device = AnyModel::open(&file, "int8").unwrap();
    let int8 = Evaluation::of_device(&device, &raw, THREADS).unwrap();
    let warm_up = WarmUp::of_device(&device, &raw, THREADS).unwrap();
    let [r2, of_int8, of_line] = [values(&found), values(&int8), &linear].map(|it| it.r2.unwrap());
    eprintln!(
        "forecast: {:?}; R² in int8 {of_int8:.4}, of a line {of_line:.4}; {warm_up:?}",
        values(&found).outputs[0]
    );
    assert_eq!(values(&found).outputs[0].name, "vigour");
    assert!(r2 > 0.6 && r2 > of_line + 0.3, "{r2} {of_line}");
    assert!((r2 - of_int8).abs() < 0.03, "{r2} {of_int8}");
    assert!(warm_up.settled_after.is_none() && warm_up.forgets_after.is_some());
}

use super::*;
use set_lstm_runtime::wire::{Moment, Task};

use crate::dataset::reber::Reber;
use crate::load::{InputCode, load_training};
use crate::normalization::Normalization;
use crate::output_scale::OutputScale;
use crate::report::score::Score;
use crate::target::{Target, UNLABELLED};
use crate::train::overrides::Overrides;
use crate::train::preset::Preset;

/// Keeps what a run folder would, and interrupts after a number of steps.
#[derive(Default)]
struct Memory {
    steps: usize,
    stop_after: Option<usize>,
    checkpoint: Option<Checkpoint>,
    best: Option<SparseModel>,
}

impl Watch for Memory {
    fn step(&mut self, _: &Position, _: f32) {
        self.steps += 1;
    }
    fn epoch(&mut self, _: &EpochMetrics) {}
    fn is_interrupted(&self) -> bool {
        self.stop_after.is_some_and(|stop| self.steps >= stop)
    }
    fn save(&mut self, checkpoint: &Checkpoint, best: Option<&SparseModel>) -> Result<()> {
        self.checkpoint = Some(checkpoint.clone());
        self.best = best.cloned().or(self.best.take());
        Ok(())
    }
}

/// What a training keeps that was stopped after so many steps, by one thread, and then went on
/// by `threads` from the place that `through` makes of its last one.
fn stopped_and_resumed(
    options: &TrainOptions,
    data: &Training,
    stop: usize,
    threads: usize,
    through: impl Fn(Checkpoint) -> Checkpoint,
) -> Memory {
    let mut part = Memory {
        stop_after: Some(stop),
        ..Memory::default()
    };
    let stopped = Trainer::new(options.clone(), data, 1)
        .unwrap()
        .run(&mut part);
    assert!(matches!(stopped, Err(Error::Interrupted(_))), "{stop}");
    assert_eq!(part.steps, stop);
    part.stop_after = None;
    let checkpoint = through(part.checkpoint.take().unwrap());
    let mut rest = Trainer::resume(options.clone(), data, threads, checkpoint).unwrap();
    rest.run(&mut part).unwrap();
    part
}

fn data(options: &TrainOptions) -> Training {
    let corpus = Reber::new(1, 600, 2).unwrap();
    load_training(&corpus, &options.load_options()).unwrap()
}

fn options(text: &str) -> TrainOptions {
    let overrides: Overrides = toml::from_str(text).unwrap();
    Preset::Reber.options().with(&overrides).unwrap()
}

const NOISY: &str = "epochs = 3\nword-dropout = 0.1\noutput-dropout = 0.2\naveraging = 0.9";

/// Loss and accuracy are figures, not times: what has to be equal.
fn figures(position: &Position) -> Vec<(f64, f64, f64)> {
    let all = position.metrics.iter();
    all.map(|m| (m.train_loss, m.validation_loss, m.score.value()))
        .collect()
}

#[test]
fn an_interrupted_training_goes_on_to_the_same_bits() {
    let options = options(NOISY);
    let data = data(&options);
    let mut whole = Memory::default();
    Trainer::new(options.clone(), &data, 2)
        .unwrap()
        .run(&mut whole)
        .unwrap();
    let whole_checkpoint = whole.checkpoint.unwrap();
    for stop in [1, 8, 9, 10, 20] {
        let part = stopped_and_resumed(&options, &data, stop, 2, |it| it);
        let checkpoint = part.checkpoint.unwrap();
        assert_eq!(
            figures(&checkpoint.position),
            figures(&whole_checkpoint.position)
        );
        assert_eq!(checkpoint.parameters, whole_checkpoint.parameters);
        assert_eq!(checkpoint.second, whole_checkpoint.second);
        assert_eq!(checkpoint.average, whole_checkpoint.average);
        assert_eq!(part.best, whole.best);
    }
}

#[test]
fn a_checkpoint_survives_its_file() {
    let options = options(NOISY);
    let data = data(&options);
    let mut memory = Memory {
        stop_after: Some(11),
        ..Memory::default()
    };
    let _ = Trainer::new(options, &data, 1).unwrap().run(&mut memory);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let checkpoint = memory.checkpoint.unwrap();
    checkpoint.save(&path).unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap(), checkpoint);
}

#[test]
fn set_moves_connections_and_keeps_their_number_and_static_moves_none() {
    for (kind, moves) in [("set", true), ("static", false)] {
        let options = options(&format!("epochs = 2\ntopology = '{kind}'"));
        let data = data(&options);
        let mut memory = Memory::default();
        let mut trainer = Trainer::new(options, &data, 1).unwrap();
        let before = trainer.engine.parameters().clone();
        trainer.run(&mut memory).unwrap();
        let after = trainer.engine.parameters();
        assert_eq!(before.count(), after.count());
        assert_eq!(before.recurrent != after.recurrent, moves, "{kind}");
        assert_eq!(before.embedding != after.embedding, moves, "{kind}");
    }
}

#[test]
fn there_is_no_evolution_after_the_last_epoch() {
    let options = options("epochs = 1");
    let data = data(&options);
    let mut trainer = Trainer::new(options, &data, 1).unwrap();
    let before = trainer.engine.parameters().recurrent.clone();
    trainer.run(&mut Memory::default()).unwrap();
    assert_eq!(trainer.engine.parameters().recurrent, before);
}

#[test]
fn patience_ends_a_training_that_gets_no_better() {
    let options = options("epochs = 9\npatience = 2\nlearning-rate = 1e-30");
    let data = data(&options);
    let mut trainer = Trainer::new(options, &data, 1).unwrap();
    trainer.run(&mut Memory::default()).unwrap();
    assert!(trainer.position().epoch < 9, "{:?}", trainer.position());
}

#[test]
fn a_diverged_training_says_so() {
    let options = options("learning-rate = 1e38\nclip = 0.0\noptimizer = 'sgd'");
    let data = data(&options);
    let mut trainer = Trainer::new(options, &data, 1).unwrap();
    let error = trainer.run(&mut Memory::default()).unwrap_err().to_string();
    assert!(error.contains("lower --learning-rate"), "{error}");
}

#[test]
fn other_data_is_refused() {
    let options = options("epochs = 1");
    let data = data(&options);
    let mut memory = Memory {
        stop_after: Some(1),
        ..Memory::default()
    };
    let _ = Trainer::new(options.clone(), &data, 1)
        .unwrap()
        .run(&mut memory);
    let corpus = Reber::new(2, 600, 2).unwrap();
    let other = load_training(&corpus, &options.load_options()).unwrap();
    let resumed = Trainer::resume(options, &other, 1, memory.checkpoint.unwrap());
    let error = resumed.unwrap_err().to_string();
    assert!(
        error.contains("not what this run was trained on"),
        "{error}"
    );
}

#[test]
fn other_options_are_refused_and_another_place_of_the_data_is_not() {
    let options = options("epochs = 1");
    let data = data(&options);
    let mut memory = Memory {
        stop_after: Some(1),
        ..Memory::default()
    };
    let _ = Trainer::new(options.clone(), &data, 1)
        .unwrap()
        .run(&mut memory);
    let checkpoint = memory.checkpoint.unwrap();
    let resume = |options| Trainer::resume(options, &data, 1, checkpoint.clone());
    let error = resume(TrainOptions {
        learning_rate: 0.02,
        ..options.clone()
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("made with other options"), "{error}");
    let moved = TrainOptions {
        data: Some("elsewhere".into()),
        ..options
    };
    assert!(resume(moved).is_ok());
}

#[test]
fn the_rate_falls_in_a_line_to_its_last_part() {
    let options = options("epochs = 2\nlearning-rate = 0.1\nfinal-rate = 0.5");
    let data = data(&options);
    let mut trainer = Trainer::new(options, &data, 1).unwrap();
    let rate = |trainer: &mut Trainer<'_>, steps| {
        trainer.position.steps = steps;
        trainer.learning_rate(10)
    };
    assert_eq!(rate(&mut trainer, 0), 0.1);
    assert_eq!(rate(&mut trainer, 19), 0.05);
}

/// Every option of evolution, pooling and recurrent dropout at once.
const VARIANT: &str = "epochs = 3\nword-dropout = 0.1\naveraging = 0.9\nrecurrent-dropout = 0.2
pooling = 'max'\nremoval-scope = 'gates'\ngrowth = 'gradient'\nfan-in-multiple = 4
embedding-bands = 3\nregrow-std = 0.01";

#[test]
fn all_variants_at_once_go_on_to_the_same_bits_whatever_the_threads() {
    let options = options(VARIANT);
    let data = data(&options);
    let mut whole = Memory::default();
    let mut trainer = Trainer::new(options.clone(), &data, 2).unwrap();
    let before = trainer.engine.parameters().clone();
    trainer.run(&mut whole).unwrap();
    let whole = whole.checkpoint.unwrap();
    assert_eq!(whole.parameters.count(), before.count());
    assert_ne!(whole.parameters.recurrent, before.recurrent);
    for stop in [1, 9, 10] {
        let part = stopped_and_resumed(&options, &data, stop, 1, |it| it);
        let rest = part.checkpoint.unwrap();
        assert_eq!(figures(&rest.position), figures(&whole.position));
        assert_eq!(rest.parameters, whole.parameters);
        assert_eq!(rest.second, whole.second);
        assert_eq!(rest.average, whole.average);
    }
}

/// Waves of one channel, to be answered with their pace, or with what they were six steps ago;
/// some of it unknown.
fn answered_waves(task: Task) -> Training {
    let mut set = SequenceSet::of_samples(1).answering(task, 1);
    for k in 0..80u32 {
        let (pace, steps) = (0.2 + 0.01 * f64::from(k % 40), 20 + k % 7);
        let wave = |step: u32| libm::sin(pace * f64::from(step) + f64::from(k)) as f32;
        let samples: Vec<f32> = (0..steps).map(wave).collect();
        let ago = |step: u32| step.checked_sub(6).map(wave);
        let values: Vec<f32> = (0..steps)
            .map(|step| ago(step).unwrap_or(f32::NAN))
            .collect();
        let sign = |value: &f32| match value.is_nan() {
            true => UNLABELLED,
            false => u8::from(*value > 0.0),
        };
        let labels: Vec<u8> = values.iter().map(sign).collect();
        let target = match (task.answer, task.moment) {
            (Answer::Class, Moment::End) => Target::Class(u8::from(k % 40 > 20)),
            (Answer::Class, Moment::EveryStep) => Target::ClassOfSteps(&labels),
            (Answer::Values, Moment::End) => Target::Values(&[pace as f32]),
            (Answer::Values, Moment::EveryStep) => Target::ValuesOfSteps(&values),
        };
        set.push_samples(&samples, target);
    }
    let statistics = Normalization::of(&set);
    let set = statistics.apply(&set);
    let outputs = OutputScale::of(&set);
    let set = outputs
        .as_ref()
        .map_or(set.clone(), |scale| scale.apply(&set));
    Training {
        validation: set.spread(30),
        train: set,
        code: InputCode::Samples(statistics),
        classes: ["no", "yes"].map(String::from).into(),
        output_names: vec!["pace".into()],
        outputs,
    }
}

/// All but pooling, speed and label smoothing.
const ANSWERED: &str = "epochs = 4\nmax-tokens = 40\nhidden-size = 12
recurrent-density = 0.5\ninput-density = 1.0\ngain = 0.1\nsample-noise = 0.05
averaging = 0.9\noutput-dropout = 0.1\nrecurrent-dropout = 0.1\ngrowth = 'gradient'";

#[test]
fn trainings_of_every_kind_learn_and_go_on_to_the_same_bits_whatever_the_threads() {
    for (byte, topology) in (0..4).flat_map(|byte| ["set", "dense"].map(|it| (byte, it))) {
        let task = Task::of_byte(byte).unwrap();
        let options = options(&format!("{ANSWERED}\nbatch = 24\ntopology = '{topology}'"));
        let data = answered_waves(task);
        let mut whole = Memory::default();
        let mut trainer = Trainer::new(options.clone(), &data, 2).unwrap();
        assert_eq!(trainer.parameters().shape.logits, 1);
        trainer.run(&mut whole).unwrap();
        let whole = whole.checkpoint.unwrap();
        let metrics = &whole.position.metrics;
        assert!(metrics[3].train_loss < metrics[0].train_loss, "{task:?}");
        let is_r2 = matches!(metrics[3].score, Score::R2(_));
        assert_eq!(is_r2, task.answer == Answer::Values);
        for stop in [1, 5] {
            let part = stopped_and_resumed(&options, &data, stop, 1, |checkpoint| {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("checkpoint.safetensors");
                checkpoint.save(&path).unwrap();
                Checkpoint::load(&path).unwrap()
            });
            let rest = part.checkpoint.unwrap();
            assert_eq!(figures(&rest.position), figures(&whole.position));
            assert_eq!(rest.parameters, whole.parameters, "{task:?} {topology}");
            assert_eq!(rest.average, whole.average);
        }
    }
}

#[test]
fn the_epoch_of_numbers_is_that_of_the_lowest_loss() {
    let epoch = |epoch, validation_loss, r2| EpochMetrics {
        epoch,
        train_loss: 1.0,
        validation_loss,
        score: Score::R2(r2),
        learning_rate: 0.1,
        tokens_per_second: 1.0,
        seconds: 1.0,
        cpu_seconds: 1.0,
    };
    let epochs = [epoch(1, 0.9, 0.1), epoch(2, 0.4, 0.5), epoch(3, 0.4, 0.6)];
    assert_eq!(best_epoch(&epochs), Some(2));
    assert_eq!(best_epoch(&[]), None);
}

#[test]
fn options_that_do_not_go_with_the_answers_are_refused() {
    for (byte, option, expected) in [
        (1, "pooling = 'mean'", "train with --pooling last"),
        (3, "speed = 0.1", "train with --speed 0"),
        (2, "label-smoothing = 0.1", "train with --label-smoothing 0"),
    ] {
        let options = options(&format!("epochs = 1\n{option}"));
        let data = answered_waves(Task::of_byte(byte).unwrap());
        let error = Trainer::new(options.clone(), &data, 1).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        let classes = answered_waves(Task::CLASSIFICATION);
        assert!(Trainer::new(options, &classes, 1).is_ok(), "{option}");
    }
}

/// Two waves of three channels that differ in their pace.
fn waves() -> Training {
    let mut set = SequenceSet::of_samples(3);
    for k in 0..80u8 {
        let pace = f64::from(1 + k % 2) * 0.4;
        let axis = |step: u32, axis: u32| {
            libm::sin(pace * f64::from(step + 3 * axis + u32::from(k))) as f32
        };
        let samples = (0..20).flat_map(|step| (0..3).map(move |number| axis(step, number)));
        set.push_samples(&samples.collect::<Vec<_>>(), k % 2);
    }
    let statistics = Normalization::of(&set);
    Training {
        train: statistics.apply(&set),
        validation: statistics.apply(&set.spread(20)),
        code: InputCode::Samples(statistics),
        classes: ["slow", "fast"].map(String::from).into(),
        output_names: Vec::new(),
        outputs: None,
    }
}

const CHANGED: &str = "epochs = 3\nmax-tokens = 20\nbatch = 64\nhidden-size = 8
recurrent-density = 0.5\ninput-density = 1.0\nrotation = 20.0\ngain = 0.1\nspeed = 0.1
sample-noise = 0.1";

#[test]
fn augmented_training_goes_on_to_the_same_bits_whatever_the_threads() {
    let (options, data) = (options(CHANGED), waves());
    let end = |options: &TrainOptions, threads| {
        let mut memory = Memory::default();
        Trainer::new(options.clone(), &data, threads)
            .unwrap()
            .run(&mut memory)
            .unwrap();
        memory.checkpoint.unwrap()
    };
    let whole = end(&options, 1);
    assert_eq!(end(&options, 2).parameters, whole.parameters);
    let mut part = Memory {
        stop_after: Some(3),
        ..Memory::default()
    };
    let stopped = Trainer::new(options.clone(), &data, 1)
        .unwrap()
        .run(&mut part);
    assert!(matches!(stopped, Err(Error::Interrupted(_))));
    part.stop_after = None;
    let checkpoint = part.checkpoint.take().unwrap();
    let mut rest = Trainer::resume(options.clone(), &data, 2, checkpoint).unwrap();
    rest.run(&mut part).unwrap();
    let rest = part.checkpoint.unwrap();
    assert_eq!(figures(&rest.position), figures(&whole.position));
    assert_eq!(rest.parameters, whole.parameters);
    let plain = TrainOptions {
        rotation: 0.0,
        gain: 0.0,
        speed: 0.0,
        sample_noise: 0.0,
        ..options
    };
    assert_ne!(end(&plain, 1).parameters, whole.parameters);
}

#[test]
fn texts_are_not_augmented() {
    let options = options("epochs = 1\ngain = 0.1");
    let data = data(&options);
    let error = Trainer::new(options, &data, 1).unwrap_err().to_string();
    assert!(error.contains("texts are no samples"), "{error}");
}

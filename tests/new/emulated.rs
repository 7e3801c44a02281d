//! New projects on emulated boards, started as `cargo run` starts them: they print what
//! `set-lstm predict` says, to the last bit, and keep the pace of the samples.

use super::{Project, one_at_a_time, recording, samples_model, text_model};
use crate::models::{KINDS, packed, random_model};
use crate::program::{object, printed, set_lstm, trained};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::train::parameters::Shape;
use std::fs;
use std::path::Path;

/// What a project of samples prints if it says what the host says.
fn expected_of_samples(model: &Path, samples: &Path) -> String {
    let predicted = object(
        set_lstm!("predict @ @ --json", model, samples),
        &["predictions"],
    );
    let file = AlignedBytes::read(model).unwrap();
    let checksum = u32::from_le_bytes(file[12..16].try_into().unwrap());
    let mut text = format!("model {checksum:08x} reads samples\n");
    let (mut number, mut last) = (0, None);
    for window in predicted["predictions"].as_array().unwrap() {
        assert_eq!(window["tokens"], 128);
        number += 128;
        let class = window["class"].as_str().unwrap();
        let score = window["score"].as_f64().unwrap() as f32;
        if last.replace(class) != Some(class) {
            text += &format!("sample {number}: {class} (score {score}), 0 late\n");
        }
    }
    text + &format!("no more samples after {number}, 0 late\n")
}

#[test]
fn samples_are_answered_as_predict_answers_them_to_the_last_bit() {
    let _one = one_at_a_time();
    let (model, samples) = (samples_model(), recording());
    let expected = expected_of_samples(&model, &samples);
    assert_eq!(expected.matches("sample ").count(), 2, "{expected}");
    // with the instructions of an M33, and with none for floating point at all
    for board in ["qemu", "mps2-an505", "qemu-microbit"] {
        let name = format!("emulated-samples-{board}");
        let project = Project::new(&name, board, &model, Some(&samples));
        assert_eq!(project.run(""), expected, "{board}");
    }
}

/// Real movements, if there are any: as many answers as there are changes.
#[test]
fn real_samples_are_answered_as_predict_answers_them() {
    let Some(data) = crate::sensors::data("real samples in a new project", "hapt") else {
        return;
    };
    let _one = one_at_a_time();
    let folder = tempfile::tempdir().unwrap();
    let samples = folder.path().join("walk.csv");
    let words = "stretch --windows 6 --data @ --out @";
    printed(set_lstm!(words, &data, &samples));
    let model = samples_model();
    let project = Project::new("emulated-real-samples", "qemu", &model, Some(&samples));
    assert_eq!(project.run(""), expected_of_samples(&model, &samples));
}

/// Without a recording a project is fed with what the model tests itself with.
#[test]
fn without_a_recording_two_windows_are_answered() {
    let _one = one_at_a_time();
    let project = Project::new("emulated-self-test", "qemu", &samples_model(), None);
    let said = project.run("");
    let last = said.lines().last().unwrap();
    assert_eq!(last, "no more samples after 256, 0 late", "{said}");
    assert!(said.contains("\nsample 128: "), "{said}");
    assert!(
        project
            .read("src/samples.rs")
            .contains("[f32; CHANNELS]; 7]")
    );
}

/// The pace of the real boards, by the timer that the emulated core has, too; one instruction
/// takes a nanosecond there.
#[test]
fn samples_wait_for_the_timer_and_late_ones_are_counted() {
    const BY_NANOSECONDS: [&str; 2] = ["-icount", "shift=0"];
    let _one = one_at_a_time();
    let (model, samples) = (samples_model(), recording());
    let real = Project::new("pace-real", "nucleo-f446re", &model, None);
    let pace = real.read("src/pace.rs");
    let project = Project::new("emulated-pace", "qemu", &model, Some(&samples));
    let main = project.read("src/main.rs");
    // microseconds, and what the timer can count: all of a period, or less than it
    for (period, most, is_late) in [(200, 24, false), (200, 11, false), (2, 24, true)] {
        let pace = pace.replace("MEGAHERTZ: u32 = 180;", "MEGAHERTZ: u32 = 25;");
        let pace = pace.replace("1 << 24;", &format!("1 << {most};"));
        let main = main.replace("PERIOD: u32 = 20000;", &format!("PERIOD: u32 = {period};"));
        fs::write(project.folder.join("src/pace.rs"), pace).unwrap();
        fs::write(project.folder.join("src/main.rs"), main).unwrap();
        let said = project.run_with(&BY_NANOSECONDS, "");
        if !is_late {
            assert_eq!(
                said,
                expected_of_samples(&model, &samples),
                "{period} {most}"
            );
            continue;
        }
        let (_, late) = said.rsplit_once(", ").unwrap();
        let late: u32 = late.strip_suffix(" late\n").unwrap().parse().unwrap();
        assert!((200..=256).contains(&late), "{said}");
    }
}

#[test]
fn lines_of_text_are_answered_as_predict_answers_them() {
    let _one = one_at_a_time();
    let model = text_model();
    let texts = [
        "A wonderful film, truly moving.",
        "not good, a dull and boring story",
        "zyzzyva",
        "1 < 2",
    ];
    let mut command = set_lstm!("predict @", &model);
    command.args(texts);
    let predicted = printed(command);
    for board in ["qemu", "qemu-microbit"] {
        let name = format!("emulated-text-{board}");
        let project = Project::new(&name, board, &model, None);
        let too_long = "x ".repeat(600);
        let [first, rest @ ..] = &texts;
        let typed = format!("{first}\n{too_long}\r\n\r\n\n{}\n", rest.join("\r\n"));
        let said = project.run(&typed);
        let mut answers = said.split("> ").skip(1);
        for (number, line) in predicted.lines().enumerate() {
            let [class, score, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let answer = format!("{class}  {score}\r\n");
            assert_eq!(answers.next(), Some(&*answer), "{said}");
            if number == 0 {
                let error = answers.next().unwrap();
                assert!(error.contains("the line is too long"), "{said}");
            }
        }
        assert_eq!(answers.next(), Some(""), "{said}");
    }
}

#[test]
fn tokens_and_floating_point_are_the_hosts() {
    let _one = one_at_a_time();
    let shape = Shape {
        vocabulary: 40,
        embedding: 9,
        hidden: 12,
        logits: 3,
    };
    let bytes = packed(&random_model(shape, 0.4, 5), KINDS[1]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.setl");
    fs::write(&path, &*bytes).unwrap();
    let project = Project::new("emulated-tokens", "qemu", &path, None);
    let main = project.read("src/main.rs");
    let (_, tokens) = main.split_once("= [\n").unwrap();
    let tokens = tokens.split_once("\n];").unwrap().0;
    let tokens = tokens.split([',', '\n']).map(str::trim);
    let tokens: Vec<u16> = tokens.filter_map(|token| token.parse().ok()).collect();
    assert_eq!(tokens.len(), 19, "{main}");
    let model = AnyModel::from_bytes(&bytes).unwrap();
    let class = AnyState::new(&model).run(&model, &*tokens);
    let name = model.class_name(class.label).unwrap();
    let expected = format!("19 tokens: {name} (score {})", class.score);
    assert_eq!(project.run("").lines().last(), Some(&*expected));
}

/// The command that the project's own README has, and its code goes on with another type of
/// numbers.
#[test]
fn another_model_takes_the_place_of_the_old_one() {
    let _one = one_at_a_time();
    let project = Project::new("emulated-update", "qemu", &trained().int8, None);
    let before = project.run("B T B\n");
    let readme = project.read("README.md");
    let (_, command) = readme.split_once("`set-lstm export RUN ").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    let words = format!("export @ --values f32 {command}");
    let mut command = set_lstm!(words, &trained().run);
    command.current_dir(&project.folder);
    printed(command);
    let after = project.run("B T B\n");
    let class = |said: &str| {
        said.rsplit("> ")
            .nth(1)
            .map(|it| it.split(' ').next().unwrap().to_owned())
    };
    assert_eq!(class(&before), class(&after), "{before}{after}");
    assert_ne!(
        before.lines().next(),
        after.lines().next(),
        "another checksum"
    );
}

/// A model that answers a number after every sample, beside the same state on the host.
#[test]
fn numbers_are_the_hosts() {
    let _one = one_at_a_time();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src/doc/temperature.setl");
    let file = AlignedBytes::read(&model).unwrap();
    let network = AnyModel::from_bytes(&file).unwrap();
    let channels = network.channels().unwrap();
    let samples = tempfile::tempdir().unwrap();
    let table = samples.path().join("samples.csv");
    let mut state = AnyState::new(&network);
    let (mut rows, mut expected) = (String::new(), Vec::new());
    let window = match network.task().is_every_step() {
        true => 1,
        false => network.max_tokens().unwrap() as usize,
    };
    for number in 1..=3 * window {
        let sample: Vec<f32> = (0..channels)
            .map(|k| 18.0 + (number * (k + 1) % 7) as f32)
            .collect();
        let cells: Vec<String> = sample.iter().map(f32::to_string).collect();
        rows += &format!("{}\n", cells.join(","));
        state.step_samples(&network, &sample);
        if number % window == 0 {
            for (name, value) in network.names().iter().zip(state.values(&network)) {
                expected.push(format!("sample {number}: {name} {value}, 0 late"));
            }
            if window > 1 {
                state.reset();
            }
        }
    }
    assert!(expected.len() >= 3);
    fs::write(&table, rows).unwrap();
    let project = Project::new("emulated-numbers", "qemu", &model, Some(&table));
    let said = project.run("");
    let found: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("sample "))
        .collect();
    assert_eq!(found, expected, "{said}");
}

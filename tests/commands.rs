//! Every command on the real program: the whole way from training to the emulated board on
//! the generated strings, and what each prints.
//!
//! Simulation and footprint need QEMU and a thumb compiler: without them these tests fail
//! and name `scripts/setup.sh`.

use std::fs;

use serde_json::Value;

use crate::program::{TINY, ended_with_input, number, object, printed, reviews, set_lstm, trained};

/// Flash and RAM, as `footprint`, `simulate` and `demo` name them.
const FOOTPRINT: [&str; 7] = [
    "flash_bytes",
    "model_bytes",
    "engine_code_bytes",
    "ram_bytes",
    "state_bytes",
    "stack_bytes",
    "static_bytes",
];

#[test]
fn a_run_folder_keeps_everything() {
    let run = &trained().run;
    let read = |name| fs::read_to_string(run.join(name)).unwrap();
    assert!(read("options.toml").contains("preset = \"reber\""));
    assert_eq!(read("vocabulary.txt").lines().next(), Some("<unknown>"));
    let metrics = read("metrics.csv");
    assert!(metrics.starts_with("epoch,train_loss,"), "{metrics}");
    assert_eq!(metrics.lines().count(), 1 + 20, "{metrics}");
    assert!(read("curve.svg").starts_with("<svg"));
    let mut names: Vec<String> = fs::read_dir(run)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "checkpoint.safetensors",
        "curve.svg",
        "metrics.csv",
        "model.safetensors",
        "options.toml",
        "topology",
        "vocabulary.txt",
    ];
    assert_eq!(names, expected);
}

#[test]
fn training_prints_one_object_of_what_it_came_to() {
    let folder = reviews();
    let out = folder.path().join("run");
    let command = set_lstm!(
        format!("train {TINY} --json --seed 5 --data @ --out @"),
        folder.path(),
        &out
    );
    let keys = [
        "run",
        "preset",
        "topology",
        "seed",
        "epochs",
        "best_epoch",
        "validation_accuracy",
        "parameters",
        "dense_parameters",
        "tokens_per_second",
        "seconds",
        "peak_memory_bytes",
    ];
    let object = object(command, &keys);
    assert_eq!(object["run"].as_str(), out.to_str());
    assert_eq!(
        [&object["preset"], &object["topology"]],
        ["imdb", "set"],
        "{object}"
    );
    assert_eq!(
        (number(&object, "seed"), number(&object, "epochs")),
        (5.0, 2.0)
    );
    assert!(number(&object, "parameters") < number(&object, "dense_parameters"));
}

#[test]
fn a_run_and_its_files_know_the_grammar() {
    let trained = trained();
    let keys = [
        "model",
        "split",
        "examples",
        "correct",
        "accuracy",
        "macro_f1",
        "confusion",
    ];
    let run = object(set_lstm!("evaluate @ --json", &trained.run), &keys);
    assert_eq!(number(&run, "examples"), 1000.0);
    assert!(number(&run, "accuracy") >= 0.99, "{run}");
    assert!(number(&run, "parameters") < number(&run, "dense_parameters"));
    for (file, least) in [(&trained.f32, 0.99), (&trained.int8, 0.98)] {
        let command = set_lstm!("evaluate @ --preset reber --json", file);
        let evaluated = object(command, &keys);
        assert!(number(&evaluated, "accuracy") >= least, "{evaluated}");
        let bytes = fs::metadata(file).unwrap().len();
        assert_eq!(number(&evaluated, "model_bytes"), bytes as f64);
    }
    // the same arithmetic in another order of sums: the same classes
    let f32 = object(
        set_lstm!("evaluate @ --preset reber --json", &trained.f32),
        &[],
    );
    assert!((number(&f32, "accuracy") - number(&run, "accuracy")).abs() < 0.003);
}

#[test]
fn every_split_and_a_limit_can_be_evaluated() {
    let run = &trained().run;
    for (split, examples) in [("train", 3600.0), ("validation", 400.0), ("test", 1000.0)] {
        let words = format!("evaluate @ --split {split} --json");
        let evaluated = object(set_lstm!(words, run), &[]);
        assert_eq!(number(&evaluated, "examples"), examples, "{split}");
        assert_eq!(evaluated["split"], split);
    }
    let few = object(set_lstm!("evaluate @ --limit 7 --json", run), &[]);
    assert_eq!(number(&few, "examples"), 7.0);
}

#[test]
fn an_export_says_what_it_wrote() {
    let trained = trained();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("again.setl");
    let keys = [
        "model",
        "values",
        "model_bytes",
        "parameters",
        "dense_parameters",
        "dense_bytes",
        "self_test_sequences",
    ];
    let exported = object(
        set_lstm!("export @ --json --out @", &trained.run, &file),
        &keys,
    );
    assert_eq!(exported["values"], "int8");
    assert!(number(&exported, "self_test_sequences") >= 1.0);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(number(&exported, "model_bytes"), bytes.len() as f64);
    assert_eq!(
        bytes,
        fs::read(&trained.int8).unwrap(),
        "the same bytes again"
    );
    assert!(fs::metadata(&trained.f32).unwrap().len() > bytes.len() as u64);
}

#[test]
fn an_inspection_accounts_for_every_byte() {
    let keys = [
        "values",
        "version",
        "checksum",
        "model_bytes",
        "vocabulary",
        "embedding",
        "hidden",
        "classes",
        "parameters",
        "dense_parameters",
        "sections",
        "matrices",
        "total",
    ];
    for (file, values) in [(&trained().int8, "int8"), (&trained().f32, "f32")] {
        let inspected = object(set_lstm!("inspect @ --json", file), &keys);
        assert_eq!(inspected["values"], values);
        assert_eq!(inspected["classes"], serde_json::json!(["broken", "legal"]));
        let sections = inspected["sections"].as_array().unwrap();
        let sum: f64 = sections
            .iter()
            .map(|section| number(section, "bytes"))
            .sum();
        assert_eq!(sum, number(&inspected, "model_bytes"), "{inspected}");
        assert_eq!(inspected["matrices"].as_array().unwrap().len(), 9);
        let table = printed(set_lstm!("inspect @", file));
        for row in ["embedding", "W_f", "U_o", "fan-in", "bound", "density %"] {
            assert!(table.contains(row), "no {row} in:\n{table}");
        }
    }
}

/// The same inner string; the last symbol but one has to be the second.
const LEGAL: &str = "B T B T S X S E T E";
const BROKEN: &str = "B T B T S X S E P E";

#[test]
fn texts_are_classified_from_the_command_line() {
    let trained = trained();
    for model in [&trained.int8, &trained.f32, &trained.run] {
        let mut command = set_lstm!("predict @", model);
        let lines = printed({
            command.args([LEGAL, BROKEN]);
            command
        });
        let lines: Vec<Vec<&str>> = lines
            .lines()
            .map(|line| line.split('\t').collect())
            .collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(
            (lines[0][0], lines[0][2..].to_vec()),
            ("legal", vec!["10", LEGAL])
        );
        assert_eq!(
            (lines[1][0], lines[1][2..].to_vec()),
            ("broken", vec!["10", BROKEN])
        );
        assert!(
            lines
                .iter()
                .all(|line| line[1].parse::<f32>().unwrap() > 0.0)
        );
    }
}

#[test]
fn lines_of_any_bytes_and_length_each_get_an_answer() {
    let mut input = format!("{LEGAL}\n\n{BROKEN}\r\n").into_bytes();
    input.extend(b"B \xff\xfe T \x00 caf\xe9\n");
    input.extend("B T ".repeat(250_000).as_bytes()); // a megabyte
    input.extend(b"\nlast line, without an end");
    let command = set_lstm!("predict @ --json", &trained().int8);
    let ended = ended_with_input(command, &input);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let object: Value = serde_json::from_str(&ended.out).unwrap();
    let predictions = object["predictions"].as_array().unwrap();
    let tokens: Vec<f64> = predictions.iter().map(|p| number(p, "tokens")).collect();
    // an empty text is one unknown word; bytes that are no UTF-8 stand between words
    assert_eq!(tokens, [10.0, 1.0, 10.0, 3.0, 500_000.0, 5.0]);
    assert_eq!(predictions[0]["class"], "legal");
    assert_eq!(predictions[2]["class"], "broken");
    assert_eq!(predictions[2]["text"], BROKEN);
    assert_eq!(
        predictions[3]["text"],
        "B \u{fffd}\u{fffd} T \0 caf\u{fffd}"
    );
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf8_is_a_text_like_others() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let mut command = set_lstm!("predict @", &trained().int8);
    command.arg(OsStr::from_bytes(b"B \xff T"));
    assert!(printed(command).ends_with("\t2\tB \u{fffd} T\n"));
}

#[test]
fn the_board_gives_the_hosts_answers() {
    let mut keys = vec![
        "board",
        "examples",
        "mismatches",
        "accuracy",
        "tokens",
        "instructions_per_token",
        "instructions_longest_step",
    ];
    keys.extend(FOOTPRINT);
    for file in [&trained().int8, &trained().f32] {
        let command = set_lstm!("simulate @ --preset reber --limit 20 --json", file);
        let simulated = object(command, &keys);
        assert_eq!(number(&simulated, "examples"), 20.0);
        assert_eq!(number(&simulated, "mismatches"), 0.0);
        assert!(number(&simulated, "accuracy") >= 0.9, "{simulated}");
    }
}

#[test]
fn a_footprint_is_printed_for_people_and_programs() {
    let file = &trained().int8;
    let object = object(set_lstm!("footprint @ --json", file), &FOOTPRINT);
    let bytes = fs::metadata(file).unwrap().len();
    assert_eq!(number(&object, "model_bytes"), bytes as f64);
    assert!(number(&object, "flash_bytes") > bytes as f64);
    let table = printed(set_lstm!("footprint @", file));
    for part in ["flash", "RAM", "model", "stack"] {
        assert!(table.contains(part), "no {part} in:\n{table}");
    }
}

#[test]
fn the_demo_does_all_of_it_without_data() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = vec![
        "preset",
        "accuracy",
        "accuracy_f32",
        "examples",
        "parameters",
        "dense_parameters",
        "tokens_per_second",
        "training_seconds",
        "peak_memory_bytes",
        "run",
        "model",
        "simulated_examples",
        "simulated_accuracy",
        "mismatches",
        "instructions_per_token",
        "board",
    ];
    keys.extend(FOOTPRINT);
    let mut command = set_lstm!("demo --json --out @", folder.path());
    command.env("SET_LSTM_DATA", ""); // as of a shell that has none
    let shown = object(command, &keys);
    assert_eq!(shown["preset"], "reber");
    assert!(number(&shown, "accuracy") >= 0.98, "{shown}");
    assert_eq!(number(&shown, "mismatches"), 0.0);
    assert_eq!(number(&shown, "simulated_examples"), 200.0);
}

#[test]
fn the_speed_of_training_is_one_object() {
    let words = "bench train --json --rounds 1 --batches 1 --tokens 20 --hidden-size 16 \
                 --embedding-size 16 --vocabulary 100";
    let keys = [
        "data",
        "parameters",
        "tokens_per_second",
        "peak_memory_bytes",
        "threads",
        "vector_unit",
    ];
    let object = object(set_lstm!(words), &keys);
    assert_eq!(object["data"], "generated");
    assert!(number(&object, "tokens_per_second") > 0.0);
}

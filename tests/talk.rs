//! `set-lstm talk`: its output for people, programs and pipes, and how it ends.

use crate::models::{packed, small_model};
use crate::program::{Ended, command, ended, ended_with_input, refused, set_lstm, trained};
use serde_json::Value;
use set_lstm::pack::Values;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

#[test]
fn piped_lines_are_answered_and_nothing_else_is_printed() {
    let Ended { code, out, err } = ended_with_input(
        set_lstm!("talk"),
        b"A lovely film!\n\nIt was\rdull.\r\nno end",
    );
    assert_eq!(code, Some(0), "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 4, "{out}");
    for (line, start) in lines
        .iter()
        .zip(["positive\t", "type a text", "negative\t", ""])
    {
        assert!(line.starts_with(start), "{out}");
    }
    // a `\r` within a line parts words and not lines
    assert!(lines[2].contains("\t3 tokens\t"), "{out}");
    assert!(lines[3].contains("\t2 tokens\t"), "{out}");
}

#[test]
fn json_is_one_object_a_line_as_predict_answers_it() {
    let input = b"A lovely film!\n\nThe plot was not good.\n";
    let model = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../firmware-examples/sentiment/default/model.setl"
    );
    let words = "talk @ --board mps2-an385 --json";
    let talk = ended_with_input(set_lstm!(words, model), input);
    let predict = ended_with_input(set_lstm!("predict @ --json", model), input);
    assert_eq!(
        (talk.code, predict.code),
        (Some(0), Some(0)),
        "{}",
        talk.err
    );
    let objects = talk
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let objects: Vec<Value> = objects.collect();
    assert_eq!(objects.len(), 3, "{}", talk.out);
    let predicted: Value = serde_json::from_str(&predict.out).unwrap();
    for line in [0, 2] {
        let (board, host) = (&objects[line], &predicted["predictions"][line]);
        for key in ["class", "tokens", "text"] {
            assert_eq!(board[key], host[key], "{board} {host}");
        }
        let score = |of: &Value| of["score"].as_f64().unwrap();
        assert!(
            (score(board) - score(host)).abs() <= 0.0006,
            "{board} {host}"
        );
        assert_eq!(board["unit"], "instructions");
    }
    assert_eq!(objects[1]["message"], "type a text and press Enter");
    assert_eq!(objects[1]["text"], "");
}

#[test]
fn models_that_read_no_text_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens.setl");
    std::fs::write(&tokens, &*packed(&small_model(1), Values::Float32)).unwrap();
    refused(
        set_lstm!("talk @", &tokens),
        "knows no words",
        "from a run on text",
    );
    let samples = folder.path().join("samples.setl");
    std::fs::write(&samples, &*crate::samples::file_of_hapts_size()).unwrap();
    refused(
        set_lstm!("talk @", &samples),
        "knows no words",
        "from a run on text",
    );
    let run = &trained().run;
    assert_eq!(ended(set_lstm!("talk @", run)).code, Some(1));
}

/// A person's Ctrl-C, while the board waits: everything ends, with the code of an
/// interruption.
#[cfg(target_os = "linux")]
#[test]
fn an_interruption_ends_board_and_program() {
    let mut command = command("talk", []);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all(b"good\n").unwrap();
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("\t1 tokens\t"), "{line}");
    let emulator = children(child.id());
    assert!(!emulator.is_empty(), "a running emulator");
    let kill = format!("kill -INT {}", child.id());
    let status = std::process::Command::new("sh")
        .args(["-c", &kill])
        .status();
    assert!(status.unwrap().success());
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!(ended.code, Some(130), "{}", ended.err);
    assert!(ended.err.contains("interrupted"), "{}", ended.err);
    let left = emulator
        .iter()
        .filter(|id| std::path::Path::new("/proc").join(id).exists());
    assert_eq!(left.count(), 0, "{emulator:?}");
}

#[cfg(target_os = "linux")]
/// Numbers of the processes that a process has started.
fn children(parent: u32) -> Vec<String> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(path).unwrap();
    children.split_whitespace().map(str::to_owned).collect()
}

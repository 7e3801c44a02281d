//! The log of the program `sentiment` on an emulated board: the frames of defmt decode to what
//! was answered, with the texts of the ELF file, by defmt's own decoder.
//!
//! The decoder is a program of its own, `log-reader`, and is built here.

use crate::serial::committed;
use set_lstm::simulate::board::EmulatedBoard;
use set_lstm::simulate::firmware::{Firmware, Folders};
use set_lstm::simulate::serial::SerialLine;
use set_lstm::simulate::talk::Conversation;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::spawn;

/// Builds the reader; where it lies.
fn reader() -> PathBuf {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("log-reader");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("log-reader");
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--locked", "--manifest-path"]);
    command.arg(sources.join("Cargo.toml"));
    command.arg("--target-dir").arg(&target);
    assert!(command.status().unwrap().success());
    target.join("debug/set-lstm-log-reader")
}

/// What the reader makes of frames.
fn decoded(firmware: &Firmware, frames: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames");
    std::fs::write(&path, frames).unwrap();
    let mut command = Command::new(reader());
    command
        .arg(firmware.path())
        .stdin(File::open(&path).unwrap());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text)
}

#[test]
fn the_frames_of_the_log_decode_to_what_was_answered() {
    let model = committed("sentiment/default/model.setl");
    let board = EmulatedBoard::default();
    let firmware = Firmware::build_logging(board, &model, &Folders::default()).unwrap();
    let mut line = SerialLine::open(&firmware).unwrap();
    let mut log = line.log().unwrap();
    let frames = spawn(move || {
        let mut frames = Vec::new();
        log.read_to_end(&mut frames).unwrap();
        frames
    });
    let mut talk = Conversation::begin(line).unwrap();
    talk.ask(b"A wonderful film, I loved it!").unwrap();
    talk.ask(b"").unwrap();
    talk.ask(b"The plot was dull.").unwrap();
    drop(talk); // ends the emulator, and with it the log
    let frames = frames.join().unwrap();
    assert!(!frames.is_empty());
    let (code, text) = decoded(&firmware, &frames);
    let expected = "info 156 words, model 5c916242\n\
                    info positive, 7 tokens\n\
                    info negative, 4 tokens\n";
    assert_eq!((code, text.as_str()), (Some(0), expected));

    let (mut damaged, middle) = (frames.clone(), frames.len() / 2);
    damaged[middle] ^= 0x55;
    assert_ne!(decoded(&firmware, &damaged).1, expected);
}

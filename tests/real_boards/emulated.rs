//! One of the real boards runs without one: QEMU emulates the micro:bit's chip, its serial
//! port with the interrupt and its timer among it. These are the very programs that are
//! written to the board, not those of `firmware-examples/qemu`.

use super::{BOARDS, PROGRAMS, build};
use crate::serial::{Host, assert_windows, committed};
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::toolchain::qemu;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// How long a board may be silent.
const PATIENCE: Duration = Duration::from_secs(120);

/// The emulator; it ends with this.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        // it may be gone already
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program of the micro:bit prints when this is typed, until it is enough. QEMU holds
/// back what the program has not taken yet.
fn said(program: &str, typed: &[u8], is_enough: impl Fn(&str) -> bool) -> String {
    let board = BOARDS.iter().find(|board| board.name == "microbit");
    let programs = build(board.unwrap(), &[]).unwrap();
    let place = PROGRAMS.iter().position(|name| *name == program).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(program);
    std::fs::write(&path, &programs[place]).unwrap();
    let mut command = Command::new(qemu().unwrap());
    command.args(["-machine", "microbit", "-nographic", "-monitor", "none"]);
    command.args(["-serial", "stdio", "-kernel"]).arg(&path);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut emulator = Emulator(command.stderr(Stdio::null()).spawn().unwrap());
    let mut input = emulator.0.stdin.take().unwrap();
    let mut output = emulator.0.stdout.take().unwrap();
    let (sender, receiver) = channel();
    let typed = typed.to_vec();
    // both end with the emulator
    std::thread::spawn(move || input.write_all(&typed).map(|()| input));
    std::thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut part) {
            if sender.send(part[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut text = String::new();
    while !is_enough(&text) {
        let part = receiver.recv_timeout(PATIENCE);
        let part = part.unwrap_or_else(|problem| panic!("{problem} behind {text}"));
        text += std::str::from_utf8(&part).expect("ASCII");
    }
    text
}

#[test]
fn the_microbit_answers_as_the_host_does_whatever_is_typed() {
    let bytes: AlignedBytes = committed("sentiment/default/model.setl").into();
    let model = AnyModel::from_bytes(&bytes).unwrap();
    let mut host = Host::new(&model);
    // the second one is eight times as long as the queue
    let texts = [
        b"a wonderful film, truly moving".to_vec(),
        b"not good, a dull and boring story ".repeat(1000),
        b"\xff\xfe zzzz \x00\x80 good".to_vec(),
    ];
    let typed = texts.join(&b"\r\n"[..]);
    let typed = [&*typed, b"\r\n\r\n"].concat();
    let prompts = |text: &str| text.matches("\r\n> ").count();
    let text = said("sentiment", &typed, |text| prompts(text) == texts.len() + 2);
    let mut parts = text.split("\r\n> ");
    let greeting = parts.next().unwrap();
    assert!(
        greeting.contains("set-lstm sentiment on BBC micro:bit v1, Cortex-M0\r\n"),
        "{greeting}"
    );
    for (typed, said) in texts.iter().zip(&mut parts) {
        host.assert_equal(typed, said);
    }
    assert_eq!(parts.next(), Some("type a text and press Enter"));
}

#[test]
fn the_microbit_plays_its_recording_at_the_pace_of_the_sensor() {
    let start = Instant::now();
    let text = said("activity", b"", |text| {
        text.matches("longest step").count() == 2
    });
    // 256 samples 20 ms apart, on the timer of the chip
    assert!(start.elapsed() >= Duration::from_millis(255 * 20));
    assert!(
        text.contains("set-lstm activity on BBC micro:bit v1, Cortex-M0\r\n"),
        "{text}"
    );
    let bytes: AlignedBytes = committed("activity/default/model.setl").into();
    let model = AnyModel::from_bytes(&bytes).unwrap();
    let stretch = String::from_utf8(committed("activity/default/stretch.csv")).unwrap();
    assert_eq!(assert_windows(&text, &model, &stretch), 2);
    assert!(text.contains(" us of 20000 us, "), "{text}");
}

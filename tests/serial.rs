//! The applications `sentiment` and `activity` on emulated boards, driven through QEMU's
//! serial port: what is typed is answered as `set-lstm predict` answers it, to the last bit,
//! whatever is typed; and both fit their budgets.
//!
//! Needs QEMU and the thumb targets: without them these tests fail and name
//! `scripts/setup.sh`.

pub mod budgets;

use crate::models::{KINDS, packed_with_words, random_model, vocabulary};
use crate::program::{printed, set_lstm};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::simulate::board::{BOARDS, EmulatedBoard};
use set_lstm::simulate::firmware::{Firmware, Folders};
use set_lstm::simulate::serial::SerialLine;
use set_lstm::simulate::talk::{BoardAnswer, Conversation, Reply};
use set_lstm::train::parameters::Shape;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const HELP: &str = "type a text and press Enter";
/// How long a board may be silent.
const PATIENCE: Duration = Duration::from_secs(120);
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-examples");

/// A file that is committed with the firmware.
pub fn committed(path: &str) -> Vec<u8> {
    std::fs::read(format!("{EXAMPLES}/{path}")).unwrap()
}

/// The small model that `sentiment` has when no other is named.
fn default_model() -> AlignedBytes {
    committed("sentiment/default/model.setl").into()
}

fn sentiment(board: EmulatedBoard, model: &[u8]) -> Firmware {
    Firmware::build_sentiment(board, model, &Folders::default()).unwrap()
}

pub fn begin(board: EmulatedBoard, model: &[u8]) -> Conversation {
    Conversation::begin(SerialLine::open(&sentiment(board, model)).unwrap()).unwrap()
}

/// The host's answers.
pub struct Host<'m> {
    model: &'m AnyModel<'m>,
    state: AnyState,
}

impl<'m> Host<'m> {
    pub fn new(model: &'m AnyModel<'m>) -> Self {
        let state = AnyState::new(model);
        Host { model, state }
    }

    /// Whether the board said what `set-lstm predict` says; the answer.
    #[track_caller]
    pub fn assert_equal(&mut self, text: &[u8], said: &str) -> BoardAnswer {
        let tokens = self.model.encode(text).unwrap();
        let class = self.state.run(self.model, &tokens);
        let text = String::from_utf8_lossy(text);
        let Reply::Answer(answer) = Reply::parse(said) else {
            panic!("no answer to {text:.100}: {said}");
        };
        let name = self.model.class_name(class.label).unwrap();
        assert_eq!(answer.class.as_deref(), Some(name), "{text:.100}");
        assert_eq!(answer.tokens as usize, tokens.len(), "{text:.100}");
        assert_eq!(
            answer.logits,
            self.state.logit_bits(self.model),
            "{text:.100}"
        );
        let score = answer.score.unwrap();
        assert!((score - class.score).abs() <= 0.0006, "{said}");
        answer
    }
}

/// What is said to all that is typed at once, line ends included, which is known to be so
/// many answers. Typing goes on beside reading, or both ends would wait for each other.
fn replies(firmware: &Firmware, typed: &[u8], count: usize) -> Vec<String> {
    let line = SerialLine::open(firmware).unwrap();
    let (mut reader, mut writer) = (line.stream().unwrap(), line.stream().unwrap());
    reader.set_read_timeout(Some(PATIENCE)).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || writer.write_all(typed).unwrap());
        let (mut text, mut part) = (Vec::new(), [0; 4096]);
        let prompts = |text: &[u8]| text.windows(4).filter(|part| part == b"\r\n> ").count();
        while prompts(&text) <= count {
            let length = reader.read(&mut part).expect("the board answers in time");
            assert!(length > 0, "{}", String::from_utf8_lossy(&text));
            text.extend_from_slice(&part[..length]);
        }
        let text = String::from_utf8(text).expect("the board prints ASCII and class names");
        let said = text.split("\r\n> ").skip(1).map(str::to_owned);
        said.take(count).collect()
    })
}

fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len())
        .any(|found| found == part.as_bytes())
}

/// What the board says until something stands in it.
fn until(line: &mut TcpStream, end: &str) -> String {
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    while !contains(&text, end) {
        let length = line.read(&mut part).expect("the board answers in time");
        assert!(length > 0, "{}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&part[..length]);
    }
    String::from_utf8(text).unwrap()
}

/// The lines of what is typed, by the rule of the program: `\n`, `\r` or both end one.
fn lines(typed: &[u8]) -> Vec<Vec<u8>> {
    let (mut lines, mut line, mut last) = (Vec::new(), Vec::new(), 0);
    for &byte in typed {
        match byte {
            b'\n' if last == b'\r' => {}
            b'\n' | b'\r' => lines.push(std::mem::take(&mut line)),
            _ => line.push(byte),
        }
        last = byte;
    }
    lines
}

#[track_caller]
fn assert_said(typed: &[u8]) {
    let (board, bytes) = (EmulatedBoard::default(), default_model());
    let model = AnyModel::from_bytes(&bytes).unwrap();
    let (mut host, lines) = (Host::new(&model), lines(typed));
    let said = replies(&sentiment(board, &bytes), typed, lines.len());
    assert_eq!(said.len(), lines.len());
    for (line, said) in lines.iter().zip(&said) {
        match line.as_slice() {
            [] => assert_eq!(said, HELP),
            line => _ = host.assert_equal(line, said),
        }
    }
}

#[test]
fn every_board_answers_as_the_host_does_and_tells_the_time() {
    let bytes = default_model();
    let model = AnyModel::from_bytes(&bytes).unwrap();
    for board in BOARDS {
        let mut host = Host::new(&model);
        let mut board_answers = begin(board, &bytes);
        let greeting = board_answers.greeting().join("\n");
        let expected = format!(
            "set-lstm sentiment on {}, {}, emulated\n",
            board.name, board.core
        );
        assert!(greeting.starts_with(&expected), "{greeting}");
        assert!(greeting.ends_with(HELP), "{greeting}");
        for (text, class) in [
            ("A wonderful film, I loved every scene of it!", "positive"),
            ("The plot was dull and the acting awful.", "negative"),
            ("The food is not good.", "negative"),
            ("Zyzzyva.", "negative"),
        ] {
            let said = board_answers.ask(text.as_bytes()).unwrap();
            let answer = host.assert_equal(text.as_bytes(), &said);
            if answer.tokens > 1 {
                assert_eq!(answer.class.as_deref(), Some(class), "{text}");
            }
            assert_eq!(answer.unit, "instructions");
            assert_eq!(answer.time_per_token, answer.time / answer.tokens);
            // some work, and no wait for the bytes
            assert!((1_000..100_000).contains(&answer.time_per_token), "{said}");
        }
        assert_eq!(board_answers.ask(b"").unwrap(), HELP);
    }
}

#[test]
fn a_line_ends_in_any_way() {
    assert_said(b"good\rbad\ngood film\r\n\n\r\r\n \r\nnot bad\n");
}

#[test]
fn every_byte_and_broken_utf8_are_text() {
    let every: Vec<u8> = (0..=255).collect();
    let mut typed = every.clone();
    typed.extend(every.iter().rev());
    for broken in [
        b"\xff\xfegood\n".as_slice(),
        b"go\xc3od\n",
        b"bad\xe2\x82\n",
        b"\xf0\x9f\x98good\xf0\x9f\x98\x80!\n",
        b"\xed\xa0\x80 caf\xc3\xa9\n",
        b"\0\x1b[31mgood\x1b[0m\x07\x7f\x08\n",
        b"<b>good</b> <unclosed\n",
    ] {
        typed.extend(broken);
    }
    assert_said(&typed);
}

#[test]
fn noise_is_answered_line_by_line() {
    let mut state = 1_u64;
    let mut noise = Vec::new();
    for _ in 0..20_000 {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        noise.push((state >> 56) as u8);
    }
    noise.push(b'\n');
    assert_said(&noise);
}

#[test]
fn lines_and_words_of_any_length_are_read() {
    let mut typed = b"the film was not good, but I loved it! ".repeat(2_600);
    assert!(typed.len() > 100_000);
    typed.push(b'\n');
    typed.extend([b'x'; 20_000]);
    typed.extend(b"\nit was good\n");
    typed.extend("é".repeat(2_000).bytes());
    typed.push(b'\n');
    assert_said(&typed);
}

/// Floating point, several classes, and words in any number of them.
#[test]
fn random_models_of_both_kinds_answer_as_the_host_does() {
    let shape = Shape {
        vocabulary: 300,
        embedding: 20,
        hidden: 24,
        logits: 3,
    };
    let words = vocabulary(300);
    for values in KINDS {
        let bytes = packed_with_words(&random_model(shape, 0.3, 3), values, Some(&words));
        let model = AnyModel::from_bytes(&bytes).unwrap();
        let (mut host, mut board) = (Host::new(&model), begin(BOARDS[0], &bytes));
        for text in ["a1 a299 nobody a17", "A8? a9! <br /> a250", "-", "a3"] {
            let said = board.ask(text.as_bytes()).unwrap();
            let answer = host.assert_equal(text.as_bytes(), &said);
            assert_eq!(answer.logits.len(), 3);
        }
    }
}

#[test]
fn a_model_that_has_changed_is_refused_over_the_line() {
    let mut damaged = default_model().to_vec();
    let last = damaged.len() - 1;
    damaged[last] ^= 0x10;
    for board in ["mps2-an386", "microbit"] {
        let board = EmulatedBoard::named(board).unwrap();
        let line = SerialLine::open(&sentiment(board, &damaged)).unwrap();
        let error = Conversation::begin(line).unwrap_err().to_string();
        assert!(
            error.contains("the model has changed or is cut off"),
            "{error}"
        );
    }
}

/// What `activity` prints.
pub fn activity(board: EmulatedBoard, model: &[u8], stretch: &[u8]) -> (Firmware, String) {
    let built = Firmware::build_activity(board, model, stretch, &Folders::default());
    let firmware = built.unwrap();
    let mut line = SerialLine::open(&firmware).unwrap();
    let mut text = String::new();
    let mut stream = line.stream().unwrap();
    stream.read_to_string(&mut text).unwrap();
    let (code, words) = line.end(Duration::from_secs(10)).unwrap();
    assert_eq!((code, words.as_str()), (Some(0), ""), "{text}");
    (firmware, text)
}

/// Whether the board said of every window what the host says of it; how many there are.
pub fn assert_windows(text: &str, model: &AnyModel<'_>, stretch: &str) -> usize {
    let mut state = AnyState::new(model);
    let windows: Vec<&str> = stretch.split("\n\n").collect();
    let said: Vec<&str> = text.lines().filter(|line| line.contains('\t')).collect();
    assert_eq!(said.len(), windows.len(), "{text}");
    for (window, said) in windows.iter().zip(said) {
        state.reset();
        let mut samples = 0;
        for line in window.lines() {
            let sample: Vec<f32> = line.split(',').map(|n| n.parse().unwrap()).collect();
            state.step_samples(model, &sample);
            samples += 1;
        }
        let class = state.classify(model);
        let name = model.class_name(class.label).unwrap();
        let bits = state.logit_bits(model);
        let bits: Vec<String> = bits.iter().map(|bits| format!("{bits:08x}")).collect();
        assert!(said.starts_with(&format!("{name}\t")), "{name}: {said}");
        let end = format!("\t{samples} samples\tlogits {}", bits.join(","));
        assert!(said.ends_with(&end), "{end}: {said}");
    }
    windows.len()
}

#[test]
fn activities_are_the_hosts_on_every_core_and_no_step_is_late() {
    let bytes: AlignedBytes = committed("activity/default/model.setl").into();
    let stretch = committed("activity/default/stretch.csv");
    let model = AnyModel::from_bytes(&bytes).unwrap();
    for board in BOARDS {
        let (_, text) = activity(board, &bytes, &stretch);
        let stretch = std::str::from_utf8(&stretch).unwrap();
        assert_eq!(assert_windows(&text, &model, stretch), 2);
        for name in ["walking\t", "running\t"] {
            assert!(text.contains(name), "{}: {text}", board.name);
        }
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("longest step "), "{text}");
        // 50 samples a second, a nanosecond an instruction
        let end = " of 20000000 instructions, 0 of 256 late";
        assert!(last.ends_with(end), "{text}");
    }
}

/// Real movements, if there are any, in place of the generated ones.
#[test]
fn a_stretch_of_real_recordings_is_the_hosts_too() {
    let what = "a real recording on the board";
    let Some(data) = crate::sensors::data(what, "hapt") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("walk.csv");
    let words = "stretch --windows 3 --data @ --out @";
    printed(set_lstm!(words, &data, &path));
    let stretch = std::fs::read_to_string(&path).unwrap();
    let bytes: AlignedBytes = committed("activity/default/model.setl").into();
    let model = AnyModel::from_bytes(&bytes).unwrap();
    let (_, text) = activity(EmulatedBoard::default(), &bytes, stretch.as_bytes());
    assert_eq!(assert_windows(&text, &model, &stretch), 3);
    assert!(text.ends_with(", 0 of 384 late\r\n"), "{text}");
}

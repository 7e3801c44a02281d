//! `set-lstm talk`.

use std::io::{BufRead, IsTerminal};
use std::net::Shutdown;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::spawn;

use serde::Serialize;

use super::output::print;
use super::simulate::one_board;
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::simulate::board::{BOARDS, EmulatedBoard};
use crate::simulate::firmware::{Firmware, Folders};
use crate::simulate::serial::SerialLine;
use crate::simulate::talk::{Conversation, Reply};
use crate::toolchain::firmware_folder;

/// The model of a first try, in the folder of the firmware.
const DEFAULT: &str = "sentiment/default/model.setl";

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm talk
  set-lstm talk imdb.setl --board microbit
  set-lstm talk imdb.setl --json < reviews.txt

Builds the program `sentiment` with the model inside, starts it on an emulated board, and
types at its serial port: each line is a text, and the board answers with class, score,
tokens, time for the line and for a token, and the bits of the logits. The emulator has no
time of its own and counts instructions. Ends with Ctrl-D, or at the end of the input.")]
pub struct Arguments {
    /// A model file that reads text; a small one that comes with the sources if not given
    model: Option<PathBuf>,
    /// The emulated board
    #[arg(long, default_value = BOARDS[0].name, value_parser = one_board())]
    board: EmulatedBoard,
    /// The folder firmware-examples, if it is not found
    #[arg(long, value_name = "FOLDER", env = "SET_LSTM_FIRMWARE")]
    firmware: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// What can happen while the board waits.
enum Event {
    /// Somebody typed a line.
    Line(Vec<u8>),
    /// Nothing more will come.
    End,
    /// The input cannot be read.
    Broken(std::io::Error),
    /// Ctrl-C.
    Interrupted,
}

/// A line and what was said to it.
#[derive(Debug, Serialize)]
struct Said<'t> {
    #[serde(flatten)]
    reply: Reply,
    text: &'t str,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        model,
        board,
        firmware,
        json,
    } = arguments;
    let folders = Folders {
        sources: firmware,
        target: None,
    };
    let path = match model {
        Some(path) => path,
        None => firmware_folder(folders.sources.as_deref())?.join(DEFAULT),
    };
    let bytes = readable(&path)?;
    tracing::info!("building the firmware for {}, {}", board.name, board.core);
    let firmware = Firmware::build_sentiment(board, &bytes, &folders)?;
    let (sender, events) = channel();
    let conversation = Conversation::begin(SerialLine::open(&firmware)?)?;
    watch(&conversation, sender)?;
    let is_person = std::io::stdin().is_terminal() && !json;
    converse(conversation, &events, is_person, json)
}

/// The bytes of a model that reads raw text.
fn readable(path: &Path) -> Result<AlignedBytes> {
    let bytes = AlignedBytes::read(path)?;
    if AnyModel::open(&bytes, path)?.vocabulary().is_none() {
        return Err(Error::Model {
            path: path.to_owned(),
            problem: "the model file knows no words; export it from a run on text".into(),
        });
    }
    Ok(bytes)
}

/// Sends what happens: lines of standard input, its end, Ctrl-C. The threads end with the
/// program.
fn watch(conversation: &Conversation, sender: Sender<Event>) -> Result<()> {
    let (line, interrupt) = (conversation.stream()?, sender.clone());
    let set = ctrlc::set_handler(move || {
        // the receiver may be gone, and the line be shut
        let _ = interrupt.send(Event::Interrupted);
        let _ = line.shutdown(Shutdown::Both);
    });
    set.map_err(|problem| {
        Error::Tool(format!("Ctrl-C cannot be watched: {problem}; start again"))
    })?;
    spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let event = match input.read_until(b'\n', &mut line) {
                Ok(0) => Event::End,
                Ok(_) => Event::Line(line),
                Err(problem) => Event::Broken(problem),
            };
            let is_last = !matches!(event, Event::Line(_));
            if sender.send(event).is_err() || is_last {
                return;
            }
        }
    });
    Ok(())
}

/// Asks the board line by line.
fn converse(
    mut conversation: Conversation,
    events: &Receiver<Event>,
    is_person: bool,
    json: bool,
) -> Result<()> {
    let interrupted = || Err(Error::Interrupted("the board was stopped".into()));
    if is_person {
        print(format_args!("{}\n", conversation.greeting().join("\n")))?;
    }
    loop {
        if is_person {
            print("> ")?;
        }
        let line = match events.recv() {
            Ok(Event::Line(line)) => line,
            Ok(Event::Broken(problem)) => {
                let hint = "give the texts as lines";
                return Err(Error::io("standard input", hint)(problem));
            }
            Ok(Event::Interrupted) => return interrupted(),
            Ok(Event::End) | Err(_) => {
                return if is_person { print("\n") } else { Ok(()) };
            }
        };
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let said = match conversation.ask(text) {
            Ok(said) => said,
            // the line was shut by Ctrl-C, or the board has stopped by itself
            Err(error) => {
                let was_interrupted = events
                    .try_iter()
                    .any(|event| matches!(event, Event::Interrupted));
                return if was_interrupted {
                    interrupted()
                } else {
                    Err(error)
                };
            }
        };
        if json {
            let said = Said {
                reply: Reply::parse(&said),
                text: &String::from_utf8_lossy(text),
            };
            let object = serde_json::to_string(&said)
                .map_err(|e| Error::Tool(format!("the answer is no JSON: {e}; report this")))?;
            print(format_args!("{object}\n"))?;
        } else {
            print(format_args!("{said}\n"))?;
        }
    }
}

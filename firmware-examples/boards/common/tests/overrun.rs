//! The application behind the queue: a line of which bytes were lost is answered by an
//! error, and the lines around it as if nothing had been.

use embedded_io::{ErrorType, Read, Write};
use set_lstm_board_common::{Clock, Lost, Rate, Received, Sink};
use set_lstm_sentiment::embedded::{CAPACITY, Engine, LAYERS, model};
use set_lstm_sentiment::{Memory, run};

/// A wire on which each burst comes while the application is at work.
struct Bursts {
    received: Received<64>,
    bursts: Vec<Vec<u8>>,
    sent: Vec<u8>,
}

impl ErrorType for Bursts {
    type Error = Lost;
}

impl Read for Bursts {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Lost> {
        loop {
            match self.received.read(buffer) {
                Some(read) => return read,
                None if self.bursts.is_empty() => return Ok(0),
                None => {
                    let burst = self.bursts.remove(0);
                    burst.iter().for_each(|&byte| self.received.push(byte));
                }
            }
        }
    }
}

impl Write for Bursts {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Lost> {
        self.sent.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Lost> {
        Ok(())
    }
}

/// No time passes.
struct Still;

impl Clock for Still {
    fn ticks(&mut self) -> u32 {
        0
    }

    fn rate(&self) -> Rate {
        Rate::microseconds(1_000_000)
    }
}

/// What is answered to bursts, behind the greeting.
fn answers(bursts: &[&[u8]]) -> Vec<String> {
    let mut port = Bursts {
        received: Received::new(),
        bursts: bursts.iter().map(|burst| burst.to_vec()).collect(),
        sent: Vec::new(),
    };
    let mut memory = Memory::<Engine, CAPACITY, LAYERS>::EMPTY;
    run("a test", &mut port, &mut Still, &mut memory, model()).expect("a model and a port");
    let text = String::from_utf8(port.sent).expect("ASCII");
    let answers = text.split("> ").skip(1);
    answers.map(|answer| answer.trim_end().to_owned()).collect()
}

const ERROR: &str = "error: bytes were lost; type the line again";

#[test]
fn a_line_that_overran_is_an_error_and_its_neighbours_are_not() {
    let line = b"a wonderful film, truly moving\r\n";
    let whole = answers(&[line]);
    assert!(whole[0].contains("\t5 tokens\t"), "{whole:?}");
    let long = b"a wonderful film ".repeat(5);
    for end in [&b"\r\n"[..], b"\n", b"\r"] {
        let long = [&long, end].concat();
        // the end of the long line itself does not fit in
        let found = answers(&[line, &long, line]);
        assert_eq!(found, [&*whole[0], ERROR, &whole[0], ""]);
    }
    // or it comes when there is room again
    let found = answers(&[line, &long, b" again\r\n", line]);
    assert_eq!(found, [&*whole[0], ERROR, &whole[0], ""]);
}

//! Enters: a port, a clock, memory and a model. Leaves: an answer to every line, until the
//! port is closed. Next: a board's `main` halts.

use crate::answer::{answer, greet, help, say};
use crate::embedded::TASK;
use crate::line::{Endings, Line, Piece};
use embedded_io::{Read, Write};
use set_lstm_kit::{Clock, Memory, Refusal, Stopped, stopped};
use set_lstm_runtime::{Arithmetic, Model, State, Tokenizer};

/// Bytes that are taken from the port at once, if so many are there.
const CHUNK: usize = 16;

/// Answers every line that comes in. `board` is a name for the greeting.
///
/// A read that fails costs the line that is coming in: it is answered by an error. So ports
/// with a buffer should fail once for each time that it overran, and go on.
///
/// # Errors
/// The model is refused, or cannot read text; or the port cannot be written to. That the
/// port is closed, so that reading gives nothing, is no error.
pub fn run<'a, P, C, A, const N: usize, const L: usize>(
    board: &str,
    port: &mut P,
    clock: &mut C,
    memory: &mut Memory<'a, A, N, L>,
    model: &'a [u8],
) -> Result<(), Stopped<P::Error>>
where
    P: Read + Write,
    C: Clock,
    A: Arithmetic,
{
    let conversed = memory.with(model, |model, state| {
        let tokenizer = model.tokenizer().ok_or(Refusal::Input)?;
        if model.task().answer != TASK.answer {
            return Err(Refusal::Task);
        }
        Ok(converse(board, port, clock, model, state, tokenizer))
    });
    stopped(port, conversed)
}

/// Not part of `run`: its frame would lie above the stack of decoding, which is the deepest.
#[inline(never)]
fn converse<P, C, A, const N: usize, const L: usize>(
    board: &str,
    port: &mut P,
    clock: &mut C,
    model: &Model<'_, A, L>,
    state: &mut State<A, N, L>,
    mut tokenizer: Tokenizer<'_>,
) -> Result<(), P::Error>
where
    P: Read + Write,
    C: Clock,
    A: Arithmetic,
{
    let (mut endings, mut line) = (Endings::default(), Line::NEW);
    let mut buffer = [0; CHUNK];
    greet(port, board, model)?;
    loop {
        let bytes = match port.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            Err(_) => {
                line.is_broken = true;
                continue;
            }
        };
        let mut start = clock.ticks();
        for &byte in bytes {
            let (token, ends) = match endings.push(byte) {
                Piece::Nothing => continue,
                Piece::Text(byte) => {
                    line.is_empty = false;
                    (tokenizer.push(byte), false)
                }
                Piece::End => (tokenizer.finish(), true),
            };
            if let Some(token) = token {
                state.step(model, token);
                line.tokens = line.tokens.saturating_add(1);
            }
            if ends {
                line.ticks += u64::from(clock.since(start));
                if line.is_broken {
                    say(port, "error: bytes were lost; type the line again")?;
                } else if line.is_empty {
                    help(port)?;
                } else {
                    answer(port, clock.rate(), &line, model, state)?;
                }
                state.reset();
                line = Line::NEW;
                start = clock.ticks();
            }
        }
        line.ticks += u64::from(clock.since(start));
    }
}

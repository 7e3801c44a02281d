//! Enters: the state after a line. Leaves: what the board says. Next: a person reads it.

use crate::embedded::TASK;
use crate::line::Line;
use embedded_io::Write;
use set_lstm_kit::{Printer, Rate};
#[cfg(feature = "defmt")]
use set_lstm_runtime::Answer;
use set_lstm_runtime::{Arithmetic, Model, State};

/// What stands before everything that is typed.
const PROMPT: &str = "> ";

/// The first lines, and the prompt.
#[inline(never)]
pub(crate) fn greet<W: Write, A: Arithmetic, const L: usize>(
    port: &mut W,
    board: &str,
    model: &Model<'_, A, L>,
) -> Result<(), W::Error> {
    let mut out = Printer(port);
    out.text("\r\nset-lstm sentiment on ")?;
    out.text(board)?;
    out.text("\r\nmodel ")?;
    out.hexadecimal(model.checksum())?;
    let words = model.vocabulary().map_or(0, |words| words.words());
    out.text(", ")?;
    out.count(words.into(), " words:")?;
    for label in 0..=u8::MAX {
        let Some(name) = model.class_name(label) else {
            break;
        };
        out.text(" ")?;
        out.text(name)?;
    }
    out.end()?;
    #[cfg(feature = "defmt")]
    defmt::info!("{=u16} words, model {=u32:08x}", words, model.checksum());
    help(port)
}

/// What to do, and the prompt.
#[inline(never)]
pub(crate) fn help<W: Write>(port: &mut W) -> Result<(), W::Error> {
    say(port, "type a text and press Enter")
}

/// A line of the board's own, and the prompt.
#[inline(never)]
pub(crate) fn say<W: Write>(port: &mut W, text: &str) -> Result<(), W::Error> {
    let mut out = Printer(port);
    out.text(text)?;
    out.end()?;
    prompt(port)
}

fn prompt<W: Write>(port: &mut W) -> Result<(), W::Error> {
    Printer(port).text(PROMPT)?;
    port.flush()
}

/// The answer to a line, and the prompt.
#[inline(never)]
pub(crate) fn answer<W: Write, A: Arithmetic, const N: usize, const L: usize>(
    port: &mut W,
    rate: Rate,
    line: &Line,
    model: &Model<'_, A, L>,
    state: &State<A, N, L>,
) -> Result<(), W::Error> {
    let time = rate.of(line.ticks);
    let mut out = Printer(port);
    out.answer(TASK.answer, model, state)?;
    out.text("\t")?;
    out.count(line.tokens, " tokens\t")?;
    out.count(time, " ")?;
    out.text(rate.unit)?;
    out.text("\t")?;
    out.count(time / line.tokens.max(1), " ")?;
    out.text(rate.unit)?;
    out.text(" a token")?;
    out.logits(model, state)?;
    out.end()?;
    #[cfg(feature = "defmt")]
    log(line.tokens, model, state);
    prompt(port)
}

/// The same without the figures, for a probe.
#[cfg(feature = "defmt")]
fn log<A: Arithmetic, const N: usize, const L: usize>(
    tokens: u32,
    model: &Model<'_, A, L>,
    state: &State<A, N, L>,
) {
    if model.task().answer == Answer::Class {
        let label = state.classify(model).label;
        let name = model.class_name(label).unwrap_or("?");
        defmt::info!("{=str}, {=u32} tokens", name, tokens);
    }
    for (name, value) in model.names().zip(state.values(model)) {
        defmt::info!("{=str}={=f32}, {=u32} tokens", name, value, tokens);
    }
}

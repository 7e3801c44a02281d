//! Enters: samples, a clock, memory and a model. Leaves: an answer for every window or step.
//! Next: a board's `main` halts.

use crate::deadline::Deadline;
use crate::embedded::TASK;
use crate::samples::Samples;
use embedded_io::Write;
use set_lstm_kit::{Clock, Memory, Printer, Refusal, Stopped, stopped};
use set_lstm_runtime::{Arithmetic, Model, Moment, State};

/// Samples of a window, if the model does not say how many training saw.
const WINDOW: u32 = 128;

/// Answers every window of the samples, or every sample if the model does. `board` is a name for the greeting.
///
/// # Errors
/// The model is refused, or reads other samples; or the port cannot be written to. That
/// there are no more samples is no error.
pub fn run<'a, P, C, S, A, const N: usize, const L: usize, const D: usize>(
    board: &str,
    port: &mut P,
    clock: &mut C,
    samples: &mut S,
    memory: &mut Memory<'a, A, N, L>,
    model: &'a [u8],
) -> Result<(), Stopped<P::Error>>
where
    P: Write,
    C: Clock,
    S: Samples<D>,
    A: Arithmetic,
{
    let streamed = memory.with(model, |model, state| {
        if model.channels() != Some(D) {
            return Err(Refusal::Input);
        }
        if model.task() != TASK {
            return Err(Refusal::Task);
        }
        Ok(stream(board, port, clock, samples, model, state))
    });
    stopped(port, streamed)
}

/// Not part of `run`: its frame would lie above the stack of decoding, which is the deepest.
#[inline(never)]
fn stream<P, C, S, A, const N: usize, const L: usize, const D: usize>(
    board: &str,
    port: &mut P,
    clock: &mut C,
    samples: &mut S,
    model: &Model<'_, A, L>,
    state: &mut State<A, N, L>,
) -> Result<(), P::Error>
where
    P: Write,
    C: Clock,
    S: Samples<D>,
    A: Arithmetic,
{
    let window = model.max_tokens().unwrap_or(WINDOW);
    greet(port, board, model, window)?;
    let mut deadline = Deadline::new(clock.rate(), S::PERIOD);
    let (mut steps, mut last) = (0, None);
    while let Some(sample) = samples.next() {
        let start = clock.ticks();
        state.step_samples(model, &sample);
        deadline.add(clock.since(start));
        steps += 1;
        if steps == window || TASK.moment == Moment::EveryStep {
            let label = print_answer(port, steps, model, state)?;
            if last.replace(label).is_some_and(|last| last != label) {
                deadline.print(port)?;
            }
            port.flush()?;
        }
        if steps == window {
            state.reset();
            steps = 0;
        }
    }
    deadline.print(port)?;
    port.flush()
}

/// The first lines.
#[inline(never)]
fn greet<W: Write, A: Arithmetic, const L: usize>(
    port: &mut W,
    board: &str,
    model: &Model<'_, A, L>,
    window: u32,
) -> Result<(), W::Error> {
    let mut out = Printer(port);
    out.text("\r\nset-lstm activity on ")?;
    out.text(board)?;
    out.text("\r\nmodel ")?;
    out.hexadecimal(model.checksum())?;
    out.text(", windows of ")?;
    out.count(window, " samples")?;
    out.end()
}

/// The line of a window or a step; its label, if it has one.
#[inline(never)]
fn print_answer<W: Write, A: Arithmetic, const N: usize, const L: usize>(
    port: &mut W,
    samples: u32,
    model: &Model<'_, A, L>,
    state: &State<A, N, L>,
) -> Result<Option<u8>, W::Error> {
    let mut out = Printer(port);
    let label = out.answer(TASK.answer, model, state)?;
    out.text("\t")?;
    out.count(samples, " samples")?;
    out.logits(model, state)?;
    out.end()?;
    #[cfg(feature = "defmt")]
    log(model, state, label);
    Ok(label)
}

/// The same without the figures, for a probe.
#[cfg(feature = "defmt")]
fn log<A: Arithmetic, const N: usize, const L: usize>(
    model: &Model<'_, A, L>,
    state: &State<A, N, L>,
    label: Option<u8>,
) {
    if let Some(label) = label {
        defmt::info!("{=str}", model.class_name(label).unwrap_or("?"));
    }
    for (name, value) in model.names().zip(state.values(model)) {
        defmt::info!("{=str}={=f32}", name, value);
    }
}

//! Enters: bytes and numbers from outside. Leaves: results of every call of the runtime. Next:
//! the linker, which refuses the program if one of them can panic.
//!
//! None is inlined into another, so that the program's symbols tell what is in it.

use crate::outside::{Printer, bytes, number, samples, take};
use core::fmt::Write;
use set_lstm_runtime::compact::{self, Compact, UnpackError};
use set_lstm_runtime::text::for_each_word;
use set_lstm_runtime::wire::File;
use set_lstm_runtime::{Arithmetic, DecodeError, Logit, Model, Snapshot, State};

/// Bytes of the largest snapshot in postcard: 2 × 256 × 4, and a few.
#[cfg(feature = "postcard-writes")]
const SNAPSHOT_BYTES: usize = 2100;

/// What does not depend on the kind of numbers.
#[inline(never)]
pub fn without_model() {
    if let Ok(file) = File::peek(bytes()) {
        take(file.header.class_names.len() as u32);
    }
    for_each_word(bytes(), |word| take(word.len() as u32));
}

/// All that one kind of model can do, with states of every capacity, of more than one block of
/// units, and of several layers.
#[inline(never)]
pub fn all<A: Arithmetic>() {
    match decode::<A, 1>() {
        Ok(model) => {
            of_model(&model);
            of_capacity::<A, 2, 1>(&model);
            of_capacity::<A, 4, 1>(&model);
            of_capacity::<A, 8, 1>(&model);
            of_capacity::<A, 16, 1>(&model);
            of_capacity::<A, 32, 1>(&model);
            of_capacity::<A, 64, 1>(&model);
            of_capacity::<A, 128, 1>(&model);
            of_capacity::<A, 256, 1>(&model);
            of_capacity::<A, 512, 1>(&model);
        }
        Err(error) => print(error),
    }
    match decode::<A, 3>() {
        Ok(stack) => {
            of_model(&stack);
            of_capacity::<A, 128, 3>(&stack);
        }
        Err(error) => print(error),
    }
}

/// A compact file, into memory and page by page.
#[inline(never)]
pub fn unpack() {
    match compact::unpack_into(bytes(), &mut [0; 64]) {
        Ok(length) => take(length as u32),
        Err(error) => print(error),
    }
    let write = |at: u32, page: &[u8]| -> Result<(), ()> {
        take(at);
        page.iter().for_each(|&byte| take(byte.into()));
        Ok(())
    };
    let compact = match Compact::open(bytes()) {
        Ok(compact) => compact,
        Err(error) => return print(error),
    };
    match compact.unpack_pages(&mut [0; 64], write) {
        Ok(length) => take(length),
        Err(UnpackError::Decode(error)) => print(error),
        Err(UnpackError::Write(())) => take(0),
    }
}

/// Alone, for the bound of its stack.
#[inline(never)]
fn decode<A: Arithmetic, const L: usize>() -> Result<Model<'static, A, L>, DecodeError> {
    Model::from_bytes(bytes())
}

/// Alone, for the bound of its stack.
#[inline(never)]
fn step<A: Arithmetic, const N: usize, const L: usize>(
    model: &Model<'_, A, L>,
    state: &mut State<A, N, L>,
) {
    state.step(model, number() as u16);
    state.step_samples(model, &samples());
}

#[inline(never)]
fn of_model<A: Arithmetic, const L: usize>(model: &Model<'_, A, L>) {
    take(model.hidden() as u32);
    take(model.units() as u32);
    take(model.layer_count() as u32);
    take(model.vocabulary_size() as u32);
    take(model.channels().unwrap_or_default() as u32);
    take(model.logits() as u32);
    take(model.task().byte().into());
    model.names().for_each(|name| take(name.len() as u32));
    take(model.max_tokens().unwrap_or_default());
    take(model.checksum());
    let name = model.class_name(number() as u8);
    take(name.unwrap_or_default().len() as u32);
    if let Some(vocabulary) = model.vocabulary() {
        take(vocabulary.words().into());
        take(vocabulary.token(bytes()).into());
    }
    for entry in model.embedding_row(number() as u16) {
        take(entry.column);
        take(entry.value as u32);
    }
}

#[inline(never)]
fn of_capacity<A: Arithmetic, const N: usize, const L: usize>(model: &Model<'_, A, L>) {
    let mut state = match State::<A, N, L>::new(model) {
        Ok(state) => state,
        Err(error) => return print(error),
    };
    match model.self_test(&mut state) {
        Ok(sequences) => take(sequences.into()),
        Err(error) => print(error),
    }
    if let Some(mut tokenizer) = model.tokenizer() {
        for &byte in bytes() {
            if let Some(token) = tokenizer.push(byte) {
                state.step(model, token);
            }
        }
        if let Some(token) = tokenizer.finish() {
            state.step(model, token);
        }
    }
    step(model, &mut state);
    state.logits(model).for_each(|logit| take(logit.bits()));
    state.values(model).for_each(|value| take(value.to_bits()));
    let class = state.classify(model);
    take(class.label.into());
    take(class.score.to_bits());
    interrupted(model, &mut state);
    state.reset();
    take(state.digest());
}

/// Saved and restored, and then from bytes that may be any.
#[inline(never)]
fn interrupted<A: Arithmetic, const N: usize, const L: usize>(
    model: &Model<'_, A, L>,
    state: &mut State<A, N, L>,
) {
    let saved = state.save(model);
    #[cfg(feature = "postcard-writes")]
    if let Ok(written) = postcard::to_slice(&saved, &mut [0; SNAPSHOT_BYTES]) {
        written.iter().for_each(|&byte| take(byte.into()));
    }
    if state.restore(model, &saved).is_err() {
        take(0);
    }
    let Ok(read) = postcard::from_bytes::<Snapshot<A, N, L>>(bytes()) else {
        return take(0);
    };
    match state.restore(model, &read) {
        Ok(()) => take(1),
        Err(error) => print(error),
    }
}

/// Prints an error in full.
#[inline(never)]
fn print(error: impl core::fmt::Display) {
    if write!(Printer, "{error}").is_err() {
        take(u32::MAX);
    }
}

//! Enters: tokens or samples, one by one. Leaves: the state after them. Next: `classify`, and the
//! application, which places the state where it likes.

use crate::arithmetic::{Arithmetic, Value};
use crate::cell::{self, Memory};
use crate::model::Model;

/// The memory of one running sequence: `h`, `c` and the scratch of a step.
///
/// `N` is the capacity in hidden units, a power of two from 2 to 256; a smaller model fits
/// into it. An int8 state is `10 N` bytes and a few (2.5 KB at 256), an f32 state `16 N`.
/// Two states over one model do not disturb each other. A state belongs to the model that
/// it was made for: with another one `step` gives meaningless numbers, though no panic.
#[derive(Debug, Clone)]
pub struct State<A: Arithmetic, const N: usize> {
    pub(crate) memory: Memory<A, N>,
    pub(crate) hidden: u16,
}

/// A model with more hidden units than the state has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CapacityError {
    /// Hidden units of the model.
    pub hidden: usize,
    /// Capacity of the state.
    pub capacity: usize,
}

impl core::fmt::Display for CapacityError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let CapacityError { hidden, capacity } = self;
        write!(
            f,
            "the model has {hidden} hidden units and the state room for {capacity}; make the state larger"
        )
    }
}

impl core::error::Error for CapacityError {}

impl<A: Arithmetic, const N: usize> State<A, N> {
    /// A state at the beginning of a sequence: `h` and `c` zero.
    ///
    /// # Errors
    /// The model has more than `N` hidden units.
    pub fn new(model: &Model<'_, A>) -> Result<Self, CapacityError> {
        const {
            assert!(
                N.is_power_of_two() && N >= 2 && N <= 256,
                "N is a power of two, 2 to 256"
            );
        }
        if model.hidden() > N {
            return Err(CapacityError {
                hidden: model.hidden(),
                capacity: N,
            });
        }
        // all in one literal: a separate array would be built on the stack and copied
        let memory = Memory {
            h: [A::Value::default(); N],
            c: [A::Value::default(); N],
            gate: [A::Value::default(); N],
            sum: [A::Sum::default(); N],
            x: heapless::Vec::new(),
        };
        Ok(State {
            memory,
            hidden: model.hidden,
        })
    }

    /// Back to the beginning of a sequence.
    pub fn reset(&mut self) {
        self.memory.h.fill(A::Value::default());
        self.memory.c.fill(A::Value::default());
    }

    /// One step: the next token of the sequence. A token outside the vocabulary counts as
    /// the unknown word, 0. A model that reads samples takes any token for a sample of means.
    pub fn step(&mut self, model: &Model<'_, A>, token: u16) {
        cell::step(model, &mut self.memory, token);
    }

    /// One step: the next sample of a recording, the raw numbers of all channels, in the units
    /// of the recordings that the model was trained on. It is normalised with the statistics of
    /// the file. A channel that is missing at the end counts as its mean, numbers beyond the
    /// last channel are ignored, and a model that reads tokens takes any sample for a step
    /// without input.
    pub fn step_samples(&mut self, model: &Model<'_, A>, samples: &[f32]) {
        cell::step_samples(model, &mut self.memory, samples);
    }

    /// `h`, as the engine stores it.
    pub fn hidden(&self) -> &[A::Value] {
        self.memory.h.get(..self.hidden.into()).unwrap_or_default()
    }

    /// `c`, as the engine stores it.
    pub fn cell(&self) -> &[A::Value] {
        self.memory.c.get(..self.hidden.into()).unwrap_or_default()
    }

    /// FNV-1a of the bytes of `h` and `c`: two states are equal bit for bit if, but for a
    /// chance of 2^-32, their digests are.
    pub fn digest(&self) -> u32 {
        self.hidden()
            .iter()
            .chain(self.cell())
            .fold(0x811c_9dc5, |hash, value| fnv(hash, *value))
    }
}

/// Goes on with a FNV-1a hash by the little-endian bytes of one value.
pub(crate) fn fnv<V: Value>(hash: u32, value: V) -> u32 {
    let bytes = value.bits().to_le_bytes();
    bytes.iter().take(V::BYTES).fold(hash, |hash, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

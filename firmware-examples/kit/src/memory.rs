//! Enters: a model file in flash. Leaves: the model, and the state that belongs to it in memory
//! that the application placed; or a [`Refusal`]. Next: the application steps.

use core::marker::PhantomData;
use set_lstm_runtime::{Arithmetic, CapacityError, DecodeError, Model, State};

/// What an application keeps in RAM: the state. The model's addresses and constants stay on
/// the stack of [`Memory::with`], where they were decoded: so no copy of them is ever made.
/// The lifetime is that of the file.
#[derive(Debug)]
pub struct Memory<'a, A: Arithmetic, const N: usize, const L: usize> {
    state: State<A, N, L>,
    file: PhantomData<&'a [u8]>,
}

impl<'a, A: Arithmetic, const N: usize, const L: usize> Memory<'a, A, N, L> {
    /// A state of no model yet; for a static.
    pub const EMPTY: Self = Memory {
        state: State::EMPTY,
        file: PhantomData,
    };

    /// Checks the model, makes the state one of it, and does something with both.
    ///
    /// # Errors
    /// The model is refused, or it has more units than the state.
    #[inline(never)]
    pub fn with<T>(
        &mut self,
        bytes: &'a [u8],
        work: impl FnOnce(&Model<'a, A, L>, &mut State<A, N, L>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        match Model::from_bytes(bytes) {
            Ok(ref model) => match self.state.fit(model) {
                Ok(()) => work(model, &mut self.state),
                Err(error) => Err(Refusal::Capacity(error)),
            },
            Err(error) => Err(Refusal::Decode(error)),
        }
    }
}

/// Why an application does not run a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The file is no model that this device can run.
    Decode(DecodeError),
    /// The model has more units than the state.
    Capacity(CapacityError),
    /// The model does not read what the application has: raw text, or samples of so many
    /// channels.
    Input,
    /// The model answers something else than the one that the program was built with.
    Task,
}

impl Refusal {
    /// The reason and what to do, without the figures that the runtime's own texts have.
    pub fn text(&self) -> &'static str {
        use DecodeError::*;
        match self {
            Refusal::Decode(NotAModel) => "not a model file; make one with `set-lstm export`",
            Refusal::Decode(Compact) => "a compact file; unpack it first",
            Refusal::Decode(Version { .. }) => "another format version; use `set-lstm upgrade`",
            Refusal::Decode(Kind { .. } | OtherKind { .. } | DecodeError::Task { .. })
            | Refusal::Task => "a model of another kind; build the program anew with this model",
            Refusal::Decode(Misaligned) => "the model is not aligned to 4; align its static",
            Refusal::Decode(Size { .. } | Layers { .. }) | Refusal::Capacity(_) => {
                "the model is larger than the state; build the program anew with this model"
            }
            Refusal::Decode(Length { .. } | Checksum) => {
                "the model has changed or is cut off; write it to the board again"
            }
            Refusal::Decode(_) => "the model is damaged; export it again",
            Refusal::Input => "the model does not read this input; use one that was trained on it",
        }
    }
}

//! Enters: a model file in flash. Leaves: the model and the state that belongs to it, in
//! memory that the application placed; or a [`Refusal`]. Next: the application steps.

use set_lstm_runtime::{Arithmetic, CapacityError, DecodeError, Model, State};

/// What an application keeps in RAM: the model's addresses and constants, and the state.
#[derive(Debug)]
pub struct Memory<'a, A: Arithmetic, const N: usize, const L: usize> {
    model: Option<Model<'a, A, L>>,
    state: State<A, N, L>,
}

/// A model and the state that belongs to it.
#[derive(Debug)]
pub struct Ready<'m, 'a, A: Arithmetic, const N: usize, const L: usize> {
    /// The checked model.
    pub model: &'m Model<'a, A, L>,
    /// At the beginning of a sequence.
    pub state: &'m mut State<A, N, L>,
}

impl<'a, A: Arithmetic, const N: usize, const L: usize> Memory<'a, A, N, L> {
    /// Nothing decoded yet; for a static.
    pub const EMPTY: Self = Memory {
        model: None,
        state: State::EMPTY,
    };

    /// Checks the model and makes the state one of it.
    ///
    /// # Errors
    /// The model is refused, or it has more units than the state.
    #[inline(never)]
    pub fn decode(&mut self, bytes: &'a [u8]) -> Result<Ready<'_, 'a, A, N, L>, Refusal> {
        let Memory { model, state } = self;
        // no `map_err`: each would be one more copy on the stack
        let model = match Model::from_bytes(bytes) {
            Ok(decoded) => model.insert(decoded),
            Err(error) => return Err(Refusal::Decode(error)),
        };
        match state.fit(model) {
            Ok(()) => Ok(Ready { model, state }),
            Err(error) => Err(Refusal::Capacity(error)),
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
}

impl Refusal {
    /// The reason and what to do, without the figures that the runtime's own texts have.
    pub fn text(&self) -> &'static str {
        use DecodeError::*;
        match self {
            Refusal::Decode(NotAModel) => "not a model file; make one with `set-lstm export`",
            Refusal::Decode(Compact) => "a compact file; unpack it first",
            Refusal::Decode(Version { .. }) => "another format version; use `set-lstm upgrade`",
            Refusal::Decode(Kind { .. } | OtherKind { .. }) => {
                "numbers of another kind; build the program anew with this model"
            }
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

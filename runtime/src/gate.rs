//! The one gate order: training, packing and stepping all take it from here.

/// The four gates of an LSTM, in the order in which this project computes and stores them.
///
/// PyTorch stores i, f, g, o; ONNX i, o, f, c; Keras i, f, c, o. The order here is
/// i, g, f, o because that is the order in which one step needs the least scratch:
/// i and g make the candidate, f folds it into the cell state, o opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Gate {
    /// `i`: how much of the candidate enters the cell state.
    Input = 0,
    /// `g`: the candidate, through tanh.
    Candidate = 1,
    /// `f`: how much of the cell state stays.
    Forget = 2,
    /// `o`: how much of the cell state shows.
    Output = 3,
}

impl Gate {
    /// Number of gates.
    pub const COUNT: usize = 4;

    /// All gates, in storage order.
    pub const ALL: [Gate; Gate::COUNT] = [Gate::Input, Gate::Candidate, Gate::Forget, Gate::Output];

    /// Position of the gate in every per-gate array.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The letter of the formula.
    pub const fn letter(self) -> char {
        match self {
            Gate::Input => 'i',
            Gate::Candidate => 'g',
            Gate::Forget => 'f',
            Gate::Output => 'o',
        }
    }
}

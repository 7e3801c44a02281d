//! Enters: what a run measured. Leaves: aligned plain text. Next: people, and
//! `set-lstm simulate`, which reads each figure by the name at the start of its line.

use crate::board::Board;
use crate::embedded::{CAPACITY, Engine, LAYERS};
use core::fmt::{self, Display, Write};
use set_lstm_runtime::{Arithmetic, Model, State};

/// Sums and maxima over all cases.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub decode_instructions: u64,
    pub decode_stack: usize,
    pub step_stack: usize,
    pub mismatches: u32,
    /// What one reading of the counter costs; it is no part of a step.
    reading: u64,
    cases: u32,
    tokens: u64,
    instructions: u64,
    longest_step: u64,
    /// Tokens and instructions before the case at work.
    before: (u64, u64),
}

impl Measured {
    /// Nothing measured yet, but for what a reading costs.
    pub fn new(reading: u64) -> Self {
        Measured {
            reading,
            ..Measured::default()
        }
    }

    /// Begins the next case.
    pub fn begin_case(&mut self) {
        self.cases += 1;
        self.before = (self.tokens, self.instructions);
    }

    /// Adds one step, with one reading of the counter.
    #[inline(always)]
    pub fn add_step(&mut self, instructions: u64) {
        self.tokens += 1;
        self.instructions += instructions;
        self.longest_step = self.longest_step.max(instructions);
    }

    /// Instructions per token, the readings taken off.
    fn per_token(&self, tokens: u64, instructions: u64) -> u64 {
        (instructions / tokens.max(1)).saturating_sub(self.reading)
    }

    /// The last lines of the report: one figure each.
    pub fn print<B: Board>(&self, board: &mut B) -> fmt::Result {
        let bytes = |bytes: usize| bytes as u64;
        let rows = [
            ("cases", self.cases.into()),
            ("mismatches", self.mismatches.into()),
            ("tokens", self.tokens),
            (
                "instructions per token",
                self.per_token(self.tokens, self.instructions),
            ),
            (
                "instructions, longest step",
                self.longest_step.saturating_sub(self.reading),
            ),
            ("instructions to decode", self.decode_instructions),
            ("state bytes", bytes(size_of::<State<Engine, CAPACITY, LAYERS>>())),
            ("model handle bytes", bytes(size_of::<Model<'_, Engine, LAYERS>>())),
            ("stack bytes to decode", bytes(self.decode_stack)),
            ("stack bytes of a step", bytes(self.step_stack)),
            ("stack bytes before a call", bytes(board.stack_depth())),
            ("static RAM bytes", bytes(board.static_ram())),
        ];
        writeln!(board)?;
        for (name, value) in rows {
            writeln!(board, "{name:<28}{value:>10}")?;
        }
        Ok(())
    }
}

/// What was decoded.
pub(crate) fn model<A: Arithmetic, const L: usize>(
    board: &mut impl Write,
    bytes: usize,
    model: &Model<'_, A, L>,
) -> fmt::Result {
    let (vocabulary, hidden, logits) = (model.vocabulary_size(), model.hidden(), model.logits());
    writeln!(
        board,
        "model      {bytes} bytes, {:?}, checksum {:#010x}",
        A::KIND,
        model.checksum()
    )?;
    let (inputs, size) = match model.channels() {
        None => ("vocabulary", vocabulary),
        Some(channels) => ("channels", channels),
    };
    writeln!(
        board,
        "sizes      {inputs} {size}, hidden {hidden}, logits {logits}"
    )
}

/// Titles of the columns.
pub(crate) fn head(board: &mut impl Write) -> fmt::Result {
    writeln!(
        board,
        "\n case  tokens  instructions/token  digest      logits      score  label"
    )
}

/// The figures of the case at work.
pub(crate) fn case(board: &mut impl Write, measured: &Measured, digest: u32) -> fmt::Result {
    let (tokens, instructions) = measured.before;
    let tokens = measured.tokens - tokens;
    let per_token = measured.per_token(tokens, measured.instructions - instructions);
    let number = measured.cases;
    write!(
        board,
        "{number:>5}  {tokens:>6}  {per_token:>18}  {digest:#010x}  "
    )
}

/// Bits of the logits, with commas.
pub(crate) fn logits(board: &mut impl Write, bits: impl Iterator<Item = u32>) -> fmt::Result {
    for (index, bits) in bits.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(board, "{comma}{bits:#010x}")?;
    }
    Ok(())
}

/// A score with four decimals, without the code that prints floating point.
pub(crate) struct Score(pub f32);

impl Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // never negative, and beyond 400,000 the largest number that there is
        let scaled = (self.0 * 10_000.0 + 0.5) as u32;
        write!(f, "{}.{:04}", scaled / 10_000, scaled % 10_000)
    }
}

//! Enters: what a run measured. Leaves: aligned plain text. Next: people, and
//! `set-lstm simulate`, which reads each figure by the name at the start of its line.

use crate::board::Board;
use crate::stepper::Stepper;
use core::fmt::{self, Display, Write};
use core::marker::PhantomData;
use set_lstm_runtime::{Arithmetic, Model};

/// Steps that do nothing, which tell what counting costs.
pub(crate) const EMPTY_STEPS: u16 = 1000;

/// Sums and maxima over all cases, in ticks of the board's counter.
pub(crate) struct Measured<B> {
    pub decode_ticks: u64,
    pub decode_stack: usize,
    pub step_stack: usize,
    pub mismatches: u32,
    /// What counting [`EMPTY_STEPS`] costs; it is no part of a step.
    counting: u64,
    cases: u32,
    tokens: u64,
    ticks: u64,
    longest_step: u64,
    /// Tokens and ticks before the case at work.
    before: (u64, u64),
    board: PhantomData<B>,
}

impl<B: Board> Measured<B> {
    /// Nothing measured yet.
    pub fn new() -> Self {
        Measured {
            decode_ticks: 0,
            decode_stack: 0,
            step_stack: 0,
            mismatches: 0,
            counting: 0,
            cases: 0,
            tokens: 0,
            ticks: 0,
            longest_step: 0,
            before: (0, 0),
            board: PhantomData,
        }
    }

    /// Begins the next case.
    pub fn begin_case(&mut self) {
        self.cases += 1;
        self.before = (self.tokens, self.ticks);
    }

    /// Adds one step, with all that counting it takes.
    #[inline(always)]
    pub fn add_step(&mut self, ticks: u64) {
        self.tokens += 1;
        self.ticks += ticks;
        self.longest_step = self.longest_step.max(ticks);
    }

    /// Takes [`EMPTY_STEPS`] steps that did nothing for what counting costs, and begins anew.
    pub fn take_for_counting(&mut self) {
        let counting = self.ticks;
        *self = Measured {
            decode_ticks: self.decode_ticks,
            decode_stack: self.decode_stack,
            counting,
            ..Measured::new()
        };
    }

    /// Instructions per token, the counting taken off.
    fn per_token(&self, tokens: u64, ticks: u64) -> u64 {
        let parts = u64::from(EMPTY_STEPS);
        let ticks = (parts * ticks).saturating_sub(self.counting * tokens);
        let tokens = parts * tokens.max(1);
        (B::RATE.instructions(ticks) + tokens / 2) / tokens
    }

    /// The last lines of the report: one figure each.
    pub fn print<A: Arithmetic, S: Stepper<A, L>, const L: usize>(
        &self,
        board: &mut B,
    ) -> fmt::Result {
        let bytes = |bytes: usize| bytes as u64;
        let rows = [
            ("cases", self.cases.into()),
            ("mismatches", self.mismatches.into()),
            ("tokens", self.tokens),
            (
                "instructions per token",
                self.per_token(self.tokens, self.ticks),
            ),
            (
                "instructions, longest step",
                self.per_token(1, self.longest_step),
            ),
            (
                "instructions to decode",
                B::RATE.instructions(self.decode_ticks),
            ),
            ("state bytes", bytes(size_of::<S>())),
            ("model handle bytes", bytes(size_of::<Model<'_, A, L>>())),
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

    /// The figures of the case at work.
    pub fn print_case(&self, board: &mut B, digest: u32) -> fmt::Result {
        let (tokens, ticks) = self.before;
        let tokens = self.tokens - tokens;
        let per_token = self.per_token(tokens, self.ticks - ticks);
        let number = self.cases;
        write!(
            board,
            "{number:>5}  {tokens:>6}  {per_token:>18}  {digest:#010x}  "
        )
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

/// Bits of the logits, with commas.
pub(crate) fn logits(board: &mut impl Write, bits: impl Iterator<Item = u32>) -> fmt::Result {
    for (index, bits) in bits.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(board, "{comma}{bits:#010x}")?;
    }
    Ok(())
}

/// A number with four decimals, without the code that prints floating point.
pub(crate) struct Decimal(pub f32);

impl Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0.0 {
            f.write_str("-")?;
        }
        // beyond 400,000 the largest number that there is
        let scaled = (self.0.abs() * 10_000.0 + 0.5) as u32;
        write!(f, "{}.{:04}", scaled / 10_000, scaled % 10_000)
    }
}

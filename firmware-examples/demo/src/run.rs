//! Enters: a board and memory for model and state. Leaves: whether everything was right,
//! and a report on the board's output. Next: the board's `main` exits accordingly.

use crate::board::Board;
use crate::cases::{Case, Cases};
use crate::engine::{self, Memory, Ready};
use crate::report::{self, Decimal, Measured};
use crate::stepper::Stepper;
use set_lstm_runtime::{
    Answer, Arithmetic, CapacityError, DecodeError, DeltaError, Logit, SelfTestError,
};

/// Why a run was not right.
#[derive(Debug)]
pub enum Failure {
    /// The model is refused.
    Decode(DecodeError),
    /// The model has more units than the state.
    Capacity(CapacityError),
    /// The state is for delta stepping and the model not laid out for it.
    Layout,
    /// The device does not compute what the host computed.
    SelfTest(SelfTestError),
    /// The cases are damaged.
    Cases,
    /// Some answers are not the host's.
    Mismatches(u32),
    /// The board does not print.
    Print,
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Failure::Decode(error) => write!(f, "model: {error}"),
            Failure::Capacity(error) => write!(f, "state: {error}"),
            Failure::Layout => write!(f, "state: {}", DeltaError::Layout),
            Failure::SelfTest(error) => write!(f, "self-test: {error}"),
            Failure::Cases => f.write_str("the cases are damaged; write them again"),
            Failure::Mismatches(count) => write!(
                f,
                "{count} answers are not the host's; write the cases again for this model"
            ),
            Failure::Print => f.write_str("the board's output is closed; open it"),
        }
    }
}

impl From<core::fmt::Error> for Failure {
    fn from(_: core::fmt::Error) -> Self {
        Failure::Print
    }
}

/// Decodes the model, lets it check itself, classifies all cases, and reports.
///
/// # Errors
/// The first thing that was not right; all mismatches count as one, after the last case.
pub fn run<'a, B: Board, A: Arithmetic, S: Stepper<A, L>, const L: usize>(
    board: &mut B,
    memory: &mut Memory<'a, A, S, L>,
    model: &'a [u8],
    cases: &[u8],
) -> Result<(), Failure> {
    writeln!(board, "board      {}", B::NAME)?;
    let mut measured = Measured::new();

    let ((decoded, ticks), stack) = board.stack_of(|board| {
        let start = board.ticks();
        let decoded = engine::decode(model, memory);
        (decoded, board.ticks() - start)
    });
    (measured.decode_ticks, measured.decode_stack) = (ticks, stack);
    let mut ready = decoded?;
    report::model(board, model.len(), ready.model)?;

    let sequences = engine::self_test(&mut ready)?;
    writeln!(board, "self-test  {sequences} sequences as on the host")?;

    let cases = Cases::new(cases, ready.model.channels()).ok_or(Failure::Cases)?;
    ready.state.set_thresholds(ready.model, cases.thresholds());
    engine::no_steps(board, &mut ready, report::EMPTY_STEPS, &mut measured);
    measured.take_for_counting();
    report::head(board)?;
    for case in cases {
        let case = case.ok_or(Failure::Cases)?;
        measured.begin_case();
        let ((), stack) =
            board.stack_of(|board| engine::steps(board, &mut ready, &case, &mut measured));
        measured.step_stack = stack.max(measured.step_stack);
        compare(board, &mut ready, &case, &mut measured)?;
    }
    measured.print::<A, S, L>(board)?;
    match measured.mismatches {
        0 => Ok(()),
        count => Err(Failure::Mismatches(count)),
    }
}

/// Prints one answer, and beneath it what was expected if that is something else.
#[inline(never)]
fn compare<B: Board, A: Arithmetic, S: Stepper<A, L>, const L: usize>(
    board: &mut B,
    ready: &mut Ready<'_, '_, A, S, L>,
    case: &Case<'_>,
    measured: &mut Measured<B>,
) -> Result<(), Failure> {
    let (class, digest) = engine::classify(ready, case);
    let logits = || ready.state.logits(ready.model).map(Logit::bits);
    measured.print_case(board, digest)?;
    report::logits(board, logits())?;
    let label = match ready.model.task().answer {
        Answer::Class => {
            let name = ready.model.class_name(class.label).unwrap_or("?");
            writeln!(board, "  {}  {} {name}", Decimal(class.score), class.label)?;
            class.label
        }
        Answer::Values => {
            write!(board, "  {:<6}  0", "-")?;
            let values = ready.state.values(ready.model);
            for (name, value) in ready.model.names().zip(values) {
                write!(board, " {name}={}", Decimal(value))?;
            }
            writeln!(board)?;
            0
        }
    };
    if label != case.label || digest != case.digest || !logits().eq(case.logits()) {
        measured.mismatches += 1;
        write!(board, "       expected{:26}{:#010x}  ", "", case.digest)?;
        report::logits(board, case.logits())?;
        writeln!(board, "  label {}", case.label)?;
    }
    Ok(())
}

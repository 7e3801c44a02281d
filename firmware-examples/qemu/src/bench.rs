//! Enters: models and their cases on standard input, one pair after the other. Leaves: the
//! demo's report for each. Next: `set-lstm bench device` reads them.
//!
//! One program a core and engine measures any number of models: nothing is built again.
//! The calls are the demo's own; only the model lies in RAM instead of flash, which makes no
//! difference to the number of instructions.
//!
//! All numbers are little-endian; the input ends after the last pair:
//!
//! | bytes | field |
//! |---|---|
//! | 4 | capacity of the state in units: 32, 64, 128, 256 or 512, u32 |
//! | 4 | length of the model `m`, u32 |
//! | 4 | length of the cases `c`, u32 |
//! | `m` | model file |
//! | 0 to 3 | fill to a multiple of four |
//! | `c` | cases file |

use crate::{EmulatedBoard, StandardInput, exit, fail};
use core::hint::black_box;
use set_lstm_demo::{Failure, Memory, run};
use set_lstm_runtime::{Arithmetic, State};

/// Bytes of the largest pair.
const SIZE: usize = 3 << 20;

/// Room for a model and its cases.
#[repr(C, align(4))]
pub struct PairBuffer([u8; SIZE]);

impl PairBuffer {
    /// All zero.
    pub const EMPTY: PairBuffer = PairBuffer([0; SIZE]);
}

/// What to do with a model and its cases: capacity of the state, model, cases.
pub type Engine = fn(&mut EmulatedBoard, usize, &[u8], &[u8]) -> Result<(), Failure>;

/// Runs everything on standard input and ends the emulator.
pub fn bench(buffer: &mut PairBuffer, engine: Engine) -> ! {
    let mut board = match EmulatedBoard::take() {
        Ok(board) => board,
        Err(problem) => fail(problem),
    };
    let Some(mut input) = StandardInput::open() else {
        fail("no standard input; run QEMU with -semihosting-config enable=on,target=native")
    };
    let mut head = [[0; 4]; 3];
    while input.fill(head.as_flattened_mut()) {
        let [capacity, model, cases] = head.map(|field| u32::from_le_bytes(field) as usize);
        let start = model.saturating_add(3) & !3;
        let Some(pair) = buffer.0.get_mut(..start.saturating_add(cases)) else {
            fail("a model and its cases are larger than the buffer; send smaller ones")
        };
        if !input.fill(pair) {
            fail("the input ends within a model; send all of it")
        }
        // the slices exist: both lengths were found to fit
        let (model, cases) = (&pair[..model], &pair[start..]);
        if let Err(failure) = engine(&mut board, capacity, black_box(model), cases) {
            fail(failure)
        }
    }
    exit(true)
}

/// An engine with states of every capacity, each of them compiled for itself, as the one of
/// an application is.
///
/// # Errors
/// Those of the demo.
pub fn any_capacity<A: Arithmetic>(
    board: &mut EmulatedBoard,
    capacity: usize,
    model: &[u8],
    cases: &[u8],
) -> Result<(), Failure> {
    let run = match capacity {
        32 => one_capacity::<A, 32>,
        64 => one_capacity::<A, 64>,
        128 => one_capacity::<A, 128>,
        256 => one_capacity::<A, 256>,
        512 => one_capacity::<A, 512>,
        _ => fail("no such capacity; ask for 32, 64, 128, 256 or 512"),
    };
    run(board, capacity, model, cases)
}

/// An engine with one capacity, whatever is asked for.
///
/// # Errors
/// Those of the demo.
pub fn one_capacity<A: Arithmetic, const N: usize>(
    board: &mut EmulatedBoard,
    _: usize,
    model: &[u8],
    cases: &[u8],
) -> Result<(), Failure> {
    let mut memory = Memory::<A, State<A, N, 1>, 1>::EMPTY;
    run(board, &mut memory, model, cases)
}

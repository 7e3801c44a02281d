//! Enters: models and their cases on standard input, one pair after the other. Leaves: what a
//! state takes, and the demo's report for each pair. Next: `set-lstm bench device` reads them.
//!
//! One program a core and engine measures any number of models: nothing is built again.
//! The calls are the demo's own; only the model lies in RAM instead of flash, which makes no
//! difference to the number of instructions.
//!
//! All numbers are little-endian; the input ends after the last pair:
//!
//! | bytes | field |
//! |---|---|
//! | 4 | length of the model `m`, u32 |
//! | 4 | length of the cases `c`, u32 |
//! | `m` | model file |
//! | 0 to 3 | fill to a multiple of four |
//! | `c` | cases file |

use crate::{EmulatedBoard, StandardInput, exit, fail};
use core::fmt::Write;
use core::hint::black_box;
use set_lstm_demo::{Memory, run};
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

/// Units that the state has room for. One program serves all sizes.
pub const CAPACITY: usize = 256;

/// Runs everything on standard input and ends the emulator.
pub fn bench<A: Arithmetic>(buffer: &mut PairBuffer) -> ! {
    let mut board = match EmulatedBoard::take() {
        Ok(board) => board,
        Err(problem) => fail(problem),
    };
    let Some(mut input) = StandardInput::open() else {
        fail("no standard input; run QEMU with -semihosting-config enable=on,target=native")
    };
    if print_sizes::<A>(&mut board).is_err() {
        fail("the board's output is closed; open it")
    }
    let mut lengths = [[0; 4]; 2];
    while input.fill(lengths.as_flattened_mut()) {
        let [model, cases] = lengths.map(|length| u32::from_le_bytes(length) as usize);
        let start = model.saturating_add(3) & !3;
        let Some(pair) = buffer.0.get_mut(..start.saturating_add(cases)) else {
            fail("a model and its cases are larger than the buffer; send smaller ones")
        };
        if !input.fill(pair) {
            fail("the input ends within a model; send all of it")
        }
        // the slices exist: both lengths were found to fit
        let (model, cases) = (&pair[..model], &pair[start..]);
        let mut memory = Memory::<A, CAPACITY, 1>::EMPTY;
        if let Err(failure) = run(&mut board, &mut memory, black_box(model), cases) {
            fail(failure)
        }
    }
    exit(true)
}

/// What states of every capacity take, the smallest first.
fn print_sizes<A: Arithmetic>(board: &mut EmulatedBoard) -> core::fmt::Result {
    for (units, bytes) in [
        (32, size_of::<State<A, 32>>()),
        (64, size_of::<State<A, 64>>()),
        (128, size_of::<State<A, 128>>()),
        (256, size_of::<State<A, 256>>()),
    ] {
        writeln!(board, "state of {units} units {bytes}")?;
    }
    Ok(())
}

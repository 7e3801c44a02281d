//! Enters: any numbers. Leaves: a snapshot that holds them behind a right check: the state that
//! RAM has after bits have flipped in it. Next: `model` restores it and goes on.

use super::random::Random;
use serde::Serialize;
use set_lstm_runtime::{Arithmetic, Float32, Int8, Model, RestoreError, Snapshot, State};

/// What a snapshot is made of, in the order in which it is stored.
#[derive(Serialize)]
struct Forged<V> {
    model: u32,
    h: Vec<V>,
    c: Vec<V>,
    check: u32,
}

/// The numbers of a state, by their bits.
pub trait Bits: Arithmetic {
    /// An element of `h` or `c`.
    type Element: Serialize + Copy;
    /// One of any bits.
    fn element(bits: u32) -> Self::Element;
    /// Its bytes in the check.
    fn bytes(element: Self::Element) -> Vec<u8>;
}

impl Bits for Int8 {
    type Element = i16;
    fn element(bits: u32) -> i16 {
        bits as i16
    }
    fn bytes(element: i16) -> Vec<u8> {
        element.to_le_bytes().to_vec()
    }
}

impl Bits for Float32 {
    type Element = f32;
    fn element(bits: u32) -> f32 {
        f32::from_bits(bits)
    }
    fn bytes(element: f32) -> Vec<u8> {
        element.to_le_bytes().to_vec()
    }
}

/// Restores a state of any numbers; small ones are more likely to be taken.
///
/// # Errors
/// Those of `State::restore`, by which the state is as before.
pub fn restore_any<A: Bits, const N: usize>(
    model: &Model<'_, A>,
    state: &mut State<A, N>,
    random: &mut Random,
) -> Result<(), RestoreError> {
    let (shift, kind) = (random.below(32), random.below(4));
    let mut element = || {
        let bits = random.word();
        // of f32 all numbers up to 1, or any; of i16 up to some size, or any
        let small = match kind {
            0 => (bits as f32 / u32::MAX as f32).to_bits(),
            1 => (bits as i32 >> shift) as u32,
            2 => 0,
            _ => bits,
        };
        A::element(small)
    };
    let h: Vec<_> = (0..model.hidden()).map(|_| element()).collect();
    let c: Vec<_> = (0..model.hidden()).map(|_| element()).collect();
    let start = 0x811c_9dc5 ^ model.checksum() ^ (h.len() as u32).rotate_left(16);
    let all = h.iter().chain(&c).flat_map(|&element| A::bytes(element));
    let check = all.fold(start, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let model_is = model.checksum();
    let forged = Forged {
        model: model_is,
        h,
        c,
        check,
    };
    let bytes = postcard::to_allocvec(&forged).expect("memory");
    let snapshot: Snapshot<A, N> = postcard::from_bytes(&bytes).expect("the form of a snapshot");
    state.restore(model, &snapshot)
}

//! Enters: any numbers. Leaves: a snapshot that holds them behind a right check: the state that
//! RAM has after bits have flipped in it. Next: `model` restores it and goes on.

use super::random::Random;
use serde::Serialize;
use set_lstm_runtime::{Arithmetic, Float32, Int8, Model, RestoreError, Snapshot, State};

/// What a snapshot is made of, in the order in which it is stored.
#[derive(Serialize)]
struct Forged<V> {
    model: u32,
    layers: Vec<ForgedLayer<V>>,
    check: u32,
}

/// One layer of it.
#[derive(Serialize)]
struct ForgedLayer<V> {
    h: Vec<V>,
    c: Vec<V>,
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
pub fn restore_any<A: Bits, const N: usize, const L: usize>(
    model: &Model<'_, A, L>,
    state: &mut State<A, N, L>,
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
    let layers = (0..model.layer_count() as u8).map(|layer| {
        let units = state.layer(layer).0.len();
        ForgedLayer {
            h: (0..units).map(|_| element()).collect(),
            c: (0..units).map(|_| element()).collect(),
        }
    });
    let layers: Vec<ForgedLayer<_>> = layers.collect();
    let check = layers
        .iter()
        .fold(0x811c_9dc5 ^ model.checksum(), |hash, layer| {
            let start = hash ^ (layer.h.len() as u32).rotate_left(16);
            let all = layer.h.iter().chain(&layer.c);
            all.flat_map(|&element| A::bytes(element))
                .fold(start, |hash, byte| {
                    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
                })
        });
    let forged = Forged {
        model: model.checksum(),
        layers,
        check,
    };
    let bytes = postcard::to_allocvec(&forged).expect("memory");
    let snapshot: Snapshot<A, N, L> = postcard::from_bytes(&bytes).expect("the form of a snapshot");
    state.restore(model, &snapshot)
}

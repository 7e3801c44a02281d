//! Enters: a model file. Leaves: one with a small damage that a decoder can only find by its
//! own rules. Next: `forge` and `model`.
//!
//! The header and every section are hit equally often, however small they are; and what is
//! written there is what rules turn on: ends of ranges, zero, one more, a neighbour's value.

use super::random::Random;
use set_lstm_runtime::wire::{File, PREAMBLE_BYTES};
use std::ops::Range;

/// Numbers at the ends of ranges, as one, two and four bytes and as f32.
const ENDS: [u32; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fc0_0000, // not a number
];

/// Where header and sections lie; nothing if they cannot be told.
fn parts(bytes: &[u8]) -> Vec<Range<usize>> {
    let Ok(file) = File::peek(bytes) else {
        return Vec::new();
    };
    let body = file.body.as_ptr().addr() - bytes.as_ptr().addr();
    let mut parts = Vec::new();
    parts.push(PREAMBLE_BYTES..body);
    for (_, found) in file.sections() {
        let start = found.as_ptr().addr() - bytes.as_ptr().addr();
        parts.push(start..start + found.len());
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Changes one to four places; of bytes that are no model file, anywhere.
pub fn mutate(bytes: &mut [u8], random: &mut Random) {
    let parts = parts(bytes);
    for _ in 0..=random.below(4) {
        let part = match parts.len() {
            0 => 0..bytes.len(),
            count => parts[random.below(count)].clone(),
        };
        change(&mut bytes[part], random);
    }
}

/// Changes one place of a part.
pub fn change(part: &mut [u8], random: &mut Random) {
    let width = [1, 2, 4][random.below(3)].min(part.len());
    if width == 0 {
        return;
    }
    // aligned, as entries are
    let place = |random: &mut Random| random.below(part.len() / width) * width;
    let (at, from) = (place(random), place(random));
    let mut number = [0; 4];
    number[..width].copy_from_slice(&part[at..at + width]);
    let old = u32::from_le_bytes(number);
    let new = match random.below(5) {
        0 => old ^ 1 << random.below(8 * width),
        1 => ENDS[random.below(ENDS.len())],
        2 => old.wrapping_add(1),
        3 => old.wrapping_sub(1),
        _ => {
            part.copy_within(from..from + width, at);
            return;
        }
    };
    part[at..at + width].copy_from_slice(&new.to_le_bytes()[..width]);
}

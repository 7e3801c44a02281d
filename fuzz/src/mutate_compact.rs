//! Enters: a compact file. Leaves: one that stands for another topology, or breaks one rule of
//! the form. Next: `forge` and `compact`.

use super::mutate::change;
use super::parts::{Block, Matrix, Part, read, write};
use super::random::Random;
use set_lstm_runtime::compact::PREAMBLE_BYTES;

/// Changes one to four parts, or bytes where no parts can be told.
pub fn mutate_compact(file: &mut Vec<u8>, random: &mut Random) {
    if file.len() <= PREAMBLE_BYTES {
        return change(file, random);
    }
    let mut parts = read(file);
    for _ in 0..=random.below(4) {
        let (at, other) = (random.below(parts.len()), random.below(parts.len()));
        match random.below(32) {
            0 => change(&mut file[4..8], random), // version and kind
            1 => change(&mut file[16..20], random),
            2 => change(&mut file[20..PREAMBLE_BYTES], random),
            3 => parts.insert(at, parts[other].clone()),
            4 if parts.len() > 1 => drop(parts.remove(at)),
            5 => parts.swap(at, other),
            _ => change_part(&mut parts, at, random),
        }
    }
    write(&parts, file);
    if random.below(8) == 0 {
        change(&mut file[PREAMBLE_BYTES..], random);
    }
}

fn change_part(parts: &mut Vec<Part>, at: usize, random: &mut Random) {
    match &mut parts[at] {
        Part::Bytes(bytes) if random.below(4) == 0 => {
            // the same in two parts; a part of no bytes is one too many
            let later = bytes.split_off(random.below(bytes.len() + 1));
            parts.insert(at + 1, Part::Bytes(later));
        }
        Part::Bytes(bytes) | Part::Rest(bytes) => change(bytes, random),
        Part::Matrix(matrix) => change_matrix(matrix, random),
    }
}

fn change_matrix(matrix: &mut Matrix, random: &mut Random) {
    match random.below(16) {
        0 => matrix.tag ^= 3,
        1 => matrix.gap_bits = random.below(18) as u8,
        2 => {
            let size = &mut matrix.sizes[random.below(2)];
            *size = match random.below(4) {
                0 => size.wrapping_sub(1),
                1 => size.wrapping_add(1),
                2 => [0, 256, 1024, 2048][random.below(4)],
                _ => random.word() as u16,
            };
        }
        _ => {
            let at = random.below(matrix.blocks.len());
            change_block(&mut matrix.blocks[at], random);
        }
    }
}

fn change_block(block: &mut Block, random: &mut Random) {
    let (gaps, weights) = (&mut block.gaps, &mut block.weights);
    let (at, from) = (random.below(gaps.len()), random.below(gaps.len()));
    let connection = random.below(weights.len());
    match random.below(6) {
        // all connections between two gaps move
        0 | 1 => {
            let by = random.below(gaps[from] as usize + 1) as u32;
            gaps[from] -= by;
            gaps[at] += by;
        }
        2 if connection < weights.len() => {
            gaps[connection] += gaps.remove(connection + 1) + 1;
            weights.remove(connection);
        }
        3 if connection < weights.len() && gaps[at] > 0 => {
            let before = random.below(gaps[at] as usize) as u32;
            gaps.insert(at + 1, gaps[at] - 1 - before);
            gaps[at] = before;
            weights.insert(at, weights[connection].clone());
        }
        4 if connection < weights.len() => {
            let length = weights[connection].len();
            let bit = &mut weights[connection][random.below(length)];
            *bit = !*bit;
        }
        5 => {
            let gap = &mut gaps[at];
            *gap = gap.saturating_add_signed([-1, 1][random.below(2)]);
        }
        _ => {}
    }
}

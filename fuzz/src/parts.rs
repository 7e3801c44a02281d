//! Enters: a compact file. Leaves: its parts as numbers that can be changed one by one, and
//! written again. Next: `mutate_compact`.
//!
//! A flipped bit in a code of gaps shifts all that follows, so that nearly every one is refused
//! by the same rule. Here a connection moves, comes or goes and the code is right again. The
//! reader is a plain one, bit by bit; where it does not understand, bytes stay as they are.

use set_lstm_runtime::compact::{
    CLASSES, CODE_BYTES, LOW_BITS, PART_BYTES, PART_COLUMNS, PART_STRIPS, PREAMBLE_BYTES,
};
use set_lstm_runtime::wire::SEGMENT;

/// A part of a compact file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes that are copied.
    Bytes(Vec<u8>),
    /// A matrix.
    Matrix(Matrix),
    /// What cannot be read.
    Rest(Vec<u8>),
}

/// A matrix of a compact file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// [`PART_COLUMNS`] or [`PART_STRIPS`].
    pub tag: u8,
    /// Low bits of a gap.
    pub gap_bits: u8,
    /// Rows and columns.
    pub sizes: [u16; 2],
    /// Its blocks in their order.
    pub blocks: Vec<Block>,
}

/// A block of a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Empty positions before each connection and behind the last one.
    pub gaps: Vec<u32>,
    /// The bits of each weight.
    pub weights: Vec<Vec<bool>>,
}

/// The parts behind the preamble.
pub fn read(file: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = file.get(PREAMBLE_BYTES..).unwrap_or_default();
    while !rest.is_empty() {
        let Some((part, length)) = read_part(file, rest) else {
            parts.push(Part::Rest(rest.to_vec()));
            break;
        };
        parts.push(part);
        rest = &rest[length..];
    }
    parts
}

/// The first part, and its bytes.
fn read_part(file: &[u8], bytes: &[u8]) -> Option<(Part, usize)> {
    match *bytes {
        [PART_BYTES, a, b, c, d, ref rest @ ..] => {
            let length = u32::from_le_bytes([a, b, c, d]) as usize;
            let copied = rest.get(..length)?;
            Some((Part::Bytes(copied.to_vec()), 5 + length))
        }
        [
            tag @ (PART_COLUMNS | PART_STRIPS),
            gap_bits,
            a,
            b,
            c,
            d,
            ref code @ ..,
        ] => {
            let sizes = [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])];
            if gap_bits > 16 || sizes.iter().any(|size| !(1..=2048).contains(size)) {
                return None;
            }
            let lengths = lengths(file, tag);
            let float = file[6] == 2;
            let mut bits = BitReader { code, at: 0 };
            let blocks = positions(tag, sizes).into_iter().map(|positions| {
                let gaps = gaps(&mut bits, gap_bits, positions)?;
                let weight = |_| match float {
                    true => bits.some(32),
                    false => weight(&mut bits, &lengths),
                };
                let weights = (1..gaps.len()).map(weight).collect::<Option<_>>()?;
                bits.at = bits.at.next_multiple_of(8);
                Some(Block { gaps, weights })
            });
            let blocks = blocks.collect::<Option<_>>()?;
            let length = 6 + bits.at / 8;
            let matrix = Matrix {
                tag,
                gap_bits,
                sizes,
                blocks,
            };
            Some((Part::Matrix(matrix), length))
        }
        _ => None,
    }
}

/// The positions of each block.
fn positions(tag: u8, [rows, columns]: [u16; 2]) -> Vec<u32> {
    let ends = |size: u16| {
        let starts = (0..size).step_by(SEGMENT.into());
        starts.map(move |start| u32::from((size - start).min(SEGMENT)))
    };
    match tag {
        PART_COLUMNS => ends(rows).map(|down| down * u32::from(columns)).collect(),
        _ => ends(rows)
            .flat_map(|down| ends(columns).map(move |across| down * across))
            .collect(),
    }
}

fn gaps(bits: &mut BitReader<'_>, gap_bits: u8, positions: u32) -> Option<Vec<u32>> {
    let (mut gaps, mut next) = (Vec::new(), 0);
    loop {
        let mut high = 0;
        while !bits.one()? {
            high += 1;
        }
        let low = bits.some(gap_bits.into())?;
        let gap = low
            .iter()
            .fold(high, |number, &bit| number << 1 | u32::from(bit));
        gaps.push(gap);
        next += gap;
        if next >= positions {
            bits.at = bits.at.next_multiple_of(8);
            return (next == positions).then_some(gaps);
        }
        next += 1;
    }
}

/// Lengths of the codes of a kind of matrix.
fn lengths(file: &[u8], tag: u8) -> [u8; CLASSES] {
    let at = PREAMBLE_BYTES - CODE_BYTES * usize::from(3 - tag);
    std::array::from_fn(|class| file[at + class / 2] >> (4 * (class % 2)) & 15)
}

fn weight(bits: &mut BitReader<'_>, lengths: &[u8; CLASSES]) -> Option<Vec<bool>> {
    if *lengths == [0; CLASSES] {
        return bits.some(8);
    }
    let mut weight = bits.some(1)?;
    let (mut code, mut first) = (0, 0);
    for length in 1..16 {
        weight.push(bits.one()?);
        code = code << 1 | u32::from(*weight.last()?);
        let count = lengths.iter().filter(|&&l| l == length).count() as u32;
        if (first..first + count).contains(&code) {
            weight.extend(bits.some(LOW_BITS as usize)?);
            return Some(weight);
        }
        first = (first + count) << 1;
    }
    None
}

struct BitReader<'a> {
    code: &'a [u8],
    at: usize,
}

impl BitReader<'_> {
    fn one(&mut self) -> Option<bool> {
        let byte = self.code.get(self.at / 8)?;
        self.at += 1;
        Some(byte >> (7 - (self.at - 1) % 8) & 1 == 1)
    }

    fn some(&mut self, count: usize) -> Option<Vec<bool>> {
        (0..count).map(|_| self.one()).collect()
    }
}

/// Writes parts behind the preamble.
pub fn write(parts: &[Part], file: &mut Vec<u8>) {
    file.truncate(PREAMBLE_BYTES);
    for part in parts {
        match part {
            Part::Bytes(bytes) => {
                file.push(PART_BYTES);
                file.extend((bytes.len() as u32).to_le_bytes());
                file.extend(bytes);
            }
            Part::Rest(bytes) => file.extend(bytes),
            Part::Matrix(matrix) => {
                file.extend([matrix.tag, matrix.gap_bits]);
                file.extend(matrix.sizes.iter().flat_map(|size| size.to_le_bytes()));
                for block in &matrix.blocks {
                    let gaps = block.gaps.iter();
                    fill(gaps.flat_map(|&gap| rice(gap, matrix.gap_bits)), file);
                    fill(block.weights.iter().flatten().copied(), file);
                }
            }
        }
    }
}

fn rice(gap: u32, gap_bits: u8) -> impl Iterator<Item = bool> {
    let gap_bits = gap_bits.min(31);
    let zeros = std::iter::repeat_n(false, (gap >> gap_bits) as usize);
    let low = (0..gap_bits).rev().map(move |bit| gap >> bit & 1 == 1);
    zeros.chain([true]).chain(low)
}

/// Bits, and zeros to the next whole byte.
fn fill(bits: impl Iterator<Item = bool>, file: &mut Vec<u8>) {
    for (at, bit) in bits.enumerate() {
        if at % 8 == 0 {
            file.push(0);
        }
        if let Some(byte) = file.last_mut() {
            *byte |= u8::from(bit) << (7 - at % 8);
        }
    }
}

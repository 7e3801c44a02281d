//! Enters: the bits of weights. Leaves: the weights. Next: `block` sets them beside their
//! indices.
//!
//! Trained weights of eight bits are not evenly spread: their entropy is some 7.5 bits. Of a
//! weight `w`, with `m = w` or, if `w` is negative, `m = -1 - w`,
//!
//! ```text
//! weight := sign code low        sign: 1 for negative; code: of m / 4; low: the low 2 bits of m
//! ```
//!
//! The codes are the canonical prefix code of the lengths in the file (shorter codes first, equal
//! ones by class): only the 32 lengths need be stored. If all lengths are zero, weights are their
//! eight bits as they are.

use super::bits::Bits;
use crate::wire::Kind;

/// Classes of magnitudes.
pub const CLASSES: usize = 32;
/// Bits of a magnitude below its class.
pub const LOW_BITS: u32 = 2;
/// Bytes of the lengths of the codes.
pub const CODE_BYTES: usize = CLASSES / 2;
/// Longest code.
const LONGEST: usize = 15;

/// How weights are coded.
#[derive(Debug)]
pub(super) enum WeightCode {
    /// Eight bits each.
    Plain,
    /// A prefix code.
    Classes {
        /// Codes of each length from 1 on.
        count: [u8; LONGEST],
        /// Classes in the order of their codes.
        class: [u8; CLASSES],
    },
    /// 32 bits each.
    Float32,
}

impl WeightCode {
    /// The code of these lengths; `None` if there is no such code, or one with codes to spare.
    pub fn new(kind: Kind, lengths: &[u8; CODE_BYTES]) -> Option<WeightCode> {
        let none = lengths.iter().all(|&pair| pair == 0);
        if kind == Kind::Float32 {
            return none.then_some(WeightCode::Float32);
        }
        if none {
            return Some(WeightCode::Plain);
        }
        let length_of = |class: usize| {
            let pair = lengths.get(class / 2).copied().unwrap_or_default();
            usize::from(pair >> (4 * (class % 2)) & 15)
        };
        let (mut count, mut class) = ([0; LONGEST], [0; CLASSES]);
        let (mut to, mut share) = (class.iter_mut(), 0_u32); // share: of 2^15 codes
        for (length, count) in (1..).zip(&mut count) {
            for candidate in 0..CLASSES {
                if length_of(candidate) == length {
                    *to.next()? = candidate as u8;
                    *count += 1;
                    share += 1 << (LONGEST - length);
                }
            }
        }
        (share == 1 << LONGEST).then_some(WeightCode::Classes { count, class })
    }

    /// The next weight: eight bits, or those of an f32.
    pub fn read(&self, bits: &mut Bits<'_>) -> u32 {
        match self {
            WeightCode::Plain => bits.take(8),
            WeightCode::Float32 => {
                let low = bits.take(16);
                (low << 16 | bits.take(16)).swap_bytes()
            }
            WeightCode::Classes { count, class } => {
                let window = bits.window();
                let negative = (window as i32 >> 31) as u32; // all ones or zero
                // `code` and `first` of one length: codes below `first + count` are of it
                let (mut code, mut first, mut before, mut width) = (0_u32, 0_u32, 0_u32, 1);
                for &count in count {
                    let count = u32::from(count);
                    width += 1;
                    code = code << 1 | window >> (32 - width) & 1;
                    if code.wrapping_sub(first) < count {
                        break;
                    }
                    first = (first + count) << 1;
                    before += count;
                }
                // the code is complete, so that one of its words was found
                let index = before.wrapping_add(code.wrapping_sub(first) & 31) as usize;
                let class = class.get(index).copied().unwrap_or_default();
                let low = window << width >> (32 - LOW_BITS);
                bits.skip(width + LOW_BITS);
                ((u32::from(class) << LOW_BITS | low) ^ negative) & 0xff
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths 1, 2, 3 and 3 of the classes 0, 1, 2 and 31.
    fn lengths() -> [u8; CODE_BYTES] {
        let mut lengths = [0; CODE_BYTES];
        (lengths[0], lengths[1], lengths[15]) = (0x21, 0x03, 0x30);
        lengths
    }

    #[test]
    fn weights_are_sign_class_and_low_bits() {
        let code = WeightCode::new(Kind::Int8, &lengths()).unwrap();
        // 0 0 11: class 0, 3; 1 10 01: minus, class 1, 1; 0 111 10: class 31, 2; 1 110 00: minus, class 2, 0
        let bytes = [0b0011_1100, 0b1011_1101, 0b1100_0000];
        let mut bits = Bits::new(&bytes, 0);
        let mut next = || code.read(&mut bits) as u8 as i8;
        assert_eq!([next(), next(), next(), next()], [3, -1 - 5, 126, -1 - 8]);
        assert!(bits.next_byte().is_some());
    }

    #[test]
    fn plain_weights_and_floats_are_their_bits() {
        let plain = WeightCode::new(Kind::Int8, &[0; CODE_BYTES]).unwrap();
        assert_eq!(plain.read(&mut Bits::new(&[0x80, 1], 0)), 0x80);
        let float = WeightCode::new(Kind::Float32, &[0; CODE_BYTES]).unwrap();
        let bytes = 1.25_f32.to_le_bytes();
        assert_eq!(float.read(&mut Bits::new(&bytes, 0)), 1.25_f32.to_bits());
    }

    #[test]
    fn lengths_that_are_no_complete_code_are_refused() {
        assert!(WeightCode::new(Kind::Float32, &lengths()).is_none());
        for class in [1, 4, 9] {
            let mut more = lengths();
            more[class] |= 0x50;
            assert!(WeightCode::new(Kind::Int8, &more).is_none(), "{class}");
            let mut fewer = lengths();
            fewer[0] = class as u8;
            assert!(WeightCode::new(Kind::Int8, &fewer).is_none(), "{class}");
        }
    }
}

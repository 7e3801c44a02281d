//! Enters: the int8 weights of all matrices of a kind. Leaves: [`PrefixCode`], the one of the
//! fewest bits, and each weight in it. Next: `matrix` writes them.

use super::BitWriter;
use set_lstm_runtime::compact::{CLASSES, CODE_BYTES, LOW_BITS};

/// Longest code: its length is four bits in the file.
const LONGEST: u8 = 15;

/// A canonical prefix code; see the runtime's `compact::weights`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PrefixCode {
    /// Bits of the code of each class; 0 if it has none, all 0 if weights are stored plainly.
    length: [u8; CLASSES],
    code: [u32; CLASSES],
}

impl PrefixCode {
    /// Weights as they are.
    pub fn none() -> Self {
        PrefixCode {
            length: [0; CLASSES],
            code: [0; CLASSES],
        }
    }

    /// The code with which these weights take the fewest bits.
    pub fn of(weights: impl Iterator<Item = u8>) -> Self {
        let mut count = [0_u64; CLASSES];
        weights.for_each(|weight| count[class(weight)] += 1);
        let plain = count.iter().sum::<u64>() * 8;
        let length = lengths(count);
        let bits =
            |(&count, &length): (&u64, &u8)| count * (1 + u64::from(length) + u64::from(LOW_BITS));
        if count.iter().zip(&length).map(bits).sum::<u64>() < plain {
            PrefixCode::canonical(length)
        } else {
            PrefixCode::none()
        }
    }

    fn canonical(length: [u8; CLASSES]) -> Self {
        let (mut code, mut next) = ([0; CLASSES], 0);
        for bits in 1..=LONGEST {
            for class in 0..CLASSES {
                if length[class] == bits {
                    code[class] = next;
                    next += 1;
                }
            }
            next <<= 1;
        }
        PrefixCode { length, code }
    }

    /// The lengths as the file has them.
    pub fn lengths(&self) -> [u8; CODE_BYTES] {
        let (pairs, _) = self.length.as_chunks::<2>();
        std::array::from_fn(|pair| pairs[pair][0] | pairs[pair][1] << 4)
    }

    /// Writes one weight.
    pub fn push(&self, weight: u8, out: &mut BitWriter) {
        if self.length == [0; CLASSES] {
            out.push(weight.into(), 8);
            return;
        }
        let class = class(weight);
        out.push(u32::from(weight >> 7), 1);
        out.push(self.code[class], self.length[class].into());
        out.push(magnitude(weight).into(), LOW_BITS);
    }
}

/// `w`, or `-1 - w` of a negative weight.
fn magnitude(weight: u8) -> u8 {
    if weight < 0x80 { weight } else { !weight }
}

fn class(weight: u8) -> usize {
    (magnitude(weight) >> LOW_BITS).into()
}

/// Code lengths of the fewest bits in all (Huffman 1952), none above [`LONGEST`]: where one
/// would be, counts are halved until none is.
fn lengths(mut count: [u64; CLASSES]) -> [u8; CLASSES] {
    loop {
        // a tree: its weight and its classes
        let leaves = (0..CLASSES).map(|class| (count[class], vec![class]));
        let mut trees: Vec<_> = leaves.filter(|(count, _)| *count > 0).collect();
        // a code needs two words at least
        trees.extend(
            (0..CLASSES)
                .filter(|&c| count[c] == 0)
                .map(|c| (0, vec![c]))
                .take(2_usize.saturating_sub(trees.len())),
        );
        let mut length = [0_u8; CLASSES];
        while trees.len() > 1 {
            trees.sort_by_key(|tree| std::cmp::Reverse(tree.0)); // stable: the same code every time
            let (Some(one), Some(other)) = (trees.pop(), trees.pop()) else {
                break;
            };
            let joined: Vec<usize> = one.1.into_iter().chain(other.1).collect();
            joined.iter().for_each(|&class| length[class] += 1);
            trees.push((one.0 + other.0, joined));
        }
        if length.iter().all(|&bits| bits <= LONGEST) {
            return length;
        }
        count = count.map(|count| count.div_ceil(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_classes_have_short_codes() {
        let mut count = [0; CLASSES];
        (count[0], count[1], count[2], count[31]) = (8, 4, 2, 1);
        let found = lengths(count);
        assert_eq!([found[0], found[1], found[2], found[31]], [1, 2, 3, 3]);
        assert_eq!(found.iter().sum::<u8>(), 9);
        let code = PrefixCode::canonical(found);
        assert_eq!(
            [code.code[0], code.code[1], code.code[2], code.code[31]],
            [0, 2, 6, 7]
        );
        assert_eq!(code.lengths()[..2], [0x21, 0x03]);
        assert_eq!(code.lengths()[15], 0x30);
    }

    #[test]
    fn a_code_is_complete_and_not_too_long() {
        let fibonacci = |class: usize| (0..class).fold((1_u64, 1), |(a, b), _| (b, a + b)).0;
        for count in [
            [0; CLASSES],
            [1; CLASSES],
            std::array::from_fn(fibonacci),
            std::array::from_fn(|class| u64::from(class == 7)),
        ] {
            let found = lengths(count);
            let share: u32 = found
                .iter()
                .filter(|&&l| l > 0)
                .map(|&l| 1 << (15 - l))
                .sum();
            assert_eq!(share, 1 << 15, "{count:?}: {found:?}");
            let missing = |(&count, &length): (&u64, &u8)| count > 0 && length == 0;
            assert!(!count.iter().zip(&found).any(missing));
        }
    }

    #[test]
    fn evenly_spread_weights_are_stored_plainly() {
        assert_eq!(PrefixCode::of(0..=255), PrefixCode::none());
        assert_ne!(
            PrefixCode::of((0..=255).chain([0; 999])),
            PrefixCode::none()
        );
    }
}

//! Enters: bytes. Leaves: numbers of some bits each, the most significant bit of each byte
//! first. Next: `block` and `weights`.

/// Bits that a window certainly has, wherever it begins in a byte.
const WINDOW: u32 = 25;

/// What is left of a stream; zeros follow behind its end, and [`Bits::is_whole`] tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize, // in bits
}

impl<'a> Bits<'a> {
    /// The stream from the byte `at` on.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Bits {
            bytes: bytes.get(at..).unwrap_or_default(),
            at: 0,
        }
    }

    /// Whether no bit behind the end was read.
    pub fn is_whole(&self) -> bool {
        self.at.div_ceil(8) <= self.bytes.len()
    }

    /// Bytes of which a bit was read.
    pub fn bytes_read(&self) -> usize {
        self.at.div_ceil(8)
    }

    /// The same stream from the next whole byte on; `None` if the bits on the way there are not
    /// zero or the stream has ended before.
    pub fn next_byte(mut self) -> Option<Self> {
        let fill = (self.at.wrapping_neg() % 8) as u32;
        (self.take(fill) == 0 && self.is_whole()).then_some(self)
    }

    /// The next 25 bits or more at the top of a word.
    #[inline(always)]
    pub fn window(&self) -> u32 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<4>() {
            Some(&bytes) => u32::from_be_bytes(bytes),
            None => rest
                .iter()
                .zip([24_u32, 16, 8, 0])
                .fold(0, |word, (&byte, shift)| word | u32::from(byte) << shift),
        };
        word << (self.at % 8)
    }

    /// Goes on by so many bits.
    #[inline(always)]
    pub fn skip(&mut self, count: u32) {
        self.at = self.at.wrapping_add(count as usize);
    }

    /// The next `count` bits, 24 at most.
    #[inline(always)]
    pub fn take(&mut self, count: u32) -> u32 {
        let bits = self.window() >> 1 >> (31 - count % 32);
        self.skip(count);
        bits
    }

    /// A number in Rice code with `low_bits` (16 at most) as they are; `None` if it is above
    /// `most`, 2^24 at most.
    #[inline(always)]
    pub fn rice(&mut self, low_bits: u32, most: u32) -> Option<u32> {
        let mut high = 0;
        loop {
            let zeros = self.window().leading_zeros().min(WINDOW);
            high += zeros;
            if high > most >> low_bits {
                return None;
            }
            self.skip(zeros);
            if zeros < WINDOW {
                break;
            }
        }
        self.skip(1);
        let number = high << low_bits | self.take(low_bits);
        (number <= most).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_from_the_top_of_each_byte() {
        let mut bits = Bits::new(&[0xff, 0b1010_0110, 0b1100_0000], 1);
        assert_eq!(bits.take(3), 0b101);
        assert_eq!(bits.take(7), 0b001_1011);
        assert_eq!(bits.bytes_read(), 2);
        assert!(bits.is_whole());
        assert!(bits.next_byte().is_some());
        assert_eq!(bits.take(7), 0);
        assert!(!bits.is_whole());
    }

    #[test]
    fn rice_codes_of_any_length_are_read() {
        // 30 zeros, a one, 01: 30 · 4 + 1
        let mut long = Bits::new(&[0, 0, 0, 0b0000_0010, 0b1000_0000], 0);
        assert_eq!(long.rice(2, 121), Some(30 * 4 + 1));
        let mut long = Bits::new(&[0, 0, 0, 0b0000_0010, 0b1000_0000], 0);
        assert_eq!(long.rice(2, 120), None);
        assert_eq!(Bits::new(&[0; 9], 0).rice(0, 1 << 20), None);
    }

    #[test]
    fn a_fill_must_be_zero() {
        let mut bits = Bits::new(&[0b1110_0000, 0b1110_0001], 0);
        bits.skip(3);
        assert!(bits.next_byte().is_some());
        bits.skip(8);
        assert!(bits.next_byte().is_none());
    }
}

//! Enters: numbers of some bits each. Leaves: a stream of bits. Next: `rows` and `compact`,
//! which code connections in them.

/// Bits into words, the most significant first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    pub words: Vec<u32>,
    pub bits: u32,
}

impl BitWriter {
    /// A number in Rice code: its low bits as they are.
    pub fn push_rice(&mut self, number: u32, low_bits: u8) {
        self.push(0, number >> low_bits);
        self.push(1, 1);
        self.push(number, low_bits.into());
    }

    /// All bits of another stream.
    pub fn append(&mut self, more: &BitWriter) {
        for (word, left) in more.words.iter().zip((0..=more.bits).rev().step_by(32)) {
            let count = left.min(32);
            self.push(word >> (32 - count), count);
        }
    }

    /// The low `count` bits of `value`; beyond 32, zeros.
    pub fn push(&mut self, value: u32, count: u32) {
        for bit in (0..count).rev() {
            if self.bits.is_multiple_of(32) {
                self.words.push(0);
            }
            let bit = value.unbounded_shr(bit) & 1;
            if let Some(word) = self.words.last_mut() {
                *word |= bit << (31 - self.bits % 32);
            }
            self.bits += 1;
        }
    }

    /// The stream with zeros up to a whole byte.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.words.iter().flat_map(|w| w.to_be_bytes()).collect();
        bytes.truncate(self.bits.div_ceil(8) as usize);
        bytes
    }
}

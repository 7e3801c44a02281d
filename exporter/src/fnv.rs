//! Enters: numbers, one after another. Leaves: their FNV-1a of 64 bits (Fowler, Noll and Vo),
//! the same on every machine. Next: whoever asks whether options, data or texts are the same.

/// Where the hash of nothing stands.
pub const START: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash with one number more: a byte, as FNV is defined, or any other.
pub fn add(hash: u64, number: u64) -> u64 {
    (hash ^ number).wrapping_mul(0x0100_0000_01b3)
}

/// The hash with some bytes more.
pub fn add_bytes(hash: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(hash, |hash, &byte| add(hash, byte.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        assert_eq!(add_bytes(START, b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(add_bytes(START, b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(add_bytes(START, b"foobar"), 0x8594_4171_f739_67e8);
    }
}

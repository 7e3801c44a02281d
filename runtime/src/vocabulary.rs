//! Enters: the words of a text, from `text`. Leaves: the token of each. Next: `State::step`.
//!
//! The words themselves are not stored. A minimal perfect hash gives each of the `n` words a
//! slot of its own, 0 to n - 1, and a fingerprint in the slot tells whether the word that
//! asks is, most likely, the one that was counted there (hash and displace: Fox, Heath, Chen
//! and Daoud 1992; Belazzougui, Botelho and Dietzfelbinger 2009):
//!
//! ```text
//! high, low = hash(word)                              32 bits each
//! d         = displacement[high · buckets / 2^32]     16 bits, a few words share one
//! slot      = mix(low, d) · n / 2^32
//! token     = slot + 1   if fingerprint[slot] = high mod 2^16
//!             0          else: the unknown word
//! ```
//!
//! A word of the vocabulary always gets its token. Another one gets some word's token with a
//! probability of 2^-16, whatever the vocabulary. Counted by the tests with 20,000 words: 11
//! of 1,000,000 made-up words (15 expected), and none of the 41,281 unknown words in IMDB's
//! test reviews (0.6 expected).
//!
//! The exporter finds displacements with which no two words meet, and puts the rows of the
//! embedding in the order of the slots: so there is no table from slot to token. Both arrays
//! may hold any numbers without harm: the products above cannot leave their ranges.

use crate::arithmetic::Arithmetic;
use crate::error::DecodeError;
use crate::model::Model;
use crate::text::Splitter;
use crate::wire::{Header, WordCode};

/// The token of every word that the vocabulary does not hold, and of a text without words.
pub const UNKNOWN: u16 = 0;

/// The words that a model knows, as they lie in flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vocabulary<'a> {
    seed: u32,
    displacement: &'a [u16], // [buckets], at least one
    fingerprint: &'a [u16],  // [words], 1 to 65535
}

impl<'a> Vocabulary<'a> {
    /// Borrows the two arrays of a file; `None` if the file has no words.
    ///
    /// # Errors
    /// The header gives buckets without words or the other way about.
    pub(crate) fn new(
        header: &Header<'_>,
        displacement: &'a [u16],
        fingerprint: &'a [u16],
    ) -> Result<Option<Self>, DecodeError> {
        let WordCode { seed, buckets } = header.words;
        match (buckets, fingerprint.len()) {
            (0, 0) if seed == 0 => Ok(None),
            // a slot is below the number of words, and slot + 1 is a token of 16 bits
            (1.., 1..=0xffff) => Ok(Some(Vocabulary {
                seed,
                displacement,
                fingerprint,
            })),
            _ => Err(DecodeError::Header),
        }
    }

    /// The token of a word as the splitter gives it; [`UNKNOWN`] if it has none. In the time
    /// of a pass over the word's bytes, whatever the size of the vocabulary.
    pub fn token(&self, word: &[u8]) -> u16 {
        let hash = WordHash::new(self.seed, word);
        let bucket = hash.bucket(self.displacement.len() as u16);
        let displacement = self.displacement.get(usize::from(bucket)).copied();
        let slot = hash.slot(displacement.unwrap_or_default(), self.words());
        if self.fingerprint.get(usize::from(slot)) == Some(&hash.fingerprint()) {
            slot + 1
        } else {
            UNKNOWN
        }
    }

    /// Number of words; tokens go from 0, the unknown word, to this number.
    pub fn words(&self) -> u16 {
        self.fingerprint.len() as u16
    }
}

/// What is left of a word: 64 bits. The exporter builds its tables with this same code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordHash {
    high: u32,
    low: u32,
}

impl WordHash {
    /// FNV-1a of the bytes, begun by the seed; stirred at the end, since its last bytes only
    /// reach the upper bits.
    pub fn new(seed: u32, word: &[u8]) -> Self {
        let start = 0xcbf2_9ce4_8422_2325 ^ u64::from(seed);
        let fnv = word.iter().fold(start, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let stirred = (fnv ^ fnv >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let high = (stirred >> 32) as u32;
        WordHash {
            high,
            low: stirred as u32 ^ high,
        }
    }

    /// The word's bucket, below `buckets` if that is not 0.
    pub fn bucket(self, buckets: u16) -> u16 {
        scale(self.high, buckets)
    }

    /// The word's slot in a table of `words`, below `words` if that is not 0.
    pub fn slot(self, displacement: u16, words: u16) -> u16 {
        let moved = self.low ^ u32::from(displacement).wrapping_mul(0x9e37_79b9);
        scale((moved ^ moved >> 15).wrapping_mul(0x2c1b_3c6d), words)
    }

    /// What the word's slot holds.
    pub fn fingerprint(self) -> u16 {
        self.high as u16
    }
}

/// A number below 2^32 brought below `limit`, without a division.
fn scale(number: u32, limit: u16) -> u16 {
    ((u64::from(number) * u64::from(limit)) >> 32) as u16
}

/// Raw text, byte by byte, to tokens: holds one word and never the text.
///
/// ```
/// use set_lstm_runtime::{Int8, Model, vocabulary::UNKNOWN};
/// # #[repr(align(4))]
/// # struct Aligned<T: ?Sized>(T);
/// # static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("doc/text.setl"));
///
/// let model = Model::<Int8>::from_bytes(&FILE.0)?;
/// let mut tokenizer = model.tokenizer().ok_or("packed without words")?;
/// let mut tokens = Vec::new(); // on a device each goes straight into `State::step`
/// for &byte in b"Not GOOD! Zyzzyva" {
///     tokens.extend(tokenizer.push(byte));
/// }
/// tokens.extend(tokenizer.finish()); // the last word ends with the text
///
/// // not  good  !  and a word that nobody has counted
/// assert_eq!(tokens.len(), 4);
/// assert_eq!(tokens[1], model.vocabulary().ok_or("without words")?.token(b"good"));
/// assert_eq!(tokens[3], UNKNOWN);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tokenizer<'a> {
    vocabulary: Vocabulary<'a>,
    splitter: Splitter,
    empty: bool, // no token has come out of this text
}

impl<'a> Tokenizer<'a> {
    /// A tokenizer at the beginning of a text.
    pub const fn new(vocabulary: Vocabulary<'a>) -> Self {
        Tokenizer {
            vocabulary,
            splitter: Splitter::new(),
            empty: true,
        }
    }

    /// Takes the next byte; returns the token of the word that it completes, if it does.
    pub fn push(&mut self, byte: u8) -> Option<u16> {
        let token = self.vocabulary.token(self.splitter.push(byte)?);
        self.empty = false;
        Some(token)
    }

    /// Ends the text: returns the token of its last word, if one is open, and is ready for a
    /// new text. A text without any word is one unknown word, as it is in training.
    pub fn finish(&mut self) -> Option<u16> {
        let empty = core::mem::replace(&mut self.empty, true);
        match self.splitter.finish() {
            Some(word) => Some(self.vocabulary.token(word)),
            None => empty.then_some(UNKNOWN),
        }
    }
}

impl<'a, A: Arithmetic, const L: usize> Model<'a, A, L> {
    /// Reads raw text for this model; `None` if the file has no words.
    pub fn tokenizer(&self) -> Option<Tokenizer<'a>> {
        self.vocabulary().map(Tokenizer::new)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// One word in one slot needs no search.
    fn only(word: &[u8]) -> [u16; 1] {
        [WordHash::new(7, word).fingerprint()]
    }

    #[test]
    fn a_hash_is_these_bits_for_ever() {
        let hash = WordHash::new(7, b"film");
        assert_eq!((hash.high, hash.low), (0xddf0_d6d9, 0xc251_59a2));
        assert_eq!(hash.bucket(5000), 4334);
        assert_eq!(hash.slot(0x1234, 20_000), 11_782);
    }

    #[test]
    fn products_stay_below_their_limits() {
        for number in [0, 1, 0x8000_0000, u32::MAX] {
            let hash = WordHash {
                high: number,
                low: number,
            };
            for limit in [1, 2, 0xffff] {
                assert!(hash.bucket(limit) < limit);
                assert!(hash.slot(0xffff, limit) < limit);
            }
            assert_eq!((hash.bucket(0), hash.slot(1, 0)), (0, 0));
        }
    }

    #[test]
    fn tokens_come_at_the_byte_that_ends_a_word() {
        let fingerprint = only(b"film");
        let vocabulary = Vocabulary {
            seed: 7,
            displacement: &[9],
            fingerprint: &fingerprint,
        };
        let mut tokenizer = Tokenizer::new(vocabulary);
        let mut read = |text: &[u8]| {
            let pushed: Vec<_> = text.iter().map(|&byte| tokenizer.push(byte)).collect();
            (pushed, tokenizer.finish())
        };
        assert_eq!(
            read(b"Film!"),
            ([None, None, None, None, Some(1)].into(), Some(0))
        );
        assert_eq!(
            read(b"film "),
            ([None, None, None, None, Some(1)].into(), None)
        );
        // nothing is left of the text before, and no words are one unknown word
        assert_eq!(read(b"- "), ([None, None].into(), Some(UNKNOWN)));
        assert_eq!(read(b""), ([].into(), Some(UNKNOWN)));
        assert_eq!(read(b"film"), ([None; 4].into(), Some(1)));
    }
}

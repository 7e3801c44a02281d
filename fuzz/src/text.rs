//! The attack on text: however a text is cut into pieces, its words and tokens are the same.

use super::random::Random;
use set_lstm_runtime::text::{Splitter, WORD_BYTES, for_each_word};
use set_lstm_runtime::vocabulary::{Tokenizer, UNKNOWN};
use set_lstm_runtime::{Arithmetic, Model};

/// Reads a text as a whole and in pieces; panics if there is a difference.
///
/// The model has words. The first eight bytes choose the pieces, the rest is the text.
pub fn attack<A: Arithmetic>(model: &Model<'_, A>, bytes: &[u8]) {
    let (seed, text) = match bytes.split_first_chunk() {
        Some((seed, text)) => (u64::from_le_bytes(*seed), text),
        None => (0, bytes),
    };
    let mut words = Vec::new();
    for_each_word(text, |word| {
        assert!(!word.is_empty() && word.len() <= WORD_BYTES, "{word:?}");
        assert!(std::str::from_utf8(word).is_ok(), "{word:?}");
        words.push(word.to_vec());
    });
    let vocabulary = model.vocabulary().expect("a model that knows words");
    let mut tokens: Vec<_> = words.iter().map(|word| vocabulary.token(word)).collect();
    if tokens.is_empty() {
        tokens.push(UNKNOWN);
    }
    assert!(tokens.iter().all(|&token| token <= vocabulary.words()));

    let mut random = Random::new(seed);
    let mut tokenizer = Tokenizer::new(vocabulary);
    assert_eq!(in_pieces(&mut tokenizer, text, &mut random), tokens);
    // nothing is left of the text before, not even of one that ended within a word
    tokenizer.push(0xe2);
    tokenizer.push(b'<');
    tokenizer.push(b'a');
    tokenizer.finish();
    assert_eq!(in_pieces(&mut tokenizer, text, &mut random), tokens);

    // a word is its own splitting: to fold twice changes nothing
    let mut splitter = Splitter::new();
    for word in &words {
        let mut again = Vec::new();
        for &byte in word {
            again.extend(splitter.push(byte).map(<[u8]>::to_vec));
        }
        again.extend(splitter.finish().map(<[u8]>::to_vec));
        assert_eq!(again, std::slice::from_ref(word));
    }
}

/// The tokens of a text that comes in pieces. At each cut a copy of the tokenizer reads on
/// elsewhere, which must not disturb the one that goes on.
fn in_pieces<'a>(tokenizer: &mut Tokenizer<'a>, text: &[u8], random: &mut Random) -> Vec<u16> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + random.below(rest.len().min(16)));
        let mut other = tokenizer.clone();
        tokens.extend(piece.iter().filter_map(|&byte| tokenizer.push(byte)));
        for byte in 0..8 {
            other.push(random.word() as u8 ^ byte);
        }
        other.finish();
        rest = after;
    }
    tokens.extend(tokenizer.finish());
    tokens
}

//! Enters: a network that reads tokens, and a list of their words. Leaves: [`Worded`], the
//! vocabulary of the device, and the network with its rows in that order. Next: `pack` puts the
//! words into the model file.
//!
//! The device cuts text by its own rule into folded words (`set_lstm_runtime::text`), so a row
//! whose word that rule never gives (`<pad>`, `New York`, `The`) is left out: no text can ask
//! for it. The row of unknown words comes first, as everywhere in this program.

use super::network::DenseNetwork;
use crate::vocabulary::{Vocabulary, is_word};

/// How the unknown word is written, in any case.
const UNKNOWN_WORDS: [&str; 5] = ["<unknown>", "<unk>", "[unk]", "<oov>", "[oov]"];

/// What a list of words came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Worded {
    /// The words that a text can give.
    pub vocabulary: Vocabulary,
    /// Words of the list that none can.
    pub left_out: Vec<String>,
    /// Whether the list has an unknown word; else one that is not in it adds nothing.
    pub knows_unknown: bool,
}

/// Gives the network's tokens their words: line `n` (from 0) is token `n`. `unknown` is the
/// token of words that are not in the list, found by its usual names if absent.
///
/// # Errors
/// Another number of words than of tokens, a word that is there twice, or a network of samples.
pub fn with_words(
    network: &mut DenseNetwork,
    list: &str,
    unknown: Option<usize>,
) -> Result<Worded, String> {
    let words: Vec<&str> = list.lines().map(str::trim_end).collect();
    let Some(embedding) = &mut network.embedding else {
        return Err("words for a network that reads samples; leave out --words".into());
    };
    let (rows, width) = embedding.as_matrix().unwrap_or((0, 0));
    if words.len() != rows {
        return Err(format!(
            "{} words for {rows} tokens; give a line for each token, in their order",
            words.len()
        ));
    }
    if unknown.is_some_and(|token| token >= rows) {
        return Err(format!(
            "there is no token {} for unknown words; give one of 0 to {} by --unknown",
            unknown.unwrap_or(0),
            rows.saturating_sub(1)
        ));
    }
    let is_unknown = |word: &&str| UNKNOWN_WORDS.contains(&word.to_lowercase().as_str());
    let unknown = unknown.or_else(|| words.iter().position(is_unknown));
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for (token, word) in words.iter().enumerate() {
        if Some(token) == unknown {
            continue;
        }
        if !is_word(word) {
            left_out.push((*word).to_owned());
            continue;
        }
        kept.push((token, *word));
    }
    let mut sorted = kept.clone();
    sorted.sort_by_key(|&(token, word)| (word, token));
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0].1 == pair[1].1) {
        let lines = (pair[0].0 + 1, pair[1].0 + 1);
        return Err(format!(
            "`{}` stands in lines {} and {}; give each token a word of its own",
            pair[0].1, lines.0, lines.1
        ));
    }
    let row = |token: usize| &embedding.data[token * width..][..width];
    let mut data = unknown.map_or_else(|| vec![0.0; width], |token| row(token).to_vec());
    for &(token, _) in &kept {
        data.extend_from_slice(row(token));
    }
    embedding.shape = vec![1 + kept.len(), width];
    embedding.data = data;
    Ok(Worded {
        vocabulary: Vocabulary::new(kept.into_iter().map(|(_, word)| word.into())),
        left_out,
        knows_unknown: unknown.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::array::Array;
    use super::super::network::DenseHead;
    use super::*;

    fn network(rows: usize) -> DenseNetwork {
        DenseNetwork {
            embedding: Some(Array {
                shape: vec![rows, 1],
                data: (0..rows).map(|row| row as f32).collect(),
            }),
            layers: Vec::new(),
            head: DenseHead::identity(1),
            findings: Vec::new(),
        }
    }

    #[test]
    fn the_unknown_row_comes_first_and_what_no_text_gives_goes() {
        let mut own = network(6);
        let worded = with_words(&mut own, "<pad>\nthe\n<UNK>\nfilm\nThe\ndon't\n", None).unwrap();
        assert_eq!(worded.left_out, ["<pad>", "The"]);
        assert_eq!(worded.vocabulary.encode("The film don't", 9), [1, 2, 3]);
        let embedding = own.embedding.unwrap();
        assert_eq!(embedding.shape, [4, 1]);
        assert_eq!(embedding.data, [2.0, 1.0, 3.0, 5.0]);
    }

    #[test]
    fn without_an_unknown_word_it_adds_nothing_and_any_token_can_be_named() {
        let mut own = network(2);
        let worded = with_words(&mut own, "a\nb", None).unwrap();
        assert!(!worded.knows_unknown);
        assert_eq!(own.embedding.unwrap().data, [0.0, 0.0, 1.0]);
        let mut own = network(2);
        let worded = with_words(&mut own, "a\nb", Some(0)).unwrap();
        assert!(worded.knows_unknown);
        assert_eq!(own.embedding.unwrap().data, [0.0, 1.0]);
    }

    #[test]
    fn lists_that_do_not_fit_are_refused() {
        let problem = |list: &str, unknown| with_words(&mut network(2), list, unknown).unwrap_err();
        assert!(problem("a\nb\nc", None).contains("3 words for 2 tokens"));
        assert!(problem("a\na", None).contains("`a` stands in lines 1 and 2"));
        assert!(problem("a\nb", Some(2)).contains("no token 2"));
        let mut samples = network(2);
        samples.embedding = None;
        assert!(
            with_words(&mut samples, "a", None)
                .unwrap_err()
                .contains("--words")
        );
    }
}

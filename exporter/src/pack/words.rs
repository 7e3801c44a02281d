//! Enters: the words of the vocabulary. Leaves: the perfect hash by which the runtime finds
//! their tokens, and the embedding in the order of these tokens. Next: `pack` writes both.
//!
//! A word lies in the slot that its hash and its bucket's displacement say; see the runtime's
//! `vocabulary`. So this is a search for displacements with which no two words meet, largest
//! bucket first, while most slots are free (Fox, Heath, Chen and Daoud 1992).
//!
//! It is no crate: `phf_generator`, the nearest one, gives two 32-bit numbers for every five
//! words where one of 16 bits does, and hashes by SipHash, which a Cortex-M0 would run for
//! every word; the others keep their tables in `Vec`s that have no form to be read from flash.

use crate::error::{Error, Result};
use crate::sparse_model::SparseMatrix;
use crate::vocabulary::Vocabulary;
use set_lstm_runtime::vocabulary::WordHash;
use set_lstm_runtime::wire::WordCode;

/// Words a bucket at first; of 20,000 words 0.4 bytes a word.
const BUCKET_WORDS: usize = 5;
/// How often the search begins anew, each time with a few buckets more.
const ATTEMPTS: u32 = 64;

/// The two sections of the vocabulary, and which token each word got.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WordTable {
    pub code: WordCode,
    pub displacement: Vec<u16>, // [buckets]
    pub fingerprint: Vec<u16>,  // [words]
    /// Token of each word in the order in which they were given.
    pub token: Vec<u16>, // [words]
}

/// Builds the table of a vocabulary; the same one every time.
///
/// # Errors
/// A vocabulary without words or of another size than the model's.
pub(super) fn table(vocabulary: &Vocabulary, size: usize) -> Result<WordTable> {
    let words: Vec<&[u8]> = (1..=u16::MAX)
        .map_while(|token| vocabulary.word(token).map(str::as_bytes))
        .collect();
    if vocabulary.size() != size || words.is_empty() {
        return Err(Error::Options(format!(
            "the vocabulary has {} tokens and the model {size}; take both from the same run, of 2 tokens or more",
            vocabulary.size()
        )));
    }
    search(&words).ok_or_else(|| {
        Error::Options("a word of the vocabulary is there twice; train again".into())
    })
}

fn search(words: &[&[u8]]) -> Option<WordTable> {
    (0..ATTEMPTS).find_map(|seed| {
        let more = (words.len() / 64).max(1) * seed as usize;
        let buckets = (words.len().div_ceil(BUCKET_WORDS) + more).min(words.len());
        place(words, seed, buckets as u16)
    })
}

/// Places all words, or gives up at the first bucket that fits nowhere.
fn place(words: &[&[u8]], seed: u32, buckets: u16) -> Option<WordTable> {
    let count = words.len() as u16;
    let hashes: Vec<WordHash> = words.iter().map(|word| WordHash::new(seed, word)).collect();
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); buckets.into()];
    for (word, hash) in hashes.iter().enumerate() {
        members[usize::from(hash.bucket(buckets))].push(word);
    }
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|&bucket| std::cmp::Reverse(members[bucket].len())); // stable

    let mut table = WordTable {
        code: WordCode { seed, buckets },
        displacement: vec![0; buckets.into()],
        fingerprint: vec![0; words.len()],
        token: vec![0; words.len()],
    };
    let mut taken = vec![false; words.len()];
    let mut slots = Vec::new();
    for bucket in order {
        let displacement = (0..=u16::MAX).find(|&displacement| {
            slots.clear();
            members[bucket].iter().all(|&word| {
                let slot = hashes[word].slot(displacement, count);
                let free = !taken[usize::from(slot)] && !slots.contains(&slot);
                slots.push(slot);
                free
            })
        })?;
        table.displacement[bucket] = displacement;
        for (&word, &slot) in members[bucket].iter().zip(&slots) {
            taken[usize::from(slot)] = true;
            table.fingerprint[usize::from(slot)] = hashes[word].fingerprint();
            table.token[word] = slot + 1;
        }
    }
    Some(table)
}

impl WordTable {
    /// The embedding's rows by their new tokens; row 0, the unknown word, stays.
    pub fn reorder(&self, embedding: &SparseMatrix) -> SparseMatrix {
        let mut row_of = vec![0; embedding.rows];
        for (word, &token) in self.token.iter().enumerate() {
            row_of[usize::from(token)] = word + 1;
        }
        let mut out = SparseMatrix {
            rows: embedding.rows,
            columns: embedding.columns,
            row_start: vec![0],
            column: Vec::with_capacity(embedding.nnz()),
            value: Vec::with_capacity(embedding.nnz()),
        };
        for row in row_of {
            let (columns, values) = embedding.row(row);
            out.column.extend_from_slice(columns);
            out.value.extend_from_slice(values);
            out.row_start.push(out.column.len() as u32);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_up(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("word{number}")).collect()
    }

    fn found(words: &[String]) -> WordTable {
        search(&words.iter().map(String::as_bytes).collect::<Vec<_>>()).unwrap()
    }

    /// The look-up, written once more and plainly.
    fn token(table: &WordTable, word: &str) -> u16 {
        let WordCode { seed, buckets } = table.code;
        let hash = WordHash::new(seed, word.as_bytes());
        let displacement = table.displacement[usize::from(hash.bucket(buckets))];
        let slot = hash.slot(displacement, table.fingerprint.len() as u16);
        match table.fingerprint[usize::from(slot)] == hash.fingerprint() {
            true => slot + 1,
            false => 0,
        }
    }

    #[test]
    fn every_word_has_a_token_of_its_own() {
        for count in [1, 2, 3, 4, 5, 6, 17, 100, 1000, 19_999] {
            let words = made_up(count);
            let table = found(&words);
            let mut tokens: Vec<u16> = words.iter().map(|word| token(&table, word)).collect();
            assert_eq!(tokens, table.token, "{count}");
            tokens.sort_unstable();
            assert!(tokens.iter().copied().eq(1..=count as u16), "{count}");
        }
    }

    #[test]
    fn twenty_thousand_words_take_less_than_three_bytes_each() {
        let table = found(&made_up(20_000));
        let bytes = 2 * (table.displacement.len() + table.fingerprint.len());
        println!("{:?}: {} bytes a word", table.code, bytes as f64 / 20_000.0);
        assert!(bytes <= 50_000, "{bytes}"); // 2.5 bytes a word
    }

    #[test]
    fn the_largest_vocabulary_is_placed() {
        let table = found(&made_up(0xffff));
        println!("{:?}", table.code);
        let mut tokens = table.token;
        tokens.sort_unstable();
        assert!(tokens.into_iter().eq(1..=0xffff));
    }

    #[test]
    fn a_million_other_words_hit_about_fifteen_times() {
        let table = found(&made_up(20_000));
        let hits = (0..1_000_000).filter(|number| token(&table, &format!("other{number}")) != 0);
        let hits = hits.count();
        println!("{hits} of 1,000,000 unknown words have a token");
        assert!((2..40).contains(&hits), "{hits}"); // 15.3 expected, 4 its deviation
    }

    #[test]
    fn a_word_that_is_there_twice_fits_nowhere() {
        assert_eq!(search(&[b"one", b"two", b"one"]), None);
    }

    #[test]
    fn rows_follow_their_words() {
        let words = made_up(3);
        let table = found(&words);
        let embedding = SparseMatrix {
            rows: 4,
            columns: 9,
            row_start: vec![0, 1, 2, 2, 4],
            column: vec![8, 1, 3, 4],
            value: vec![0.5, 1.0, 3.0, 4.0],
        };
        let reordered = table.reorder(&embedding);
        assert_eq!(reordered.row(0), embedding.row(0));
        for (row, word) in (1..).zip(&words) {
            assert_eq!(
                reordered.row(token(&table, word).into()),
                embedding.row(row),
                "{word}"
            );
        }
    }
}

//! Enters: words one by one, with provisional numbers given in order of appearance.
//! Leaves: the [`Vocabulary`] of the most frequent, and the final token of each number.
//! Next: `load` renames the provisional numbers of its documents.

use std::collections::HashMap;

use super::{UNKNOWN, Vocabulary};
use crate::sequences::Token;

/// Number of a word before its frequency is known.
pub(crate) type Provisional = u32;

/// Gives every distinct word a provisional number.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    numbers: HashMap<Box<str>, Provisional>,
}

impl Interner {
    /// The number of a word, given now if it is new.
    pub(crate) fn number(&mut self, word: &[u8]) -> Provisional {
        // The splitter gives valid UTF-8 only, so nothing is ever replaced here.
        let word = String::from_utf8_lossy(word);
        if let Some(&number) = self.numbers.get(&*word) {
            return number;
        }
        let number = Provisional::try_from(self.numbers.len()).expect("fewer than 2^32 words");
        self.numbers.insert(word.into(), number);
        number
    }

    /// Ranks the words by how often they occur in `counted` and numbers the first
    /// `size - 1` of them; equally frequent ones in the order of their bytes.
    pub(crate) fn rank(
        self,
        counted: impl IntoIterator<Item = Provisional>,
        size: usize,
    ) -> Ranking {
        let mut count = vec![0_u32; self.numbers.len()]; // [distinct words]
        for number in counted {
            count[number as usize] += 1;
        }
        let mut words: Vec<(Box<str>, Provisional)> = self
            .numbers
            .into_iter()
            .filter(|&(_, number)| count[number as usize] > 0)
            .collect();
        words.sort_unstable_by(|(a, a_number), (b, b_number)| {
            let frequency = |number: Provisional| count[number as usize];
            frequency(*b_number)
                .cmp(&frequency(*a_number))
                .then_with(|| a.cmp(b))
        });
        words.truncate(size.saturating_sub(1));
        let mut token = vec![UNKNOWN; count.len()];
        for ((_, number), rank) in words.iter().zip(1..=Token::MAX) {
            token[*number as usize] = rank;
        }
        Ranking {
            vocabulary: Vocabulary::new(words.into_iter().map(|(word, _)| word)),
            token,
        }
    }
}

/// What the count comes to.
pub(crate) struct Ranking {
    /// The words that are kept.
    pub(crate) vocabulary: Vocabulary,
    /// The token of each provisional number.
    pub(crate) token: Vec<Token>, // [distinct words]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_rank_by_count_then_by_bytes() {
        let mut interner = Interner::default();
        let text = ["b", "c", "a", "c", "é", "b", "zz", "c", "a"];
        let numbers: Vec<Provisional> = text
            .iter()
            .map(|word| interner.number(word.as_bytes()))
            .collect();
        assert_eq!(numbers, [0, 1, 2, 1, 3, 0, 4, 1, 2]);
        let ranking = interner.rank(numbers, 5);
        let words: Vec<_> = (0..5)
            .map(|token| ranking.vocabulary.word(token).unwrap())
            .collect();
        assert_eq!(words, ["<unknown>", "c", "a", "b", "zz"]);
        assert_eq!(ranking.token, [3, 1, 2, UNKNOWN, 4]);
        assert_eq!(ranking.vocabulary.size(), 5);
    }

    #[test]
    fn words_that_are_not_counted_are_left_out() {
        let mut interner = Interner::default();
        let (seen, _) = (interner.number(b"seen"), interner.number(b"held back"));
        let ranking = interner.rank([seen], 100);
        assert_eq!(ranking.vocabulary.size(), 2);
        assert_eq!(ranking.token, [1, UNKNOWN]);
    }
}

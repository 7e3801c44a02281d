//! Enters: a seed and two counts. Leaves: strings of the embedded Reber grammar, a
//! generated task that needs memory. Next: `vocabulary`.
//!
//! A string is `B`, one of `T` and `P`, an inner string, the same `T` or `P` again, `E`
//! (Reber 1967; Hochreiter and Schmidhuber 1997). An inner string is `B`, a walk through
//! `GRAMMAR`, `E`. Half of the strings break the one rule that spans them, that the
//! last symbol but one equals the second, and are legal otherwise: only a model that
//! carries one bit over the whole inner string tells them apart. The words of a document
//! are its symbols. Short walks are few and come often, so each walk belongs to one of
//! the splits: no inner string of the test split is known from training.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Content, Corpus, Document, Split};
use crate::error::{Error, Result};

const CLASSES: [&str; 2] = ["broken", "legal"];

/// From each state the two equally likely ways: a symbol and the next state.
const GRAMMAR: [[(char, usize); 2]; END] = [
    [('T', 1), ('P', 2)],
    [('S', 1), ('X', 3)],
    [('T', 2), ('V', 4)],
    [('X', 2), ('S', END)],
    [('P', 3), ('V', END)],
];

/// The state after the last symbol of a walk.
const END: usize = 5;

/// The generated corpus: the same seed and counts give the same strings.
#[derive(Debug, Clone)]
pub struct Reber {
    seed: u64,
    train: usize,
    test: usize,
}

impl Reber {
    /// A corpus of `train` and `test` strings, half of them broken.
    ///
    /// # Errors
    ///
    /// [`Error::Options`] if a split would lack one of the classes.
    pub fn new(seed: u64, train: usize, test: usize) -> Result<Reber> {
        if train.min(test) < CLASSES.len() {
            let problem = "a generated split needs at least 2 strings, one a class; ask for more";
            return Err(Error::Options(problem.into()));
        }
        Ok(Reber { seed, train, test })
    }
}

impl Corpus for Reber {
    fn classes(&self) -> Vec<String> {
        CLASSES.map(String::from).into()
    }

    fn for_each(
        &self,
        split: Split,
        visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
    ) -> Result<()> {
        let (stream, count) = match split {
            Split::Train => (0, self.train),
            Split::Test => (1, self.test),
        };
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(stream);
        let mut walk = String::new();
        for order in 0..count as u64 {
            let label = (order % 2) as u8;
            loop {
                write_walk(&mut random, &mut walk);
                if home(&walk) == split {
                    break;
                }
            }
            let second = random.next_u32() as usize & 1;
            let last_but_one = if label == 1 { second } else { 1 - second };
            let [second, last_but_one] = [second, last_but_one].map(|bit| ['T', 'P'][bit]);
            let text = &format!("B {second} B{walk} E {last_but_one} E");
            visit(Document {
                target: label.into(),
                order,
                group: order,
                content: Content::Text(text),
            })?;
        }
        Ok(())
    }
}

/// Writes a random walk through the grammar, a space before each symbol.
fn write_walk(random: &mut impl Rng, walk: &mut String) {
    walk.clear();
    let mut state = 0;
    while state != END {
        let (symbol, next) = GRAMMAR[state][random.next_u32() as usize & 1];
        walk.extend([' ', symbol]);
        state = next;
    }
}

/// The split to which a walk belongs: one in five to the test split, by its FNV-1a hash.
fn home(walk: &str) -> Split {
    let hash = walk.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    if hash.is_multiple_of(5) {
        Split::Test
    } else {
        Split::Train
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn strings(corpus: &Reber, split: Split) -> Vec<(u8, String)> {
        let mut strings = Vec::new();
        corpus
            .for_each(split, &mut |document| {
                strings.push((
                    document.target.class().unwrap(),
                    document.content.text().to_owned(),
                ));
                Ok(())
            })
            .unwrap();
        strings
    }

    /// Whether the symbols between the outer ones are `B`, a legal walk, `E`.
    fn inner_is_legal(symbols: &[char]) -> bool {
        let [first, walk @ .., last] = symbols else {
            return false;
        };
        let end = walk.iter().try_fold(0, |state, &symbol| {
            let ways = GRAMMAR.get(state)?;
            ways.iter().find(|way| way.0 == symbol).map(|way| way.1)
        });
        (*first, end, *last) == ('B', Some(END), 'E')
    }

    #[test]
    fn the_label_says_whether_the_last_but_one_equals_the_second() {
        let corpus = Reber::new(7, 1_000, 2).unwrap();
        let strings = strings(&corpus, Split::Train);
        assert_eq!(strings.len(), 1_000);
        assert_eq!(strings.iter().filter(|string| string.0 == 1).count(), 500);
        for (label, text) in strings {
            let symbols: Vec<char> = text.split(' ').map(|s| s.parse().unwrap()).collect();
            let [begin, second, inner @ .., last_but_one, end] = &symbols[..] else {
                panic!("too short: {text}");
            };
            assert_eq!((*begin, *end), ('B', 'E'), "{text}");
            assert!(
                "TP".contains(*second) && "TP".contains(*last_but_one),
                "{text}"
            );
            assert_eq!(label == 1, second == last_but_one, "{text}");
            assert!(inner_is_legal(inner), "{text}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let corpus = Reber::new(7, 50, 50).unwrap();
        let train = strings(&corpus, Split::Train);
        assert_eq!(train, strings(&corpus, Split::Train));
        assert_ne!(
            train,
            strings(&Reber::new(8, 50, 50).unwrap(), Split::Train)
        );
    }

    #[test]
    fn no_inner_string_occurs_in_both_splits() {
        let corpus = Reber::new(7, 4_000, 1_000).unwrap();
        let inner = |split| -> HashSet<String> {
            let strings = strings(&corpus, split).into_iter();
            strings
                .map(|(_, text)| text[4..text.len() - 4].to_owned())
                .collect()
        };
        let (train, test) = (inner(Split::Train), inner(Split::Test));
        assert!(
            train.len() > 100 && test.len() > 50,
            "{} {}",
            train.len(),
            test.len()
        );
        assert!(train.is_disjoint(&test));
    }

    #[test]
    fn a_split_without_both_classes_is_refused() {
        let error = Reber::new(7, 10, 1).unwrap_err().to_string();
        assert!(error.contains("at least 2 strings"), "{error}");
    }
}

//! Enters: words, as the runtime's splitter cuts them. Leaves: [`Vocabulary`], which
//! gives each word its token. Next: `load` turns a whole corpus into token sets, and
//! `pack` stores the vocabulary for the device.

pub(crate) mod count;

use std::collections::HashMap;
use std::path::Path;

use set_lstm_runtime::text::for_each_word;

use crate::error::{Error, Result};
use crate::file;
use crate::sequences::Token;

/// The token of every word that the vocabulary does not hold, and of an empty text.
pub const UNKNOWN: Token = 0;

/// Stands for [`UNKNOWN`] in the list; the splitter never gives such a word.
const UNKNOWN_WORD: &str = "<unknown>";

/// Most tokens that a [`Token`] can number.
pub const SIZE_MAX: usize = Token::MAX as usize + 1;

/// The words that a model knows, numbered from the most frequent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    words: Vec<Box<str>>, // [size]; the first one is UNKNOWN_WORD
    tokens: HashMap<Box<str>, Token>,
}

impl Vocabulary {
    /// Numbers `words` from 1 on; 0 is left to unknown words.
    ///
    /// # Panics
    ///
    /// If there are more than [`SIZE_MAX`] - 1 words.
    pub fn new(words: impl IntoIterator<Item = Box<str>>) -> Self {
        let words: Vec<Box<str>> = std::iter::once(UNKNOWN_WORD.into()).chain(words).collect();
        assert!(
            words.len() <= SIZE_MAX,
            "a vocabulary of at most {SIZE_MAX} tokens"
        );
        let numbered = words.iter().zip(0..=Token::MAX).skip(1);
        let tokens = numbered
            .map(|(word, token)| (word.clone(), token))
            .collect();
        Vocabulary { words, tokens }
    }

    /// Number of tokens, the unknown one included.
    pub fn size(&self) -> usize {
        self.words.len()
    }

    /// The word of a token; `<unknown>` for 0.
    pub fn word(&self, token: Token) -> Option<&str> {
        self.words.get(usize::from(token)).map(|word| &**word)
    }

    /// The token of a word as the splitter gives it; [`UNKNOWN`] if it has none.
    pub fn token(&self, word: &[u8]) -> Token {
        let known = std::str::from_utf8(word)
            .ok()
            .and_then(|word| self.tokens.get(word));
        known.copied().unwrap_or(UNKNOWN)
    }

    /// The last `max_tokens` tokens of a text; one unknown token for a text without words.
    pub fn encode(&self, text: &str, max_tokens: usize) -> Vec<Token> {
        let mut tokens = Vec::new();
        for_each_word(text.as_bytes(), |word| tokens.push(self.token(word)));
        tokens.drain(..tokens.len().saturating_sub(max_tokens));
        if tokens.is_empty() {
            tokens.push(UNKNOWN);
        }
        tokens
    }

    /// Writes the words, one a line, so that line `n` (from 0) is token `n`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] as of [`file::write_atomic`].
    pub fn save(&self, path: &Path) -> Result<()> {
        file::write_atomic(path, |out| {
            self.words
                .iter()
                .try_for_each(|word| writeln!(out, "{word}"))
        })
    }

    /// Reads what [`Vocabulary::save`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read; [`Error::Data`] with the line for a list that
    /// is empty or too long, and for a line that is a second time there or no word.
    pub fn load(path: &Path) -> Result<Vocabulary> {
        let text = file::read_text(path)?;
        let again = "; copy the file again from the run that trained the model";
        let mut lines = text.lines();
        if lines.next() != Some(UNKNOWN_WORD) {
            let problem = format!("expected `{UNKNOWN_WORD}` in line 1{again}");
            return Err(Error::data(path, problem));
        }
        let words: Vec<Box<str>> = lines.map(Box::from).collect();
        if words.len() >= SIZE_MAX {
            let problem = format!(
                "{} words, at most {} can be numbered{again}",
                words.len(),
                SIZE_MAX - 1
            );
            return Err(Error::data(path, problem));
        }
        let vocabulary = Vocabulary::new(words);
        for (word, line) in vocabulary.words.iter().zip(1_usize..).skip(1) {
            if !is_word(word) {
                let problem = format!("line {line}: `{word}` is not one folded word{again}");
                return Err(Error::data(path, problem));
            }
            // Of a word that is there twice the map holds the last line only.
            if usize::from(vocabulary.token(word.as_bytes())) != line - 1 {
                let problem = format!("line {line}: `{word}` is there again below{again}");
                return Err(Error::data(path, problem));
            }
        }
        Ok(vocabulary)
    }
}

/// Whether the splitter gives back exactly this word.
pub(crate) fn is_word(word: &str) -> bool {
    let mut same = true;
    let mut count = 0;
    for_each_word(word.as_bytes(), |found| {
        same &= found == word.as_bytes();
        count += 1;
    });
    same && count == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Vocabulary {
        Vocabulary::new(["the", "film", "don't", "!", "café"].map(Box::from))
    }

    #[test]
    fn tokens_follow_the_order_of_the_words_and_0_is_unknown() {
        let vocabulary = small();
        assert_eq!(vocabulary.size(), 6);
        assert_eq!(vocabulary.encode("The film? Don't!", 100), [1, 2, 0, 3, 4]);
        assert_eq!(vocabulary.word(2), Some("film"));
        assert_eq!(vocabulary.word(0), Some("<unknown>"));
        assert_eq!(vocabulary.word(6), None);
        assert_eq!(vocabulary.token(b"\xff"), UNKNOWN);
        assert_eq!(vocabulary.token(b"<unknown>"), UNKNOWN);
    }

    #[test]
    fn only_the_last_tokens_are_kept() {
        assert_eq!(small().encode("the the film café", 2), [2, 5]);
        assert_eq!(small().encode("the film", 2), [1, 2]);
    }

    #[test]
    fn a_text_without_words_is_one_unknown_token() {
        for text in ["", "...", "<br />"] {
            assert_eq!(small().encode(text, 10), [UNKNOWN], "{text:?}");
        }
        assert_eq!(small().encode("the film", 0), [UNKNOWN]);
    }

    #[test]
    fn a_saved_vocabulary_is_one_word_a_line_and_loads_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vocabulary.txt");
        small().save(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "<unknown>\nthe\nfilm\ndon't\n!\ncafé\n");
        assert_eq!(Vocabulary::load(&path).unwrap(), small());
    }

    #[test]
    fn a_list_that_is_no_vocabulary_is_refused_with_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vocabulary.txt");
        let failure = |content: &str| {
            std::fs::write(&path, content).unwrap();
            Vocabulary::load(&path).unwrap_err().to_string()
        };
        assert!(failure("").contains("vocabulary.txt: expected `<unknown>` in line 1"));
        assert!(failure("the\nfilm\n").contains("expected `<unknown>` in line 1"));
        assert!(failure("<unknown>\nthe\nThe\n").contains("line 3: `The` is not one folded word"));
        assert!(failure("<unknown>\nthe\n\nfilm\n").contains("line 3: `` is not one folded word"));
        assert!(failure("<unknown>\ntwo words\n").contains("line 2: `two words` is not one"));
        assert!(failure("<unknown>\na\nb\na\n").contains("line 2: `a` is there again below"));
        let many: String = (0..SIZE_MAX).map(|word| format!("{word}\n")).collect();
        assert!(failure(&format!("<unknown>\n{many}")).contains("65536 words, at most 65535"));
        let most = many.rsplit_once("65535").unwrap().0;
        std::fs::write(&path, format!("<unknown>\n{most}")).unwrap();
        assert_eq!(Vocabulary::load(&path).unwrap().size(), SIZE_MAX);
    }
}

//! Enters: raw text, one byte at a time. Leaves: its words, folded, as UTF-8 bytes.
//! Next: the vocabulary gives each word its token, then `embedding`. Training and the
//! device split text with this one [`Splitter`], so both see the same words.
//!
//! | in the text | what becomes of it |
//! |---|---|
//! | letters and digits | a run of them is one word; A-Z become a-z, other letters stay as they are |
//! | apostrophe (`'` and its typographic forms) | kept as `'` between two letters (`don't`), else dropped |
//! | `!` `?` and pictographs (emoji) | each a word of its own |
//! | a tag: `<` at a letter or `/`, up to `>` | a break; if no `>` follows, [`TAG_CHARACTERS`] are skipped |
//! | every other character, and bytes that are not UTF-8 | a break between words |
//!
//! A word keeps the characters that fit in [`WORD_BYTES`]; the rest of it is dropped.
//! The Unicode ranges are written out here because the tables of the standard library
//! change with the compiler, and a word must not change between host and device.

use heapless::Vec;

/// Longest word in bytes; longer ones are cut at a character.
pub const WORD_BYTES: usize = 32;

/// How many characters a tag may have after its `<` before it counts as text again.
pub const TAG_CHARACTERS: u8 = 64;

/// Splits a text of any length into words; holds one word, never the text.
///
/// ```
/// use set_lstm_runtime::text::Splitter;
///
/// let mut splitter = Splitter::new();
/// let mut words = Vec::new();
/// for &byte in b"Don't miss it!<br />10/10" {
///     words.extend(splitter.push(byte).map(<[u8]>::to_vec));
/// }
/// words.extend(splitter.finish().map(<[u8]>::to_vec));
/// assert_eq!(words, [&b"don't"[..], b"miss", b"it", b"!", b"10", b"10"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Splitter {
    word: Vec<u8, WORD_BYTES>,
    held: Held,
    cut: bool,            // the word has lost its end
    emitted: bool,        // the caller has seen `word`
    carry: Option<char>,  // what ended the emitted word and begins the next
    sequence: Vec<u8, 4>, // a UTF-8 character of which not all bytes have come
    tag: Tag,
}

/// What `Splitter::word` holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Held {
    #[default]
    Nothing,
    Word,
    WordAndApostrophe,
    Mark,
}

/// Where the text stands with respect to a tag.
#[derive(Debug, Clone, Copy, Default)]
enum Tag {
    #[default]
    Outside,
    Opened,
    Inside {
        room: u8,
    },
}

/// What a character does to the word before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Apostrophe,
    Mark,
    Break,
}

/// Stands for bytes that are not UTF-8; a break like other characters without a word.
const INVALID: char = char::REPLACEMENT_CHARACTER;

impl Splitter {
    /// A splitter at the beginning of a text.
    pub const fn new() -> Self {
        Splitter {
            word: Vec::new(),
            held: Held::Nothing,
            cut: false,
            emitted: false,
            carry: None,
            sequence: Vec::new(),
            tag: Tag::Outside,
        }
    }

    /// Takes the next byte; returns the word that it completes, if it does.
    ///
    /// A word is at most [`WORD_BYTES`] bytes, never empty, and always valid UTF-8.
    pub fn push(&mut self, byte: u8) -> Option<&[u8]> {
        self.forget_emitted();
        let continues = (0x80..0xC0).contains(&byte);
        let broken = !self.sequence.is_empty() && !continues;
        if broken {
            self.sequence.clear();
        }
        match self.assemble(byte) {
            Some(character) => self.take(character, broken),
            None if broken => self.take(INVALID, true),
            None => None,
        }
    }

    /// Ends the text: returns its last word, if one is open, and is ready for a new text.
    pub fn finish(&mut self) -> Option<&[u8]> {
        self.forget_emitted();
        self.sequence.clear();
        self.tag = Tag::Outside;
        if self.held == Held::Nothing {
            None
        } else {
            self.emit(None)
        }
    }

    /// The character that `byte` completes; `None` while bytes are missing.
    fn assemble(&mut self, byte: u8) -> Option<char> {
        if byte.is_ascii() {
            return Some(char::from(byte));
        }
        let first = *self.sequence.first().unwrap_or(&byte);
        let expected = match first {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => return Some(INVALID),
        };
        // Never full: `expected` is at most four, and a complete sequence is cleared.
        self.sequence.push(byte).ok()?;
        if self.sequence.len() < expected {
            return None;
        }
        let character = core::str::from_utf8(&self.sequence)
            .ok()
            .and_then(|s| s.chars().next());
        self.sequence.clear();
        Some(character.unwrap_or(INVALID))
    }

    /// Moves on by one character; `broken` says that invalid bytes stood before it.
    fn take(&mut self, character: char, broken: bool) -> Option<&[u8]> {
        let class = if self.skips(character) {
            Class::Break
        } else {
            classify(character)
        };
        match (self.held, class) {
            (Held::Nothing, _) => self.begin(character, class),
            (Held::Word | Held::WordAndApostrophe, Class::Letter) if !broken => {
                if self.held == Held::WordAndApostrophe {
                    // Only with what follows it: a cut word must not end in an apostrophe.
                    self.cut |= self.word.len() + character.len_utf8() >= WORD_BYTES;
                    self.append('\'');
                    self.held = Held::Word;
                }
                self.append(character);
            }
            (Held::Word, Class::Apostrophe) if !broken => self.held = Held::WordAndApostrophe,
            (_, Class::Letter | Class::Mark) => return self.emit(Some(character)),
            (_, Class::Apostrophe | Class::Break) => return self.emit(None),
        }
        None
    }

    /// Whether the character belongs to a tag.
    fn skips(&mut self, character: char) -> bool {
        let (next, skips) = match (self.tag, character) {
            (_, '<') => (Tag::Opened, true),
            (Tag::Opened, '/' | 'a'..='z' | 'A'..='Z') => (
                Tag::Inside {
                    room: TAG_CHARACTERS - 1,
                },
                true,
            ),
            (Tag::Inside { room }, _) if character != '>' && room > 1 => {
                (Tag::Inside { room: room - 1 }, true)
            }
            (Tag::Inside { .. }, _) => (Tag::Outside, true),
            (Tag::Opened | Tag::Outside, _) => (Tag::Outside, false),
        };
        self.tag = next;
        skips
    }

    /// Begins a word, if the character can.
    fn begin(&mut self, character: char, class: Class) {
        self.held = match class {
            Class::Letter => Held::Word,
            Class::Mark => Held::Mark,
            Class::Apostrophe | Class::Break => return,
        };
        self.append(character);
    }

    fn append(&mut self, character: char) {
        let mut bytes = [0; 4];
        let folded = character.to_ascii_lowercase().encode_utf8(&mut bytes);
        self.cut = self.cut || self.word.extend_from_slice(folded.as_bytes()).is_err();
    }

    fn emit(&mut self, carry: Option<char>) -> Option<&[u8]> {
        self.emitted = true;
        self.carry = carry;
        Some(&self.word)
    }

    /// Makes room after a word was handed out.
    fn forget_emitted(&mut self) {
        if self.emitted {
            self.word.clear();
            self.held = Held::Nothing;
            self.cut = false;
            self.emitted = false;
            if let Some(character) = self.carry.take() {
                self.begin(character, classify(character));
            }
        }
    }
}

/// Calls `visit` with every word of a text that is in memory as a whole.
pub fn for_each_word(text: &[u8], mut visit: impl FnMut(&[u8])) {
    let mut splitter = Splitter::new();
    for &byte in text {
        if let Some(word) = splitter.push(byte) {
            visit(word);
        }
    }
    if let Some(word) = splitter.finish() {
        visit(word);
    }
}

/// The table of the module, for one character outside a tag.
fn classify(character: char) -> Class {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Class::Letter,
        // The last four: Windows-1252 quotes read as Latin-1, acute accent, ‘ and ’.
        '\'' | '`' | '\u{91}' | '\u{92}' | '\u{b4}' | '\u{2018}' | '\u{2019}' => Class::Apostrophe,
        '!' | '?' => Class::Mark,
        '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' => Class::Mark, // pictographs
        '\0'..='\u{bf}' | '×' | '÷' => Class::Break,
        '\u{2000}'..='\u{2bff}' | '\u{3000}'..='\u{303f}' => Class::Break, // punctuation, symbols
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => Class::Break, // variation selectors, byte order mark
        '\u{fff0}'..='\u{ffff}' => Class::Break,
        _ => Class::Letter,
    }
}

#[cfg(test)]
mod tests;

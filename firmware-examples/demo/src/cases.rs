//! Enters: the bytes of a cases file, in flash. Leaves: [`Case`] after case: what to
//! classify, and what the host answered. Next: `run` compares.
//!
//! This is the one definition of the format. All integers are little-endian, nothing is
//! aligned, and no byte follows the last case. The exporter's `simulate::cases` writes it.
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic `SETC` |
//! | 4 | number of cases, u32 |
//! | then for each case: | |
//! | 2 | tokens `t`, u16 |
//! | 1 | logits `n`, u8 |
//! | 1 | expected label, u8 |
//! | 2 `t` | tokens, u16 |
//! | 4 `n` | expected bits of the logits, u32 |
//! | 4 | expected digest of the state after the last token, u32 |

/// First four bytes of every cases file.
pub const MAGIC: [u8; 4] = *b"SETC";

/// A sequence and the host's answer.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The sequence.
    tokens: &'a [[u8; 2]],
    /// Expected bits of the logits.
    logits: &'a [[u8; 4]],
    /// Expected class.
    pub label: u8,
    /// Expected digest of the state.
    pub digest: u32,
}

impl<'a> Case<'a> {
    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The tokens.
    pub fn tokens(&self) -> impl Iterator<Item = u16> + 'a {
        self.tokens.iter().map(|&token| u16::from_le_bytes(token))
    }

    /// Expected bits of the logits.
    pub fn logits(&self) -> impl Iterator<Item = u32> + 'a {
        self.logits.iter().map(|&logit| u32::from_le_bytes(logit))
    }
}

/// The cases of a file that are still to come. An item is `None` where the file is
/// damaged, and is then the last.
#[derive(Debug, Clone)]
pub struct Cases<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> Cases<'a> {
    /// Opens a file; `None` if it is not one.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (&count, rest) = rest.split_first_chunk()?;
        let left = u32::from_le_bytes(count);
        Some(Cases { rest, left })
    }

    fn read(&mut self) -> Option<Case<'a>> {
        let (&[low, high, logits, label], rest) = self.rest.split_first_chunk()?;
        let tokens = usize::from(u16::from_le_bytes([low, high]));
        let (tokens, rest) = rest.split_at_checked(2 * tokens)?;
        let (logits, rest) = rest.split_at_checked(4 * usize::from(logits))?;
        let (&digest, rest) = rest.split_first_chunk()?;
        self.rest = rest;
        let is_whole = self.left > 0 || rest.is_empty();
        is_whole.then_some(Case {
            tokens: tokens.as_chunks().0,
            logits: logits.as_chunks().0,
            label,
            digest: u32::from_le_bytes(digest),
        })
    }
}

impl<'a> Iterator for Cases<'a> {
    type Item = Option<Case<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let case = self.read();
        if case.is_none() {
            self.left = 0;
        }
        Some(case)
    }
}

//! Enters: the bytes of a cases file, in flash. Leaves: [`Case`] after case: what to
//! classify, and what the host answered. Next: `run` compares.
//!
//! This is the one definition of the format. All numbers are little-endian, and no byte
//! follows the last case. The steps of a case are tokens or samples, as the model has them:
//! then all of the file lies on multiples of four. The exporter's `simulate::cases` writes it.
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic `SETC` |
//! | 4 | number of cases, u32 |
//! | 8 | thresholds of delta stepping, of the hidden state and of a channel, f32; else zero |
//! | then for each case: | |
//! | 2 | steps `t`, u16 |
//! | 1 | logits `n`, u8 |
//! | 1 | expected label, u8; 0 of a model of numbers |
//! | 2 `t` or 4 `t c` | tokens, u16, or raw samples of `c` channels, f32 |
//! | 4 `n` | expected bits of the logits after the last step, u32 |
//! | 4 | expected digest, u32 |
//!
//! The digest is that of the state after the last step. Of a model that answers after every step
//! it is FNV-1a of 32 bits over little-endian words: the bits of the logits after each step, then
//! the digest of the state.

use set_lstm_runtime::Thresholds;

/// First four bytes of every cases file.
pub const MAGIC: [u8; 4] = *b"SETC";

/// What goes into the model.
#[derive(Debug, Clone, Copy)]
pub enum Steps<'a> {
    /// A token a step.
    Tokens(&'a [[u8; 2]]),
    /// A sample of every channel a step.
    Samples {
        /// Raw, step by step.
        values: &'a [f32], // [steps x channels]
        /// Numbers of one step.
        channels: usize,
    },
}

/// A sequence and the host's answer.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The sequence.
    pub steps: Steps<'a>,
    /// Expected bits of the logits.
    logits: &'a [[u8; 4]],
    /// Expected class.
    pub label: u8,
    /// Expected digest.
    pub digest: u32,
}

impl<'a> Case<'a> {
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
    thresholds: Thresholds,
    channels: Option<usize>,
}

impl<'a> Cases<'a> {
    /// Opens a file for a model that reads samples of so many channels, or tokens; `None` if
    /// it is not one.
    pub fn new(bytes: &'a [u8], channels: Option<usize>) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (&count, rest) = rest.split_first_chunk()?;
        let left = u32::from_le_bytes(count);
        let (&hidden, rest) = rest.split_first_chunk()?;
        let (&input, rest) = rest.split_first_chunk()?;
        let thresholds = Thresholds {
            hidden: f32::from_le_bytes(hidden),
            input: f32::from_le_bytes(input),
        };
        Some(Cases {
            rest,
            left,
            thresholds,
            channels,
        })
    }

    /// Those that the host's answers were computed with.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    fn read(&mut self) -> Option<Case<'a>> {
        let (&[low, high, logits, label], rest) = self.rest.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes([low, high]));
        let (steps, rest) = match self.channels {
            None => {
                let (tokens, rest) = rest.split_at_checked(2 * length)?;
                (Steps::Tokens(tokens.as_chunks().0), rest)
            }
            Some(channels) => {
                let (values, rest) = rest.split_at_checked(4 * length * channels)?;
                let values = bytemuck::try_cast_slice(values).ok()?;
                (Steps::Samples { values, channels }, rest)
            }
        };
        let (logits, rest) = rest.split_at_checked(4 * usize::from(logits))?;
        let (&digest, rest) = rest.split_first_chunk()?;
        self.rest = rest;
        let is_whole = self.left > 0 || rest.is_empty();
        is_whole.then_some(Case {
            steps,
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

//! Enters: the reference section of a model. Leaves: whether this device computes what the
//! exporter's host computed, bit for bit. Next: the application's start-up.
//!
//! The section is a list of sequences, each in halfwords:
//! `length, tokens [length], logits [2 · logits], digest [2]`, words with the low half first.
//! In a file that reads samples it is
//! `length, 0, samples [2 · length · channels], logits [2 · logits], digest [2]`, a sample being
//! a raw f32; all of them lie on multiples of four.

use crate::arithmetic::{Arithmetic, Logit};
use crate::error::{DecodeError, Fault};
use crate::model::Model;
use crate::running::Running;
use crate::wire::{Header, Section};

/// What differs from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SelfTestError {
    /// A logit of a sequence has other bits.
    Logit {
        /// Number of the sequence in the file.
        sequence: u8,
        /// The bits of the reference.
        expected: u32,
        /// The bits that came out.
        found: u32,
    },
    /// The logits of a sequence agree, and the state behind them does not.
    Digest {
        /// Number of the sequence in the file.
        sequence: u8,
    },
}

impl core::fmt::Display for SelfTestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            SelfTestError::Logit {
                sequence,
                expected,
                found,
            } => write!(
                f,
                "reference sequence {sequence}: logit {found:#010x} instead of {expected:#010x}; flash the device again and check the compiler's options"
            ),
            SelfTestError::Digest { sequence } => write!(
                f,
                "reference sequence {sequence}: another state behind the same logits; flash the device again and check the compiler's options"
            ),
        }
    }
}

impl core::error::Error for SelfTestError {}

impl<A: Arithmetic, const L: usize> Model<'_, A, L> {
    /// Runs the reference sequences of the file in `state`, which is reset before and
    /// after; returns how many there are. A [`DeltaState`](crate::DeltaState) agrees as long as
    /// its thresholds are zero.
    ///
    /// # Errors
    /// The first difference from what the exporter computed.
    pub fn self_test(&self, state: &mut impl Running<A, L>) -> Result<u8, SelfTestError> {
        let mut sequence = 0;
        let mut rest = self.reference;
        while let Some(reference) = next(&mut rest, self.logits(), self.channels()) {
            state.reset();
            match reference.steps {
                Steps::Tokens(tokens) => tokens.iter().for_each(|&token| state.step(self, token)),
                Steps::Samples { values, channels } => values
                    .chunks_exact(channels.max(1)) // it is more; the compiler does not know
                    .for_each(|samples| state.step_samples(self, samples)),
            }
            let (mut logits, mut expected) = (state.logits(self), reference.logits.iter());
            let difference =
                logits
                    .by_ref()
                    .zip(expected.by_ref())
                    .find_map(|(found, expected)| {
                        let (found, expected) = (found.bits(), word(*expected));
                        (found != expected).then_some(SelfTestError::Logit {
                            sequence,
                            expected,
                            found,
                        })
                    });
            drop(logits);
            let digest = state.digest();
            state.reset();
            if let Some(difference) = difference {
                return Err(difference);
            }
            if digest != word(reference.digest) {
                return Err(SelfTestError::Digest { sequence });
            }
            sequence = sequence.saturating_add(1);
        }
        Ok(sequence)
    }
}

/// One sequence with its expected outputs.
struct Reference<'a> {
    steps: Steps<'a>,
    logits: &'a [[u16; 2]],
    digest: [u16; 2],
}

/// What goes into the model.
enum Steps<'a> {
    Tokens(&'a [u16]),
    Samples { values: &'a [f32], channels: usize },
}

fn word([low, high]: [u16; 2]) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

fn next<'a>(rest: &mut &'a [u16], logits: usize, channels: Option<usize>) -> Option<Reference<'a>> {
    let (&length, after) = rest.split_first()?;
    let length = usize::from(length);
    let (steps, after) = match channels {
        None => {
            let (tokens, after) = after.split_at_checked(length)?;
            (Steps::Tokens(tokens), after)
        }
        Some(channels) => {
            let (&fill, after) = after.split_first()?;
            // at most 2^16 steps of 2^9 halfwords
            let (values, after) = after.split_at_checked(2 * length * channels)?;
            let values = bytemuck::try_cast_slice(values)
                .ok()
                .filter(|_| fill == 0)?;
            (Steps::Samples { values, channels }, after)
        }
    };
    let (logits, after) = after.split_at_checked(2 * logits)?;
    let (&digest, after) = after.split_first_chunk::<2>()?;
    *rest = after;
    Some(Reference {
        steps,
        logits: logits.as_chunks().0,
        digest,
    })
}

/// Checks that the section is whole sequences and nothing else.
pub(crate) fn check(reference: &[u16], header: &Header<'_>) -> Result<(), DecodeError> {
    let mut rest = reference;
    let channels = header.channels().map(usize::from);
    while next(&mut rest, header.logits.into(), channels).is_some() {}
    if rest.is_empty() {
        return Ok(());
    }
    let index = (reference.len() - rest.len()) as u32;
    Err(DecodeError::Content {
        section: Section::Reference,
        index,
        fault: Fault::Order,
    })
}

//! Enters: a packed file whose reference section has no answers yet. Leaves: the section with
//! the answers that the runtime gives on this host. Next: a device compares its own with them.

use crate::device::{AlignedBytes, AnyModel, AnyState};
use crate::error::{Error, Result};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A token sequence and what the runtime computes from it.
pub(super) struct Reference {
    tokens: Vec<u16>,
    logits: Vec<u32>, // bits of each logit
    digest: u32,
}

/// Three sequences that differ by seed and nothing else, their answers still zero. First and
/// last token of the vocabulary are among them, and a token beyond the vocabulary.
pub(super) fn silent(vocabulary: usize, logits: usize, seed: u64) -> Vec<Reference> {
    let last = (vocabulary - 1) as u16;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    [4, 8, 16]
        .map(|length| {
            let mut tokens: Vec<u16> = vec![0, last, last.saturating_add(1)];
            tokens.extend((0..length).map(|_| random.random_range(0..=last)));
            Reference {
                tokens,
                logits: vec![0; logits],
                digest: 0,
            }
        })
        .into()
}

/// Asks the runtime.
///
/// # Errors
/// The file does not decode: weights that no device can hold.
pub(super) fn answer(file: Vec<u8>, silent: Vec<Reference>) -> Result<Vec<Reference>> {
    let file = AlignedBytes::from(file);
    let model = AnyModel::from_bytes(&file)
        .map_err(|problem| Error::Options(format!("the packed model does not run: {problem}")))?;
    let mut state = AnyState::new(&model);
    let answer = |silent: Reference| {
        state.run(&model, &silent.tokens);
        Reference {
            logits: state.logit_bits(&model),
            digest: state.digest(),
            ..silent
        }
    };
    Ok(silent.into_iter().map(answer).collect())
}

/// The section; see the runtime's `self_test`.
pub(super) fn halfwords(references: &[Reference]) -> Vec<u16> {
    let mut out = Vec::new();
    for Reference {
        tokens,
        logits,
        digest,
    } in references
    {
        out.push(tokens.len() as u16);
        out.extend(tokens);
        for word in logits.iter().chain([digest]) {
            out.extend([*word as u16, (*word >> 16) as u16]);
        }
    }
    out
}

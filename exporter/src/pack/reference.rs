//! Enters: a packed file whose reference section has no answers yet. Leaves: the section with
//! the answers that the runtime gives on this host. Next: a device compares its own with them.

use crate::device::{AlignedBytes, AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::normalization::Normalization;
use crate::sequences::Sequence;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use set_lstm_runtime::samples::SAMPLE_LIMIT;

/// A sequence and what the runtime computes from it.
pub(super) struct Reference {
    steps: Steps,
    logits: Vec<u32>, // bits of each logit
    digest: u32,
}

/// What goes into the model.
enum Steps {
    Tokens(Vec<u16>),
    Samples { values: Vec<f32>, channels: usize },
}

impl Steps {
    fn sequence(&self) -> Sequence<'_> {
        match self {
            Steps::Tokens(tokens) => Sequence::Tokens(tokens),
            &Steps::Samples {
                ref values,
                channels,
            } => Sequence::Samples { values, channels },
        }
    }
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
                steps: Steps::Tokens(tokens),
                logits: vec![0; logits],
                digest: 0,
            }
        })
        .into()
}

/// The same of raw samples. The first sequence is the mean and both limits of every channel,
/// the others are random, within three standard deviations. A channel that never changes
/// takes any number for its mean, so it gets some.
pub(super) fn silent_samples(
    statistics: &Normalization,
    logits: usize,
    seed: u64,
) -> Vec<Reference> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let raw = |mean: f32, factor: f32, z: f32| {
        let deviation = if factor > 0.0 { z / factor } else { z };
        let raw = mean + deviation;
        if raw.is_finite() { raw } else { mean }
    };
    let reference = |deviations: &mut dyn FnMut(usize) -> f32, steps| {
        let mut values = Vec::new();
        for step in 0..steps {
            let channels = statistics.mean.iter().zip(&statistics.factor);
            values.extend(channels.map(|(&mean, &factor)| raw(mean, factor, deviations(step))));
        }
        let channels = statistics.channels();
        Reference {
            steps: Steps::Samples { values, channels },
            logits: vec![0; logits],
            digest: 0,
        }
    };
    let ends = [0.0, 2.0 * SAMPLE_LIMIT, -2.0 * SAMPLE_LIMIT];
    let mut any = |_| random.random_range(-3.0..3.0_f32);
    vec![
        reference(&mut |step| ends[step], ends.len()),
        reference(&mut any, 3),
        reference(&mut any, 4),
    ]
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
        state.run(&model, silent.steps.sequence());
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
        steps,
        logits,
        digest,
    } in references
    {
        let halves = |word: u32| [word as u16, (word >> 16) as u16];
        out.push(steps.sequence().len() as u16);
        match steps {
            Steps::Tokens(tokens) => out.extend(tokens),
            Steps::Samples { values, .. } => {
                out.push(0); // what follows lies on multiples of four bytes
                out.extend(values.iter().flat_map(|value| halves(value.to_bits())));
            }
        }
        out.extend(logits.iter().chain([digest]).flat_map(|&word| halves(word)));
    }
    out
}

//! Enters: a model and sequences. Leaves: the host's answers, and the cases file that
//! holds both. Next: the firmware embeds the file and compares.
//!
//! The format is defined in `firmware-examples/demo/src/cases.rs`.

use crate::device::{AnyModel, AnyState, CAPACITY};
use crate::error::{Error, Result};
use crate::sequences::{Sequence, SequenceSet};
use set_lstm_runtime::{Answer, Class, DeltaError, DeltaState, Logit, Moment, Task, Thresholds};

/// What a model says about one sequence, on the host or on the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseAnswer {
    /// Class; 0 of a model of numbers.
    pub label: u8,
    /// Bits of the logits after the last step, Q16 integers or f32.
    pub logits: Vec<u32>,
    /// Digest of the state after the last step; of a model that answers after every step also
    /// of the logits of all of them.
    pub digest: u32,
}

/// The digest of an answer in the making.
struct Digest {
    moment: Moment,
    hash: u32,
}

impl Digest {
    fn new(task: Task) -> Self {
        Digest {
            moment: task.moment,
            hash: 0x811c_9dc5,
        }
    }

    /// FNV-1a of the bytes of a word.
    fn add(&mut self, word: u32) {
        let add = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        self.hash = word.to_le_bytes().into_iter().fold(self.hash, add);
    }

    /// The logits of a step, if they count.
    fn step<I: IntoIterator<Item = u32>>(&mut self, logits: impl FnOnce() -> I) {
        if self.moment == Moment::EveryStep {
            logits().into_iter().for_each(|bits| self.add(bits));
        }
    }

    /// The digest, of the state at the end.
    fn end(mut self, state: u32) -> u32 {
        match self.moment {
            Moment::End => state,
            Moment::EveryStep => {
                self.add(state);
                self.hash
            }
        }
    }
}

/// The label that a model's answer has.
fn label(task: Task, class: Class) -> u8 {
    match task.answer {
        Answer::Class => class.label,
        Answer::Values => 0,
    }
}

/// The answers of the runtime on the host.
pub fn answers(model: &AnyModel<'_>, sequences: &SequenceSet) -> Vec<CaseAnswer> {
    let mut state = AnyState::new(model);
    let answer = |index| {
        let mut digest = Digest::new(model.task());
        state.run_each(model, sequences.sequence(index), |state| {
            digest.step(|| state.logit_bits(model));
        });
        CaseAnswer {
            label: label(model.task(), state.classify(model)),
            logits: state.logit_bits(model),
            digest: digest.end(state.digest()),
        }
    };
    (0..sequences.len()).map(answer).collect()
}

/// The answers of delta stepping, which the board's must equal bit for bit as well.
///
/// # Errors
/// The model is not laid out for it.
pub fn delta_answers(
    model: &AnyModel<'_>,
    thresholds: Thresholds,
    sequences: &SequenceSet,
) -> Result<Vec<CaseAnswer>> {
    let refuse = |problem: DeltaError| Error::Options(problem.to_string());
    let AnyModel::Int8(model) = model else {
        return Err(refuse(DeltaError::Layout));
    };
    let mut state = Box::new(DeltaState::<CAPACITY>::new(model, thresholds).map_err(refuse)?);
    let answer = |index| {
        state.reset();
        let mut digest = Digest::new(model.task());
        for sample in sequences.sequence(index).samples() {
            state.step_samples(model, sample);
            digest.step(|| state.logits(model).map(Logit::bits));
        }
        CaseAnswer {
            label: label(model.task(), state.classify(model)),
            logits: state.logits(model).map(Logit::bits).collect(),
            digest: digest.end(state.digest()),
        }
    };
    Ok((0..sequences.len()).map(answer).collect())
}

/// The bytes of a cases file.
///
/// # Errors
/// A sequence of more than 65,535 steps.
pub fn write(sequences: &SequenceSet, answers: &[CaseAnswer]) -> Result<Vec<u8>> {
    write_with(sequences, Thresholds::default(), answers)
}

/// The bytes of a cases file; `thresholds` are those of the answers.
///
/// # Errors
/// A sequence of more than 65,535 steps.
pub fn write_with(
    sequences: &SequenceSet,
    thresholds: Thresholds,
    answers: &[CaseAnswer],
) -> Result<Vec<u8>> {
    let mut bytes = b"SETC".to_vec();
    bytes.extend((answers.len() as u32).to_le_bytes());
    let Thresholds { hidden, input } = thresholds;
    bytes.extend([hidden, input].map(f32::to_le_bytes).as_flattened());
    for (index, answer) in answers.iter().enumerate() {
        let sequence = sequences.sequence(index);
        let length = u16::try_from(sequence.len()).map_err(|_| {
            let steps = sequences.step_name();
            Error::Options(format!(
                "sequence {} has {} {steps}s where the firmware reads 65535; keep fewer {steps}s",
                index + 1,
                sequence.len()
            ))
        })?;
        bytes.extend(length.to_le_bytes());
        bytes.extend([answer.logits.len() as u8, answer.label]);
        match sequence {
            Sequence::Tokens(tokens) => {
                bytes.extend(tokens.iter().flat_map(|token| token.to_le_bytes()));
            }
            Sequence::Samples { values, .. } => {
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
        }
        let words = answer.logits.iter().chain([&answer.digest]);
        bytes.extend(words.flat_map(|word| word.to_le_bytes()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_one_case_byte_by_byte() {
        let mut sequences = SequenceSet::of_tokens();
        sequences.push([7, 0x1234], 0);
        let answer = CaseAnswer {
            label: 1,
            logits: vec![0xdead_beef],
            digest: 0x0102_0304,
        };
        let expected = [
            b"SETC".as_slice(),
            &[1, 0, 0, 0],
            &[0, 0, 0, 0x3f, 0, 0, 0x80, 0x3e],
            &[2, 0, 1, 1],
            &[7, 0, 0x34, 0x12],
            &[0xef, 0xbe, 0xad, 0xde],
            &[4, 3, 2, 1],
        ];
        let thresholds = Thresholds {
            hidden: 0.5,
            input: 0.25,
        };
        let written = write_with(&sequences, thresholds, &[answer]).expect("a short sequence");
        assert_eq!(written, expected.concat());
    }

    #[test]
    fn a_recording_is_raw_samples_step_by_step() {
        let mut sequences = SequenceSet::of_samples(2);
        sequences.push_samples(&[1.0, -2.0], 0);
        let answer = CaseAnswer {
            label: 0,
            logits: vec![5],
            digest: 6,
        };
        let expected = [
            b"SETC".as_slice(),
            &[1, 0, 0, 0],
            &[0; 8],
            &[1, 0, 1, 0],
            &[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0],
            &[5, 0, 0, 0],
            &[6, 0, 0, 0],
        ];
        let written = write(&sequences, &[answer]).expect("a short recording");
        assert_eq!(written, expected.concat());
    }

    #[test]
    fn a_sequence_that_no_length_field_holds_is_refused() {
        let mut sequences = SequenceSet::of_tokens();
        sequences.push(std::iter::repeat_n(1, 65_536), 0);
        let answer = CaseAnswer {
            label: 0,
            logits: vec![0],
            digest: 0,
        };
        let error = write(&sequences, &[answer]).expect_err("one token too many");
        assert!(error.to_string().contains("65536 tokens"), "{error}");
    }
}

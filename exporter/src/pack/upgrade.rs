//! Enters: a model file of an older version of the format. Leaves: the same model in this
//! version, with the same weights and answers. Next: whoever read the file.
//!
//! | version | what the next one changed |
//! |---|---|
//! | 1 | one layer of at most 256 units; shapes in the header, whose fields had types of their own |
//! | 2 | this one |

use super::writer::{Writer, bytes};
use crate::error::{Error, Result};
use serde::Deserialize;
use set_lstm_runtime::gate::Gate;
use set_lstm_runtime::wire::{
    Header, InputLayout, Kind, LayerHeader, MAGIC, MAX_LAYERS, PREAMBLE_BYTES, RowCode,
    STRIP_CLASSES, Section, Task, WordCode, checksum,
};

/// The header of version 1, as postcard has it.
#[derive(Deserialize)]
struct Header1<'a> {
    vocabulary: u32,
    input: u16,
    hidden: u16,
    logits: u8,
    #[serde(borrow)]
    class_names: &'a str,
    rows: Rows1,
    fixed: Fixed1,
    gates: [Gate1; Gate::COUNT],
    words: Words1,
    max_tokens: u32,
    parameters: u32,
    reference_halfwords: u32,
}

#[derive(Deserialize)]
struct Rows1 {
    gap_bits: u8,
    value_bits: u8,
    largest: u16,
    length_unit: u8,
    words: u32,
    longest: u16,
}

#[derive(Deserialize)]
struct Fixed1 {
    state_shift: u8,
    input_scale: u16,
    head_shift: u8,
}

#[derive(Deserialize)]
struct Gate1 {
    input_pairs: u16,
    strips: [u16; STRIP_CLASSES],
}

#[derive(Deserialize)]
struct Words1 {
    seed: u32,
    buckets: u16,
}

/// The version of a model file; `None` if the bytes do not begin like one.
pub fn version(file: &[u8]) -> Option<u16> {
    match file {
        [m0, m1, m2, m3, low, high, ..] if [*m0, *m1, *m2, *m3] == MAGIC => {
            Some(u16::from_le_bytes([*low, *high]))
        }
        _ => None,
    }
}

/// Brings a file of an older version to this one; `None` if there is nothing to do: the file
/// has this version, one that is not known, or is no model.
///
/// # Errors
/// A file of an older version that is cut off or damaged.
pub fn upgrade(file: &[u8]) -> Result<Option<Vec<u8>>> {
    match version(file) {
        Some(1) => from_1(file).map(Some).ok_or_else(|| {
            Error::Options(
                "the file is of format version 1, and damaged; copy or export it again".into(),
            )
        }),
        _ => Ok(None),
    }
}

fn from_1(file: &[u8]) -> Option<Vec<u8>> {
    let (preamble, rest) = file.split_first_chunk::<PREAMBLE_BYTES>()?;
    let word = |at: usize| Some(u32::from_le_bytes(*preamble.get(at..)?.first_chunk()?));
    let kind = match preamble[6..8] {
        [1, 0] => Kind::Int8,
        [2, 0] => Kind::Float32,
        _ => return None,
    };
    if word(8)? as usize != file.len() || word(12)? != checksum(file) {
        return None;
    }
    let length = word(16)? as usize;
    let (old, rest) = rest.split_at_checked(length)?;
    let (old, []) = postcard::take_from_bytes::<Header1>(old).ok()? else {
        return None;
    };
    let (_fill, mut body) = rest.split_at_checked(length.wrapping_neg() % 4)?;
    let header = header_of(&old);
    let counts: Vec<u16> = old
        .gates
        .iter()
        .flat_map(|gate| std::iter::once(gate.input_pairs).chain(gate.strips))
        .collect();
    let mut writer = Writer::new(kind, header);
    for section in Section::all(header.layer_count()) {
        if let Section::Shape(_) = section {
            writer.section(section, &bytes(counts.iter().copied()));
            continue;
        }
        let length = header.section_bytes(kind, section, &counts) as usize;
        let (contents, rest) = body.split_at_checked(length)?;
        writer.section(section, contents);
        (_, body) = rest.split_at_checked(length.wrapping_neg() % 4)?;
    }
    body.is_empty().then(|| writer.finish())
}

fn header_of<'a>(old: &Header1<'a>) -> Header<'a> {
    let mut layers = [LayerHeader::default(); MAX_LAYERS];
    layers[0] = LayerHeader {
        hidden: old.hidden,
        layout: InputLayout::Columns, // of samples too
        state_shift: old.fixed.state_shift,
        input_scale: old.fixed.input_scale,
    };
    Header {
        task: Task::CLASSIFICATION,
        vocabulary: old.vocabulary,
        input: old.input,
        logits: old.logits,
        class_names: old.class_names,
        rows: RowCode {
            gap_bits: old.rows.gap_bits,
            value_bits: old.rows.value_bits,
            largest: old.rows.largest,
            length_unit: old.rows.length_unit,
            words: old.rows.words,
            longest: old.rows.longest,
        },
        words: WordCode {
            seed: old.words.seed,
            buckets: old.words.buckets,
        },
        head_shift: old.fixed.head_shift,
        max_tokens: old.max_tokens,
        parameters: old.parameters,
        reference_halfwords: old.reference_halfwords,
        layers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use set_lstm_runtime::wire::VERSION;

    #[test]
    fn only_an_older_version_is_upgraded() {
        let file = |version: u16| [&MAGIC[..], &version.to_le_bytes(), &[1, 0]].concat();
        assert_eq!(version(&file(VERSION)), Some(VERSION));
        assert!(upgrade(&file(VERSION)).expect("nothing to do").is_none());
        assert!(upgrade(&file(VERSION + 1)).expect("not known").is_none());
        assert!(upgrade(b"text").expect("no model").is_none());
        let error = upgrade(&file(1)).expect_err("cut off").to_string();
        assert!(error.contains("version 1"), "{error}");
    }
}

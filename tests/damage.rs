//! Damage of every kind: flipped bits, missing bytes, noise, wrong insides behind a right
//! checksum.

use crate::format::{place, tiny_file};
use crate::models::{
    KINDS, packed, packed_with_words, random_model, small_model, tokens, vocabulary,
};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::pack::Values;
use set_lstm::sequences::Sequence;
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::error::Fault;
use set_lstm_runtime::wire::{self, Kind, PREAMBLE_BYTES, Section};
use set_lstm_runtime::{DecodeError, Float32, Gate, Int8, Model};

/// Sets length and checksum right again, as somebody would who damages a file on purpose.
pub fn forge(mut bytes: Vec<u8>) -> AlignedBytes {
    if bytes.len() >= PREAMBLE_BYTES {
        let length = bytes.len() as u32;
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        let checksum = wire::checksum(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes.into()
}

/// Decodes, and runs what decodes; returns whether it did.
pub fn survives(file: &AlignedBytes) -> bool {
    let Ok(model) = AnyModel::from_bytes(file) else {
        return false;
    };
    let mut state = AnyState::new(&model);
    let class = state.run(&model, &tokens(36, 25, 1));
    assert!(class.score >= 0.0, "{class:?}");
    let numbers = state.values(&model);
    assert!(numbers.is_empty() || numbers.len() == model.logits());
    let _ = model.self_test(&mut state);
    let values = &[1.0, -3e9, 0.25, 7.0, f32::NAN, f32::MIN, 0.5, -0.0, 2.0];
    let channels = 3;
    let recording = Sequence::Samples { values, channels };
    assert!(state.run(&model, recording).score >= 0.0);
    if let Ok(tokens) = model.encode("a3 unheard a7, a12! a1") {
        assert!(
            tokens
                .iter()
                .all(|&token| usize::from(token) < model.vocabulary_size())
        );
        assert!(state.run(&model, &tokens).score >= 0.0);
    }
    true
}

pub fn small_file(values: Values) -> AlignedBytes {
    let model = small_model(1);
    packed_with_words(&model, values, Some(&vocabulary(model.vocabulary_size())))
}

#[test]
fn every_flipped_bit_is_refused() {
    for values in KINDS {
        let file = small_file(values);
        for bit in 0..8 * file.len() {
            let mut bytes = file.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!survives(&bytes.into()), "{values:?}, bit {bit}");
        }
    }
}

#[test]
fn every_flipped_bit_behind_a_right_checksum_is_refused_or_runs() {
    for values in KINDS {
        let file = small_file(values);
        let runs = (0..8 * file.len()).filter(|&bit| {
            let mut bytes = file.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            survives(&forge(bytes))
        });
        let (runs, all) = (runs.count(), 8 * file.len());
        println!("{values:?}: {runs} of {all} files with one flipped bit are models");
        // weights and fingerprints may be any; indices, lengths and fills may not
        assert!(runs > all / 2 && runs < all * 9 / 10, "{runs} of {all}");
    }
}

#[test]
fn every_truncation_is_refused_with_a_right_checksum_or_without() {
    for values in KINDS {
        let file = small_file(values);
        for length in 0..file.len() {
            assert!(!survives(&file[..length].to_vec().into()), "{length}");
            assert!(!survives(&forge(file[..length].to_vec())), "{length}");
        }
        for more in 1..9 {
            let longer = [&file[..], &[0; 8][..more]].concat();
            assert!(!survives(&longer.clone().into()) && !survives(&forge(longer)));
        }
    }
}

#[test]
fn any_length_of_noise_is_refused_or_runs() {
    for (length, seed) in (0..2000).zip(1..) {
        let noise: Vec<u8> = tokens(length % 97, 256, seed)
            .iter()
            .map(|&b| b as u8)
            .collect();
        survives(&noise.clone().into());
        for values in [1, 2] {
            let start = [b'S', b'E', b'T', b'L', 1, 0, values, 0];
            survives(&forge([&start[..], &noise].concat()));
        }
    }
}

#[test]
fn what_is_wrong_with_the_preamble_is_said() {
    let file = small_file(Values::Float32);
    let with = |at: usize, byte: u8| {
        let mut bytes = file.to_vec();
        bytes[at] = byte;
        AnyModel::from_bytes(&AlignedBytes::from(bytes))
            .map(drop)
            .unwrap_err()
    };
    assert_eq!(with(0, b'X'), DecodeError::NotAModel);
    assert_eq!(with(4, 1), DecodeError::Version { found: 1 });
    assert_eq!(with(4, 3), DecodeError::Version { found: 3 });
    assert_eq!(with(6, 3), DecodeError::Kind { found: 3 });
    assert_eq!(with(12, !file[12]), DecodeError::Checksum);
    let other = Model::<Int8>::from_bytes(&file).map(drop);
    assert_eq!(
        other,
        Err(DecodeError::OtherKind {
            file: Kind::Float32
        })
    );
    let cut = AnyModel::from_bytes(&file[..100]).map(drop);
    assert_eq!(
        cut,
        Err(DecodeError::Length {
            says: file.len() as u32
        })
    );
    let moved = AlignedBytes::from([&[0], &file[..]].concat());
    let moved = Model::<Float32>::from_bytes(&moved[1..]).map(drop);
    assert_eq!(moved, Err(DecodeError::Misaligned));
}

/// Puts `bytes` into a section and returns what the runtime says.
pub fn forged(
    file: &AlignedBytes,
    section: Section,
    at: usize,
    bytes: &[u8],
) -> Result<(), DecodeError> {
    let start = place(file, section).start + at;
    let mut forged = file.to_vec();
    forged[start..start + bytes.len()].copy_from_slice(bytes);
    AnyModel::from_bytes(&forge(forged)).map(drop)
}

#[test]
fn wrong_insides_are_refused_by_section_and_index() {
    use Fault::{Order, OutOfRange, Value};
    let (int8, float32) = (small_file(KINDS[0]), small_file(KINDS[1]));
    let nan = f32::NAN.to_le_bytes();
    let longer = [int8[place(&int8, Section::RowLength)][18] + 1];
    let (i, g, f, o) = (Gate::Input, Gate::Candidate, Gate::Forget, Gate::Output);
    // file, section, byte offset in it, what is written there, index and fault of the error
    let cases: [(_, _, _, &[u8], _, _); 18] = [
        (&int8, Section::RowBlock, 4, &[1, 0, 0, 0], 1, Order),
        (&int8, Section::RowLength, 18, &longer, 18, Order),
        (&int8, Section::RowBits, 0, &[0; 4], 0, OutOfRange),
        (&int8, Section::InputStart(i.into()), 0, &[1, 0], 0, Order),
        (&int8, Section::InputStart(g.into()), 4, &[255, 0], 3, Order),
        (
            &int8,
            Section::InputWeight(f.into()),
            4,
            &[5],
            1,
            OutOfRange,
        ),
        (&int8, Section::StripUnit(o.into()), 2, &[5], 2, OutOfRange),
        (
            &int8,
            Section::RecurrentWeight(i.into()),
            10,
            &[255],
            2,
            OutOfRange,
        ),
        (&int8, Section::Unit(g.into()), 8, &[0, 0], 2, Value),
        (&int8, Section::Unit(g.into()), 8, &[0, 128], 2, Value),
        (&int8, Section::Unit(g.into()), 20, &[1], 5, Value),
        (
            &float32,
            Section::InputUnit(f.into()),
            3,
            &[5],
            1,
            OutOfRange,
        ),
        (&float32, Section::InputWeight(i.into()), 8, &nan, 2, Value),
        (
            &float32,
            Section::RecurrentWeight(o.into()),
            0,
            &nan,
            0,
            Value,
        ),
        (
            &float32,
            Section::Unit(f.into()),
            16,
            &f32::INFINITY.to_le_bytes(),
            4,
            Value,
        ),
        (&float32, Section::HeadWeight, 4, &nan, 1, Value),
        (
            &float32,
            Section::HeadBias,
            8,
            &2e10_f32.to_le_bytes(),
            2,
            Value,
        ),
        (&float32, Section::Reference, 0, &[255, 255], 0, Order),
    ];
    for (file, section, at, bytes, index, fault) in cases {
        // the units of f32 are in a section beside the weights, which the error names
        let named = match section {
            Section::InputUnit(gate) => Section::InputWeight(gate),
            other => other,
        };
        let expected = DecodeError::Content {
            section: named,
            index,
            fault,
        };
        assert_eq!(forged(file, section, at, bytes), Err(expected), "{section}");
    }
}

#[test]
fn a_unit_that_is_twice_in_a_column_is_refused() {
    let file = tiny_file(Values::Int8 { embedding_bits: 2 });
    let section = Section::InputWeight(Gate::Input.into());
    let expected = DecodeError::Content {
        section,
        index: 0,
        fault: Fault::Order,
    };
    assert_eq!(forged(&file, section, 2, &[0]), Err(expected));
}

#[test]
fn sums_that_can_overflow_are_refused() {
    let shape = Shape {
        vocabulary: 2,
        embedding: 1,
        hidden: 256,
        logits: 1,
    };
    let mut model = random_model(shape, 0.1, 1);
    for recurrent in &mut model.recurrent {
        // unit 0 hears all units, one of them loudly: small sums
        recurrent.row_start = (0..=256)
            .map(|row| if row == 0 { 0 } else { 256 })
            .collect();
        recurrent.column = (0..256).collect();
        recurrent.value = (0..256)
            .map(|unit| if unit == 0 { 1.0 } else { 1e-3 })
            .collect();
    }
    let file = packed(&model, Values::Int8 { embedding_bits: 8 });
    let section = Section::RecurrentWeight(Gate::Forget.into());
    // all of them at -128: 256 · 32768 · 32768 is 2^38
    let mut bytes = file.to_vec();
    for weight in place(&file, section).skip(1).step_by(2) {
        bytes[weight] = 0x80;
    }
    let fault = DecodeError::Content {
        section: Section::Unit(Gate::Forget.into()),
        index: 0,
        fault: Fault::Overflow,
    };
    assert_eq!(AnyModel::from_bytes(&forge(bytes)).map(drop), Err(fault));
}

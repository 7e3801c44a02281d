//! The file: literal bytes, damage of every kind, raw text by the file alone.

use crate::models::{
    KINDS, packed, packed_with_words, random_model, small_model, tokens, vocabulary,
};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::inspect::inspect;
use set_lstm::pack::{EMBEDDING_BITS, PackOptions, Values, pack};
use set_lstm::sparse_model::{SparseMatrix, SparseModel};
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::error::Fault;
use set_lstm_runtime::wire::{self, File, Kind, PREAMBLE_BYTES, Section, Sections};
use set_lstm_runtime::{DecodeError, Float32, Gate, Int8, Model};
use std::ops::Range;

/// Two tokens, two inputs, two units; all weights are exact in both kinds.
fn tiny_model() -> SparseModel {
    let matrix = |row_start: [u32; 3], column: &[u16], value: &[f32]| SparseMatrix {
        rows: 2,
        columns: 2,
        row_start: row_start.to_vec(),
        column: column.to_vec(),
        value: value.to_vec(),
    };
    let empty = || matrix([0, 0, 0], &[], &[]);
    SparseModel {
        embedding: matrix([0, 1, 3], &[1, 0, 1], &[1.0, -1.0, 1.0]),
        input: [
            matrix([0, 1, 2], &[0, 0], &[1.0, -1.0]),
            empty(),
            empty(),
            empty(),
        ],
        recurrent: [
            empty(),
            matrix([0, 0, 2], &[0, 1], &[0.5, 1.0]),
            empty(),
            empty(),
        ],
        bias: [vec![0.0; 2], vec![0.5; 2], vec![1.0; 2], vec![0.0; 2]],
        head: vec![1.0, -1.0],
        head_bias: vec![0.25],
    }
}

fn tiny_file(values: Values) -> AlignedBytes {
    let options = PackOptions {
        values,
        classes: vec!["no".into(), "yes".into()],
        vocabulary: None,
        max_tokens: 300,
        seed: 1,
    };
    pack(&tiny_model(), &options).unwrap().into()
}

#[test]
fn a_tiny_header_is_these_bytes() {
    let file = tiny_file(Values::Float32);
    let expected: [&[u8]; 12] = [
        b"SETL",
        &[1, 0, 2, 0],                                           // version 1, f32
        &[0x3c, 1, 0, 0],                                        // 316 bytes
        &file[12..16],                                           // checksum: checked by decoding
        &[0x3e, 0, 0, 0],                                        // 62 bytes of header:
        &[2, 2, 2, 1],        // vocabulary, input, hidden, logits
        b"\x06no\nyes",       // class names
        &[0, 32, 0, 1, 4, 2], // rows: gap_bits, value_bits, largest, unit, words, longest
        &[0, 0, 0],           // constants of int8
        &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], // gate i: a pair of W; g: a strip
        &[0; 18],             // gates f and o
        &[0, 0, 0xac, 2, 18, 0x34, 0, 0], // no words, 300 tokens, 18 parameters, 52 halfwords; fill
    ];
    assert_eq!(file[..84], expected.concat());
    assert!(survives(&file));
}

#[test]
fn tiny_sections_are_these_bytes() {
    let int8: [(Section, &[u8]); 14] = [
        (Section::RowBlock, &[0, 0, 0, 0]),
        (Section::RowLength, &[4, 6]),
        // row 0: gap 1, + 1; row 1: gap 0, - 1, gap 0, + 1: 01 0 1, 1 1 1 1 0 1
        (Section::RowBits, &[0, 0, 0x40, 0x5f]),
        (Section::InputStart(Gate::Input), &[0, 0, 1, 0, 1, 0]),
        (Section::InputUnit(Gate::Input), &[]),
        (Section::InputWeight(Gate::Input), &[0, 127, 1, 129]), // 127 and -127 of scale 4127
        (Section::Unit(Gate::Input), &[31, 16, 0, 0, 31, 16, 0, 0]),
        (Section::StripUnit(Gate::Input), &[]),
        (Section::StripUnit(Gate::Candidate), &[1]),
        (Section::RecurrentWeight(Gate::Candidate), &[0, 63, 1, 126]),
        (Section::Unit(Gate::Candidate), &[1, 0, 0, 8, 130, 0, 0, 8]), // 1/2 in Q12
        (Section::Unit(Gate::Forget), &[1, 0, 0, 16, 1, 0, 0, 16]),
        (Section::HeadWeight, &[0, 0x40, 0, 0xc0]), // Q14
        (Section::HeadBias, &[0, 0x40, 0, 0]),      // Q16
    ];
    let [one, minus_one, half] = [1.0_f32, -1.0, 0.5].map(f32::to_le_bytes);
    let float32: [(Section, &[u8]); 8] = [
        (Section::RowLength, &[34, 66]),
        // 01, 32 bits of 1.0; 1, -1.0, 1, 1.0
        (
            Section::RowBits,
            &[
                0, 0, 0xe0, 0x4f, 0, 0, 0xf0, 0x37, 0, 0, 0xf8, 0x13, 0, 0, 0, 0,
            ],
        ),
        (Section::InputUnit(Gate::Input), &[0, 1]),
        (
            Section::InputWeight(Gate::Input),
            &[one, minus_one].concat(),
        ),
        (Section::RecurrentColumn(Gate::Candidate), &[0, 1]),
        (
            Section::RecurrentWeight(Gate::Candidate),
            &[half, one].concat(),
        ),
        (Section::Unit(Gate::Candidate), &[half, half].concat()),
        (Section::HeadBias, &[0, 0, 0x80, 0x3e]),
    ];
    let file = tiny_file(Values::Int8 { embedding_bits: 2 });
    for (section, bytes) in int8 {
        assert_eq!(&file[place(&file, section)], bytes, "int8 {section}");
    }
    let file = tiny_file(Values::Float32);
    for (section, bytes) in float32 {
        assert_eq!(&file[place(&file, section)], bytes, "f32 {section}");
    }
}

/// Where a section lies.
fn place(file: &[u8], wanted: Section) -> Range<usize> {
    let opened = File::peek(file).unwrap();
    let mut sections = Sections::new(&opened);
    for section in Section::all() {
        let bytes = sections.next(section).unwrap();
        if section == wanted {
            let start = bytes.as_ptr().addr() - file.as_ptr().addr();
            return start..start + bytes.len();
        }
    }
    unreachable!("all sections are in the list")
}

/// Sets length and checksum right again, as somebody would who damages a file on purpose.
fn forge(mut bytes: Vec<u8>) -> AlignedBytes {
    if bytes.len() >= PREAMBLE_BYTES {
        let length = bytes.len() as u32;
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        let checksum = wire::checksum(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes.into()
}

/// Decodes, and runs what decodes; returns whether it did.
fn survives(file: &AlignedBytes) -> bool {
    let Ok(model) = AnyModel::from_bytes(file) else {
        return false;
    };
    let mut state = AnyState::new(&model);
    let class = state.run(&model, &tokens(36, 25, 1));
    assert!(class.score >= 0.0, "{class:?}");
    let _ = model.self_test(&mut state);
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

fn small_file(values: Values) -> AlignedBytes {
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
    assert_eq!(with(4, 2), DecodeError::Version { found: 2 });
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
fn forged(
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
        (&int8, Section::InputStart(i), 0, &[1, 0], 0, Order),
        (&int8, Section::InputStart(g), 4, &[255, 0], 3, Order),
        (&int8, Section::InputWeight(f), 4, &[5], 1, OutOfRange),
        (&int8, Section::StripUnit(o), 2, &[5], 2, OutOfRange),
        (
            &int8,
            Section::RecurrentWeight(i),
            10,
            &[255],
            2,
            OutOfRange,
        ),
        (&int8, Section::Unit(g), 8, &[0, 0], 2, Value),
        (&int8, Section::Unit(g), 8, &[0, 128], 2, Value),
        (&int8, Section::Unit(g), 20, &[1], 5, Value),
        (&float32, Section::InputUnit(f), 3, &[5], 1, OutOfRange),
        (&float32, Section::InputWeight(i), 8, &nan, 2, Value),
        (&float32, Section::RecurrentWeight(o), 0, &nan, 0, Value),
        (
            &float32,
            Section::Unit(f),
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
    let section = Section::InputWeight(Gate::Input);
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
    let section = Section::RecurrentWeight(Gate::Forget);
    // all of them at -128: 256 · 32768 · 32768 is 2^38
    let mut bytes = file.to_vec();
    for weight in place(&file, section).skip(1).step_by(2) {
        bytes[weight] = 0x80;
    }
    let fault = DecodeError::Content {
        section: Section::Unit(Gate::Forget),
        index: 0,
        fault: Fault::Overflow,
    };
    assert_eq!(AnyModel::from_bytes(&forge(bytes)).map(drop), Err(fault));
}

#[test]
fn a_file_alone_reads_text_as_training_did() {
    let size = 700;
    let shape = Shape {
        vocabulary: size,
        embedding: 24,
        hidden: 16,
        logits: 1,
    };
    let model = random_model(shape, 0.2, 5);
    let words = vocabulary(size);
    let text = "A1 a699, unheard-of a31! <br /> a2's a350?  ";
    let trained = words.encode(text, usize::MAX);
    for values in KINDS {
        let (plain, with_words) = (
            packed(&model, values),
            packed_with_words(&model, values, Some(&words)),
        );
        let plain = AnyModel::from_bytes(&plain).unwrap();
        let with_words = AnyModel::from_bytes(&with_words).unwrap();
        let tokens = with_words.encode(text).unwrap();
        // other numbers, the same rows
        let unknown = |tokens: &[u16]| tokens.iter().map(|&t| t == 0).collect::<Vec<_>>();
        assert_eq!(unknown(&tokens), unknown(&trained));
        let mut states = [AnyState::new(&plain), AnyState::new(&with_words)];
        states[0].run(&plain, &trained);
        states[1].run(&with_words, &tokens);
        assert_eq!(
            states[0].logit_bits(&plain),
            states[1].logit_bits(&with_words)
        );
        assert_eq!(with_words.encode("- . -").unwrap(), [0]);
        assert!(
            plain
                .encode(text)
                .unwrap_err()
                .to_string()
                .contains("knows no words")
        );
        assert_eq!(with_words.max_tokens(), Some(400));
    }
}

#[test]
fn a_vocabulary_of_another_run_is_refused() {
    let model = small_model(1);
    for size in [1, 18, 20] {
        let words = vocabulary(size);
        let options = PackOptions {
            values: Values::Float32,
            classes: crate::models::class_names(&model),
            vocabulary: Some(&words),
            max_tokens: 0,
            seed: 1,
        };
        let error = pack(&model, &options).unwrap_err().to_string();
        assert!(error.contains("take both from the same run"), "{error}");
    }
}

#[test]
fn an_inspection_is_json_with_these_keys() {
    let found = inspect(&small_file(KINDS[0])).unwrap();
    let json = serde_json::to_value(&found).unwrap();
    for key in [
        "model_bytes",
        "parameters",
        "dense_parameters",
        "sections",
        "matrices",
        "total",
    ] {
        assert!(json.get(key).is_some(), "{key} in {json}");
    }
    assert_eq!(json["matrices"][0]["matrix"], "embedding");
    assert_eq!(json["words"], true);
}

#[test]
fn a_file_of_imdb_size_is_below_350_kb() {
    let shape = Shape {
        vocabulary: 20_000,
        embedding: 256,
        hidden: 256,
        logits: 1,
    };
    let model = random_model(shape, 0.035, 1);
    let words = vocabulary(20_000);
    for embedding_bits in 3..=6 {
        let file = packed_with_words(&model, Values::Int8 { embedding_bits }, Some(&words));
        let found = inspect(&file).unwrap();
        println!("{embedding_bits} bits: {} bytes\n{found}", file.len());
        let hash = found
            .sections
            .iter()
            .filter(|size| size.section.starts_with("word."));
        let hash: u64 = hash.map(|size| size.bytes).sum();
        assert!(hash < 3 * 20_000, "{hash}");
        if embedding_bits <= EMBEDDING_BITS {
            assert!(
                file.len() < 350 * 1024,
                "{embedding_bits} bits: {}",
                file.len()
            );
        }
    }
}

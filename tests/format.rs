//! The file: literal bytes, sizes.

use crate::damage::{small_file, survives};
use crate::models::{KINDS, packed_with_words, random_model, vocabulary};
use set_lstm::device::AlignedBytes;
use set_lstm::inspect::inspect;
use set_lstm::pack::{EMBEDDING_BITS, PackOptions, Values, pack};
use set_lstm::sparse_model::{SparseMatrix, SparseModel};
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::Gate;
use set_lstm_runtime::Task;
use set_lstm_runtime::wire::{File, Section};
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
        upper: Vec::new(),
        head: vec![1.0, -1.0],
        head_bias: vec![0.25],
    }
}

pub fn tiny_file(values: Values) -> AlignedBytes {
    let options = PackOptions {
        values,
        classes: vec!["no".into(), "yes".into()],
        vocabulary: None,
        task: Task::CLASSIFICATION,
        outputs: None,
        statistics: None,
        max_tokens: 300,
        seed: 1,
    };
    pack(&tiny_model(), &options).unwrap().into()
}

#[test]
fn a_tiny_header_is_these_bytes() {
    let file = tiny_file(Values::Float32);
    let numbers: [u32; 19] = [
        2, 2, 1, // vocabulary, input, logits
        0, 32, 0, 1, 4, 2, // rows: gap_bits, value_bits, largest, unit, words, longest
        0, 0, 0, // no words; fraction bits of an int8 head
        300, 18, 52, // tokens, parameters, halfwords of reference
        2, 0, 0, 0, // layer 1: hidden, columns and strips, constants of int8
    ];
    let numbers = numbers.map(u32::to_le_bytes);
    let expected: [&[u8]; 8] = [
        b"SETL",
        &[2, 0, 2, 0],    // version 2, f32
        &[0x98, 1, 0, 0], // 408 bytes
        &file[12..16],    // checksum: checked by decoding
        &[84, 0, 0, 0],   // 84 bytes of header:
        &[76],            // 76 bytes of numbers
        numbers.as_flattened(),
        b"\x06no\nyes", // class names
    ];
    let expected = expected.concat();
    assert_eq!(file[..expected.len()], expected);
    assert!(survives(&file));
}

#[test]
fn tiny_sections_are_these_bytes() {
    // gate i: one pair of W, and no strip; gate g: no pair, and a strip of one pair
    let pair_and_strip = [[1, 0, 0, 0], [0; 4], [0; 4], [0; 4], [0; 4], [1, 0, 0, 0]];
    let shape = [pair_and_strip.as_flattened(), &[0; 48]].concat();
    let int8: [(Section, &[u8]); 15] = [
        (Section::RowBlock, &[0, 0, 0, 0]),
        (Section::RowLength, &[4, 6]),
        // row 0: gap 1, + 1; row 1: gap 0, - 1, gap 0, + 1: 01 0 1, 1 1 1 1 0 1
        (Section::RowBits, &[0, 0, 0x40, 0x5f]),
        (Section::Shape(0), &shape),
        (Section::InputStart(Gate::Input.into()), &[0, 0, 1, 0, 1, 0]),
        (Section::InputUnit(Gate::Input.into()), &[]),
        (Section::InputWeight(Gate::Input.into()), &[0, 127, 1, 129]), // 127 and -127 of scale 4127
        (
            Section::Unit(Gate::Input.into()),
            &[31, 16, 0, 0, 31, 16, 0, 0],
        ),
        (Section::StripUnit(Gate::Input.into()), &[]),
        (Section::StripUnit(Gate::Candidate.into()), &[1]),
        (
            Section::RecurrentWeight(Gate::Candidate.into()),
            &[0, 63, 1, 126],
        ),
        (
            Section::Unit(Gate::Candidate.into()),
            &[1, 0, 0, 8, 130, 0, 0, 8],
        ), // 1/2 in Q12
        (
            Section::Unit(Gate::Forget.into()),
            &[1, 0, 0, 16, 1, 0, 0, 16],
        ),
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
        (Section::InputUnit(Gate::Input.into()), &[0, 1]),
        (
            Section::InputWeight(Gate::Input.into()),
            &[one, minus_one].concat(),
        ),
        (Section::RecurrentColumn(Gate::Candidate.into()), &[0, 1]),
        (
            Section::RecurrentWeight(Gate::Candidate.into()),
            &[half, one].concat(),
        ),
        (
            Section::Unit(Gate::Candidate.into()),
            &[half, half].concat(),
        ),
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
pub fn place(file: &[u8], wanted: Section) -> Range<usize> {
    let opened = File::peek(file).unwrap();
    for (section, bytes) in opened.sections() {
        if section == wanted {
            let start = bytes.as_ptr().addr() - file.as_ptr().addr();
            return start..start + bytes.len();
        }
    }
    unreachable!("all sections are in the list")
}

#[test]
fn an_inspection_is_json_with_these_keys() {
    let found = inspect(&small_file(KINDS[0]), std::path::Path::new("a.setl")).unwrap();
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
        let found = inspect(&file, std::path::Path::new("a.setl")).unwrap();
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

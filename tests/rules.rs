//! The decoder's rules, one by one, behind a right checksum: the header's, and the bound of
//! every sum, held against a naive oracle and tried to the last unit.

use crate::damage::{forge, forged, small_file};
use crate::format::{place, tiny_file};
use crate::models::{KINDS, packed, random_model, random_stack};
use crate::samples;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::pack::Values;
use set_lstm::sparse_model::{SparseMatrix, SparseModel};
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::error::Fault;
use set_lstm_runtime::fixed::slot;
use set_lstm_runtime::wire::{
    File, Header, HeaderParts, InputLayout, PREAMBLE_BYTES, RAW_VALUE, Section,
};
use set_lstm_runtime::{DecodeError, Gate};

/// The same file with another header, its length and its fill.
fn with_header(file: &[u8], edit: impl FnOnce(&mut Header<'_>)) -> Vec<u8> {
    let opened = File::peek(file).unwrap();
    let mut header = opened.header;
    edit(&mut header);
    let (numbers, count) = header.numbers();
    let parts = HeaderParts {
        numbers: &numbers[..count],
        class_names: header.class_names,
    };
    let mut header = postcard::to_allocvec(&parts).unwrap();
    let length = header.len() as u32;
    header.resize(header.len().next_multiple_of(4), 0);
    let mut bytes = file[..PREAMBLE_BYTES].to_vec();
    bytes[PREAMBLE_BYTES - 4..].copy_from_slice(&length.to_le_bytes());
    [bytes, header, opened.body.to_vec()].concat()
}

fn decoded(bytes: Vec<u8>) -> Result<(), DecodeError> {
    AnyModel::from_bytes(&forge(bytes)).map(drop)
}

#[test]
fn a_header_that_is_written_again_is_the_same() {
    for values in KINDS {
        for file in [small_file(values), samples::small_file(values)] {
            assert_eq!(with_header(&file, |_| ()), file.to_vec());
        }
    }
}

/// A rule, a file that keeps it, and a header that does not.
type HeaderCase<'f> = (
    &'static str,
    &'f AlignedBytes,
    fn(&mut Header<'_>),
    DecodeError,
);

#[test]
fn every_rule_of_the_header_refuses_what_breaks_it() {
    use DecodeError::{Header as Wrong, Size};
    let (int8, float32) = (small_file(KINDS[0]), small_file(KINDS[1]));
    let stack = random_stack(
        Shape {
            vocabulary: 19,
            embedding: 7,
            hidden: 5,
            logits: 3,
        },
        &[6],
        0.4,
        1,
    );
    let stack = packed(&stack, KINDS[0]);
    let (sensors, raw) = (samples::small_file(KINDS[0]), samples::small_file(KINDS[1]));
    let cases: [HeaderCase<'_>; 30] = [
        (
            "rows joined to the state",
            &int8,
            |h| h.layers[0].layout = InputLayout::Joined,
            Wrong,
        ),
        (
            "an upper layer by columns",
            &stack,
            |h| h.layers[1].layout = InputLayout::Columns,
            Wrong,
        ),
        (
            "a scale of the upper layer",
            &stack,
            |h| h.layers[1].input_scale = 2,
            Wrong,
        ),
        (
            "no units",
            &int8,
            |h| h.layers[0].hidden = 0,
            Size { found: 0 },
        ),
        (
            "units",
            &int8,
            |h| h.layers[0].hidden = 1025,
            Size { found: 1025 },
        ),
        ("no inputs", &int8, |h| h.input = 0, Size { found: 0 }),
        ("inputs", &float32, |h| h.input = 1025, Size { found: 1025 }),
        ("words", &int8, |h| h.vocabulary = 0x1_0001, Wrong),
        ("no logits", &int8, |h| h.logits = 0, Wrong),
        ("parameters", &int8, |h| h.parameters = u32::MAX, Wrong),
        ("class names", &int8, |h| h.class_names = "one\ntwo", Wrong),
        ("no class names", &int8, |h| h.class_names = "", Wrong),
        (
            "largest input",
            &int8,
            |h| h.layers[0].input_scale = u16::MAX,
            Wrong,
        ),
        (
            "raw values of int8",
            &int8,
            |h| h.rows.value_bits = RAW_VALUE,
            Wrong,
        ),
        ("state", &int8, |h| h.layers[0].state_shift = 15, Wrong),
        ("head", &int8, |h| h.head_shift = 32, Wrong),
        ("constants of f32", &float32, |h| h.head_shift = 1, Wrong),
        ("values of f32", &float32, |h| h.rows.value_bits = 3, Wrong),
        ("largest of f32", &float32, |h| h.rows.largest = 1, Wrong),
        (
            "buckets without words",
            &sensors,
            |h| h.words.buckets = 2,
            Wrong,
        ),
        ("value code", &int8, |h| h.rows.value_bits = 9, Wrong),
        ("gap code", &int8, |h| h.rows.gap_bits = 9, Wrong),
        (
            "no unit of length",
            &int8,
            |h| h.rows.length_unit = 0,
            Wrong,
        ),
        ("unit of length", &int8, |h| h.rows.length_unit = 33, Wrong),
        (
            "unit of length, f32",
            &float32,
            |h| h.rows.length_unit = 65,
            Wrong,
        ),
        ("longest row", &int8, |h| h.rows.longest += 1, Wrong),
        ("longest row, f32", &float32, |h| h.rows.longest -= 1, Wrong),
        ("rows of samples", &sensors, |h| h.rows.longest = 1, Wrong),
        ("rows of raw samples", &raw, |h| h.rows.gap_bits = 1, Wrong),
        ("seed without words", &sensors, |h| h.words.seed = 1, Wrong),
    ];
    for (rule, file, edit, expected) in cases {
        assert_eq!(decoded(with_header(file, edit)), Err(expected), "{rule}");
    }
}

#[test]
fn sizes_that_cannot_run_have_no_sections() {
    let sections = |file: &[u8]| File::open(file).unwrap().sections().count();
    let file = samples::small_file(KINDS[0]);
    let whole = sections(&file);
    assert!(whole > 30, "{whole}");
    for size in [1025, u16::MAX] {
        let edits: [&dyn Fn(&mut Header<'_>); 3] =
            [&|h| h.layers[0].hidden = size, &|h| h.input = size, &|h| {
                h.layers[1].hidden = size
            }];
        for edit in edits {
            let damaged = forge(with_header(&file, edit));
            assert_eq!(sections(&damaged), 0, "{size}");
            let found = AnyModel::from_bytes(&damaged).map(drop);
            assert_eq!(found, Err(DecodeError::Size { found: size }));
        }
    }
}

#[test]
fn what_is_too_much_or_too_little_is_refused_by_section() {
    let file = small_file(KINDS[0]);
    let cut = |section| Err(DecodeError::Cut { section });
    // more strips than there are
    let section = Section::StripUnit(Gate::Output.into());
    let last_count = place(&file, Section::Shape(0)).end - 2;
    let found = forged(
        &file,
        Section::Shape(0),
        last_count - place(&file, Section::Shape(0)).start,
        &[255; 2],
    );
    assert_eq!(found, cut(section));
    let more = |h: &mut Header<'_>| h.reference_halfwords += 4;
    assert_eq!(decoded(with_header(&file, more)), cut(Section::Reference));
    // a word is left over
    let longer = [&file[..], &[0; 4]].concat();
    assert_eq!(decoded(longer), Err(DecodeError::Header));
    // what fills up a word is not zero
    let mut filled = file.to_vec();
    let lengths = place(&file, Section::RowLength);
    assert_eq!(lengths.len() % 4, 3, "a fill of one byte");
    filled[lengths.end] = 1;
    assert_eq!(decoded(filled), cut(Section::RowLength));
}

#[test]
fn values_and_ends_that_are_wrong_are_refused_by_section_and_index() {
    let content = |section, index, fault| {
        Err(DecodeError::Content {
            section,
            index,
            fault,
        })
    };
    // the last start is not the number of pairs
    let file = small_file(KINDS[0]);
    let mut bytes = file.to_vec();
    let section = Section::InputStart(Gate::Input.into());
    let starts = place(&file, section);
    bytes[starts.end - 2] += 1;
    assert_eq!(
        decoded(bytes),
        content(section, starts.len() as u32 / 2, Fault::Order)
    );
    // a stored value beyond the largest that the header gives
    let smaller = |h: &mut Header<'_>| h.rows.largest = 1;
    let error = decoded(with_header(&file, smaller)).unwrap_err();
    let named = matches!(
        error,
        DecodeError::Content {
            section: Section::RowBits,
            fault: Fault::Value,
            ..
        }
    );
    assert!(named, "{error:?}");
    // an f32 that is no number: the row is a gap of two bits and then 32 bits
    let file = tiny_file(Values::Float32);
    let no_number = forged(&file, Section::RowBits, 0, &[0, 0, 0xf0, 0x5f]);
    assert_eq!(no_number, content(Section::RowBits, 0, Fault::Value));
    // more words of rows than the rows need
    let file = small_file(KINDS[1]);
    let rows = place(&file, Section::RowBits);
    let mut bytes = with_header(&file, |h| h.rows.words += 1);
    let end = rows.end + bytes.len() - file.len();
    bytes.splice(end..end, [0; 4]);
    let rows = File::peek(&file).unwrap().header.vocabulary;
    assert_eq!(
        decoded(bytes),
        content(Section::RowLength, rows, Fault::Order)
    );
}

/// A model whose only connections are those of one unit in the forget gate: one to the input,
/// two to the states of units 0 and 255.
fn one_busy_unit(unit: u16) -> SparseModel {
    let matrix = |rows: usize, columns, at: u16, column: &[u16]| SparseMatrix {
        rows,
        columns,
        row_start: (0..=rows)
            .map(|row| {
                if row > at.into() {
                    column.len() as u32
                } else {
                    0
                }
            })
            .collect(),
        column: column.to_vec(),
        value: vec![1.0; column.len()],
    };
    let gates = |columns, column: &'static [u16]| {
        Gate::ALL.map(|gate| {
            let column = if gate == Gate::Forget { column } else { &[] };
            matrix(256, columns, unit, column)
        })
    };
    SparseModel {
        embedding: matrix(2, 1, 1, &[0]),
        input: gates(1, &[0]),
        recurrent: gates(256, &[0, 255]),
        bias: [(); 4].map(|()| vec![0.0; 256]),
        upper: Vec::new(),
        head: vec![0.5; 256],
        head_bias: vec![0.0],
    }
}

/// The same with the largest multipliers there are, `2^16 - 1` of them together, and with an
/// input of up to `input_scale`. The input's multiplier is the number of the unit, with a
/// weight of zero: so the unit's bound is `(2^16 - 1) · 2^15 + unit · input_scale`.
fn at_the_bound(unit: u16, input_scale: u16) -> Vec<u8> {
    let file = packed(&one_busy_unit(unit), Values::Int8 { embedding_bits: 2 });
    let mut bytes = with_header(&file, |header| {
        assert_eq!(header.rows.largest, 1);
        header.layers[0].input_scale = input_scale;
        header.layers[0].state_shift = 0;
    });
    let moved = bytes.len() - file.len();
    for (section, slots) in [
        (
            Section::InputWeight(Gate::Forget.into()),
            [slot(0, unit as u8), 0],
        ),
        (
            Section::RecurrentWeight(Gate::Forget.into()),
            [slot(-128, 0), slot(127, 255)],
        ),
    ] {
        let place = place(&file, section);
        assert_eq!(place.len(), 4, "one pair");
        let pair = [slots[0].to_le_bytes(), slots[1].to_le_bytes()].concat();
        bytes[place.start + moved..place.end + moved].copy_from_slice(&pair);
    }
    bytes
}

#[test]
fn a_sum_of_2_to_the_31_less_one_loads_and_one_more_does_not() {
    let bound = |unit: u64, scale: u64| 65_535 * 32_768 + unit * scale;
    assert_eq!(bound(1, 32_767), (1 << 31) - 1);
    assert_eq!(bound(2, 16_384), 1 << 31);
    assert_eq!(decoded(at_the_bound(1, 32_766)), Ok(()));
    assert_eq!(decoded(at_the_bound(1, 32_767)), Ok(()));
    assert_eq!(decoded(at_the_bound(2, 16_383)), Ok(()));
    let refused = DecodeError::Content {
        section: Section::Unit(Gate::Forget.into()),
        index: 2,
        fault: Fault::Overflow,
    };
    assert_eq!(decoded(at_the_bound(2, 16_384)), Err(refused));
}

/// The largest sum of magnitudes of a row, as stored.
fn largest_row(file: &AlignedBytes) -> u64 {
    let model = AnyModel::from_bytes(file).unwrap();
    let sum = |token| {
        let entries = model.embedding_row(token);
        entries
            .map(|entry| u64::from(entry.value.unsigned_abs()))
            .sum()
    };
    (0..model.vocabulary_size() as u16).map(sum).max().unwrap()
}

/// The first sum that can overflow, added up plainly.
fn first_overflow(file: &AlignedBytes, largest_row: u64) -> Option<(Gate, u32)> {
    let header = File::peek(file).unwrap().header;
    let scale = u64::from(header.layers[0].input_scale);
    let (x, row) = (u64::from(header.rows.largest) * scale, largest_row * scale);
    let h = 0x8000_u64 >> header.layers[0].state_shift;
    let section = |section| {
        let bytes = &file[place(file, section)];
        bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&b| u16::from_le_bytes(b))
            .collect::<Vec<_>>()
    };
    for gate in Gate::ALL {
        let mut recurrent = vec![0_u64; header.hidden().into()];
        let (mut input, mut largest) = (recurrent.clone(), recurrent.clone());
        for slot in section(Section::InputWeight(gate.into())) {
            let (unit, size) = (
                usize::from(slot as u8),
                u64::from((slot as i16).unsigned_abs()),
            );
            input[unit] += size;
            largest[unit] = largest[unit].max(size);
        }
        let slots = section(Section::RecurrentWeight(gate.into()));
        let (mut at, units) = (0, &file[place(file, Section::StripUnit(gate.into()))]);
        // of each gate the pairs of W, then eight counts of strips
        let shape = section(Section::Shape(0));
        let strips = &shape[9 * gate.index() + 1..9 * (gate.index() + 1)];
        let lengths = (1..)
            .zip(strips)
            .flat_map(|(n, &count)| vec![2 * n; count.into()]);
        for (length, &unit) in lengths.zip(units) {
            let sizes = slots[at..at + length]
                .iter()
                .map(|&s| u64::from((s as i16).unsigned_abs()));
            recurrent[usize::from(unit)] += sizes.sum::<u64>();
            at += length;
        }
        for unit in 0..recurrent.len() {
            let bound = recurrent[unit] * h + (input[unit] * x).min(largest[unit] * row);
            if bound >= 1 << 31 {
                return Some((gate, unit as u32));
            }
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// Any weights: a file loads if no sum of it can overflow, else its first one is named.
    #[test]
    fn the_loader_finds_the_overflow_that_plain_addition_finds(
        embedding in 1..20_usize,
        hidden in 1..40_usize,
        density in prop_oneof![0.05..0.5, Just(1.0)],
        state_shift in 0..9_u8,
        reduction in 1..64_u16,
        seed in any::<u64>(),
    ) {
        let shape = Shape { vocabulary: 5, embedding, hidden, logits: 1 };
        let model = random_model(shape, density, seed);
        let file = packed(&model, Values::Int8 { embedding_bits: 4 });
        let largest_row = largest_row(&file);
        let mut bytes = with_header(&file, |header| {
            header.layers[0].state_shift = state_shift;
            header.layers[0].input_scale = i16::MAX as u16 / header.rows.largest / reduction;
        });
        let whole = forge(bytes.clone());
        let mut random = seed;
        for gate in Gate::ALL {
            for section in [Section::InputWeight(gate.into()), Section::RecurrentWeight(gate.into())] {
                for at in place(&whole, section).step_by(2) {
                    random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    // a filler stays one
                    if bytes[at..at + 2] != [0, 0] {
                        bytes[at + 1] = (random >> 56) as u8;
                    }
                }
            }
        }
        let file = forge(bytes);
        let expected = first_overflow(&file, largest_row).map(|(gate, index)| DecodeError::Content {
            section: Section::Unit(gate.into()),
            index,
            fault: Fault::Overflow,
        });
        prop_assert_eq!(AnyModel::from_bytes(&file).err(), expected);
    }
}

//! The compact form: what comes back is the ordinary file bit for bit; what it takes against
//! the entropy; damage of every kind.

use crate::golden;
use crate::models::{
    class_names, packed, packed_with_words, random_model, random_stack, small_model, vocabulary,
};
use crate::program::{ended, object, printed, refused, set_lstm, trained};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::inspect::inspect;
use set_lstm::normalization::Normalization;
use set_lstm::pack::compact::{CompactFile, compact};
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::Task;
use set_lstm_runtime::compact::{Compact, PREAMBLE_BYTES, UnpackError, unpack_into};
use set_lstm_runtime::wire::checksum;
use set_lstm_runtime::{DecodeError, Float32, Int8, Model};
use std::path::Path;

const INT8: Values = Values::Int8 { embedding_bits: 4 };

/// Unpacks in every way, which all give the same.
fn unpacked(file: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let opened = Compact::open(file)?;
    let length = opened.unpacked_bytes() as usize;
    let mut out = vec![0xa5; length + 3];
    let result = opened.unpack_into(&mut out);
    for size in [1, 7, 256, 4096] {
        let mut whole = Vec::new();
        let paged = opened.unpack_pages(&mut vec![0; size], |offset, page: &[u8]| {
            assert_eq!(offset as usize, whole.len());
            assert!(offset as usize + page.len() == length || page.len() == size);
            whole.extend_from_slice(page);
            Ok::<(), ()>(())
        });
        match (paged, result) {
            (Ok(found), Ok(expected)) => {
                assert_eq!((found as usize, &whole[..]), (expected, &out[..expected]));
            }
            (Err(UnpackError::Decode(found)), Err(expected)) => assert_eq!(found, expected),
            other => panic!("pages of {size}: {other:?}"),
        }
    }
    assert_eq!(out[length..], [0xa5; 3]);
    let length = result?;
    out.truncate(length);
    Ok(out)
}

fn comes_back(file: &AlignedBytes) -> CompactFile {
    let small = compact(file).unwrap();
    assert!(unpacked(&small.bytes).unwrap() == **file, "other bytes");
    small
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_model_comes_back(
        (vocabulary, embedding, hidden, logits) in (0..40_usize, 1..=256_usize, 1..=256_usize, 1..4_usize),
        percent in prop_oneof![Just(0), Just(100), 0..100_u8, 0..8_u8],
        float in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let shape = Shape { vocabulary, embedding, hidden, logits };
        let model = random_model(shape, f64::from(percent) / 100.0, seed);
        let statistics = Normalization { mean: vec![0.5; embedding], factor: vec![2.0; embedding] };
        let options = PackOptions {
            values: if float { Values::Float32 } else { INT8 },
            classes: class_names(&model),
            vocabulary: None,
            task: Task::CLASSIFICATION,
            outputs: None,
            statistics: (vocabulary == 0).then_some(&statistics),
            max_tokens: 9,
            seed,
        };
        // at full density a sum may not fit into 32 bits: no file, nothing to bring back
        if let Ok(file) = pack(&model, &options) {
            comes_back(&file.into());
        }
    }
}

#[test]
fn stacks_and_matrices_of_several_blocks_come_back() {
    let sizes: [(usize, usize, &[usize]); 5] = [
        (9, 300, &[]),      // a second block of 44 rows or columns
        (600, 257, &[513]), // one row or column in the last block
        (256, 256, &[256]),
        (1, 1, &[1, 300, 2]),
        (1024, 1024, &[]),
    ];
    for (embedding, hidden, upper) in sizes {
        for (vocabulary, values) in [
            (0, INT8),
            (5, INT8),
            (0, Values::Float32),
            (5, Values::Float32),
        ] {
            let shape = Shape {
                vocabulary,
                embedding,
                hidden,
                logits: 2,
            };
            let model = random_stack(shape, upper, 0.03, 1);
            let statistics = Normalization {
                mean: vec![0.5; embedding],
                factor: vec![2.0; embedding],
            };
            let options = PackOptions {
                values,
                classes: class_names(&model),
                vocabulary: None,
                task: Task::CLASSIFICATION,
                outputs: None,
                statistics: (vocabulary == 0).then_some(&statistics),
                max_tokens: 0,
                seed: 1,
            };
            comes_back(&pack(&model, &options).unwrap().into());
        }
    }
}

#[test]
fn golden_files_of_every_version_come_back() {
    for (name, file) in golden::files() {
        let small = comes_back(&file);
        println!("{name}: {} of {} bytes", small.bytes.len(), file.len());
    }
}

#[test]
fn a_connection_takes_what_the_entropy_allows() {
    println!("H = E = 256, random topologies and weights, all W and U of a file");
    println!("density %  connections  index bits   bound    over %  weight bits  bytes");
    for (percent, most) in [(1, 1.02), (2, 1.02), (4, 1.02), (10, 1.02), (20, 1.03)] {
        let shape = Shape {
            vocabulary: 2,
            embedding: 256,
            hidden: 256,
            logits: 1,
        };
        let file = packed(&random_model(shape, f64::from(percent) / 100.0, 1), INT8);
        let bits = comes_back(&file).matrices;
        let found = inspect(&file, Path::new("a.setl")).unwrap();
        let gates = found
            .matrices
            .iter()
            .filter(|matrix| matrix.matrix != "embedding");
        let bound: f64 = gates.map(|m| m.entropy_bits * m.connections as f64).sum();
        let n = bits.connections as f64;
        let (index, value) = (bits.index as f64 / n, bits.value as f64 / n);
        let over = bits.index as f64 / bound;
        println!(
            "{percent:9} {n:12} {index:11.3} {:7.3} {:9.2} {value:12.3} {:6.3}",
            bound / n,
            100.0 * (over - 1.0),
            bits.bytes_per_connection()
        );
        assert!(over < most, "{percent} %: {over}");
        if percent == 4 {
            assert!(bits.bytes_per_connection() < 1.8);
        }
    }
}

/// The one compact file that the checks of damage start from.
fn small_compact(values: Values) -> Vec<u8> {
    let model = small_model(1);
    let words = vocabulary(model.vocabulary_size());
    comes_back(&packed_with_words(&model, values, Some(&words))).bytes
}

/// Sets length and checksum right again.
fn forge(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() >= 20 {
        let length = bytes.len() as u32;
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        let sum = checksum(&bytes);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// A length of the unpacked file that asks for no more than a megabyte.
fn is_modest(file: &[u8]) -> bool {
    Compact::open(file).is_ok_and(|opened| opened.unpacked_bytes() < 1 << 20)
}

#[test]
fn every_flipped_bit_and_every_missing_byte_is_refused() {
    for values in [INT8, Values::Float32] {
        let file = small_compact(values);
        for bit in 0..8 * file.len() {
            let mut bytes = file.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let opened = Compact::open(&bytes).map(drop);
            assert!(opened.is_err(), "{values:?}, bit {bit}");
        }
        for length in 0..file.len() {
            assert!(Compact::open(&file[..length]).is_err(), "{length}");
            let forged = forge(file[..length].to_vec());
            assert!(
                !is_modest(&forged) || unpacked(&forged).is_err(),
                "{length}"
            );
        }
        for more in 1..9 {
            let longer = [&file[..], &[0; 8][..more]].concat();
            assert!(Compact::open(&longer).is_err());
            assert!(unpacked(&forge(longer)).is_err());
        }
    }
}

#[test]
fn a_flipped_bit_behind_a_right_checksum_is_refused_or_gives_another_file() {
    for values in [INT8, Values::Float32] {
        let file = small_compact(values);
        let whole = unpacked(&file).unwrap();
        let (mut refused, mut models) = (0, 0);
        for bit in 0..8 * file.len() {
            let mut bytes = file.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let bytes = forge(bytes);
            if !is_modest(&bytes) {
                refused += 1;
                continue;
            }
            match unpacked(&bytes) {
                Err(_) => refused += 1,
                Ok(other) => {
                    let other = AlignedBytes::from(other);
                    // the checksum of the model file itself is among what was copied
                    let runs = AnyModel::from_bytes(&other).is_ok();
                    assert_eq!(runs, *other == *whole, "{values:?}, bit {bit}");
                    models += usize::from(runs);
                }
            }
        }
        println!(
            "{values:?}: {refused} of {} files are refused, {models} give the same model, the others one that its own checksum refuses",
            8 * file.len()
        );
        assert!(refused > file.len() / 2, "{refused}");
        assert_eq!(models, 64); // length and checksum, which were set right again
    }
}

#[test]
fn noise_behind_a_right_checksum_ends() {
    let file = small_compact(INT8);
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 56) as u8
    };
    let mut refused = 0;
    for length in 0..600_u32 {
        let noise: Vec<u8> = (0..length).map(|_| random()).collect();
        let mut bytes = [
            &file[..PREAMBLE_BYTES],
            &[length as u8 % 3, 4, 9, 0, 8, 0],
            &noise,
        ]
        .concat();
        bytes[16..20].copy_from_slice(&(length * 8).to_le_bytes());
        refused += usize::from(unpacked(&forge(bytes)).is_err());
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn what_is_wrong_is_said() {
    let file = small_compact(INT8);
    let open = |bytes: &[u8]| Compact::open(bytes).map(drop);
    let with = |at: usize, byte: u8| {
        let mut bytes = file.clone();
        bytes[at] = byte;
        bytes
    };
    let length = Compact::open(&file).unwrap().unpacked_bytes();
    let aligned = AlignedBytes::from(file.clone());
    assert_eq!(
        Model::<Int8>::from_bytes(&aligned).map(drop),
        Err(DecodeError::Compact)
    );
    let ordinary = unpacked(&file).unwrap();
    assert_eq!(open(&ordinary), Err(DecodeError::NotCompact));
    assert_eq!(
        open(&with(4, 9)),
        Err(DecodeError::CompactVersion { found: 9 })
    );
    assert_eq!(open(&with(6, 3)), Err(DecodeError::Kind { found: 3 }));
    assert_eq!(open(&with(20, !file[20])), Err(DecodeError::Checksum));
    assert_eq!(
        open(&file[..99]),
        Err(DecodeError::Length {
            says: file.len() as u32
        })
    );
    let needed = DecodeError::Room { needed: length };
    let mut out = vec![0; length as usize];
    assert_eq!(unpack_into(&file, &mut out[1..]), Err(needed));
    assert_eq!(
        Model::<Int8>::unpack_into(&file, &mut out),
        Ok(length as usize)
    );
    let other = Model::<Float32>::unpack_into(&file, &mut out);
    assert!(
        matches!(other, Err(DecodeError::OtherKind { .. })),
        "{other:?}"
    );
    let at = PREAMBLE_BYTES as u32;
    let unknown = forge(with(PREAMBLE_BYTES, 7));
    assert_eq!(
        unpack_into(&unknown, &mut out),
        Err(DecodeError::Coded { at })
    );
    let code = forge(with(20, file[20] ^ 0x11));
    assert_eq!(
        unpack_into(&code, &mut out),
        Err(DecodeError::Coded { at: 20 })
    );
    let full = Compact::open(&file)
        .unwrap()
        .unpack_pages(&mut [0; 64], |offset, _| {
            if offset < 128 {
                Ok(())
            } else {
                Err("no flash left")
            }
        });
    assert_eq!(full, Err(UnpackError::Write("no flash left")));
    let none = Compact::open(&file)
        .unwrap()
        .unpack_pages(&mut [], |_, _| Ok::<(), ()>(()));
    assert_eq!(none, Err(DecodeError::Room { needed: 1 }.into()));
}

#[test]
fn the_program_writes_it_reads_it_and_takes_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (small, plain, back) = (at("a.setz"), at("a.setl"), at("b.setl"));
    let run = &trained().run;
    let keys = [
        "model_bytes",
        "compact_bytes",
        "compact_bytes_per_connection",
    ];
    let shown = object(
        set_lstm!("export @ --compact --json --out @", run, &small),
        &keys,
    );
    printed(set_lstm!("export @ --out @", run, &plain));
    assert_eq!(
        shown["compact_bytes"],
        std::fs::metadata(&small).unwrap().len()
    );
    assert_eq!(
        shown["model_bytes"],
        std::fs::metadata(&plain).unwrap().len()
    );
    let compact = printed(set_lstm!("export @ --compact --out @", run, &small));
    assert!(
        compact.contains("bytes per connection of W and U"),
        "{compact}"
    );
    assert_eq!(printed(set_lstm!("unpack @ --out @", &small, &back)), "");
    assert_eq!(
        std::fs::read(&back).unwrap(),
        std::fs::read(&plain).unwrap()
    );
    let inspected = printed(set_lstm!("inspect @ --json", &small));
    assert_eq!(inspected, printed(set_lstm!("inspect @ --json", &plain)));
    let mut bytes = std::fs::read(&small).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&small, bytes).unwrap();
    refused(
        set_lstm!("unpack @ --out @", &small, &back),
        "a.setz: the checksum",
        "export the file again",
    );
    let both = ended(set_lstm!(
        "export @ --compact --rust @ --out @",
        run,
        &at("m.rs"),
        &small
    ));
    assert_eq!(both.code, Some(2), "{both:?}");
}

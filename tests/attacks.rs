//! The attacks of `fuzz/`, in short: the same code, some thousand runs from fixed seeds.

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use crate::damage::small_file;
use crate::models::{KINDS, packed, random_model, random_stack};
use crate::{answers, samples};
use fuzz::forge::{forge, forge_unpacked};
use fuzz::model::{Outcome, attack};
use fuzz::mutate::mutate;
use fuzz::mutate_compact::mutate_compact;
use fuzz::random::Random;
use set_lstm::device::AlignedBytes;
use set_lstm::pack::compact::compact;
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::{DecodeError, Int8, Model};
use std::collections::BTreeSet;

/// Models of both kinds: with words, with samples, a larger one, a stack of two layers, and one
/// that answers numbers.
fn seeds() -> Vec<AlignedBytes> {
    let shape = Shape {
        vocabulary: 70,
        embedding: 40,
        hidden: 24,
        logits: 1,
    };
    let larger = random_model(shape, 0.1, 3);
    let small = Shape {
        vocabulary: 9,
        embedding: 6,
        hidden: 7,
        logits: 2,
    };
    let stack = random_stack(small, &[5], 0.4, 4);
    let of_kind = |values| {
        let samples = samples::small_file(values);
        let [larger, stack] = [&larger, &stack].map(|model| packed(model, values));
        let numbers = answers::small_file(values);
        [small_file(values), samples, larger, stack, numbers]
    };
    KINDS.into_iter().flat_map(of_kind).collect()
}

/// Of an error only its words, not its index.
fn words(error: DecodeError) -> String {
    let words = error.to_string();
    words.replace(|c: char| c.is_ascii_digit(), "")
}

/// One more of some two hundred to go on from.
fn keep(pool: &mut Vec<Vec<u8>>, bytes: Vec<u8>, random: &mut Random) {
    if pool.len() < 200 {
        pool.push(bytes);
    } else {
        let place = random.below(pool.len());
        pool[place] = bytes;
    }
}

#[test]
fn thousands_of_mutated_models_are_refused_or_run_as_promised() {
    let mut random = Random::new(1);
    let mut pool: Vec<Vec<u8>> = seeds().iter().map(|seed| seed.to_vec()).collect();
    let (mut ran, mut restored, mut refused) = (0, 0, BTreeSet::new());
    for _ in 0..6_000 {
        let mut bytes = pool[random.below(pool.len())].clone();
        mutate(&mut bytes, &mut random);
        if random.below(16) == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        match attack(&bytes) {
            Outcome::Refused(error) => drop(refused.insert(words(error))),
            Outcome::Ran { restored: states } => {
                (ran, restored) = (ran + 1, restored + states);
                // damage on damage, as long as it runs
                forge(&mut bytes);
                keep(&mut pool, bytes, &mut random);
            }
        }
    }
    println!(
        "{ran} ran, took {restored} forged states; {} errors",
        refused.len()
    );
    assert!(ran > 1_000 && restored > ran, "{ran} {restored}");
    // every part of the file is reached
    assert!(refused.len() > 40, "{refused:#?}");
}

#[test]
fn thousands_of_mutated_compact_files_are_refused_or_unpack_the_same_in_every_way() {
    use fuzz::compact::{Outcome, attack};
    let mut random = Random::new(3);
    let seeds = seeds();
    let mut pool: Vec<Vec<u8>> = seeds.iter().map(|s| compact(s).unwrap().bytes).collect();
    for seed in &pool {
        // the plain reader of the attack reads a real file to its end, and writes the same
        let mut again = seed.clone();
        fuzz::parts::write(&fuzz::parts::read(seed), &mut again);
        assert_eq!(again, *seed);
        assert_eq!(attack(seed), Outcome::Ran);
    }
    let mut ran = 0;
    let (mut refused, mut no_model) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..4_000 {
        let mut bytes = pool[random.below(pool.len())].clone();
        mutate_compact(&mut bytes, &mut random);
        if random.below(16) == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        match random.below(8) {
            0 => forge(&mut bytes),
            _ => forge_unpacked(&mut bytes),
        }
        match attack(&bytes) {
            Outcome::Refused(error) => drop(refused.insert(words(error))),
            Outcome::NoModel(error) => drop(no_model.insert(words(error))),
            Outcome::Ran => {
                ran += 1;
                keep(&mut pool, bytes, &mut random);
            }
        }
    }
    println!(
        "{ran} ran; {} errors of the form, {} of what came out",
        refused.len(),
        no_model.len()
    );
    assert!(ran > 400, "{ran}");
    // no compact file, of another version or kind, damaged
    assert!(refused.len() >= 4, "{refused:#?}");
    assert!(no_model.len() > 20, "{no_model:#?}");
}

#[test]
fn thousands_of_texts_have_the_same_tokens_in_any_pieces() {
    let file = small_file(KINDS[0]);
    let model = Model::<Int8>::from_bytes(&file).unwrap();
    let parts: [&[u8]; 16] = [
        b"a3",
        b"a17 ",
        b"don't",
        b" ",
        b"!",
        b"<br />",
        b"<",
        b">",
        b"'",
        "é".as_bytes(),
        "\u{2019}".as_bytes(),
        "\u{1f600}".as_bytes(),
        b"\xe2\x80",
        b"\xff",
        b"A",
        b"\x80",
    ];
    let mut random = Random::new(2);
    for seed in 0..4_000_u64 {
        let mut text = seed.to_le_bytes().to_vec();
        for _ in 0..random.below(40) {
            match random.below(8) {
                0 => text.push(random.word() as u8),
                _ => text.extend_from_slice(parts[random.below(parts.len())]),
            }
        }
        fuzz::text::attack(&model, &text);
    }
}

//! Any bytes for a compact file, by way of real ones: see `set_lstm_fuzz::compact`.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use set_lstm_fuzz::compact::attack;
use set_lstm_fuzz::forge::{forge, forge_unpacked};
use set_lstm_fuzz::mutate_compact::mutate_compact;
use set_lstm_fuzz::random::Random;

fuzz_target!(|bytes: &[u8]| {
    attack(bytes);
});

// three of four mutations know the form of the file, and after most of them the model file that
// comes out has a right checksum too
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(seed.into());
    let mut mutated = data[..size].to_vec();
    mutate_compact(&mut mutated, &mut random);
    let size = if size == 0 || mutated.len() > max_size || random.below(4) == 0 {
        fuzzer_mutate(data, size, max_size)
    } else {
        data[..mutated.len()].copy_from_slice(&mutated);
        mutated.len()
    };
    match random.below(8) {
        0 => forge(&mut data[..size]),
        _ => forge_unpacked(&mut data[..size]),
    }
    size
});

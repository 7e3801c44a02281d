//! Any bytes for a model file, by way of real ones: see `set_lstm_fuzz::model`.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use set_lstm_fuzz::forge::forge;
use set_lstm_fuzz::model::attack;
use set_lstm_fuzz::mutate::mutate;
use set_lstm_fuzz::random::Random;

fuzz_target!(|bytes: &[u8]| {
    attack(bytes);
});

// three of four mutations know the form of the file; libFuzzer's own change its length
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(seed.into());
    let size = if size == 0 || random.below(4) == 0 {
        fuzzer_mutate(data, size, max_size)
    } else {
        mutate(&mut data[..size], &mut random);
        size
    };
    forge(&mut data[..size]);
    size
});

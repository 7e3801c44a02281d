//! Any bytes for a text: see `set_lstm_fuzz::text`.
//!
//! The words are those of the model file that `SET_LSTM_FUZZ_MODEL` names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use set_lstm_fuzz::forge::Aligned;
use set_lstm_fuzz::text::attack;
use set_lstm_runtime::{Int8, Model};
use std::sync::OnceLock;

static FILE: OnceLock<Aligned> = OnceLock::new();
static MODEL: OnceLock<Model<'static, Int8>> = OnceLock::new();

fn read() -> Aligned {
    let path = std::env::var_os("SET_LSTM_FUZZ_MODEL")
        .expect("SET_LSTM_FUZZ_MODEL is not set; name an int8 model file with words");
    Aligned::new(&std::fs::read(path).expect("the model file"))
}

fuzz_target!(|bytes: &[u8]| {
    let file = FILE.get_or_init(read);
    let model = MODEL.get_or_init(|| Model::from_bytes(file.bytes()).expect("a model"));
    attack(model, bytes);
});

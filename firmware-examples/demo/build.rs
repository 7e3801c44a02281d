//! Enters: `SET_LSTM_MODEL` and `SET_LSTM_CASES`, paths of a model and of its cases; without
//! them the small pair in `default/`. Leaves: `embedded.rs`, which places both in flash and
//! chooses engine and capacity. Next: `src/embedded.rs` includes it.

use set_lstm_embed::{ModelFile, input, write};
use std::process::ExitCode;

fn main() -> ExitCode {
    set_lstm_embed::main(|| {
        let model = ModelFile::find("default/model.setl")?;
        let cases = input("SET_LSTM_CASES", "default/cases.bin")?;
        write("embedded.rs", &(model.source() + &cases.source("CASES")))
    })
}

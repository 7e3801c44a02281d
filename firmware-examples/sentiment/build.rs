//! Enters: `SET_LSTM_MODEL`, the path of a model that reads raw text; without it the small
//! one in `default/`. Leaves: `embedded.rs`, which places it in flash and chooses engine and
//! capacity. Next: `src/embedded.rs` includes it.

use set_lstm_embed::{ModelFile, write};
use std::process::ExitCode;

fn main() -> ExitCode {
    set_lstm_embed::main(|| {
        let reads_text = |model: &ModelFile| model.has_words;
        let model = ModelFile::find_for("sentiment", "default/model.setl", reads_text)?;
        write("embedded.rs", &model.source())
    })
}

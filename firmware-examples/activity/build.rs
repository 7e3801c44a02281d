//! Enters: `SET_LSTM_MODEL`, the path of a model that reads samples, and `SET_LSTM_STRETCH`,
//! recorded samples as `set-lstm stretch` writes them; without them the small model and the
//! generated samples in `default/`. Leaves: `embedded.rs`, which places both in flash and
//! chooses engine and capacity. Next: `src/embedded.rs` includes it.

use set_lstm_embed::{ModelFile, samples, write};
use std::process::ExitCode;

fn main() -> ExitCode {
    set_lstm_embed::main(|| {
        let reads_samples = |model: &ModelFile| model.channels.is_some();
        let model = ModelFile::find_for("activity", "default/model.setl", reads_samples)?;
        let channels = model
            .channels
            .ok_or("default/model.setl reads no samples")?;
        let stretch = samples("default/stretch.csv", channels)?;
        write("embedded.rs", &(model.source() + &stretch))
    })
}

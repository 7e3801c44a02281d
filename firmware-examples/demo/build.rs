//! Enters: `SET_LSTM_MODEL` and `SET_LSTM_CASES`, paths of a model and of its cases; without
//! them the small pair in `default/`. Leaves: `embedded.rs`, which places both in flash and
//! chooses engine and capacity. Next: `src/embedded.rs` includes it.

use set_lstm_runtime::wire::{File, Kind, MAX_UNITS};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("cargo::error={problem}");
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<(), String> {
    let model = input("SET_LSTM_MODEL", "default/model.setl")?;
    let cases = input("SET_LSTM_CASES", "default/cases.bin")?;
    let read = |path: &Path| {
        std::fs::read(path).map_err(|problem| format!("{}: {problem}; give a file", path.display()))
    };
    let (model_bytes, cases_bytes) = (read(&model)?, read(&cases)?);
    let file =
        File::peek(&model_bytes).map_err(|problem| format!("{}: {problem}", model.display()))?;
    let engine = match file.kind {
        Kind::Int8 => "Int8",
        Kind::Float32 => "Float32",
    };
    // the loader refuses a size beyond the limit, and says so on the device
    let layers = file.header.layer_count().max(1);
    let units = (0..layers).map(|layer| file.header.layer_shape(layer).strip_columns());
    let units = units.max().unwrap_or_default().clamp(2, 2 * MAX_UNITS);
    let capacity = units.next_power_of_two();
    let (model_length, cases_length) = (model_bytes.len(), cases_bytes.len());
    let generated = format!(
        "/// The engine that the model file asks for.\n\
         pub type Engine = set_lstm_runtime::{engine};\n\
         /// Units that a state of the model needs, rounded up to a power of two.\n\
         pub const CAPACITY: usize = {capacity};\n\
         /// Layers of the model.\n\
         pub const LAYERS: usize = {layers};\n\
         static MODEL: Aligned<[u8; {model_length}]> = Aligned(*include_bytes!({model:?}));\n\
         static CASES: Aligned<[u8; {cases_length}]> = Aligned(*include_bytes!({cases:?}));\n"
    );
    let folder = std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR; build with cargo")?;
    let path = Path::new(&folder).join("embedded.rs");
    std::fs::write(&path, generated)
        .map_err(|problem| format!("{}: {problem}; free some space", path.display()))
}

/// The absolute path that a variable names; cargo runs this in the package's folder.
fn input(variable: &str, default: &str) -> Result<PathBuf, String> {
    println!("cargo::rerun-if-env-changed={variable}");
    let path = std::env::var_os(variable).map_or_else(|| default.into(), PathBuf::from);
    println!("cargo::rerun-if-changed={}", path.display());
    path.canonicalize().map_err(|problem| {
        format!(
            "{} ({variable}): {problem}; name a file by its full path",
            path.display()
        )
    })
}

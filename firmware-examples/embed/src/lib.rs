//! What the build scripts of the programs share.
//!
//! ```text
//! SET_LSTM_MODEL, or a default ──▶ ModelFile ──▶ Rust source in OUT_DIR
//!            path in a variable     peeked at     engine, capacity, bytes
//! ```
#![forbid(unsafe_code)]

mod model;

mod samples;

pub use model::ModelFile;
pub use samples::{STEPS_OF_ONE, samples};

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The `main` of a build script: an error becomes cargo's.
pub fn main(generate: impl FnOnce() -> Result<(), String>) -> ExitCode {
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("cargo::error={problem}");
            ExitCode::FAILURE
        }
    }
}

/// A file that a program embeds.
#[derive(Debug)]
pub struct Input {
    /// Absolute.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Input {
    /// Rust source of the bytes in a static of this name, behind [`ModelFile::source`].
    pub fn source(&self, name: &str) -> String {
        let (length, path) = (self.bytes.len(), &self.path);
        format!("static {name}: Aligned<[u8; {length}]> = Aligned(*include_bytes!({path:?}));\n")
    }
}

/// The file that a variable names, or the default one; cargo runs build scripts in the
/// package's folder.
///
/// # Errors
/// It cannot be read.
pub fn input(variable: &str, default: &str) -> Result<Input, String> {
    println!("cargo::rerun-if-env-changed={variable}");
    let path = std::env::var_os(variable).map_or_else(|| default.into(), PathBuf::from);
    println!("cargo::rerun-if-changed={}", path.display());
    read(&path).map_err(|problem| {
        format!(
            "{} ({variable}): {problem}; name a file by its full path",
            path.display()
        )
    })
}

fn read(path: &Path) -> std::io::Result<Input> {
    let path = path.canonicalize()?;
    let bytes = std::fs::read(&path)?;
    Ok(Input { path, bytes })
}

/// Writes a file of this name into cargo's `OUT_DIR`, for `include!`.
///
/// # Errors
/// It cannot be written.
pub fn write(name: &str, text: &str) -> Result<(), String> {
    let folder = std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR; build with cargo")?;
    let path = Path::new(&folder).join(name);
    std::fs::write(&path, text)
        .map_err(|problem| format!("{}: {problem}; free some space", path.display()))
}

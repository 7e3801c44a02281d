//! What commands print, and where.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::error::{Error, Result};

/// Prints to standard output.
///
/// # Errors
/// Nobody reads it any more, or the disk behind it is full.
pub fn print(text: impl Display) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = write!(out, "{text}").and_then(|()| out.flush());
    written.map_err(Error::io(
        "standard output",
        "free some space or choose another place",
    ))
}

/// Prints one JSON object to standard output.
///
/// # Errors
/// As of [`print`].
pub fn print_json(object: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(object)
        .map_err(|e| Error::Tool(format!("the result is no JSON: {e}; report this")))?;
    print(format_args!("{text}\n"))
}

/// Prints an error to standard error, if that is still there.
pub fn complain(error: &Error) {
    let (red, plain) = if is_coloured() {
        ("\x1b[1;31m", "\x1b[0m")
    } else {
        ("", "")
    };
    let _ = writeln!(std::io::stderr(), "{red}error:{plain} {error}");
}

/// Whether standard error shows colours.
pub fn is_coloured() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !unwanted
}

//! What commands print, and where.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};

const OUT_HINT: &str = "free some space or choose another place";

/// Prints to standard output.
///
/// # Errors
/// Nobody reads it any more, or the disk behind it is full.
pub fn print(text: impl Display) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = write!(out, "{text}").and_then(|()| out.flush());
    written.or_else(unprinted)
}

/// Prints bytes as they are to standard output.
///
/// # Errors
/// As of [`print`].
pub fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.or_else(unprinted)
}

/// The error of something that could not be printed.
///
/// # Errors
/// That one, always.
pub fn unprinted(problem: std::io::Error) -> Result<()> {
    Err(Error::io("standard output", OUT_HINT)(problem))
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

/// Refuses to write a file into the stream that results are printed to: they would be mixed.
///
/// # Errors
/// The path is that of standard output.
pub fn check_apart(out: &Path) -> Result<()> {
    const SAME: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    if SAME.iter().any(|same| out == Path::new(same)) {
        let problem =
            "standard output is for what the command prints; name a file or a pipe by --out";
        return Err(Error::Options(format!("{}: {problem}", out.display())));
    }
    Ok(())
}

/// Prints an error to standard error, if that is still there.
pub fn complain(error: &Error) {
    let (red, plain) = if is_coloured() {
        ("\x1b[1;31m", "\x1b[0m")
    } else {
        ("", "")
    };
    say(format_args!("{red}error:{plain} {error}"));
}

/// Prints a line to standard error, if that is still there: no work ends for want of
/// somebody to watch it.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A path in JSON; bytes that are not UTF-8 are replaced, as in a message.
pub fn path<S: Serializer>(path: &Path, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// Paths in JSON, as [`path`].
pub fn paths<S: Serializer>(
    paths: &[PathBuf],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.display().to_string()))
}

/// Whether standard error shows colours: on a terminal that can, and if they are forced, but
/// never with `NO_COLOR`. As clap does for help and usage.
pub fn is_coloured() -> bool {
    let has = |variable, test: fn(&OsStr) -> bool| {
        std::env::var_os(variable).is_some_and(|value| test(&value))
    };
    let unwanted = has("NO_COLOR", |value| !value.is_empty());
    let forced = has("CLICOLOR_FORCE", |value| value != "0");
    let dumb = has("TERM", |value| value == "dumb");
    !unwanted && (forced || std::io::stderr().is_terminal() && !dumb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Object {
        #[serde(serialize_with = "super::path")]
        path: PathBuf,
        #[serde(serialize_with = "super::paths")]
        paths: Vec<PathBuf>,
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_utf8_is_json_too() {
        use std::os::unix::ffi::OsStringExt;
        let path = PathBuf::from(std::ffi::OsString::from_vec(b"caf\xe9".into()));
        let paths = vec![path.clone(), "run".into()];
        let text = serde_json::to_string(&Object { path, paths }).unwrap();
        let expected = r#"{"path":"caf?","paths":["caf?","run"]}"#;
        assert_eq!(text, expected.replace('?', "\u{fffd}"));
    }
}

//! Enters: the folder that a user names. Leaves: the name of the crate, or what is wrong with
//! it. Next: `mod` writes it into the manifest.

use std::path::Path;

use crate::error::{Error, Result};

/// Words that cargo or the compiler keep for themselves.
const TAKEN: [&str; 58] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "use",
    "virtual",
    "where",
    "while",
];

/// The name of the crate in a folder: its last part, which has to be one that cargo takes, and
/// that none of the `packages` has.
///
/// # Errors
/// It is not.
pub(super) fn crate_name(
    folder: &Path,
    packages: impl IntoIterator<Item = &'static str>,
) -> Result<&str> {
    let refuse = |problem: &str| {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        Error::Options(format!(
            "{:?} is no name for a crate: {problem}; choose one like blinky-ears",
            name.to_string_lossy()
        ))
    };
    let name = folder.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| refuse("it is not UTF-8, or no name at all"))?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.bytes().all(is_part) {
        return Err(refuse("it has more than letters, digits, `-` and `_`"));
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err(refuse("it does not begin with a letter"));
    }
    let plain = |name: &str| name.replace('_', "-").to_ascii_lowercase();
    let same = |taken: &str| plain(taken) == plain(name);
    if TAKEN.into_iter().chain(packages).any(same) {
        return Err(refuse("it is taken"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_last_part_and_one_that_cargo_takes() {
        let name = |folder: &'static str| crate_name(Path::new(folder), ["cortex-m"]);
        for (folder, expected) in [
            ("blinky-ears", "blinky-ears"),
            ("../a b/Ears_2/", "Ears_2"),
            ("/tmp/e", "e"),
        ] {
            assert_eq!(name(folder).expect(folder), expected);
        }
        for (folder, problem) in [
            ("", "no name"),
            ("..", "no name"),
            ("two words", "more than letters"),
            ("café", "more than letters"),
            ("2ears", "begin with a letter"),
            ("-ears", "begin with a letter"),
            ("_", "begin with a letter"),
            ("match", "taken"),
            ("Cortex_M", "taken"),
            ("proc_macro", "taken"),
        ] {
            let error = name(folder).expect_err(folder).to_string();
            assert!(error.contains(problem), "{folder}: {error}");
            assert!(error.ends_with("; choose one like blinky-ears"), "{error}");
        }
    }
}

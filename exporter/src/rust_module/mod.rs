//! Enters: a model file and budgets. Leaves: the text of a Rust module that embeds the file,
//! names its types, and does not compile if the budgets do not hold. Next: the firmware, by
//! `mod model;`.
//!
//! The sizes are left to the compiler of the firmware: it alone knows how large a state is on its
//! target, and a module that was not exported again with the model does not compile.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use set_lstm_runtime::wire::{Answer, Kind};

use crate::device::{AnyModel, task_words};
use crate::error::{Error, Result};
use crate::file::folder_of;

/// A number of bytes as a person writes it: `6144`, `6K`, `512KiB`, `1M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteCount(pub usize);

impl FromStr for ByteCount {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let refuse = || format!("{text:?} is no number of bytes; write it like 6144, 6K or 1M");
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (digits, unit) = text.split_at(end.unwrap_or(text.len()));
        let factor = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => 1024,
            "m" | "mb" | "mib" => 1024 * 1024,
            _ => return Err(refuse()),
        };
        let number: usize = digits.parse().map_err(|_| refuse())?;
        number.checked_mul(factor).map(ByteCount).ok_or_else(refuse)
    }
}

/// What the module shall hold a build to; `None`: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budgets {
    /// Bytes of RAM.
    pub ram: Option<ByteCount>,
    /// Bytes of flash.
    pub flash: Option<ByteCount>,
}

/// The text of the module that lies at `module` and embeds the file at `file`, whose bytes and
/// decoded form are given.
///
/// # Errors
/// No relative path leads from the module to the file, or one that is not UTF-8.
pub fn rust_module(
    bytes: &[u8],
    model: &AnyModel<'_>,
    file: &Path,
    module: &Path,
    budgets: Budgets,
) -> Result<String> {
    let include = relative(file, module)?;
    let name = include.rsplit('/').next().unwrap_or(&include);
    let values = match model.kind() {
        Kind::Int8 => "Int8",
        Kind::Float32 => "Float32",
    };
    let mut text = format!(
        "//! The model of `{}`: its bytes, its types, its sizes.\n",
        name.escape_debug() // one line, whatever the name
    );
    text.push_str(include_str!("docs.in"));
    text.push('\n');
    let mut line = |doc: &str, item: String| {
        // writing to a string does not fail
        let _ = writeln!(text, "/// {doc}\n{item}\n");
    };
    line(
        "What the numbers are.",
        format!("pub type Values = set_lstm_runtime::{values};"),
    );
    line(
        "A checked model that borrows its bytes.",
        "pub type Model<'a> = set_lstm_runtime::Model<'a, Values, LAYERS>;".into(),
    );
    line(
        "The memory of one running sequence.",
        "pub type State = set_lstm_runtime::State<Values, CAPACITY, LAYERS>;".into(),
    );
    line(
        "Hidden units of the last layer.",
        format!("pub const HIDDEN: usize = {};", model.hidden()),
    );
    line(
        "Units that a state has room for: those of the largest layer, with the inputs where they lie\n/// behind them, as a power of two.",
        format!("pub const CAPACITY: usize = {};", capacity(model.units())),
    );
    line(
        "Layers.",
        format!("pub const LAYERS: usize = {};", model.layer_count()),
    );
    match model.channels() {
        Some(channels) => line(
            "Numbers of a sample.",
            format!("pub const CHANNELS: usize = {channels};"),
        ),
        None => line(
            "Tokens that have an embedding row, the unknown word 0 included.",
            format!("pub const VOCABULARY: usize = {};", model.vocabulary_size()),
        ),
    }
    let task = model.task();
    line(
        &format!("What the model answers, and when: {}.", task_words(task)),
        format!(
            "pub const TASK: set_lstm_runtime::Task = set_lstm_runtime::Task {{\n    answer: set_lstm_runtime::Answer::{:?},\n    moment: set_lstm_runtime::Moment::{:?},\n}};",
            task.answer, task.moment
        ),
    );
    let names = model.names();
    let (doc, item) = match task.answer {
        Answer::Class => ("Names of the classes by label.", "CLASSES"),
        Answer::Values => (
            "Names of the numbers in the order of `State::values`.",
            "NUMBERS",
        ),
    };
    line(
        doc,
        format!("pub const {item}: [&str; {}] = {names:?};", names.len()),
    );
    line(
        "Bytes of the model in flash.",
        format!("pub const FLASH_BYTES: usize = {};", bytes.len()),
    );
    line(
        "Bytes of a state and of the handle to the model in RAM.",
        "pub const RAM_BYTES: usize = size_of::<State>() + size_of::<Model<'static>>();".into(),
    );
    let checksum = u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
    line(
        "CRC-32 of the file: which model this is.",
        format!("pub const CHECKSUM: u32 = {checksum:#010x};"),
    );
    let mut check = |what: &str, budget: Option<ByteCount>| {
        if let Some(ByteCount(budget)) = budget {
            line(
                &format!("The most that `{what}_BYTES` may be."),
                format!(
                    "pub const {what}_BUDGET: usize = {budget};\nconst _: () = hold(\"{what}\", {what}_BYTES, {what}_BUDGET);"
                ),
            );
        }
    };
    check("RAM", budgets.ram);
    check("FLASH", budgets.flash);
    text.push_str(&include_str!("items.in").replace("@FILE@", &format!("{include:?}")));
    if budgets != Budgets::default() {
        text.push_str(include_str!("budget.in"));
    }
    Ok(text)
}

/// The smallest capacity of a state for so many units.
fn capacity(units: usize) -> usize {
    units.next_power_of_two().max(2)
}

/// The path by which the module names the file, with forward slashes on every system. Neither
/// need be there yet, but their folders.
fn relative(file: &Path, module: &Path) -> Result<String> {
    let whole_folder_of = |path: &Path| {
        let folder = folder_of(path);
        let hint = "make the folder, or choose another place";
        folder.canonicalize().map_err(Error::io(folder, hint))
    };
    let from = whole_folder_of(module)?;
    let to = whole_folder_of(file)?.join(file.file_name().unwrap_or_default());
    if Some(to.as_path()) == module.file_name().map(|name| from.join(name)).as_deref() {
        return Err(Error::Options(format!(
            "{} cannot be both the model file and its module; choose another place",
            module.display()
        )));
    }
    let shared = to.components().zip(from.components());
    let shared = shared.take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return Err(Error::Options(format!(
            "no relative path leads from {} to {}; write both to one drive",
            module.display(),
            file.display()
        )));
    }
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(shared)).collect();
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| {
        Error::Options(format!(
            "{} is not UTF-8, and a Rust module cannot name it; choose another place",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<ByteCount>().map(|count| count.0);
        assert_eq!(read("6144"), Ok(6144));
        assert_eq!(read("6K"), Ok(6144));
        assert_eq!(read("512kib"), Ok(512 * 1024));
        assert_eq!(read("2MB"), Ok(2 << 20));
        assert_eq!(read("0"), Ok(0));
        for text in [
            "",
            "K",
            "6 K",
            "-1",
            "1.5K",
            "6G",
            "99999999999999999999",
            "9999999999999999999M",
        ] {
            let error = read(text).unwrap_err();
            assert!(error.ends_with("write it like 6144, 6K or 1M"), "{error}");
        }
    }

    #[test]
    fn a_capacity_is_a_power_of_two() {
        assert_eq!([1, 2, 3, 16, 17, 256].map(capacity), [2, 2, 4, 16, 32, 256]);
    }

    #[test]
    fn the_file_is_found_from_the_module() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("firmware/src")).unwrap();
        std::fs::create_dir_all(at("models")).unwrap();
        for name in ["models/a.setl", "firmware/src/b.setl"] {
            std::fs::write(at(name), "").unwrap();
        }
        let module = at("firmware/src/model.rs");
        let found = |file: &str| relative(&at(file), &module).unwrap();
        assert_eq!(found("models/a.setl"), "../../models/a.setl");
        assert_eq!(found("firmware/src/b.setl"), "b.setl");
        let error = relative(&at("models/a.setl"), &at("models/../models/a.setl"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("both the model file and"), "{error}");
        let error = relative(&at("models/a.setl"), &at("none/model.rs")).unwrap_err();
        assert!(
            error.to_string().ends_with("choose another place"),
            "{error}"
        );
    }
}

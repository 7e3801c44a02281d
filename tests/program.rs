//! The program `set-lstm`, run as a person runs it, and small data sets to run it on.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The program with these words behind it, without what this shell may have set.
pub fn command<'a>(words: impl AsRef<str>, paths: impl IntoIterator<Item = &'a Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_set-lstm-tested"));
    for variable in [
        "SET_LSTM_DATA",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "NO_COLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(variable);
    }
    let mut paths = paths.into_iter();
    for word in words.as_ref().split_whitespace() {
        match word {
            "@" => command.arg(paths.next().expect("a path for every @")),
            word => command.arg(word),
        };
    }
    assert_eq!(paths.next(), None, "an @ for every path");
    command
}

/// Words, with an `@` wherever a path stands.
macro_rules! set_lstm {
    ($words:expr $(, $path:expr)* $(,)?) => {
        crate::program::command($words, [$(AsRef::<std::path::Path>::as_ref(&$path)),*])
    };
}
pub(crate) use set_lstm;

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
        let ended = Ended {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        for trace in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
            assert!(!ended.err.contains(trace), "{}", ended.err);
        }
        ended
    }
}

/// Runs a command to its end, whatever that is.
pub fn ended(mut command: Command) -> Ended {
    command.stdin(Stdio::null());
    command.output().expect("the program starts").into()
}

/// Runs a command with something to read.
pub fn ended_with_input(mut command: Command, input: &[u8]) -> Ended {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // beside the reading, or two full pipes would wait for each other
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap().into()
    })
}

/// What a command prints that has to succeed.
#[track_caller]
pub fn printed(command: Command) -> String {
    let ended = ended(command);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    ended.out
}

/// The one object that a command prints, which has to succeed and has these keys.
#[track_caller]
pub fn object(command: Command, keys: &[&str]) -> Value {
    let out = printed(command);
    let value: Value = serde_json::from_str(&out).expect("one JSON value and nothing else");
    let object = value.as_object().expect("an object");
    for key in keys {
        let value = object.get(*key);
        assert!(value.is_some_and(|v| !v.is_null()), "no {key} in {out}");
    }
    value
}

/// The message of a command that has to fail: it names `named` and ends with `remedy`.
#[track_caller]
pub fn refused(command: Command, named: &str, remedy: &str) -> String {
    let ended = ended(command);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.out, "", "nothing but results on standard output");
    let at = ended.err.rfind("error: ").expect(&ended.err);
    let message = ended.err[at + "error: ".len()..].trim_end();
    assert!(message.contains(named), "no {named:?} in: {message}");
    let advice = message.rsplit("; ").next().unwrap();
    assert!(advice.contains(remedy), "no {remedy:?} at end: {message}");
    assert!(!message.ends_with('.'), "a full stop: {message}");
    message.to_owned()
}

/// A number of an object.
#[track_caller]
pub fn number(object: &Value, key: &str) -> f64 {
    let number = object[key].as_f64();
    number.unwrap_or_else(|| panic!("{key} is no number in {object}"))
}

/// A run folder and its model files, trained once for all checks that only read them.
#[derive(Debug)]
pub struct Trained {
    pub run: PathBuf,
    pub int8: PathBuf,
    pub f32: PathBuf,
    _lock: fs::File, // one process of tests at a time
}

/// Trains on the generated strings, by the program, until it knows the grammar.
pub fn trained() -> &'static Trained {
    static TRAINED: OnceLock<Trained> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reber");
        fs::create_dir_all(&folder).unwrap();
        let lock = fs::File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        let [run, int8, f32] = ["run", "int8.setl", "f32.setl"].map(|name| folder.join(name));
        printed(set_lstm!("train --preset reber --replace --out @", &run));
        printed(set_lstm!("export @ --out @", &run, &int8));
        printed(set_lstm!("export @ --values f32 --out @", &run, &f32));
        Trained {
            run,
            int8,
            f32,
            _lock: lock,
        }
    })
}

/// Reviews that one word decides, in the folders of the movie reviews: `count` a class and
/// split.
pub fn write_reviews(root: &Path, count: usize) {
    for split in ["train", "test"] {
        for (class, word, rating) in [("neg", "dull", 2), ("pos", "great", 9)] {
            let folder = root.join("aclImdb").join(split).join(class);
            fs::create_dir_all(&folder).unwrap();
            for id in 0..count {
                let text = format!("Film {id} was a {word} one, and not too long.");
                fs::write(folder.join(format!("{id}_{rating}.txt")), text).unwrap();
            }
        }
    }
}

/// A folder with such reviews, beside which runs can be made.
pub fn reviews() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_reviews(folder.path(), 20);
    folder
}

/// Such reviews in a tar file.
pub fn tar_of(data: &Path) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let reviews = data.join("aclImdb");
    builder.append_dir_all("aclImdb", reviews).unwrap();
    builder.into_inner().unwrap()
}

/// As `gzip` compresses.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Trains a tiny model on such reviews.
pub const TINY: &str =
    "--preset imdb --hidden-size 8 --embedding-size 8 --density 0.5 --epochs 2 --batch 16";

//! Every command as a tool among tools: one JSON value or nothing on standard output, messages
//! elsewhere, no panic whatever it is given, and nothing said to a reader that has gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::CommandFactory;
use serde_json::Value;
use set_lstm::cli::Cli;
use tempfile::TempDir;

use crate::program::{Ended, ended, refused, set_lstm, trained};
use crate::terminal::COMMANDS;

/// Files that commands read, and room for what they write.
pub struct Desk {
    folder: TempDir,
    pub compact: PathBuf,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let compact = folder.path().join("model.setz");
        let export = set_lstm!("export @ --compact --out @", &trained().run, &compact);
        crate::program::printed(export);
        Desk { folder, compact }
    }

    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What is fast and prints, with and without `--json`.
    pub fn fast(&self, json: bool) -> Vec<Command> {
        let (run, file) = (&trained().run, &trained().int8);
        let network = Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/import/torch-samples.safetensors"
        ));
        let at = |name: &str| self.place(name);
        let speed = "bench train --rounds 1 --batches 1 --tokens 5 --hidden-size 8 --embedding-size 8 \
                     --vocabulary 50 --batch 2";
        let mut commands = vec![
            set_lstm!(
                "train --preset reber --epochs 1 --replace --out @",
                at("run")
            ),
            set_lstm!("import @ --replace --out @", network, at("imported")),
            set_lstm!("evaluate @ --limit 5", run),
            set_lstm!("evaluate @ --preset reber --limit 5", file),
            set_lstm!("predict @ BTXSE", file),
            set_lstm!("export @ --out @ --rust @", run, at("m.setl"), at("m.rs")),
            set_lstm!("inspect @", file),
            set_lstm!("upgrade @ --out @", file, at("new.setl")),
            set_lstm!("boards"),
            set_lstm!("boards @", file),
            set_lstm!("topology @ --out @", run, at("pictures")),
            set_lstm!(
                "compare --preset reber --dry-run --results @",
                at("results")
            ),
            set_lstm!(speed),
        ];
        if json {
            commands.push(set_lstm!("unpack @ --out @", &self.compact, at("u.setl")));
            for command in &mut commands {
                command.arg("--json");
            }
        } else {
            commands.push(set_lstm!("completions bash"));
            commands.push(set_lstm!("man"));
        }
        commands
    }

    #[cfg(unix)]
    fn all_fast(&self) -> impl Iterator<Item = Command> {
        self.fast(true).into_iter().chain(self.fast(false))
    }
}

fn words(command: &Command) -> String {
    let words = command.get_args().map(|word| word.to_string_lossy());
    words.collect::<Vec<_>>().join(" ")
}

/// The command by a shell that first runs some words, such as `exec 2>&-;`.
#[cfg(unix)]
fn after(words: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("{words} exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(command.get_program());
    shell.args(command.get_args());
    shell.env("RUST_BACKTRACE", "0");
    for (variable, _) in command.get_envs() {
        shell.env_remove(variable);
    }
    shell
}

#[test]
fn json_is_one_value_and_nothing_else_is_beside_it() {
    let desk = Desk::new();
    for command in desk.fast(true) {
        let words = words(&command);
        let ended = ended(command);
        assert_eq!(ended.code, Some(0), "{words}: {}", ended.err);
        let value: Value = serde_json::from_str(&ended.out).expect(&words);
        assert!(value.is_object(), "{words}: {}", ended.out);
        check_keys(&value, &words);
        assert!(!ended.err.contains("error: "), "{words}: {}", ended.err);
    }
}

/// Names of figures say their unit, the same everywhere.
fn check_keys(value: &Value, words: &str) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                assert!(key.chars().all(is_plain), "{words}: {key}");
                for (other, unit) in [
                    ("_size_bytes", "_bytes"),
                    ("_length", "_bytes"),
                    ("byte", "bytes"),
                    ("_ms", "seconds"),
                    ("_secs", "seconds"),
                    ("_left", "_left_bytes"),
                    ("_percent", "a share from 0 to 1"),
                ] {
                    assert!(!key.ends_with(other), "{words}: {key}; call it {unit}");
                }
                check_keys(value, words);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| check_keys(value, words)),
        _ => {}
    }
}

#[cfg(unix)]
#[test]
fn results_that_cannot_be_written_are_an_error_of_every_command() {
    let desk = Desk::new();
    for command in desk.all_fast() {
        let ended = ended(after("exec >/dev/full;", &command));
        let words = words(&command);
        assert_eq!(ended.code, Some(1), "{words}: {}", ended.err);
        let message = ended.err.lines().last().unwrap_or_default();
        let expected = message.starts_with("error: standard output: ");
        assert!(
            expected && message.contains("; free some space"),
            "{words}: {message}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_closed_stream_is_no_reason_to_fail() {
    let desk = Desk::new();
    for command in desk.all_fast() {
        for closed in ["exec >&-;", "exec 2>&-;", "exec <&- >&- 2>&-;"] {
            let ended = ended(after(closed, &command));
            let words = words(&command);
            assert_eq!(ended.code, Some(0), "{closed} {words}: {}", ended.err);
        }
        // a pipe that nobody reads
        let mut piped = after("", &command);
        piped.stdin(Stdio::null());
        let mut child = piped
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert_eq!(ended.code, Some(0), "{}: {}", words(&command), ended.err);
        assert!(!ended.err.contains("roken pipe"), "{}", ended.err);
    }
}

/// Words with what is bad in the place of `%` and new places in that of `@`.
const BAD: [(&str, &str); 22] = [
    ("train", "train --preset text --data % --out @ --json"),
    ("import", "import % --out @ --json"),
    ("evaluate", "evaluate % --preset reber --json"),
    ("predict", "predict % BTXSE --json"),
    ("export", "export % --out @ --json"),
    ("unpack", "unpack % --out @ --json"),
    ("inspect", "inspect % --json"),
    ("upgrade", "upgrade % --out @ --json"),
    ("simulate", "simulate % --preset reber --json"),
    ("stretch", "stretch --data % --out @ --json"),
    ("talk", "talk % --json"),
    ("footprint", "footprint % --json"),
    ("boards", "boards % --json"),
    ("new", "new @ --board pico --model % --json"),
    ("flash", "flash --board pico --build-only % --json"),
    ("stack-bound", "stack-bound % main --json"),
    ("demo", "demo --data % --out @ --json"),
    (
        "compare",
        "compare --preset text --data % --results @ --work @ --json",
    ),
    ("topology", "topology % --json"),
    ("bench train", "bench train --data % --json"),
    ("bench device", "bench device --check % --json"),
    ("bench size", "bench size --firmware % --json"),
];
/// Commands that read no file.
const READ_NOTHING: [&str; 3] = ["bench", "completions", "man"];

#[test]
fn every_command_refuses_what_it_cannot_read() {
    let covered: BTreeSet<&str> = BAD
        .iter()
        .map(|(name, _)| *name)
        .chain(READ_NOTHING)
        .collect();
    let all: BTreeSet<&str> = COMMANDS.into_iter().collect();
    assert_eq!(covered, all, "a line in BAD for every command");
    let desk = Desk::new();
    let model = fs::read(&trained().int8).unwrap();
    let noise: Vec<u8> = (0..5000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for (name, bytes) in [
        ("empty", &[][..]),
        ("noise", &noise),
        ("text", b"neither a model\nnor a table, not even a run\n"),
        ("cut", &model[..model.len() / 2]),
        ("longer", &[&model[..], b"more"].concat()),
    ] {
        fs::write(desk.place(name), bytes).unwrap();
    }
    fs::create_dir(desk.place("folder")).unwrap();
    for bad in [
        "empty",
        "noise",
        "text",
        "cut",
        "longer",
        "folder",
        "absent",
        "text/below",
    ] {
        for (name, words) in BAD {
            let mut command = set_lstm!("");
            command
                .current_dir(desk.folder.path())
                .env("RUST_BACKTRACE", "0");
            for (number, word) in words.split(' ').enumerate() {
                match word {
                    "%" => command.arg(bad),
                    "@" => command.arg(format!("new-{number}")),
                    word => command.arg(word),
                };
            }
            let message = refused(command, "", "");
            // a child's message of `compare` is one of several
            let named = message.contains(bad) || name == "compare";
            assert!(named && message.contains("; "), "{name} {bad}: {message}");
        }
    }
    let left = fs::read_dir(desk.folder.path()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|it| it.file_name().into_string().unwrap())
        .collect();
    assert!(
        !left.iter().any(|name| name.starts_with(".unfinished")),
        "{left:?}"
    );
}

#[test]
fn a_log_that_is_switched_off_or_misspelt_harms_nothing() {
    for (level, lines) in [
        ("off", false),
        ("debug", true),
        ("nonsense", true),
        ("=,=!", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        let mut command = set_lstm!("train --preset reber --epochs 1 --json --out @", out);
        command.env("RUST_LOG", level);
        let ended = ended(command);
        assert_eq!(ended.code, Some(0), "{level}: {}", ended.err);
        let has_lines = ended.err.contains("INFO");
        assert!(
            has_lines == lines || level == "nonsense",
            "{level}: {}",
            ended.err
        );
        let mut command = set_lstm!("inspect absent.setl");
        command.env("RUST_LOG", level);
        assert!(refused(command, "absent.setl", "give a model file").len() > 20);
    }
}

/// One name, one meaning: what an option takes, by its name.
#[test]
fn an_option_means_the_same_in_every_command() {
    fn collect(command: &clap::Command, path: &str, all: &mut BTreeMap<String, Vec<[String; 2]>>) {
        for argument in command.get_arguments() {
            let Some(long) = argument.get_long() else {
                continue;
            };
            let takes = match argument.get_action().takes_values() {
                true => format!("{:?}", argument.get_value_names().unwrap_or_default()),
                false => "nothing".into(),
            };
            let uses = all.entry(long.to_owned()).or_default();
            uses.push([takes, path.to_owned()]);
        }
        for inner in command.get_subcommands() {
            collect(inner, &format!("{path} {}", inner.get_name()), all);
        }
    }
    // a place to write to; a share of connections and a range of them; a layout and its thresholds
    const MANY_MEANINGS: [&str; 3] = ["out", "density", "delta"];
    let mut all = BTreeMap::new();
    collect(&Cli::command(), "", &mut all);
    let differs = |(name, uses): &(String, Vec<[String; 2]>)| {
        let same = uses.iter().all(|[takes, _]| *takes == uses[0][0]);
        !same && !MANY_MEANINGS.contains(&name.as_str())
    };
    let different: Vec<_> = all.into_iter().filter(differs).collect();
    assert!(different.is_empty(), "{different:#?}");
}

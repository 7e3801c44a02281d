//! The program among others: help, usage and exit codes, pipes that close, colours, and paths
//! of every kind.

use crate::program::{self, TINY, ended, object, printed, reviews, set_lstm, trained};

pub(crate) const COMMANDS: [&str; 25] = [
    "train",
    "import",
    "evaluate",
    "predict",
    "export",
    "unpack",
    "inspect",
    "upgrade",
    "simulate",
    "stretch",
    "talk",
    "footprint",
    "boards",
    "flash",
    "new",
    "stack-bound",
    "demo",
    "compare",
    "topology",
    "completions",
    "man",
    "bench",
    "bench train",
    "bench device",
    "bench size",
];

#[test]
fn every_command_has_help_with_an_example() {
    let general = printed(set_lstm!("--help"));
    for command in COMMANDS {
        let help = printed(set_lstm!(format!("{command} --help")));
        assert!(help.contains("Example:\n  set-lstm "), "{command}:\n{help}");
        let name = command.split(' ').next().unwrap();
        assert!(general.contains(&format!("\n  {name} ")), "{general}");
    }
    assert!(printed(set_lstm!("--version")).starts_with("set-lstm "));
}

#[test]
fn wrong_usage_is_code_2_and_says_how() {
    for words in [
        "",
        "trian",
        "train --out run",
        "train --preset reber",
        "train --preset reber --out run --epochs many",
        "train --preset mnist --out run",
        "train --resume run --preset reber",
        "export",
        "simulate m.setl --board toaster",
        "simulate m.setl --flash-budget little",
        "evaluate run --split future",
    ] {
        let ended = ended(set_lstm!(words));
        assert_eq!(ended.code, Some(2), "{words}: {ended:?}");
        assert!(ended.err.contains("--help"), "{words}: {}", ended.err);
        assert_eq!(ended.out, "");
    }
}

/// Runs what a person types into a shell; `$0` is the program.
#[cfg(unix)]
fn shell(script: &str, paths: &[&std::path::Path]) -> program::Ended {
    let program = set_lstm!("");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", script])
        .arg(program.get_program())
        .args(paths);
    for (variable, _) in program.get_envs() {
        command.env_remove(variable);
    }
    ended(command)
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let file = &trained().int8;
    let ended = shell("{ $0 inspect $1; echo code $? >&2; } | head -n 1", &[file]);
    assert_eq!(ended.err, "code 0\n");
    assert_eq!(ended.out.lines().count(), 1);
    let lines = "yes 'B T B' | head -n 20000 | { $0 predict $1; echo code $? >&2; } | head -n 1";
    let ended = shell(lines, &[file]);
    assert_eq!(ended.err, "code 0\n");
    assert_eq!(ended.out.lines().count(), 1);
}

/// Nobody may be there any more to read the progress of a long training.
#[cfg(unix)]
#[test]
fn a_training_does_not_end_with_its_terminal() {
    let folder = reviews();
    let out = folder.path().join("run");
    let script = format!(
        "{{ $0 train {TINY} --data $1 --out $2 2>&1 >/dev/null; echo code $? >&3; }} 3>&2 2>&1 | true"
    );
    let ended = shell(&script, &[folder.path(), &out]);
    assert_eq!(ended.err, "code 0\n");
    assert!(out.join("model.safetensors").exists());
    let ended = shell("$0 inspect $1 2>&-", &[&out.join("absent.setl")]);
    assert_eq!(ended.code, Some(1));
}

#[cfg(unix)]
#[test]
fn results_that_cannot_be_written_are_an_error() {
    let file = &trained().int8;
    let ended = shell("$0 inspect $1 >/dev/full", &[file]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.err.starts_with("error: standard output: "),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("; free some space"), "{}", ended.err);
    for words in ["--help", "--version", "train --help", "help bench"] {
        let ended = shell(&format!("$0 {words} >/dev/full"), &[]);
        assert_eq!(ended.code, Some(1), "{words}");
        assert!(
            ended.err.contains("; free some space"),
            "{words}: {}",
            ended.err
        );
        assert_eq!(shell(&format!("$0 {words} | true"), &[]).err, "");
    }
}

#[test]
fn no_colour_reaches_a_pipe() {
    for (variable, value) in [("NO_COLOR", "1"), ("RUST_LOG", "trace")] {
        let mut command = set_lstm!("evaluate @ --limit 3", &trained().run);
        command.env(variable, value);
        let ended = ended(command);
        assert_eq!(ended.code, Some(0));
        assert!(!(ended.out + &ended.err).contains('\x1b'), "{variable}");
    }
}

/// On a terminal there is colour, and none with `NO_COLOR`.
#[cfg(unix)]
#[test]
fn colour_is_for_terminals_without_no_color() {
    let has_script = shell("command -v script", &[]).code == Some(0);
    if !has_script {
        eprintln!("LEFT OUT: colours on a terminal (the tool `script` is not installed)");
        return;
    }
    for (setting, coloured) in [("", true), ("NO_COLOR=1 ", false)] {
        let script = format!("script -qec \"{setting}$0 inspect absent.setl\" /dev/null");
        let ended = shell(&script, &[]);
        assert!(ended.out.contains("absent.setl: "), "{ended:?}");
        assert_eq!(ended.out.contains('\x1b'), coloured, "{ended:?}");
    }
}

/// A terminal that cannot go back in its line gets lines, one that can a bar.
#[cfg(unix)]
#[test]
fn a_dumb_terminal_gets_lines_and_no_bar() {
    if shell("command -v script", &[]).code != Some(0) {
        eprintln!("LEFT OUT: progress on terminals (the tool `script` is not installed)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    for (terminal, has_bar) in [("dumb", false), ("xterm", true)] {
        let train = "$0 train --preset reber --epochs 1 --replace --out $1";
        let script = format!("TERM={terminal} script -qec \"{train}\" /dev/null");
        let ended = shell(&script, &[&out]);
        assert!(ended.out.contains("validation accuracy"), "{ended:?}");
        assert!(ended.out.contains("epoch  1/1  loss"), "{ended:?}");
        let redraws = ended.out.replace("\r\n", "\n").contains('\r');
        assert_eq!(redraws, has_bar, "{terminal}: {ended:?}");
        assert_eq!(ended.out.contains('\x1b'), has_bar, "{terminal}: {ended:?}");
    }
}

/// As help does, by clap.
#[cfg(unix)]
#[test]
fn colour_can_be_forced_and_no_color_wins() {
    for (variables, coloured) in [
        ("", false),
        ("CLICOLOR_FORCE=1", true),
        ("CLICOLOR_FORCE=1 NO_COLOR=1", false),
    ] {
        for words in ["inspect absent.setl", "trian"] {
            let ended = shell(&format!("{variables} $0 {words}"), &[]);
            assert_eq!(
                ended.err.contains('\x1b'),
                coloured,
                "{variables} {words}: {ended:?}"
            );
        }
    }
}

/// Trains, resumes, exports and asks with every path below `folder`.
fn assert_all_works_below(folder: &std::path::Path) {
    let [data, run, file] = ["data set", "the run", "the model.setl"].map(|n| folder.join(n));
    program::write_reviews(&data, 20);
    let train = format!("train {TINY} --data @ --out @ --json");
    object(set_lstm!(train, &data, &run), &["run"]);
    printed(set_lstm!("train --data @ --resume @", &data, &run));
    object(
        set_lstm!("evaluate @ --data @ --json", &run, &data),
        &["model"],
    );
    object(
        set_lstm!("export @ --out @ --json", &run, &file),
        &["model"],
    );
    object(set_lstm!("inspect @ --json", &file), &["model_bytes"]);
    let evaluate = set_lstm!("evaluate @ --data @ --json", &file, &data);
    object(evaluate, &["model"]);
    printed(set_lstm!("predict @ great", &file));
}

#[test]
fn paths_may_have_spaces() {
    let folder = tempfile::tempdir().unwrap();
    assert_all_works_below(&folder.path().join("a folder"));
}

#[cfg(unix)]
#[test]
fn paths_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    assert_all_works_below(&folder.path().join(OsStr::from_bytes(b"caf\xe9")));
}

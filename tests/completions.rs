//! What shells complete, by the shells themselves where they are installed, and the manual pages.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{ended, printed, refused, set_lstm};
use crate::terminal::COMMANDS;

fn is_installed(tool: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("command -v {tool}")]);
    let is_there = ended(command).code == Some(0);
    if !is_there {
        eprintln!("LEFT OUT: what {tool} says to its completions or pages (it is not installed)");
    }
    is_there
}

/// What bash would offer for the last of these words, below a folder.
fn offered(words: &[&str], folder: &Path) -> Vec<String> {
    let script = folder.join("completions.bash");
    fs::write(&script, printed(set_lstm!("completions bash"))).unwrap();
    // as bash calls it; `compopt` works only within a real completion
    let ask = r#"
        source "$0"
        compopt() { :; }
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _set__lstm set-lstm "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = Command::new("bash");
    bash.current_dir(folder)
        .args(["--norc", "-c", ask])
        .arg(&script);
    bash.arg("set-lstm").args(words);
    printed(bash).lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_options_names_and_files() {
    if !is_installed("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let offered = |words: &[&str]| offered(words, folder.path());
    assert_eq!(offered(&["tr"]), ["train"]);
    assert_eq!(offered(&["stack"]), ["stack-bound"]);
    assert!(
        !offered(&[""]).contains(&"bag-of-words".to_owned()),
        "it is hidden"
    );
    let presets = offered(&["train", "--preset", ""]);
    assert!(
        presets.len() > 10 && presets.contains(&"reber".to_owned()),
        "{presets:?}"
    );
    assert_eq!(offered(&["compare", "--preset", "gun"]), ["gunpoint"]);
    assert_eq!(
        offered(&["train", "--preset", "imdb", "--split-s"]),
        ["--split-seed"]
    );
    assert_eq!(
        offered(&["simulate", "m.setl", "--board", "microb"]),
        ["microbit"]
    );
    assert_eq!(
        offered(&["bench", "device", "--boards", "microb"]),
        ["microbit"]
    );
    assert_eq!(offered(&["bench", "dev"]), ["device"]);
    assert_eq!(offered(&["completions", "fi"]), ["fish"]);
    // a file with a space is one word
    fs::write(folder.path().join("my options.toml"), "").unwrap();
    assert_eq!(offered(&["train", "--config", "my"]), ["my options.toml"]);
    assert_eq!(
        offered(&["train", "--seed", "4"]),
        ["4"],
        "a number, no file"
    );
}

#[cfg(unix)]
#[test]
fn other_shells_find_their_scripts_well_formed() {
    for (shell, check) in [("zsh", "-n"), ("fish", "--no-execute"), ("bash", "-n")] {
        if is_installed(shell) {
            let folder = tempfile::tempdir().unwrap();
            let script = folder.path().join("script");
            fs::write(&script, printed(set_lstm!(format!("completions {shell}")))).unwrap();
            let mut command = Command::new(shell);
            let ended = ended({
                command.arg(check).arg(&script);
                command
            });
            assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{shell}");
        }
    }
    if is_installed("fish") {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script.fish");
        fs::write(&script, printed(set_lstm!("completions fish"))).unwrap();
        let ask = r#"source $argv[1]; complete -C "set-lstm train --preset gun""#;
        let mut fish = Command::new("fish");
        fish.env("HOME", folder.path()).args(["-N", "-c", ask]);
        let offered = printed({
            fish.arg(&script);
            fish
        });
        assert!(offered.starts_with("gunpoint\t"), "{offered}");
    }
    for shell in ["elvish", "powershell"] {
        let script = printed(set_lstm!(format!("completions {shell}")));
        assert!(
            script.contains("stack-bound") && script.contains("set-lstm"),
            "{shell}"
        );
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("a folder/man1");
    assert_eq!(printed(set_lstm!("man --out @", &pages)), "");
    let names = fs::read_dir(&pages).unwrap().flatten();
    let mut names: Vec<_> = names
        .map(|it| it.file_name().into_string().unwrap())
        .collect();
    names.sort();
    let page_of = |command: &&str| format!("set-lstm-{}.1", command.replace(' ', "-"));
    let mut expected: Vec<_> = COMMANDS.iter().map(page_of).collect();
    expected.push("set-lstm.1".into());
    expected.sort();
    assert_eq!(names, expected);
    let whole = fs::read_to_string(pages.join("set-lstm.1")).unwrap();
    assert_eq!(printed(set_lstm!("man")), whole);
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    refused(set_lstm!("man --out @", &file), "file: ", "by --out");
}

#[cfg(unix)]
#[test]
fn manual_pages_are_set_without_a_warning() {
    if !is_installed("groff") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    printed(set_lstm!("man --out @", folder.path()));
    for page in fs::read_dir(folder.path()).unwrap().flatten() {
        let mut groff = Command::new("groff");
        groff
            .args(["-K", "utf8", "-T", "utf8", "-man", "-ww"])
            .arg(page.path());
        let set = ended(groff);
        assert_eq!((set.code, set.err.as_str()), (Some(0), ""), "{page:?}");
        // words only: lines are filled with blanks
        let text = without_marks(&set.out);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("SYNOPSIS"), "{text}");
        let has_example = text.contains("Example:") || text.contains("The first run:");
        assert!(has_example, "{page:?}: {text}");
    }
}

/// The text without the escapes and backspaces of bold and underlined letters.
fn without_marks(text: &str) -> String {
    let mut child = Command::new("sed");
    let child = child.args(["-e", "s/\x1b\\[[0-9;]*m//g", "-e", "s/.\x08//g"]);
    let mut child = child
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(text.as_bytes()).unwrap());
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    })
}

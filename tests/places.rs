//! Where results go and come from: devices and pipes that stay what they are, links, folders in
//! the way, full disks, and names with spaces, line ends and bytes that are not UTF-8.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::behaviour::Desk;
use crate::program::{ended, object, printed, refused, set_lstm, trained};

/// Every command that writes one file, writing it to `out`.
fn writers(desk: &Desk, out: &Path) -> Vec<Command> {
    vec![
        set_lstm!("export @ --out @", &trained().run, out),
        set_lstm!("upgrade @ --out @", &trained().int8, out),
        set_lstm!("unpack @ --out @", &desk.compact, out),
    ]
}

/// Nothing was made in the folder but what was there.
#[track_caller]
fn assert_only(folder: &Path, names: &[&str]) {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut found: Vec<_> = entries
        .map(|it| it.file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, names);
}

/// A device that is renamed over is gone for every program of the machine. The device of this
/// test is a pipe, lest a mistake take one that somebody needs.
#[test]
fn what_is_no_file_is_written_to_and_stays() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let mut mkfifo = Command::new("mkfifo");
    mkfifo.arg(&pipe);
    printed(mkfifo);
    let expected = fs::read(&trained().int8).unwrap();
    for command in writers(&desk, &pipe) {
        let content = std::thread::scope(|scope| {
            let reader = scope.spawn(|| fs::read(&pipe).unwrap());
            printed(command);
            reader.join().unwrap()
        });
        assert!(content == expected);
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }
    // and read from: once, for there is nothing more
    for words in [
        "inspect @",
        "boards @",
        "upgrade @ --out u.setl",
        "evaluate @ --preset reber --limit 3",
    ] {
        std::thread::scope(|scope| {
            scope.spawn(|| fs::write(&pipe, &expected).unwrap());
            let mut command = set_lstm!(words, &pipe);
            command.current_dir(folder.path());
            printed(command);
        });
    }
    assert!(fs::read(folder.path().join("u.setl")).unwrap() == expected);
}

/// A model with a table behind it would be none.
#[test]
fn a_model_is_not_mixed_with_what_is_printed() {
    for out in ["/dev/stdout", "/dev/fd/1"] {
        let command = set_lstm!(format!("export @ --out {out}"), &trained().run);
        refused(command, out, "by --out");
        let command = set_lstm!(format!("upgrade @ --out {out}"), &trained().int8);
        refused(command, out, "by --out");
    }
    // what prints nothing else may
    let desk = Desk::new();
    let mut unpack = set_lstm!("unpack @ --out /dev/stdout", &desk.compact);
    let unpacked = unpack.output().unwrap();
    assert!(unpacked.status.success() && unpacked.stdout == fs::read(&trained().int8).unwrap());
}

#[test]
fn a_link_stays_and_its_file_is_replaced() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().unwrap();
    let [file, link] = ["real.setl", "link.setl"].map(|name| folder.path().join(name));
    symlink("real.setl", &link).unwrap();
    for command in writers(&desk, &link) {
        fs::write(&file, "old").unwrap();
        printed(command);
        assert!(link.is_symlink());
        assert!(fs::read(&file).unwrap() == fs::read(&trained().int8).unwrap());
        assert_only(folder.path(), &["link.setl", "real.setl"]);
    }
}

#[test]
fn a_place_where_no_file_can_be_is_named_and_nothing_is_left() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "mine").unwrap();
    fs::create_dir(at("folder")).unwrap();
    for (place, remedy) in [
        ("absent/m.setl", "make its folder"),
        ("file/m.setl", "make its folder"),
        ("folder", "name a file in it"),
    ] {
        for command in writers(&desk, &at(place)) {
            let message = refused(command, place, remedy);
            assert!(!message.contains("unfinished"), "{message}");
        }
    }
    for module in ["absent/m.rs", "file/m.rs", "folder", "m.setl"] {
        let (out, module) = (at("m.setl"), at(module));
        let command = set_lstm!("export @ --out @ --rust @", &trained().run, out, module);
        refused(command, module.to_str().unwrap(), "");
        assert!(!out.exists(), "both or none");
    }
    // folders that commands make: said before anything is read or built
    let absent = Path::new("absent-data");
    for command in [
        set_lstm!("train --preset imdb --data @ --out @", absent, at("file")),
        set_lstm!(
            "train --preset imdb --data @ --out @",
            absent,
            at("file/below/run")
        ),
        set_lstm!("bench device --out @", at("file")),
        set_lstm!("topology @ --out @", &trained().run, at("file/pictures")),
        set_lstm!("compare --preset reber --results @", at("file/results")),
        set_lstm!("footprint @ --svg @", &trained().int8, at("file/x.svg")),
    ] {
        refused(command, at("file").to_str().unwrap(), "");
    }
    assert_eq!(fs::read(at("file")).unwrap(), b"mine");
    assert_only(folder.path(), &["file", "folder"]);
    assert_only(&at("folder"), &[]);
}

/// A file system of 64 KB, by root's rights in a space of mounts of its own.
#[test]
fn a_full_disk_leaves_the_old_file_and_nothing_else() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        mount -t tmpfs -o size=64k none "$1" || exit 77
        cd "$1" && printf old > m.setl && { cat /dev/zero > filler 2>&-; shift; "$@"; }
        code=$?
        ls -A | tr '\n' ' '; cat m.setl
        exit $code"#;
    for command in writers(&desk, Path::new("m.setl")) {
        let mut full = Command::new("unshare");
        full.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]);
        full.arg(folder.path())
            .arg(command.get_program())
            .args(command.get_args());
        let ended = ended(full);
        if ended.code == Some(77) || ended.err.contains("unshare") {
            eprintln!(
                "LEFT OUT: a full disk (this user may not mount one): {}",
                ended.err
            );
            return;
        }
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.starts_with("error: m.setl: "), "{}", ended.err);
        assert!(
            ended.err.contains("as it was before; free some space"),
            "{}",
            ended.err
        );
        assert_eq!(ended.out, "filler m.setl old");
    }
}

/// A read-only mount holds for root too, unlike the mode of a folder.
#[test]
fn a_read_only_place_is_an_error_that_names_the_file() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        mount -t tmpfs -o ro none "$1" || exit 77
        cd "$1" && shift && exec "$@""#;
    let run = set_lstm!("train --preset reber --epochs 1 --out run");
    for command in writers(&desk, Path::new("m.setl")).into_iter().chain([run]) {
        let mut locked = Command::new("unshare");
        locked.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]);
        locked
            .arg(folder.path())
            .arg(command.get_program())
            .args(command.get_args());
        let ended = ended(locked);
        if ended.code == Some(77) || ended.err.contains("unshare") {
            eprintln!(
                "LEFT OUT: a read-only place (this user may not mount one): {}",
                ended.err
            );
            return;
        }
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let message = ended.err.lines().last().unwrap();
        assert!(message.to_lowercase().contains("read-only"), "{message}");
        assert!(
            message.contains("m.setl: ") || message.contains("run: "),
            "{message}"
        );
    }
}

/// Every path option that is fast, below a folder with such a name.
fn assert_all_options_work_below(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let at = |name: &str| -> PathBuf { folder.join(name) };
    fs::write(
        at("o.toml"),
        "epochs = 1\nhidden-size = 8\nembedding-size = 4\n",
    )
    .unwrap();
    let table: String = (0..40)
        .map(|n| format!("w{n} {0},{0}\n", ["dull", "great"][n % 2]))
        .collect();
    fs::write(at("d.csv"), format!("text,label\n{table}")).unwrap();
    let (run, file) = (at("run"), at("m.setl"));
    let (data, config) = (at("d.csv"), at("o.toml"));
    let train = "train --preset text --batch 4 --data @ --config @ --out @ --json";
    object(set_lstm!(train, &data, &config, &run), &["run"]);
    printed(set_lstm!("train --resume @ --data @", &run, &data));
    object(
        set_lstm!("evaluate @ --data @ --json", &run, &data),
        &["model"],
    );
    let export = "export @ --out @ --rust @ --json";
    object(set_lstm!(export, &run, &file, at("m.rs")), &["rust"]);
    let module = fs::read_to_string(at("m.rs")).unwrap();
    assert!(module.contains("include_bytes!(\"m.setl\")"), "{module}");
    printed(set_lstm!("export @ --out @ --compact", &run, at("m.setz")));
    object(
        set_lstm!("unpack @ --out @ --json", at("m.setz"), at("u.setl")),
        &["model"],
    );
    object(
        set_lstm!("upgrade @ --out @ --json", &file, at("new.setl")),
        &["model"],
    );
    object(set_lstm!("inspect @ --json", &file), &["model_bytes"]);
    object(set_lstm!("boards @ --json", &file), &["boards"]);
    object(set_lstm!("predict @ great --json", &file), &["predictions"]);
    let evaluate = "evaluate @ --preset text --data @ --json";
    object(set_lstm!(evaluate, &file, &data), &["model"]);
    object(set_lstm!("topology @ --json", &run), &["pictures"]);
    object(
        set_lstm!("topology @ --out @ --json", &run, at("pictures")),
        &["pictures"],
    );
    let network = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/import/torch-samples.safetensors"
    ));
    fs::copy(network, at("net.safetensors")).unwrap();
    let import = set_lstm!(
        "import @ --out @ --json",
        at("net.safetensors"),
        at("imported")
    );
    object(import, &["source", "run"]);
    let compare = "compare --preset text --data @ --results @ --work @ --dry-run --json";
    object(
        set_lstm!(compare, &data, at("results"), at("work")),
        &["trainings"],
    );
    printed(set_lstm!("man --out @", at("man")));
    let speed = "bench train --rounds 1 --batches 1 --tokens 5 --hidden-size 8 --embedding-size 8 \
                 --vocabulary 50 --batch 2 --json";
    object(set_lstm!(speed), &["tokens_per_second"]);
}

#[test]
fn paths_may_have_spaces_line_ends_and_quotes() {
    let folder = tempfile::tempdir().unwrap();
    assert_all_options_work_below(&folder.path().join("a 'folder'\nof \"two\" lines & <more>"));
}

#[test]
fn paths_may_be_no_text_at_all() {
    let folder = tempfile::tempdir().unwrap();
    assert_all_options_work_below(&folder.path().join(OsStr::from_bytes(b"caf\xe9 \xff")));
}

/// The model's own name goes into a comment and a literal of its module.
#[test]
fn a_module_names_any_model_file_in_one_line_or_says_that_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("m.rs");
    let export = |name: &OsStr| {
        let file = folder.path().join(name);
        set_lstm!("export @ --out @ --rust @", &trained().run, file, &module)
    };
    printed(export(OsStr::new("a\n\"b\" c.setl")));
    let text = fs::read_to_string(&module).unwrap();
    assert!(
        text.starts_with("//! The model of `a\\n\\\"b\\\" c.setl`: "),
        "{text}"
    );
    assert!(
        text.contains("include_bytes!(\"a\\n\\\"b\\\" c.setl\")"),
        "{text}"
    );
    let command = export(OsStr::from_bytes(b"caf\xe9.setl"));
    refused(
        command,
        "is not UTF-8, and a Rust module cannot name it",
        "another place",
    );
    assert!(
        !folder
            .path()
            .join(OsStr::from_bytes(b"caf\xe9.setl"))
            .exists()
    );
}

/// Cargo and the linker hand paths on in lines and lists.
#[test]
fn firmware_below_an_impossible_path_is_refused_before_it_is_built() {
    let folder = tempfile::tempdir().unwrap();
    for name in [&b"two\nlines"[..], b"a:b", b"caf\xe9"] {
        let sources = folder.path().join(OsStr::from_bytes(name));
        fs::create_dir_all(sources.join("demo")).unwrap();
        fs::write(sources.join("demo/Cargo.toml"), "").unwrap();
        let command = set_lstm!(
            "simulate @ --preset reber --firmware @",
            &trained().int8,
            &sources
        );
        refused(
            command,
            "nothing can be built below",
            "move the set-lstm sources",
        );
    }
    let command = set_lstm!("talk --firmware @", folder.path());
    refused(
        command,
        folder.path().to_str().unwrap(),
        "name the folder firmware-examples",
    );
}

//! Bad input to the real program: exit code 1 and one message that names the file and ends
//! with what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program::{TINY, gzip, printed, refused, reviews, set_lstm, tar_of, trained};

/// What training on this data says.
#[track_caller]
fn refused_data(path: &Path, named: &str, remedy: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let command = set_lstm!(format!("train {TINY} --data @ --out @"), path, &out);
    let message = refused(command, named, remedy);
    assert!(!out.exists(), "no run without data");
    message
}

#[test]
fn a_missing_or_empty_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    refused_data(&absent, absent.to_str().unwrap(), "check the path");
    let empty = folder.path().to_str().unwrap();
    refused_data(folder.path(), empty, "give the aclImdb folder or archive");
    fs::create_dir_all(folder.path().join("aclImdb/train/pos")).unwrap();
    refused_data(
        folder.path(),
        "aclImdb: no reviews in train",
        "give the aclImdb",
    );
}

#[test]
fn a_preset_without_its_data_says_how_to_name_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let command = set_lstm!("train --preset imdb --out @", &out);
    refused(
        command,
        "Large Movie Review Dataset",
        "name its file, folder or archive by --data",
    );
    let command = set_lstm!("evaluate @", &trained().int8);
    refused(command, "preset imdb", "--data");
}

#[test]
fn a_review_that_is_not_utf8_and_an_unknown_label_are_named() {
    let data = reviews();
    let review = data.path().join("aclImdb/train/pos/7_9.txt");
    fs::write(&review, b"caf\xe9").unwrap();
    refused_data(data.path(), review.to_str().unwrap(), "convert or remove");
    fs::write(&review, "good").unwrap();
    let neutral = data.path().join("aclImdb/train/neutral");
    fs::create_dir(&neutral).unwrap();
    fs::write(neutral.join("1_5.txt"), "so so").unwrap();
    let label = "neutral/1_5.txt: unknown label `neutral`; expected neg or pos";
    refused_data(data.path(), label, "remove the folder");
}

#[test]
fn one_class_alone_is_not_enough() {
    let data = reviews();
    fs::remove_dir_all(data.path().join("aclImdb/train/pos")).unwrap();
    refused_data(data.path(), "no reviews in train/pos", "give the aclImdb");
}

#[test]
fn a_truncated_archive_is_named_whatever_its_form() {
    let data = reviews();
    let plain = tar_of(data.path());
    let zstd = zstd::encode_all(&plain[..], 3).unwrap();
    for (name, whole) in [
        ("set.tar", &plain),
        ("set.tar.gz", &gzip(&plain)),
        ("set.tar.zst", &zstd),
    ] {
        let path = data.path().join(name);
        for length in [whole.len() / 2, whole.len() / 10, 1, 0] {
            fs::write(&path, &whole[..length]).unwrap();
            refused_data(&path, name, "download it again");
        }
    }
}

#[test]
fn a_file_that_is_no_data_is_refused() {
    refused_data(&trained().int8, "int8.setl", "download it again");
}

/// Every command that reads a model file refuses this one.
#[track_caller]
fn refused_model(path: &Path, named: &str, remedy: &str) {
    let data = reviews();
    for words in ["inspect @", "predict @ text", "footprint @"] {
        refused(set_lstm!(words, path), named, remedy);
    }
    for words in ["evaluate @ --data @", "simulate @ --data @"] {
        refused(set_lstm!(words, path, data.path()), named, remedy);
    }
}

/// Writes a changed copy of a good model file.
fn changed(folder: &TempDir, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let path = folder.path().join("changed.setl");
    let mut bytes = fs::read(&trained().int8).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_damaged_a_truncated_and_an_empty_model_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = changed(&folder, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x40;
    });
    refused_model(&damaged, "changed.setl: ", "again");
    let half = changed(&folder, |bytes| bytes.truncate(bytes.len() / 2));
    refused_model(&half, "changed.setl: ", "again");
    let longer = changed(&folder, |bytes| bytes.push(0));
    refused_model(&longer, "changed.setl: ", "again");
    let empty = changed(&folder, Vec::clear);
    refused_model(&empty, "changed.setl: ", "set-lstm export");
}

#[test]
fn a_model_file_of_a_newer_version_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let newer = changed(&folder, |bytes| bytes[4] += 1);
    refused_model(&newer, "changed.setl: ", "export");
}

#[test]
fn what_is_no_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("review.txt");
    fs::write(&text, "A film that never bores.\n".repeat(50)).unwrap();
    refused_model(&text, "review.txt: ", "set-lstm export");
    let absent = folder.path().join("absent.setl");
    refused_model(&absent, "absent.setl: ", "give a model file");
}

#[test]
fn a_folder_in_place_of_a_file_and_the_reverse_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (name, trained) = (folder.path().to_str().unwrap(), trained());
    for words in ["inspect @", "footprint @"] {
        refused(set_lstm!(words, folder.path()), name, "model file");
    }
    for words in ["evaluate @", "predict @ text"] {
        refused(
            set_lstm!(words, folder.path()),
            name,
            "give the folder of a run",
        );
    }
    for words in ["export @ --out x.setl", "train --resume @"] {
        let command = set_lstm!(words, &trained.int8);
        refused(command, "int8.setl", "give the folder of a run");
    }
    let command = set_lstm!("export @ --out @", &trained.run, folder.path());
    refused(command, name, "choose another place");
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let command = set_lstm!("train --preset reber --epochs 1 --out @", &file);
    refused(command, file.to_str().unwrap(), "choose another folder");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_damaged_run_says_which_file() {
    let data = reviews();
    let run = data.path().join("run");
    printed(set_lstm!(
        format!("train {TINY} --data @ --out @"),
        data.path(),
        &run
    ));
    let damage = |name: &str, command: Command, remedy: &str| {
        let path = run.join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        refused(command, name, remedy);
        fs::write(&path, whole).unwrap();
    };
    let out = data.path().join("x.setl");
    let export = || set_lstm!("export @ --out @", &run, &out);
    let evaluate = || set_lstm!("evaluate @", &run);
    let resume = || set_lstm!("train --resume @", &run);
    damage("model.safetensors", export(), "again");
    damage("model.safetensors", evaluate(), "again");
    damage("checkpoint.safetensors", resume(), "train again");
    damage("vocabulary.txt", export(), "copy the file again");
    damage("vocabulary.txt", evaluate(), "copy the file again");
    damage("options.toml", resume(), "restore the file");
    fs::remove_file(run.join("model.safetensors")).unwrap();
    refused(export(), "no model yet", "train --resume");
    assert!(!out.exists());
}

#[test]
fn a_model_of_other_classes_than_the_data_is_refused() {
    let data = reviews();
    for words in ["evaluate @ --data @", "simulate @ --data @"] {
        let command = set_lstm!(words, &trained().int8, data.path());
        refused(command, "broken, legal", "--preset");
    }
}

#[test]
fn a_model_beyond_the_budget_is_refused() {
    let file = &trained().int8;
    for words in [
        "footprint @ --flash-budget 10K",
        "simulate @ --preset reber --limit 2 --flash-budget 10K",
    ] {
        let message = refused(set_lstm!(words, file), "int8.setl: ", "smaller or sparser");
        assert!(
            message.contains("more than the budget of 10240"),
            "{message}"
        );
    }
}

#[test]
fn a_missing_emulator_says_what_installs_it() {
    let mut command = set_lstm!("footprint @", &trained().int8);
    command.env("SET_LSTM_QEMU", "/nowhere/qemu");
    refused(
        command,
        "qemu-system-arm is not installed",
        "scripts/setup.sh",
    );
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    if fs::File::create(folder.path().join("probe")).is_ok() {
        eprintln!("LEFT OUT: a read-only output folder (this user may write anywhere)");
        return;
    }
    let [run, file] = ["run", "m.setl"].map(|name| folder.path().join(name));
    let command = set_lstm!("train --preset reber --epochs 1 --out @", &run);
    refused(command, run.to_str().unwrap(), "choose another folder");
    let command = set_lstm!("export @ --out @", &trained().run, &file);
    refused(command, "m.setl", "choose another place");
    mode(0o755);
}

/// Unlike with a read-only folder, this holds for root as well.
#[cfg(target_os = "linux")]
#[test]
fn a_place_where_nothing_can_be_written_is_named() {
    let command = set_lstm!("train --preset reber --epochs 1 --out /proc/run");
    refused(command, "/proc/run", "choose another folder");
    let command = set_lstm!("export @ --out /proc/m.setl", &trained().run);
    refused(command, "/proc/m.setl", "choose another place");
}

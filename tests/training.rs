//! Trainings by the real program: the same bytes for the same seed, whatever the threads and
//! however often they were stopped, killed or out of space in between.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{
    TINY, ended, gzip, number, object, printed, refused, reviews, set_lstm, tar_of,
};

const SMALL: &str = "--preset reber --hidden-size 24 --embedding-size 16 --averaging 0.9 \
                     --output-dropout 0.2";

fn model_of(run: &Path) -> Vec<u8> {
    fs::read(run.join("model.safetensors")).unwrap()
}

/// The model of a training that nothing interrupts.
fn model(folder: &Path, name: &str, options: &str) -> Vec<u8> {
    let run = folder.join(name);
    printed(set_lstm!(format!("train {options} --out @"), &run));
    model_of(&run)
}

fn assert_bound_to_the_seed_alone(topology: &str) {
    let folder = tempfile::tempdir().unwrap();
    let options = format!("{SMALL} --epochs 2 --topology {topology}");
    let model = |name, more| model(folder.path(), name, &format!("{options} {more}"));
    let first = model("first", "--seed 7 --threads 1");
    assert!(first == model("second", "--seed 7 --threads 2"), "threads");
    assert!(first != model("third", "--seed 8 --threads 2"), "seeds");
}

#[test]
fn an_evolving_model_is_bound_to_the_seed_and_not_to_the_threads() {
    assert_bound_to_the_seed_alone("set");
}

#[test]
fn a_static_model_is_bound_to_the_seed_and_not_to_the_threads() {
    assert_bound_to_the_seed_alone("static");
}

#[test]
fn a_dense_model_is_bound_to_the_seed_and_not_to_the_threads() {
    assert_bound_to_the_seed_alone("dense");
}

#[test]
fn a_folder_and_its_archives_give_the_same_bytes() {
    let data = reviews();
    let run = |name: &str, path: &Path| {
        let run = data.path().join(name);
        printed(set_lstm!(
            format!("train {TINY} --data @ --out @"),
            path,
            &run
        ));
        model_of(&run)
    };
    let from_folder = run("of-folder", data.path());
    let plain = tar_of(data.path());
    let zstd = zstd::encode_all(&plain[..], 3).unwrap();
    for (name, bytes) in [
        ("x.tar", &plain),
        ("x.tar.gz", &gzip(&plain)),
        ("x.tar.zst", &zstd),
    ] {
        let path = data.path().join(name);
        fs::write(&path, bytes).unwrap();
        assert!(run(&format!("of-{name}"), &path) == from_folder, "{name}");
    }
}

#[test]
fn options_of_a_file_are_those_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("small.toml");
    fs::write(
        &config,
        "# small and quick\nhidden-size = 24\nembedding-size = 16\naveraging = 0.9\n\
         output-dropout = 0.2\nepochs = 9\ndensity = '30%'\n",
    )
    .unwrap();
    let by_words = model(
        folder.path(),
        "words",
        &format!("{SMALL} --epochs 1 --density 0.3"),
    );
    let run = folder.path().join("file");
    // the command line wins over the file
    let words = "train --preset reber --config @ --epochs 1 --out @ --json";
    let trained = object(set_lstm!(words, &config, &run), &[]);
    assert_eq!(number(&trained, "epochs"), 1.0);
    assert!(model_of(&run) == by_words);
}

#[test]
fn an_unknown_or_impossible_option_of_a_file_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let [config, run] = ["own.toml", "run"].map(|name| folder.path().join(name));
    for (text, named) in [
        (
            "seed = 1\nzetta = 0.3\n",
            ["own.toml: ", "line 2", "`zetta`"],
        ),
        (
            "seed = 1\n\nepochs = 'many'\n",
            ["own.toml: ", "line 3", "'many'"],
        ),
        ("seed = \n", ["own.toml: ", "line 1", "seed"]),
        ("zeta = 2.0\n", ["zeta is 2", "zeta", "choose 0 to 1"]),
    ] {
        fs::write(&config, text).unwrap();
        let command = set_lstm!("train --preset reber --config @ --out @", &config, &run);
        let remedy = if text.starts_with("zeta") {
            "choose"
        } else {
            "correct the file"
        };
        let message = refused(command, named[0], remedy);
        for name in named {
            assert!(message.contains(name), "no {name:?} in {message}");
        }
    }
    assert!(!run.exists(), "nothing is written before all is checked");
}

#[test]
fn a_run_is_replaced_only_if_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let first = model(folder.path(), "run", &format!("{SMALL} --epochs 1"));
    let again = format!("train {SMALL} --epochs 1 --seed 2 --out @");
    refused(
        set_lstm!(&again, &run),
        "there is a run in this folder",
        "--replace",
    );
    assert!(model_of(&run) == first);
    printed(set_lstm!(format!("{again} --replace"), &run));
    assert!(model_of(&run) != first);
}

#[test]
fn a_run_goes_on_only_with_its_own_data() {
    let data = reviews();
    let run = data.path().join("run");
    printed(set_lstm!(
        format!("train {TINY} --data @ --out @"),
        data.path(),
        &run
    ));
    let (before, review) = (
        model_of(&run),
        data.path().join("aclImdb/train/neg/3_2.txt"),
    );
    fs::write(review, "Another film, another word: great.").unwrap();
    refused(
        set_lstm!("train --resume @", &run),
        "not what this run was trained on",
        "the same data",
    );
    assert!(model_of(&run) == before);
}

#[test]
fn a_run_goes_on_only_with_its_own_options() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let before = model(folder.path(), "run", &format!("{SMALL} --epochs 1"));
    let command = set_lstm!("train --resume @ --epochs 3", &run);
    refused(command, "a resumed run keeps its options", "leave them out");
    let options = run.join("options.toml");
    let text = fs::read_to_string(&options).unwrap();
    for (old, new) in [
        ("hidden-size = 24", "hidden-size = 25"),
        ("seed = 1", "seed = 2"),
        ("epochs = 1", "epochs = 3"),
    ] {
        fs::write(&options, text.replace(old, new)).unwrap();
        let command = set_lstm!("train --resume @", &run);
        refused(command, "made with other options", "restore options.toml");
    }
    fs::write(&options, text.replace("seed", "sed")).unwrap();
    refused(
        set_lstm!("train --resume @", &run),
        "options.toml: ",
        "restore the file",
    );
    fs::write(&options, text).unwrap();
    printed(set_lstm!("train --resume @", &run)); // is done already
    assert!(model_of(&run) == before);
}

#[cfg(unix)]
mod stopped {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::Duration;

    use set_lstm::run::Run;

    use super::*;

    /// Every file of the connections.
    fn history(run: &Path) -> Vec<Vec<u8>> {
        let files = Run::open(run).unwrap().connection_files().unwrap();
        files.iter().map(|path| fs::read(path).unwrap()).collect()
    }

    fn started(mut command: Command) -> Child {
        let pipes = command.stdin(Stdio::null()).stdout(Stdio::null());
        pipes.stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What a process says, until a line has `word`; `None` if it never comes.
    fn said(child: &mut Child, word: &str) -> Option<BufReader<std::process::ChildStderr>> {
        let mut reader = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap() > 0 {
            if line.contains(word) {
                return Some(reader);
            }
            line.clear();
        }
        None
    }

    fn signal(child: &Child, name: &str) {
        let id = child.id().to_string();
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {id}")])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Starts a training, interrupts it when its first epoch is done, and returns what it
    /// said after that.
    fn interrupted(command: Command, name: &str) -> String {
        let mut child = started(command);
        let reader = said(&mut child, "epoch  1/").expect("a first epoch");
        signal(&child, name);
        let rest: Vec<String> = reader.lines().map(|line| line.unwrap()).collect();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
        rest.join("\n")
    }

    #[test]
    fn an_interrupted_training_goes_on_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("{SMALL} --epochs 6");
        let whole = model(folder.path(), "whole", &options);
        let connections = history(&folder.path().join("whole"));
        assert_eq!(connections.len(), 1 + 6, "the start and every epoch");
        for name in ["INT", "TERM"] {
            let run = folder.path().join(name);
            let said = interrupted(set_lstm!(format!("train {options} --out @"), &run), name);
            let hint = format!(
                "error: interrupted; everything up to the last step is saved; \
                 go on with `set-lstm train --resume {}`",
                run.display()
            );
            assert!(said.ends_with(&hint), "{said}");
            let stopped_at = Run::open(&run).unwrap().checkpoint().unwrap().position;
            assert!(stopped_at.epoch < 6, "{stopped_at:?}");
            // a run that is not done can be tested already
            object(set_lstm!("evaluate @ --json", &run), &["accuracy"]);
            printed(set_lstm!("train --threads 1 --resume @", &run));
            assert!(model_of(&run) == whole, "{stopped_at:?}");
            assert!(history(&run) == connections, "{stopped_at:?}");
        }
    }

    /// What comes after the training has no step to end: nothing else may swallow Ctrl-C.
    #[test]
    fn a_demo_can_be_stopped_after_its_training() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = started(set_lstm!("demo --out @", folder.path()));
        let _reader = said(&mut child, "5/5").expect("a fifth step");
        signal(&child, "INT");
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }

    /// Every file of a run folder is whole, or not there.
    fn assert_whole(run: &Path) {
        let there = |name: &str| run.join(name).exists();
        if !there("options.toml") {
            return; // no run yet: it would be begun anew
        }
        let opened = Run::open(run).unwrap();
        opened.options().unwrap();
        opened.vocabulary().unwrap();
        if opened.has_checkpoint() {
            let epoch = opened.checkpoint().unwrap().position.epoch;
            assert!(epoch == 0 || there("model.safetensors") && there("curve.svg"));
            if epoch > 0 {
                let metrics = fs::read_to_string(opened.metrics_path()).unwrap();
                assert!(metrics.ends_with('\n') && metrics.lines().count() > epoch as usize);
            }
        }
        if there("model.safetensors") {
            opened.model().unwrap();
        }
        if there("curve.svg") {
            let curve = fs::read_to_string(opened.curve_path()).unwrap();
            assert!(curve.trim_end().ends_with("</svg>"));
        }
    }

    #[test]
    fn a_killed_training_leaves_whole_files_and_goes_on_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        // an epoch of a step or two, so that it saves all the time
        let options = format!("{SMALL} --epochs 60 --batch 2000");
        let whole = model(folder.path(), "whole", &options);
        let run = folder.path().join("killed");
        let epochs = || {
            let metrics = fs::read_to_string(run.join("metrics.csv"));
            metrics.map_or(0, |metrics| metrics.lines().count())
        };
        let mut kills = 0;
        loop {
            let start = !run.join("options.toml").exists();
            let command = if start {
                set_lstm!(format!("train {options} --out @"), &run)
            } else {
                set_lstm!("train --resume @", &run)
            };
            let goal = epochs() + 1 + kills % 4;
            let mut child = started(command);
            // a few epochs on, and then at another moment of the next one each time
            while child.try_wait().unwrap().is_none() && (kills == 12 || epochs() < goal) {
                sleep(Duration::from_millis(1));
            }
            sleep(Duration::from_millis((kills as u64 * 7919) % 23));
            let _ = child.kill(); // has ended perhaps
            let status = child.wait().unwrap();
            assert_whole(&run);
            if status.signal().is_none() {
                assert!(status.success(), "{status}");
                break;
            }
            kills += 1;
        }
        assert!(kills >= 5, "killed only {kills} times");
        assert!(model_of(&run) == whole, "after {kills} kills");
        assert!(history(&run) == history(&folder.path().join("whole")));
        let left = fs::read_dir(&run)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        assert_eq!(left.count(), 7, "what was not finished is removed");
    }

    /// Limits the size of files instead of filling a disk, which only root could do safely.
    fn without_space(blocks: u64, command: &Command) -> Command {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut limited = Command::new("sh");
        limited.args(["-c", &script]).arg(command.get_program());
        limited.args(command.get_args());
        limited
    }

    #[test]
    fn without_space_the_last_good_checkpoint_stays() {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("{SMALL} --epochs 6");
        let whole = model(folder.path(), "whole", &options);
        let run = folder.path().join("run");
        interrupted(set_lstm!(format!("train {options} --out @"), &run), "INT");
        let path = run.join("checkpoint.safetensors");
        let good = fs::read(&path).unwrap();
        let resume = || set_lstm!("train --resume @", &run);
        // POSIX's blocks of 512 bytes: no file fits, or some do
        let all = good.len() as u64 / 512;
        for blocks in [1, all / 2, all - 1] {
            let command = without_space(blocks, &resume());
            let message = refused(command, run.to_str().unwrap(), "free some space");
            assert!(
                message.contains("the file is as it was before"),
                "{message}"
            );
            assert!(fs::read(&path).unwrap() == good);
            assert_whole(&run);
        }
        printed(resume());
        assert!(model_of(&run) == whole);
    }

    #[test]
    fn without_space_an_export_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.setl");
        fs::write(&file, "the old one").unwrap();
        let export = set_lstm!("export @ --out @", &crate::program::trained().run, &file);
        refused(without_space(1, &export), "model.setl: ", "free some space");
        assert_eq!(fs::read(&file).unwrap(), b"the old one");
        let names: Vec<PathBuf> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(names, [file], "nothing half written is left");
        assert_eq!(ended(export).code, Some(0));
    }
}

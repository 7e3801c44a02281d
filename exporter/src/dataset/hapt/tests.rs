use std::collections::BTreeSet;
use std::fmt::Write;

use super::*;

/// Steps of each stretch: two windows.
const STRETCH: usize = WINDOW + STEP;

/// Users 1 and 2, the second for the test, each with one stretch of every activity, the
/// transition 7 among them; the samples count.
fn small() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut labels = String::new();
    for (experiment, user) in [(1, 1), (11, 2)] {
        for (sensor, sign) in [("acc", ""), ("gyro", "-")] {
            let row = |step| format!("{sign}{step} {sign}{step}.25 {sign}{step}.5e0\r\n");
            let text = (0..7 * STRETCH).map(row).collect();
            let name = format!("RawData/{sensor}_exp{experiment:02}_user{user:02}.txt");
            files.push((name, text));
        }
        for activity in 1..=7 {
            let (start, end) = ((activity - 1) * STRETCH + 1, activity * STRETCH);
            writeln!(labels, "{experiment} {user} {activity} {start} {end}").unwrap();
        }
    }
    files.push(("RawData/labels.txt".into(), labels));
    files.push(("activity_labels.txt".into(), "1 WALKING".into()));
    files.push(("RawData/._acc_exp01_user01.txt".into(), "hidden".into()));
    files
}

fn write_folder(root: &Path, files: &[(String, String)]) {
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn write_archive(path: &Path, files: &[(String, String)]) {
    let mut builder = tar::Builder::new(fs::File::create(path).unwrap());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        let data = text.as_bytes();
        builder.append_data(&mut header, name, data).unwrap();
    }
    builder.finish().unwrap();
}

/// Label, order, group and samples.
type Window = (u8, u64, u64, Vec<f32>);

/// All windows of a split.
fn windows(path: &Path, split: Split) -> Result<Vec<Window>> {
    let mut windows = Vec::new();
    Hapt::open(path)?.for_each(split, &mut |document| {
        let samples = document.content.series().to_vec();
        windows.push((
            document.target.class().unwrap(),
            document.order,
            document.group,
            samples,
        ));
        Ok(())
    })?;
    Ok(windows)
}

#[test]
fn windows_lie_inside_a_stretch_and_test_users_are_apart() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(&folder.path().join("hapt"), &small());
    for (split, user) in [(Split::Train, 1), (Split::Test, 2)] {
        let windows = windows(folder.path(), split).unwrap();
        let labels: Vec<u8> = windows.iter().map(|window| window.0).collect();
        assert_eq!(labels, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        assert!(windows.iter().all(|window| window.2 == user));
        let orders: BTreeSet<u64> = windows.iter().map(|window| window.1).collect();
        assert_eq!(orders.len(), windows.len());
        for (k, (label, _, _, samples)) in windows.iter().enumerate() {
            assert_eq!(samples.len(), WINDOW * CHANNELS);
            let start = (usize::from(*label) * STRETCH + k % 2 * STEP) as f32;
            let step = |at: f32| [at, at + 0.25, at + 0.5, -at, -at - 0.25, -at - 0.5];
            assert_eq!(samples[..CHANNELS], step(start));
            let last = start + WINDOW as f32 - 1.0;
            assert_eq!(samples[samples.len() - CHANNELS..], step(last));
        }
    }
}

#[test]
fn folder_and_archive_in_any_order_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = small();
    write_folder(folder.path(), &files);
    let expected = windows(&folder.path().join("RawData"), Split::Train).unwrap();
    let archives = folder.path().join("archives");
    fs::create_dir(&archives).unwrap();
    for _ in 0..2 {
        files.reverse();
        let archive = archives.join("HAPT Data Set.tar");
        write_archive(&archive, &files);
        for path in [&archive, &archives] {
            assert_eq!(windows(path, Split::Train).unwrap(), expected);
        }
    }
}

#[test]
fn users_come_in_no_order_that_means_anything() {
    let place = |user| {
        Key {
            experiment: 1,
            user,
        }
        .order(0)
    };
    let mut users: Vec<u32> = (1..=30).collect();
    users.sort_by_key(|&user| place(user));
    assert!(!users.is_sorted());
    let late = users[24..].iter().filter(|&&user| user > 15).count();
    assert!((1..6).contains(&late), "{users:?}");
}

/// What reading says after `from` became `to` in the file `name`, or the file went away.
fn failure(name: &str, change: Option<(&str, &str)>) -> String {
    let mut files = small();
    let name = format!("RawData/{name}");
    match change {
        None => files.retain(|file| file.0 != name),
        Some((from, to)) => {
            let file = files.iter_mut().find(|file| file.0 == name).unwrap();
            assert!(file.1.contains(from));
            file.1 = file.1.replacen(from, to, 1);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.tar");
    write_archive(&path, &files);
    windows(&path, Split::Train).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    let (acc, gyro) = ("acc_exp01_user01.txt", "gyro_exp01_user01.txt");
    let second = "1 1.25 1.5e0\r\n";
    for (file, change, named) in [
        (
            acc,
            Some((second, "1 1.25\n")),
            "acc_exp01_user01.txt: line 2: 2 columns; expected 3",
        ),
        (
            acc,
            Some((second, "1 1 1 1\n")),
            "line 2: 4 columns; expected 3",
        ),
        (acc, Some((second, "\n")), "line 2: 0 columns; expected 3"),
        (
            acc,
            Some((second, "1 1.25 x\n")),
            "line 2: `x` is no finite number; expected",
        ),
        (
            acc,
            Some((second, "1 1.25 NaN\n")),
            "line 2: `NaN` is no finite number",
        ),
        (
            acc,
            Some((second, "")),
            "gyro_exp01_user01.txt: 1344 rows, and acc_exp01_user01.txt has 1343; expected as many",
        ),
        (
            gyro,
            None,
            "no gyro_exp01_user01.txt beside acc_exp01_user01.txt",
        ),
        (
            acc,
            None,
            "no acc_exp01_user01.txt beside gyro_exp01_user01.txt",
        ),
        ("labels.txt", None, "no labels.txt; give"),
        (
            "labels.txt",
            Some(("1 1 7 1153 1344", "1 1 7 1153 1345")),
            "labels.txt: line 7: a stretch to step 1345, and acc_exp01_user01.txt has 1344 rows",
        ),
        (
            "labels.txt",
            Some(("1 1 7 ", "1 1 13 ")),
            "line 7: unknown activity 13; expected 1 to 12",
        ),
        (
            "labels.txt",
            Some(("1 1 7 ", "3 1 7 ")),
            "no acc_exp03_user01.txt, which labels.txt names in line 7",
        ),
        (
            "labels.txt",
            Some(("1 1 1 1 ", "1 1 1 0 ")),
            "line 1: `1 1 1 0 192`; expected `experiment user",
        ),
        (
            "labels.txt",
            Some(("1 1 1 1 192", "1 1 1 192")),
            "line 1: `1 1 1 192`; expected",
        ),
        (
            "labels.txt",
            Some(("1 1 1 1 192", "1 1 1 193 192")),
            "line 1: start 193 is after end 192",
        ),
        (
            "labels.txt",
            Some(("1 1 3 ", "1 1 8 ")),
            "no window of 128 steps of the activity downstairs among the users for train",
        ),
    ] {
        let error = failure(file, change);
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn a_file_name_that_is_none_and_an_empty_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Hapt::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("no RawData/labels.txt found here"),
        "{error}"
    );
    let mut files = small();
    files.push(("RawData/acc_exp+1_user01.txt".into(), String::new()));
    write_folder(folder.path(), &files);
    let error = windows(folder.path(), Split::Train)
        .unwrap_err()
        .to_string();
    let named = "acc_exp+1_user01.txt: no name of a recording; expected acc_expNN_userNN.txt";
    assert!(error.contains(named), "{error}");
}

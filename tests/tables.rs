//! Tables with a sample a row, as loggers write them: every option, every way to get one wrong,
//! and real recordings in that form.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::ops::Deref;
use std::path::Path;

use proptest::prelude::*;
use set_lstm::dataset::divided::Division;
use set_lstm::dataset::sample_table::{SampleColumns, SampleTable};
use set_lstm::dataset::windows::Windows;
use set_lstm::dataset::{Corpus, Medium, Split};
use set_lstm::error::Result;
use set_lstm::load::{LoadOptions, load_split, load_training};
use set_lstm::target::{KeptTarget, UNLABELLED};
use tempfile::TempDir;

use crate::engine::cases;
use crate::program::{printed, refused, set_lstm};
use crate::sensors::data;

/// A document that was handed out.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    samples: Vec<f32>,
    target: KeptTarget,
    group: u64,
    order: u64,
}

/// A table and the folder that it lies in.
#[derive(Debug)]
struct Opened {
    table: SampleTable,
    _folder: TempDir,
}

impl Deref for Opened {
    type Target = SampleTable;

    fn deref(&self) -> &SampleTable {
        &self.table
    }
}

fn table_named(name: &str, text: &str, columns: &SampleColumns, part: f64) -> Result<Opened> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let division = Division {
        test_fraction: part,
        seed: 1,
    };
    Ok(Opened {
        table: SampleTable::open(&path, columns.clone(), division)?,
        _folder: folder,
    })
}

fn table(text: &str, columns: &SampleColumns) -> Result<Opened> {
    table_named("log.csv", text, columns, 0.2)
}

fn documents(table: &SampleTable, split: Split) -> Vec<Kept> {
    let mut found = Vec::new();
    let mut keep = |document: set_lstm::dataset::Document<'_>| {
        found.push(Kept {
            samples: document.content.series().to_vec(),
            target: document.target.into(),
            group: document.group,
            order: document.order,
        });
        Ok(())
    };
    table.for_each(split, &mut keep).unwrap();
    found
}

/// All of both parts, in the order of the file.
fn all(table: &SampleTable) -> Vec<Kept> {
    let mut all = documents(table, Split::Train);
    all.extend(documents(table, Split::Test));
    all.sort_by(|a, b| a.samples.partial_cmp(&b.samples).unwrap());
    all
}

fn columns(edit: impl FnOnce(&mut SampleColumns)) -> SampleColumns {
    let mut columns = SampleColumns::default();
    edit(&mut columns);
    columns
}

/// Two people, two recordings each, of four rows; a channel that counts the rows.
const WALKS: &str = "time,x,y,label,user,walk
0,0,0.5,still,ann,1
1,1,0.5,still,ann,1
2,2,0.5,moving,ann,1
3,3,0.5,moving,ann,1
0,4,0.5,moving,ann,2
1,5,0.5,moving,ann,2
2,6,0.5,,ann,2
3,7,0.5,still,ann,2
0,8,0.5,still,bob,3
1,9,0.5,still,bob,3
2,10,0.5,moving,bob,3
3,11,0.5,moving,bob,3
0,12,0.5,still,bob,4
1,13,0.5,still,bob,4
2,14,0.5,moving,bob,4
3,15,0.5,moving,bob,4
";

fn walks(edit: impl FnOnce(&mut SampleColumns)) -> SampleColumns {
    columns(|it| {
        it.samples = Some("x".into());
        it.recording = Some("walk".into());
        it.group = Some("user".into());
        edit(it);
    })
}

#[test]
fn windows_of_one_class_are_documents_and_others_are_left_out_and_counted() {
    let found = table(WALKS, &walks(|it| it.window = Some(2))).unwrap();
    assert_eq!(found.classes(), ["moving", "still"]);
    assert_eq!(found.medium(), Medium::Series { channels: 1 });
    let windows = all(&found);
    let expected = [
        ([0.0, 1.0], 1),
        ([2.0, 3.0], 0),
        ([4.0, 5.0], 0),
        ([8.0, 9.0], 1),
        ([10.0, 11.0], 0),
        ([12.0, 13.0], 1),
        ([14.0, 15.0], 0),
    ];
    let seen: Vec<_> = windows
        .iter()
        .map(|it| ([it.samples[0], it.samples[1]], it.target.clone()))
        .collect();
    assert_eq!(
        seen,
        expected.map(|(samples, label)| (samples, KeptTarget::Class(label)))
    );
    let notes = found.notes().join("\n");
    for note in [
        "channels: x; 4 recordings, ",
        "left out: 3 windows in which the class changes; --every-step keeps them",
        "left out: 2 windows without a label",
    ] {
        assert!(notes.contains(note), "{note}: {notes}");
    }
    // a person is on one side
    let sides = [Split::Train, Split::Test].map(|split| {
        let groups = documents(&found, split).into_iter();
        groups
            .map(|it| (it.samples[0] >= 8.0).into())
            .collect::<BTreeSet<u8>>()
    });
    assert!(sides[0].is_disjoint(&sides[1]), "{sides:?}");
}

#[test]
fn every_step_keeps_all_windows_with_what_is_known_of_their_rows() {
    let wanted = walks(|it| (it.every_step, it.window) = (true, Some(4)));
    let windows = all(&table(WALKS, &wanted).unwrap());
    let labels: Vec<&KeptTarget> = windows.iter().map(|it| &it.target).collect();
    let steps = |labels: [u8; 4]| KeptTarget::ClassOfSteps(labels.to_vec());
    let usual = steps([1, 1, 0, 0]);
    let gap = steps([0, 0, UNLABELLED, 1]);
    assert_eq!(labels, [&usual, &gap, &usual, &usual]);
}

#[test]
fn without_a_window_a_recording_is_one_sequence() {
    let wanted = walks(|it| it.every_step = true);
    let sequences = all(&table(WALKS, &wanted).unwrap());
    let first: Vec<f32> = sequences.iter().map(|it| it.samples[0]).collect();
    assert_eq!(first, [0.0, 4.0, 8.0, 12.0]);
    // rows of one person are one recording if no column names them
    let wanted = columns(|it| {
        it.samples = Some("x".into());
        it.group = Some("user".into());
        it.every_step = true;
    });
    let sequences = all(&table(WALKS, &wanted).unwrap());
    let lengths: Vec<usize> = sequences.iter().map(|it| it.samples.len()).collect();
    assert_eq!(lengths, [8, 8]);
}

#[test]
fn numbers_are_those_of_the_last_row_or_of_every_row() {
    let text = "x,speed,heart\n0,1,60\n1,2,61\n2,,62\n3,4,63\n4,5,64\n5,6,65\n6,7,66\n7,8,67\n";
    let wanted = |every_step| {
        columns(|it| {
            it.targets = Some("heart,speed".into());
            (it.window, it.stride, it.every_step) = (Some(2), Some(1), every_step);
        })
    };
    let found = table(text, &wanted(false)).unwrap();
    assert_eq!(found.outputs(), ["heart", "speed"]);
    assert!(found.classes().is_empty());
    assert_eq!(found.task().byte(), 2);
    let windows = all(&found);
    assert_eq!(windows[0].target, KeptTarget::Values(vec![61.0, 2.0]));
    // the window that ends where nobody knows the speed is none
    assert!(windows.iter().all(|it| it.samples[1] != 2.0));
    let notes = found.notes().join("\n");
    assert!(
        notes.contains("left out: 1 window without a number"),
        "{notes}"
    );
    let found = table(text, &wanted(true)).unwrap();
    assert_eq!(found.task().byte(), 3);
    let windows = all(&found);
    let KeptTarget::ValuesOfSteps(values) = &windows[1].target else {
        panic!("numbers of every step");
    };
    assert_eq!((values[0], values[1], values[2]), (61.0, 2.0, 62.0));
    assert!(values[3].is_nan());
}

#[test]
fn channels_are_all_numbers_without_another_use_and_no_clock() {
    let text = "index,Time,ax,note,ay,label\n0,0.5,1,hello,2,a\n1,0.6,3,you,4,b\n2,0.7,5,,6,a\n";
    let wanted = columns(|it| it.window = Some(1));
    let found = table(text, &wanted).unwrap();
    assert!(
        found.notes()[0].starts_with("channels: ax, ay; 1 recordings"),
        "{:?}",
        found.notes()
    );
    assert_eq!(all(&found)[1].samples, [3.0, 4.0]);
    let one = columns(|it| (it.window, it.samples) = (Some(1), Some("ay,Time".into())));
    assert_eq!(all(&table(text, &one).unwrap())[0].samples, [2.0, 0.5]);
}

#[test]
fn a_table_without_a_header_has_numbered_columns_and_any_delimiter() {
    for (name, text) in [
        ("a.csv", "1,2,walk\n3,4,walk\n5,6,run\n7,8,run\n"),
        (
            "a.tsv",
            "1\t2\twalk\r\n\r\n3\t4\twalk\r\n5\t6\trun\r\n7\t8\trun\r\n",
        ),
        ("a.csv", "\u{feff}1;2;walk\n3;4;walk\n5;6;\"run\"\n7;8;run"),
    ] {
        let wanted = columns(|it| {
            it.label = Some("3".into());
            it.window = Some(1);
        });
        let found = table_named(name, text, &wanted, 0.0).unwrap();
        assert_eq!(found.classes(), ["run", "walk"], "{name}");
        let samples: Vec<f32> = all(&found)
            .iter()
            .flat_map(|it| it.samples.clone())
            .collect();
        assert_eq!(samples, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert!(documents(&found, Split::Test).is_empty());
    }
}

#[test]
fn one_long_recording_is_divided_by_time_and_no_window_is_on_both_sides() {
    let mut text = "x,label\n".to_owned();
    (0..1000).for_each(|row| writeln!(text, "{row},{}", row / 10 % 2).unwrap());
    let wanted = columns(|it| (it.window, it.stride) = (Some(5), Some(1)));
    let found = table(&text, &wanted).unwrap();
    let notes = found.notes().join("\n");
    assert!(
        notes.contains("divided by time, and its last 200 rows are the test"),
        "{notes}"
    );
    let [train, test] = [Split::Train, Split::Test].map(|split| documents(&found, split));
    assert!(train.iter().all(|it| it.samples[4] < 800.0));
    assert!(test.iter().all(|it| it.samples[0] >= 800.0));
    assert!(
        train.len() > 400 && test.len() > 100,
        "{} {}",
        train.len(),
        test.len()
    );
    // validation is the last of the time, and shares no row with what is trained on
    let options = LoadOptions {
        validation_fraction: 0.2,
        ..LoadOptions::default()
    };
    let loaded = load_training(&*found, &options).unwrap();
    let statistics = loaded.code.statistics().unwrap();
    let rows = |set: &set_lstm::sequences::SequenceSet| -> BTreeSet<i64> {
        let samples = (0..set.len()).flat_map(|k| set.sequence(k).samples());
        let raw = |x: f32| (x / statistics.factor[0] + statistics.mean[0]).round() as i64;
        samples.map(|sample| raw(sample[0])).collect()
    };
    let (train, validation) = (rows(&loaded.train), rows(&loaded.validation));
    assert!(!validation.is_empty());
    assert!(
        train.last() < validation.first(),
        "{train:?} {validation:?}"
    );
    let test = load_split(&*found, Split::Test, 9, &loaded.code).unwrap();
    assert!(validation.last() < rows(&test).first());
}

#[test]
fn the_only_person_to_train_on_gives_the_validation_too() {
    let mut text = "x,label,user\n".to_owned();
    for row in 0..400 {
        let user = if row < 200 { "ann" } else { "bob" };
        writeln!(text, "{row},{},{user}", row / 5 % 2).unwrap();
    }
    let wanted = columns(|it| (it.window, it.group) = (Some(5), Some("user".into())));
    let found = table(&text, &wanted).unwrap();
    assert!(
        found
            .notes()
            .join("\n")
            .contains("one group only to train on")
    );
    let loaded = load_training(&*found, &LoadOptions::default()).unwrap();
    assert!(!loaded.validation.is_empty() && !loaded.train.is_empty());
    let people = |split| -> BTreeSet<bool> {
        let documents = documents(&found, split).into_iter();
        documents.map(|it| it.samples[0] < 200.0).collect()
    };
    assert!(people(Split::Train).is_disjoint(&people(Split::Test)));
}

#[test]
fn what_is_wrong_with_a_table_is_said_with_its_line_and_what_to_do() {
    let any = columns(|it| it.window = Some(2));
    let with = |edit: fn(&mut SampleColumns)| {
        columns(|it| {
            it.window = Some(2);
            edit(it);
        })
    };
    let many: String = (0..300).map(|k| format!("1,class {k}\n")).collect();
    for (text, columns, problem) in [
        (
            "",
            &any,
            "log.csv: no row of samples; expected one sample a row",
        ),
        ("x,label\n", &any, "no row of samples"),
        (
            "x,y\n1,2\n",
            &any,
            "line 1: no column label; name the column of the classes by --label-column",
        ),
        ("1,2\n3,4\n", &any, "line 1: no column label; name"),
        (
            "x,label\n1,a\n2\n",
            &any,
            "line 3: 1 fields, and the first row has 2; correct the row",
        ),
        ("x,label\n1,a\n\n\n2,b,3\n", &any, "line 5: 3 fields"),
        (
            "x,label\n1,a\nNaN,a\n",
            &any,
            "line 3: column 1 (x): `NaN` is no finite number; expected one such as -0.25; correct or remove the row, or name the channels by --sample-columns",
        ),
        (
            "x,label\n1,a\n,a\n",
            &any,
            "line 3: column 1 (x): `` is no finite number",
        ),
        (
            "x,label\n1,a\n\"2,a\n",
            &any,
            "line 3: a quote that is never closed",
        ),
        (
            "note,label\nhi,a\n",
            &any,
            "line 1: no column of samples; name the channels by --sample-columns",
        ),
        (
            "x,label\n1,a\n1,a\n",
            &any,
            "1 different labels, expected 2 or more",
        ),
        (
            "x,label\n1,\n1,\n",
            &any,
            "0 different labels, expected 2 or more",
        ),
        (
            &format!("x,label\n{many}"),
            &any,
            "line 257: more than 255 different labels; name the column of the classes",
        ),
        (
            "x,label\n1,a\n1,b\n",
            &with(|it| it.window = Some(3)),
            "a window of 3 rows, and the longest recording has 2; choose a shorter --window",
        ),
        (
            "x,label\n1,a\n1,b\n",
            &with(|it| it.window = None),
            "one group of rows, and nothing to divide; cut it by --window",
        ),
        (
            "x,label\n1,a\n1,b\n1,a\n1,b\n",
            &any,
            "no sequence to train on (one group only",
        ),
        (
            "x,label,r\n1,a,1\n1,b,2\n1,b,1\n",
            &with(|it| it.recording = Some("r".into())),
            "line 4: recording 1 again, after others; expected its rows together; sort the file",
        ),
        (
            "x,label,r,g\n1,a,1,1\n1,b,1,2\n",
            &with(|it| (it.recording, it.group) = (Some("r".into()), Some("g".into()))),
            "line 3: recording 1 is of group 1 and of group 2; expected one",
        ),
        (
            "x,label\n1,a\n",
            &with(|it| it.recording = Some("r".into())),
            "line 1: no column r; the first row has x, label; name another",
        ),
        (
            "x,label\n1,a\n",
            &with(|it| it.samples = Some("x..z".into())),
            "line 1: no column z; the first row",
        ),
        (
            "x,y\n1,far\n",
            &with(|it| it.targets = Some("y".into())),
            "line 2: column 2 (y): `far` is no finite number",
        ),
        (
            "x,y\n1,1e99\n",
            &with(|it| it.targets = Some("y".into())),
            "line 2: column 2 (y): `1e99` is no finite number",
        ),
        (
            "x,label\n1,a\n",
            &with(|it| it.window = Some(0)),
            "window is 0; choose 1 row or more",
        ),
        (
            "x,label\n1,a\n",
            &with(|it| it.stride = Some(0)),
            "stride is 0; choose 1 row or more",
        ),
        (
            "x,label\n1,a\n",
            &with(|it| (it.window, it.stride) = (None, Some(1))),
            "a stride without windows; name their length by --window",
        ),
        (
            "x,label\n1,a\n",
            &with(|it| (it.label, it.targets) = (Some("label".into()), Some("x".into()))),
            "classes and numbers at once; name --label-column or --target-columns",
        ),
    ] {
        let error = table(text, columns).expect_err(problem).to_string();
        assert!(error.contains(problem), "{text:?}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.csv"), b"x,label\n1,caf\xe9\n").unwrap();
    let error = SampleTable::open(folder.path(), any, Division::default());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("line 2: not UTF-8; convert"), "{error}");
}

#[test]
fn every_truncation_of_a_table_is_an_error_or_a_smaller_one() {
    let wanted = walks(|it| it.window = Some(2));
    for end in 0..WALKS.len() {
        if let Ok(found) = table(&WALKS[..end], &wanted) {
            assert!(all(&found).len() <= 7);
        }
    }
}

/// Lengths of recordings, their groups, window, stride and part of the test.
fn shapes() -> impl Strategy<Value = (Vec<(usize, u8)>, usize, usize, f64)> {
    (
        prop::collection::vec((1_usize..60, 0_u8..4), 1..8),
        1_usize..12,
        1_usize..14,
        0.0..0.6,
    )
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn windows_cover_each_recording_as_documented(
        (recordings, length, stride, part) in shapes(),
        every_step in any::<bool>(),
        pace in 1_usize..9,
    ) {
        // the only channel counts all rows, so a window says where it was
        let (mut text, mut row) = ("x,label,r,g\n".to_owned(), 0_usize);
        let (mut begins, mut wanted) = (Vec::new(), BTreeMap::new());
        for (number, (rows, group)) in recordings.iter().enumerate() {
            begins.push(row);
            for start in (Windows { length, stride }).starts(*rows) {
                let of = |step: usize| (row + start + step) / pace % 2;
                if every_step || (0..length).all(|step| of(step) == of(0)) {
                    wanted.insert(row + start, *group);
                }
            }
            for _ in 0..*rows {
                writeln!(text, "{row},{},{number},{group}", row / pace % 2).unwrap();
                row += 1;
            }
        }
        let options = columns(|it| {
            (it.recording, it.group) = (Some("r".into()), Some("g".into()));
            (it.window, it.stride, it.every_step) = (Some(length), Some(stride), every_step);
        });
        let Ok(found) = table_named("log.csv", &text, &options, part) else {
            return Ok(()); // too short, or one class only: said by an error
        };
        let groups: BTreeSet<u8> = recordings.iter().map(|it| it.1).collect();
        let whole = groups.len() > 2 && !found.notes().join("\n").contains("one group only");
        let mut starts = Vec::new();
        for split in [Split::Train, Split::Test] {
            let mut orders = BTreeSet::new();
            for window in documents(&found, split) {
                prop_assert_eq!(window.samples.len(), length);
                let start = window.samples[0] as usize;
                let follow = (start..).zip(&window.samples).all(|(row, &x)| x == row as f32);
                prop_assert!(follow, "rows that do not follow each other: {:?}", window.samples);
                let begin = *begins.iter().rev().find(|&&begin| begin <= start).unwrap();
                let number = begins.iter().position(|&it| it == begin).unwrap();
                prop_assert!(start + length <= begin + recordings[number].0);
                prop_assert!(orders.insert(window.order), "an order twice");
                match &window.target {
                    KeptTarget::Class(label) => {
                        prop_assert_eq!(usize::from(*label), start / pace % 2);
                    }
                    KeptTarget::ClassOfSteps(labels) => {
                        let of = |step: usize| ((start + step) / pace % 2) as u8;
                        let expected: Vec<u8> = (0..length).map(of).collect();
                        prop_assert_eq!(labels, &expected);
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                starts.push((start, split == Split::Test));
            }
        }
        starts.sort_unstable();
        if whole {
            let seen: Vec<usize> = starts.iter().map(|it| it.0).collect();
            let expected: Vec<usize> = wanted.keys().copied().collect();
            prop_assert_eq!(seen, expected, "every window once");
            let side = |test| -> BTreeSet<u8> {
                starts.iter().filter(|it| it.1 == test).map(|it| wanted[&it.0]).collect()
            };
            prop_assert!(side(false).is_disjoint(&side(true)), "a group on both sides");
        }
        if groups.len() == 1 {
            let last = starts.iter().filter(|it| !it.1).map(|it| it.0 + length).max();
            let first = starts.iter().filter(|it| it.1).map(|it| it.0).min();
            prop_assert!(first.is_none_or(|first| last.is_none_or(|last| last <= first)));
        }
    }
}

/// The smartphone recordings of some users as one table, and how many rows of each class it has.
fn phones(folder: &Path, archive: &Path, users: std::ops::RangeInclusive<u32>) -> usize {
    let file = fs::File::open(archive).unwrap();
    let mut tar = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let user = name
            .strip_suffix(".txt")
            .and_then(|it| it.split_once("_user"));
        let user: Option<u32> = user.and_then(|it| it.1.parse().ok());
        if name == "labels.txt" || user.is_some_and(|user| users.contains(&user)) {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            files.insert(name, text);
        }
    }
    const NAMES: [&str; 6] = [
        "walking",
        "upstairs",
        "downstairs",
        "sitting",
        "standing",
        "lying",
    ];
    let mut table = "time,ax,ay,az,gx,gy,gz,activity,user,recording\n".to_owned();
    let mut rows = 0;
    for (name, acceleration) in files.iter().filter(|it| it.0.starts_with("acc_")) {
        let place = name
            .strip_prefix("acc_exp")
            .unwrap()
            .strip_suffix(".txt")
            .unwrap();
        let (experiment, user) = place.split_once("_user").unwrap();
        let turning = &files[&name.replace("acc_", "gyro_")];
        let stretches: Vec<Vec<usize>> = files["labels.txt"]
            .lines()
            .map(|row| {
                row.split_whitespace()
                    .map(|it| it.parse().unwrap())
                    .collect()
            })
            .filter(|it: &Vec<usize>| it[0] == experiment.parse::<usize>().unwrap())
            .collect();
        for (step, (a, g)) in (1..).zip(acceleration.lines().zip(turning.lines())) {
            let of = stretches.iter().find(|it| (it[3]..=it[4]).contains(&step));
            let name = of.and_then(|it| NAMES.get(it[2] - 1)).unwrap_or(&"");
            let [a, g] = [a, g].map(|axes| axes.split_whitespace().collect::<Vec<_>>().join(","));
            let time = f64::from(step as u32) / 50.0;
            writeln!(table, "{time:.2},{a},{g},{name},{user},{experiment}").unwrap();
            rows += 1;
        }
    }
    fs::write(folder.join("phones.csv"), table).unwrap();
    rows
}

const PHONES: &str = "--preset samples --label-column activity --group-column user \
    --recording-column recording --sample-columns ax..gz --window 128";

#[test]
fn phones_as_a_logger_writes_them_are_trained_on_and_packed_without_code() {
    let Some(path) = data("a table of smartphone recordings", "hapt/HAPT.tar.zst") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let rows = phones(folder.path(), &path.join("hapt/HAPT.tar.zst"), 1..=8);
    assert!(rows > 100_000, "{rows} rows");
    let [csv, run, model] = ["phones.csv", "run", "phones.setl"].map(|it| folder.path().join(it));
    let train = format!("train {PHONES} --epochs 3 --data @ --out @ --json");
    let trained = printed(set_lstm!(&train, &csv, &run));
    let options = fs::read_to_string(run.join("options.toml")).unwrap();
    for kept in [
        "window = 128",
        "group-column = \"user\"",
        "label-column = \"activity\"",
    ] {
        assert!(options.contains(kept), "{options}");
    }
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let accuracy = |text: &str| json(text)["accuracy"].as_f64().unwrap();
    let in_f32 = accuracy(&printed(set_lstm!("evaluate @ --json", &run)));
    printed(set_lstm!("export @ --out @", &run, &model));
    let words = format!("evaluate @ {PHONES} --data @ --json");
    let in_int8 = accuracy(&printed(set_lstm!(&words, &model, &csv)));
    eprintln!("{trained}{rows} rows: {in_f32:.4} in f32, {in_int8:.4} in int8");
    assert!(in_f32 > 0.6 && in_int8 > 0.6, "{in_f32} {in_int8}");
}

#[test]
fn options_of_tables_are_checked_before_the_data_is_read() {
    let folder = TempDir::new().unwrap();
    let (csv, run) = (folder.path().join("absent.csv"), folder.path().join("run"));
    for (words, problem) in [
        ("--stride 0", "stride is 0"),
        ("--window 2000", "window is 2000 and max-tokens 1000"),
        (
            "--window 4 --test-fraction 1",
            "test-fraction is 1; choose 0 or more",
        ),
    ] {
        let words = format!("train --preset samples {words} --data @ --out @");
        refused(set_lstm!(&words, &csv, &run), problem, "choose");
    }
}

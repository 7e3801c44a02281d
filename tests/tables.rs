//! Tables with a sample a row, as loggers write them: every option, every way to get one wrong,
//! and real recordings in that form.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::ops::Deref;

use set_lstm::dataset::divided::Division;
use set_lstm::dataset::sample_table::{SampleColumns, SampleTable};
use set_lstm::dataset::{Corpus, Medium, Split};
use set_lstm::error::Result;
use set_lstm::load::{LoadOptions, load_split, load_training};
use set_lstm::target::{KeptTarget, UNLABELLED};
use tempfile::TempDir;

mod coverage;
mod malformed;
mod phones;

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

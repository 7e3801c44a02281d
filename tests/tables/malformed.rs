//! Every way to get a table wrong: an error that names the line and ends with what to do.

use std::fs;

use set_lstm::dataset::divided::Division;
use set_lstm::dataset::sample_table::{SampleColumns, SampleTable};
use tempfile::TempDir;

use super::{WALKS, all, columns, table, walks};
use crate::program::{refused, set_lstm};

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

use super::*;

/// Label and samples of every row, from a file of this name.
fn rows(name: &str, text: &str, columns: &SeriesColumns) -> Result<Vec<(String, Vec<f32>)>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let table = SeriesTable::open(&path, columns.clone())?;
    let mut rows = Vec::new();
    table.for_each(&mut |example| {
        let label = table.classes[usize::from(example.target.class().unwrap())].clone();
        rows.push((label, example.content.series().to_vec()));
        Ok(())
    })?;
    Ok(rows)
}

fn columns(label: Option<&str>, samples: Option<&str>, channels: usize) -> SeriesColumns {
    SeriesColumns {
        label: label.map(String::from),
        samples: samples.map(String::from),
        targets: None,
        channels,
    }
}

#[test]
fn the_class_stands_first_without_a_header_and_where_it_is_named_with_one() {
    let expected = [
        ("10".to_owned(), vec![1.5, 2.0]),
        ("9".to_owned(), vec![-3.0, 4.0]),
    ];
    let any = SeriesColumns::default();
    assert_eq!(rows("a.csv", "10,1.5,2\n9,-3,4\n", &any).unwrap(), expected);
    let text = "t0\tlabel\tt1\r\n1.5\t10\t2\r\n-3\t9\t4\r\n";
    assert_eq!(rows("a.tsv", text, &any).unwrap(), expected);
    let text = "who;t0;t1;kind\nx;1.5;2;10\ny;-3;4;9";
    let named = columns(Some("kind"), Some("t0..t1"), 2);
    assert_eq!(rows("a.csv", text, &named).unwrap(), expected);
    let numbered = columns(Some("4"), Some("2..3"), 1);
    assert_eq!(rows("a.csv", text, &numbered).unwrap(), expected);
}

#[test]
fn numbers_take_the_place_of_the_class() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let text = "t0,t1,label,weight,height\n1,2,x,70,1.8\n3,4,y,-8e1,1.9\n";
    std::fs::write(&path, text).unwrap();
    let columns = SeriesColumns {
        targets: Some("height,weight".into()),
        ..SeriesColumns::default()
    };
    let table = SeriesTable::open(&path, columns.clone()).unwrap();
    assert_eq!(table.outputs(), ["height", "weight"]);
    assert_eq!((table.classes(), table.task().byte()), (Vec::new(), 2));
    let mut rows = Vec::new();
    let mut keep = |example: Example<'_>| {
        let Target::Values(values) = example.target else {
            panic!("numbers at the end")
        };
        rows.push((values.to_vec(), example.content.series().to_vec()));
        Ok(())
    };
    table.for_each(&mut keep).unwrap();
    let expected = [([1.8, 70.0], [1.0, 2.0]), ([1.9, -80.0], [3.0, 4.0])];
    assert_eq!(rows, expected.map(|(a, b)| (a.to_vec(), b.to_vec())));

    std::fs::write(&path, "1,2,3\n1,2,\n").unwrap();
    let columns = SeriesColumns {
        targets: Some("3".into()),
        ..columns
    };
    let error = SeriesTable::open(&path, columns).unwrap_err().to_string();
    assert!(
        error.contains("line 2: column 3: `` is no finite"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let any = SeriesColumns::default();
    let two = columns(None, None, 2);
    let other = columns(Some("class"), None, 1);
    for (text, columns, named) in [
        (
            "1,2,3\n2,4\n",
            &any,
            "a.csv: line 2: 2 fields, and the first row has 3",
        ),
        (
            "1,2,3\n2,4,x\n",
            &any,
            "line 2: column 3: `x` is no finite number; expected",
        ),
        (
            "1,2,3\n2,4,\n",
            &any,
            "line 2: column 3: `` is no finite number",
        ),
        (
            "1,2,NaN\n2,4,5\n",
            &any,
            "line 1: column 3: `NaN` is no finite number",
        ),
        ("1,2,3\n,4,5\n", &any, "line 2: no label; correct"),
        ("1,2,3\n1,4,5\n", &any, "1 different labels, expected 2"),
        ("", &any, "empty; expected a recording a row"),
        ("1,\"2\n", &any, "line 1: a quote that is never closed"),
        (
            "1,2,3,4\n",
            &two,
            "line 1: 3 columns of samples for 2 channels",
        ),
        (
            "1,2,3\n",
            &other,
            "line 1: no column class; the first row has 1, 2, 3",
        ),
    ] {
        let error = rows("a.csv", text, columns).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

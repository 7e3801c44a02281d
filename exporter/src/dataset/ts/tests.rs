use std::fs;

use super::*;

const HEADER: &str = "# about\n@problemName small\n@timeStamps false\n@missing false\n";

/// Recordings of a file of this text as (class, samples).
fn recordings(text: &str) -> Result<Vec<(String, Vec<f32>)>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.ts");
    fs::write(&path, text).unwrap();
    let file = TsFile::open(&path)?;
    let mut found = Vec::new();
    file.for_each(&mut |example| {
        let class = file.classes()[usize::from(example.target.class().unwrap())].clone();
        found.push((class, example.content.series().to_vec()));
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn one_channel_and_several_are_read_step_by_step_whatever_their_lengths() {
    let one = "@univariate true\n@equalLength false\n@classLabel true up down\n@data\n\
               1,2.5,-3e0:up\r\n\n4:down\n";
    let expected = [
        ("up".to_owned(), vec![1.0, 2.5, -3.0]),
        ("down".to_owned(), vec![4.0]),
    ];
    assert_eq!(recordings(&format!("{HEADER}{one}")).unwrap(), expected);
    let two = "@univariate false\n@dimensions 2\n@equalLength true\n@seriesLength 2\n\
               @classLabel true up down\n@data\n1,2:10,20:down\n";
    let expected = [("down".to_owned(), vec![1.0, 10.0, 2.0, 20.0])];
    assert_eq!(recordings(&format!("{HEADER}{two}")).unwrap(), expected);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (header, rows, named) in [
        (
            "",
            "1,?:a\n",
            "small.ts: line 6: sample 2 is missing; fill it in",
        ),
        ("", "1,2:a\n1,nan:b\n", "line 7: sample 2 is missing"),
        ("", "1,,2:a\n", "line 6: sample 2 is missing"),
        (
            "",
            "1,x:a\n",
            "line 6: sample 2: `x` is no finite number; expected",
        ),
        (
            "",
            "1,2:c\n",
            "line 6: unknown class `c`; expected one of @classLabel: a b",
        ),
        ("", "1,2\n", "line 6: no `:`; expected"),
        ("", "1,2:a\n1,2:3,4:a\n", "line 7: 2 channels; expected 1"),
        ("", "", "no recording; expected one a line after @data"),
        (
            "@dimensions 2\n",
            "1,2:3:a\n",
            "line 7: channel 2 has 1 samples, and channel 1 has 2",
        ),
        (
            "@dimensions 2\n",
            "1,2:a\n",
            "line 7: 1 channels; expected 2",
        ),
        (
            "@univariate true\n",
            "1:2:a\n",
            "line 7: 2 channels; expected 1",
        ),
        (
            "@equalLength true\n",
            "1,2:a\n1:a\n",
            "line 8: 1 samples; expected 2 as the lengths are equal",
        ),
        (
            "@seriesLength 3\n",
            "1,2:a\n",
            "line 7: 2 samples; expected 3",
        ),
        (
            "@seriesLength many\n",
            "1,2:a\n",
            "line 4: @serieslength many; expected a number from 1",
        ),
        (
            "@equalLength maybe\n",
            "1:a\n",
            "line 4: @equallength maybe; expected true or false",
        ),
        (
            "@timeStamps true\n",
            "1:a\n",
            "line 4: @timeStamps true: time stamps are not read",
        ),
        (
            "@targetLabel perhaps\n",
            "1:a\n",
            "line 4: @targetlabel perhaps; expected true or false",
        ),
        (
            "@classLabel true a a\n",
            "1:a\n",
            "line 4: @classLabel true a a; expected true and 2 to 255",
        ),
        (
            "@sampleRate 50\n",
            "1:a\n",
            "line 4: unknown @samplerate; expected problemName",
        ),
        (
            "1,2:a\n",
            "1:a\n",
            "line 4: `1,2:a` in the header; expected a line that begins with @",
        ),
        (
            "@univariate true\n@dimensions 2\n",
            "1:a\n",
            "line 7: @univariate true contradicts @dimensions 2",
        ),
    ] {
        let start = "@problemName small\n@missing true\n# about\n";
        let text = format!("{start}{header}@classLabel true a b\n@data\n{rows}");
        let error = recordings(&text).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
    let ends = recordings("@problemName small\n@classLabel true a b\n").unwrap_err();
    assert!(
        ends.to_string()
            .contains("line 2: the file ends without @data"),
        "{ends}"
    );
    let no_classes = recordings("@data\n1:a\n").unwrap_err().to_string();
    assert!(
        no_classes.contains("line 1: no @classLabel before @data"),
        "{no_classes}"
    );
}

const TRAIN: &str = "@classLabel true a b\n@data\n1:a\n1:a\n2:b\n";
const TEST: &str = "@classLabel true a b\n@data\n3:b\n";

fn folder_of(train: &str, test: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("ucr");
    fs::create_dir(&inner).unwrap();
    let packed = zstd::encode_all(train.as_bytes(), 3).unwrap();
    fs::write(inner.join("GunPoint_TRAIN.ts.zst"), packed).unwrap();
    fs::write(inner.join("GunPoint_TEST.ts"), test).unwrap();
    folder
}

#[test]
fn both_files_are_found_from_the_folder_and_from_either() {
    let folder = folder_of(TRAIN, TEST);
    let inner = folder.path().join("ucr");
    for path in [
        folder.path(),
        &inner,
        &inner.join("GunPoint_TRAIN.ts.zst"),
        &inner.join("GunPoint_TEST.ts"),
    ] {
        let pair = TsPair::open(path, GUN_POINT).unwrap();
        let read = |split| {
            let mut groups = Vec::new();
            pair.for_each(split, &mut |document| {
                groups.push((document.content.series()[0], document.group));
                Ok(())
            })
            .unwrap();
            groups
        };
        let train = read(Split::Train);
        assert_eq!(train.len(), 3);
        assert_eq!(train[0].1, train[1].1, "equal recordings stay together");
        assert_ne!(train[0].1, train[2].1);
        assert_eq!(read(Split::Test)[0].0, 3.0);
    }
}

#[test]
fn a_half_that_is_missing_or_of_another_set_is_named() {
    let folder = folder_of(TRAIN, "@classLabel true b a\n@data\n3:b\n");
    let error = TsPair::open(folder.path(), ANY).unwrap_err().to_string();
    let named = "GunPoint_TEST.ts: classes b a, and";
    assert!(
        error.contains(named) && error.contains("has a b; expected the same"),
        "{error}"
    );
    let test = folder.path().join("ucr/GunPoint_TEST.ts");
    fs::write(&test, "@classLabel true a b\n@data\n3:4:b\n").unwrap();
    let error = TsPair::open(folder.path(), ANY).unwrap_err().to_string();
    assert!(
        error.contains("GunPoint_TEST.ts: channels 2, and"),
        "{error}"
    );
    fs::remove_file(&test).unwrap();
    let train = folder.path().join("ucr/GunPoint_TRAIN.ts.zst");
    let error = TsPair::open(&train, ANY).unwrap_err().to_string();
    assert!(
        error.contains("no GunPoint_TEST.ts beside this file"),
        "{error}"
    );
}

//! The loaders of one file: every form, every packing, and what is wrong with a file.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::amazon::Amazon;
use super::divided::Collection;
use super::sanders::Sanders;
use super::stars::Stars;
use super::table::{Columns, Table};
use super::yelp::Yelp;
use crate::error::Result;

const TWEETS: &str = "\"Topic\",\"Sentiment\",\"TweetId\",\"TweetDate\",\"TweetText\"\n\
    \"a\",\"positive\",\"1\",\"Tue\",\"so \"\"good\"\", really\"\n\
    \"a\",\"neutral\",\"2\",\"Tue\",\"first line\nsecond line\"\n\
    \"b\",\"negative\",\"\",\"Wed\",\"bad\"\n\
    \"b\",\"irrelevant\",\"4\",\"Wed\",\"où?\"\n";

const STARS: &str = "{\"review_id\": \"\", \"stars\": 5.0, \"text\": \"a \\\"great\\\"\\nplace\"}\n\
    {\"text\": \"meh\", \"useful\": 1, \"stars\": 3, \"nested\": {\"stars\": 1}}\n\
    \n{\"stars\": 2, \"text\": \"\"}\n";

const FOOD: &str = "Id,Score,Time,Summary,Text\n\
    1,5,99,\"Good, \"\"very\"\"\",\"eat\nit\"\n2,1,99,,awful\n3,3,99,So,so\n";

fn examples(collection: &dyn Collection) -> Result<Vec<(u8, String)>> {
    let mut found = Vec::new();
    collection.for_each(&mut |example| {
        found.push((
            example.target.class().unwrap(),
            example.content.text().to_owned(),
        ));
        Ok(())
    })?;
    Ok(found)
}

fn owned(expected: &[(u8, &str)]) -> Vec<(u8, String)> {
    expected
        .iter()
        .map(|&(label, text)| (label, text.to_owned()))
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in [("set/readme.txt", &b"about"[..]), (name, content)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (name, content) in [("__MACOSX/._full-corpus.csv", &b"x"[..]), (name, content)] {
        writer.start_file(name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Every way to pack the tweets: the name of the file, and its bytes.
fn packings() -> Vec<(&'static str, Vec<u8>)> {
    let (plain, inside) = (TWEETS.as_bytes(), "set/full-corpus.csv");
    let archive = tar(inside, plain);
    vec![
        ("full-corpus.csv", plain.to_vec()),
        ("full-corpus.csv.gz", gzip(plain)),
        ("full-corpus.csv.zst", zst(plain)),
        ("full-corpus.csv.zip", zip("full-corpus.csv", plain)),
        ("set.tar", archive.clone()),
        ("set.tgz", gzip(&archive)),
        ("set.tar.zst", zst(&archive)),
        ("other.zip", zip(inside, plain)),
        ("nested.tar", tar("set/full-corpus.csv.gz", &gzip(plain))),
    ]
}

fn tweets(path: &Path) -> Result<Vec<(u8, String)>> {
    examples(&Sanders::open(path, 4)?)
}

#[test]
fn every_packing_and_every_way_to_name_it_gives_the_same_documents() {
    let expected = owned(&[
        (1, "so \"good\", really"),
        (2, "first line\nsecond line"),
        (0, "bad"),
        (3, "où?"),
    ]);
    for (name, bytes) in packings() {
        let folder = tempfile::tempdir().unwrap();
        let beside = folder.path().join("sanders");
        fs::create_dir(&beside).unwrap();
        fs::write(beside.join(name), bytes).unwrap();
        for path in [folder.path(), &beside, &beside.join(name)] {
            assert_eq!(
                tweets(path).unwrap(),
                expected,
                "{name} as {}",
                path.display()
            );
        }
    }
}

/// Whatever is missing of a packed file is noticed, and named.
#[test]
fn every_truncation_of_a_packed_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in packings().into_iter().skip(1) {
        let path = folder.path().join(name);
        // the end mark of a tar file is 1,024 zeros, of which half are enough
        let whole = if name.ends_with(".tar") {
            bytes.len() - 1024
        } else {
            bytes.len()
        };
        for length in (0..whole).step_by(3) {
            fs::write(&path, &bytes[..length]).unwrap();
            let error = tweets(&path).expect_err(name).to_string();
            assert!(error.contains(name), "{length}: {error}");
        }
    }
}

#[test]
fn a_form_of_the_tweets_knows_its_classes_and_leaves_the_others_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("full-corpus.csv"), TWEETS).unwrap();
    for (classes, labels) in [(2, &[1, 0][..]), (3, &[1, 2, 0]), (4, &[1, 2, 0, 3])] {
        let corpus = Sanders::open(folder.path(), classes).unwrap();
        let found: Vec<u8> = examples(&corpus).unwrap().iter().map(|it| it.0).collect();
        assert_eq!(found, labels);
        assert_eq!(corpus.classes().len(), classes);
    }
}

#[test]
fn reviews_are_read_with_whole_and_broken_stars() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("yelp_academic_dataset_review.json"),
        STARS,
    )
    .unwrap();
    let at = |stars| examples(&Yelp::open(folder.path(), stars).unwrap()).unwrap();
    assert_eq!(
        at(Stars::Polarity),
        owned(&[(1, "a \"great\"\nplace"), (0, "")])
    );
    assert_eq!(
        at(Stars::Five),
        owned(&[(4, "a \"great\"\nplace"), (2, "meh"), (1, "")])
    );
}

#[test]
fn a_review_of_food_is_its_summary_and_its_text() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Reviews.csv"), FOOD).unwrap();
    let at = |stars| examples(&Amazon::open(folder.path(), stars).unwrap()).unwrap();
    let expected = owned(&[(1, "Good, \"very\"\neat\nit"), (0, "\nawful")]);
    assert_eq!(at(Stars::Polarity), expected);
    assert_eq!(at(Stars::Five)[2], (2, "So\nso".to_owned()));
}

/// The classes of a table and its documents.
type Read = (Vec<String>, Vec<(u8, String)>);

fn table(content: &str, text: &str, label: &str) -> Result<Read> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.data");
    fs::write(&path, content).unwrap();
    let [text, label] = [text, label].map(String::from);
    let table = Table::open(&path, Columns { text, label })?;
    Ok((table.classes(), examples(&table)?))
}

#[test]
fn an_own_table_may_have_any_form() {
    let expected = (
        ["ham", "spam"].map(String::from).into(),
        owned(&[(1, "buy"), (0, "hi, you")]),
    );
    for content in [
        "label,text\nspam,buy\nham,\"hi, you\"\n",
        "\u{feff}label,text\r\nspam,buy\r\n\r\nham,\"hi, you\"",
        "n\tlabel\ttext\n1\tspam\tbuy\n2\tham\thi, you\n",
        "label;text\nspam;buy\nham;hi, you\n",
        "\u{feff}{\"label\":\"spam\",\"text\":\"buy\"}\r\n{\"text\":\"hi, you\",\"label\":\"ham\"}",
    ] {
        assert_eq!(
            table(content, "text", "label").unwrap(),
            expected,
            "{content}"
        );
    }
    let by_number = table("a,b\nspam,buy\nham,\"hi, you\"\n", "2", "1");
    assert_eq!(by_number.unwrap(), expected);
}

#[test]
fn classes_are_sorted_as_numbers_if_all_are() {
    let classes = |content| table(content, "t", "l").unwrap().0;
    assert_eq!(classes("t,l\na,10\nb,9\nc,-1\nd,9\n"), ["-1", "9", "10"]);
    assert_eq!(classes("t,l\na,10\nb,9\nc,x\n"), ["10", "9", "x"]);
    assert_eq!(
        classes("{\"t\":\"\",\"l\":true}\n{\"t\":1,\"l\":false}"),
        ["false", "true"]
    );
}

#[test]
fn what_is_wrong_with_a_table_is_named_with_its_line() {
    let many: String = (0..300).map(|k| format!("text,{k}\n")).collect();
    for (content, problem) in [
        (
            "",
            "own.data: empty; expected a table with the columns t, l",
        ),
        (" \n", "empty; expected a table"),
        (
            "a,b\nx,y\n",
            "line 1: no column t; the header has a, b; name another",
        ),
        (
            "t,l\nx,y\nz\n",
            "line 3: 1 fields, and the header has 2; correct the row",
        ),
        (
            "t,l\r\nx,y\r\nz\r\n",
            "line 3: 1 fields, and the header has 2",
        ),
        ("t,l\n\"x\ny\",y\nz,1,2\n", "line 4: 3 fields"),
        ("t,l\nx,y\nz,\"cut", "line 3: a quote that is never closed"),
        ("t,l\nx,y\n\"z,q\n", "line 3: a quote that is never closed"),
        ("t,l\nx,y\nz,\n", "line 3: `` is no label"),
        ("t,l\nx,y\n", "1 different labels in l, expected 2 or more"),
        (
            &format!("t,l\n{many}"),
            "line 257: more than 255 different labels in l",
        ),
        (
            "{\"t\":\"x\",\"l\":1}\n{\"t\":\"x\"",
            "line 2: no JSON object: ",
        ),
        ("{\"t\":\"x\",\"l\":1}\n[1]\n", "line 2: no JSON object: "),
        (
            "{\"t\":\"x\",\"k\":1}\n",
            "line 1: no key l; the object has t, k; name another",
        ),
        (
            "{\"t\":null,\"l\":1}\n",
            "line 1: t is null; expected a text or a number",
        ),
    ] {
        let error = table(content, "t", "l").expect_err(problem).to_string();
        assert!(error.contains(problem), "{content:?}: {error}");
        assert!(error.contains("own.data: "), "{error}");
    }
}

#[test]
fn a_row_that_is_not_utf8_or_has_no_such_class_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let sanders = folder.path().join("full-corpus.csv");
    fs::write(
        &sanders,
        b"Sentiment,TweetText\npositive,a\nnegative,caf\xe9\n",
    )
    .unwrap();
    let error = tweets(&sanders).unwrap_err().to_string();
    assert!(
        error.contains("full-corpus.csv: line 3: not UTF-8"),
        "{error}"
    );
    fs::write(&sanders, "Sentiment,TweetText\npositive,a\n\nPositive,b\n").unwrap();
    let error = tweets(&sanders).unwrap_err().to_string();
    let problem = "line 4: unknown sentiment `Positive`; expected one of negative, positive";
    assert!(error.contains(problem), "{error}");

    let yelp = folder.path().join("review.json");
    fs::write(
        &yelp,
        b"{\"stars\":1,\"text\":\"a\"}\n{\"stars\":2,\"text\":\"\xff\"}\n",
    )
    .unwrap();
    let read = || examples(&Yelp::open(folder.path(), Stars::Five).unwrap());
    assert!(
        read()
            .unwrap_err()
            .to_string()
            .contains("review.json: line 2: not UTF-8")
    );
    fs::write(&yelp, "{\"stars\":4.5,\"text\":\"a\"}\n").unwrap();
    let error = read().unwrap_err().to_string();
    assert!(
        error.contains("line 1: `4.5` stars; expected 1 to 5"),
        "{error}"
    );

    fs::write(
        folder.path().join("Reviews.csv"),
        "Score,Summary,Text\n1,a,b\n0,a,b\n",
    )
    .unwrap();
    let error = examples(&Amazon::open(folder.path(), Stars::Five).unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("Reviews.csv: line 3: `0` stars"),
        "{error}"
    );
}

#[test]
fn a_place_without_the_file_or_with_two_is_an_error_that_says_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let error = tweets(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("no such data found here; give full-corpus.csv"),
        "{error}"
    );
    let other = folder.path().join("other.zip");
    fs::write(&other, zip("something.csv", b"a,b\n")).unwrap();
    let error = tweets(&other).unwrap_err().to_string();
    assert!(
        error.contains("other.zip: no such data found here; give"),
        "{error}"
    );
    for name in ["a.csv", "b.tsv"] {
        fs::write(folder.path().join(name), "text,label\n").unwrap();
    }
    let error = Table::open(folder.path(), Columns::default())
        .err()
        .unwrap();
    let problem = "both a.csv and b.tsv are here; name one of them";
    assert!(error.to_string().contains(problem), "{error}");
}

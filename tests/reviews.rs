//! The Large Movie Review Dataset itself, from its archive to the emulated board, with the
//! real program and little time: a small model, and the last 100 tokens of a review.
//!
//! The data is looked for in `SET_LSTM_DATA`; without it these tests say that they were
//! left out.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use set_lstm::dataset::imdb::Imdb;
use set_lstm::dataset::{Corpus, Split};
use set_lstm::device::{AlignedBytes, AnyModel};
use set_lstm::run::Run;
use set_lstm::simulate::board::EmulatedBoard;

use crate::engine::int8_errors;
use crate::models::tokens;
use crate::program::{number, object, printed, set_lstm};
use crate::serial::{Host, begin};

/// The folder that holds the data, or a loud nothing.
fn data(what: &str) -> Option<PathBuf> {
    let named = std::env::var_os("SET_LSTM_DATA").filter(|data| !data.is_empty());
    if named.is_none() {
        eprintln!("LEFT OUT: {what} (set SET_LSTM_DATA to the folder of aclImdb or its archive)");
    }
    named.map(PathBuf::from)
}

#[test]
fn the_real_set_is_whole_and_balanced() {
    let Some(data) = data("reading the Large Movie Review Dataset") else {
        return;
    };
    let corpus = Imdb::open(&data).unwrap();
    for split in [Split::Train, Split::Test] {
        let (mut reviews, mut positive, mut letters) = (0_u32, 0, 0);
        let mut count = |document: set_lstm::dataset::Document<'_>| {
            reviews += 1;
            positive += u32::from(document.target.class() == Some(1));
            letters += document.content.text().len();
            Ok(())
        };
        corpus.for_each(split, &mut count).unwrap();
        assert!(reviews >= 10_000, "{reviews} reviews in {split:?}");
        assert_eq!(reviews, 2 * positive, "balanced as published");
        assert!(letters / reviews as usize > 1_000, "a review is a text");
    }
}

/// A model of 64 units, trained for two epochs once for all checks here.
struct Reviewer {
    run: PathBuf,
    file: PathBuf,
    trained: Value,
    _folder: TempDir,
}

fn reviewer(data: &Path) -> &'static Reviewer {
    static REVIEWER: OnceLock<Reviewer> = OnceLock::new();
    REVIEWER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let [run, file] = ["run", "reviews.setl"].map(|name| folder.path().join(name));
        let options = "--vocabulary 10000 --embedding-size 64 --hidden-size 64 --density 10% \
                       --max-tokens 100 --epochs 2 --learning-rate 0.005";
        let words = format!("train --preset imdb {options} --data @ --out @ --json");
        let trained = object(set_lstm!(words, data, &run), &["peak_memory_bytes"]);
        eprintln!("{trained}");
        printed(set_lstm!("export @ --out @", &run, &file));
        Reviewer {
            run,
            file,
            trained,
            _folder: folder,
        }
    })
}

/// Two epochs: enough to see that it learns from real text, that int8 keeps what was learned, and that the board repeats it. What the preset reaches is
/// measured by the program, not here.
#[test]
fn real_reviews_are_learned_kept_in_int8_and_repeated_by_the_board() {
    let Some(data) = data("training on real reviews, int8 and the board on them") else {
        return;
    };
    let Reviewer {
        run, file, trained, ..
    } = reviewer(&data);
    assert!(number(trained, "validation_accuracy") >= 0.80, "{trained}");
    let (_, model) = Run::open(run).unwrap().model().unwrap();
    for (seed, bits) in [(1, 5), (2, 8)] {
        let sequence = tokens(200, model.vocabulary_size(), seed);
        let rms = int8_errors(&model, bits, &sequence).0.rms();
        eprintln!("{bits} bits: h is off the same weights in f64 by {rms:.1e} (rms)");
        assert!(rms < 7e-4, "{rms}");
    }

    let accuracy = |words, model: &PathBuf| {
        let tested = object(set_lstm!(words, model, &data), &["accuracy"]);
        assert_eq!(number(&tested, "examples"), 2_000.0);
        number(&tested, "accuracy")
    };
    let words = "evaluate @ --limit 2000 --json --data @";
    let (f32, int8) = (accuracy(words, run), accuracy(words, file));
    eprintln!("f32 {f32}, int8 {int8}");
    assert!(f32 >= 0.78, "{f32}");
    assert!(int8 >= f32 - 0.01, "int8 {int8}, f32 {f32}");

    let words = "simulate @ --limit 5 --json --data @";
    let simulated = object(set_lstm!(words, file, &data), &["instructions_per_token"]);
    assert_eq!(number(&simulated, "examples"), 5.0);
    assert_eq!(number(&simulated, "mismatches"), 0.0);
}

/// The text itself, typed at the emulated M4: every label and every bit of the scores is the
/// host's.
#[test]
fn raw_reviews_on_the_serial_port_have_the_hosts_answers() {
    const REVIEWS: usize = 500;
    let Some(data) = data("500 raw reviews typed at the emulated board") else {
        return;
    };
    let mut texts = Vec::new();
    let mut classes = [0; 2];
    let mut take = |document: set_lstm::dataset::Document<'_>| {
        let class = &mut classes[usize::from(document.target.class().unwrap())];
        if *class < REVIEWS / 2 {
            *class += 1;
            texts.push((
                document.target.class().unwrap(),
                document.content.text().to_owned(),
            ));
        }
        Ok(())
    };
    let corpus = Imdb::open(&data).unwrap();
    corpus.for_each(Split::Test, &mut take).unwrap();
    assert_eq!(texts.len(), REVIEWS);

    let bytes = AlignedBytes::read(&reviewer(&data).file).unwrap();
    let model = AnyModel::from_bytes(&bytes).unwrap();
    let mut host = Host::new(&model);
    let mut board = begin(EmulatedBoard::default(), &bytes);
    let (start, mut letters, mut words, mut right) = (Instant::now(), 0, 0, 0);
    for (label, text) in &texts {
        let said = board.ask(text.as_bytes()).unwrap();
        let answer = host.assert_equal(text.as_bytes(), &said);
        letters += text.len();
        words += answer.tokens;
        right += u32::from(model.class_name(*label) == answer.class.as_deref());
    }
    eprintln!(
        "{REVIEWS} reviews, {letters} bytes, {words} tokens, {right} right, in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    assert!(right as usize > REVIEWS * 3 / 4, "{right}");
}

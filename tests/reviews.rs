//! The Large Movie Review Dataset itself, from its archive to the emulated board, with the
//! real program and little time: a small model, and the last 100 tokens of a review.
//!
//! The data is looked for in `SET_LSTM_DATA`; without it these tests say that they were
//! left out.

use std::path::PathBuf;

use set_lstm::dataset::imdb::Imdb;
use set_lstm::dataset::{Corpus, Split};
use set_lstm::run::Run;

use crate::engine::int8_errors;
use crate::models::tokens;
use crate::program::{number, object, printed, set_lstm};

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
            positive += u32::from(document.label == 1);
            letters += document.content.text().len();
            Ok(())
        };
        corpus.for_each(split, &mut count).unwrap();
        assert!(reviews >= 10_000, "{reviews} reviews in {split:?}");
        assert_eq!(reviews, 2 * positive, "balanced as published");
        assert!(letters / reviews as usize > 1_000, "a review is a text");
    }
}

/// Two epochs of a model with 64 units: enough to see that it learns from real text, that
/// int8 keeps what was learned, and that the board repeats it. What the preset reaches is
/// measured by the program, not here.
#[test]
fn real_reviews_are_learned_kept_in_int8_and_repeated_by_the_board() {
    let Some(data) = data("training on real reviews, int8 and the board on them") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let [run, file] = ["run", "reviews.setl"].map(|name| folder.path().join(name));
    let options = "--vocabulary 10000 --embedding-size 64 --hidden-size 64 --density 10% \
                   --max-tokens 100 --epochs 2 --learning-rate 0.005";
    let words = format!("train --preset imdb {options} --data @ --out @ --json");
    let trained = object(set_lstm!(words, &data, &run), &["peak_memory_bytes"]);
    eprintln!("{trained}");
    assert!(number(&trained, "validation_accuracy") >= 0.80, "{trained}");
    let (_, model) = Run::open(&run).unwrap().model().unwrap();
    for (seed, bits) in [(1, 5), (2, 8)] {
        let sequence = tokens(200, model.vocabulary_size(), seed);
        let rms = int8_errors(&model, bits, &sequence).0.rms();
        eprintln!("{bits} bits: h is off the same weights in f64 by {rms:.1e} (rms)");
        assert!(rms < 7e-4, "{rms}");
    }

    printed(set_lstm!("export @ --out @", &run, &file));
    let accuracy = |words, model: &PathBuf| {
        let tested = object(set_lstm!(words, model, &data), &["accuracy"]);
        assert_eq!(number(&tested, "examples"), 2_000.0);
        number(&tested, "accuracy")
    };
    let words = "evaluate @ --limit 2000 --json --data @";
    let (f32, int8) = (accuracy(words, &run), accuracy(words, &file));
    eprintln!("f32 {f32}, int8 {int8}");
    assert!(f32 >= 0.78, "{f32}");
    assert!(int8 >= f32 - 0.01, "int8 {int8}, f32 {f32}");

    let words = "simulate @ --limit 5 --json --data @";
    let simulated = object(set_lstm!(words, &file, &data), &["instructions_per_token"]);
    assert_eq!(number(&simulated, "examples"), 5.0);
    assert_eq!(number(&simulated, "mismatches"), 0.0);
}

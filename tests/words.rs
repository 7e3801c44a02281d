//! Raw text by the file alone: its vocabulary, and words that it does not hold.

use crate::models::{
    KINDS, class_names, packed, packed_with_words, random_model, small_model, vocabulary,
};
use set_lstm::dataset::imdb::Imdb;
use set_lstm::dataset::{Corpus, Document, Split};
use set_lstm::device::{AnyModel, AnyState};
use set_lstm::load::{LoadOptions, load_training};
use set_lstm::pack::{PackOptions, Values, pack};
use set_lstm::train::parameters::Shape;
use set_lstm_runtime::Task;
use set_lstm_runtime::text::for_each_word;
use std::collections::HashMap;

#[test]
fn a_file_alone_reads_text_as_training_did() {
    let size = 700;
    let shape = Shape {
        vocabulary: size,
        embedding: 24,
        hidden: 16,
        logits: 1,
    };
    let model = random_model(shape, 0.2, 5);
    let words = vocabulary(size);
    let text = "A1 a699, unheard-of a31! <br /> a2's a350?  ";
    let trained = words.encode(text, usize::MAX);
    for values in KINDS {
        let (plain, with_words) = (
            packed(&model, values),
            packed_with_words(&model, values, Some(&words)),
        );
        let plain = AnyModel::from_bytes(&plain).unwrap();
        let with_words = AnyModel::from_bytes(&with_words).unwrap();
        let tokens = with_words.encode(text).unwrap();
        // other numbers, the same rows
        let unknown = |tokens: &[u16]| tokens.iter().map(|&t| t == 0).collect::<Vec<_>>();
        assert_eq!(unknown(&tokens), unknown(&trained));
        let mut states = [AnyState::new(&plain), AnyState::new(&with_words)];
        states[0].run(&plain, &trained);
        states[1].run(&with_words, &tokens);
        assert_eq!(
            states[0].logit_bits(&plain),
            states[1].logit_bits(&with_words)
        );
        assert_eq!(with_words.encode("- . -").unwrap(), [0]);
        assert!(
            plain
                .encode(text)
                .unwrap_err()
                .to_string()
                .contains("knows no words")
        );
        assert_eq!(with_words.max_tokens(), Some(400));
    }
}

#[test]
fn a_vocabulary_of_another_run_is_refused() {
    let model = small_model(1);
    for size in [1, 18, 20] {
        let words = vocabulary(size);
        let options = PackOptions {
            values: Values::Float32,
            classes: class_names(&model),
            vocabulary: Some(&words),
            task: Task::CLASSIFICATION,
            outputs: None,
            statistics: None,
            max_tokens: 0,
            seed: 1,
        };
        let error = pack(&model, &options).unwrap_err().to_string();
        assert!(error.contains("take both from the same run"), "{error}");
    }
}

/// With the reviews at hand: every word of the vocabulary keeps its row, and the words that
/// are not in it hit as rarely as the fingerprints promise.
#[test]
fn unknown_words_of_real_reviews_hardly_ever_have_a_token() {
    let Some(data) = std::env::var_os("SET_LSTM_DATA").filter(|data| !data.is_empty()) else {
        println!(
            "LEFT OUT: false hits on real words; set SET_LSTM_DATA to IMDB's folder or archive"
        );
        return;
    };
    let corpus = Imdb::open(data.as_ref()).unwrap();
    let training = load_training(&corpus, &LoadOptions::default()).unwrap();
    let words = training.code.words().unwrap();
    let shape = Shape {
        vocabulary: words.size(),
        embedding: 1,
        hidden: 1,
        logits: 1,
    };
    let file = packed_with_words(&random_model(shape, 0.1, 1), Values::Float32, Some(words));
    let model = AnyModel::from_bytes(&file).unwrap();
    let hash = model.vocabulary().unwrap();

    let (mut distinct, mut unknown, mut hits) = (HashMap::new(), 0_u64, 0_u64);
    let count = &mut |document: Document<'_>| {
        for_each_word(document.content.text().as_bytes(), |word| {
            if words.token(word) == 0 {
                let hit = hash.token(word) != 0;
                distinct.insert(word.to_vec(), hit);
                (unknown, hits) = (unknown + 1, hits + u64::from(hit));
            }
        });
        Ok(())
    };
    corpus.for_each(Split::Test, count).unwrap();
    let different = distinct.values().filter(|&&hit| hit).count();
    println!(
        "{different} of {} different unknown words have a token",
        distinct.len()
    );
    println!("{hits} of {unknown} unknown words of the text");
    // 2^-16 of them are expected; ten times as many are as good as impossible
    assert!(different as f64 <= 3.0 + 10.0 * distinct.len() as f64 / 65_536.0);

    let mut tokens: Vec<u16> = (0..words.size())
        .map(|token| words.word(token as u16).unwrap())
        .map(|word| hash.token(word.as_bytes()))
        .collect();
    tokens[0] = 0; // `<unknown>` is no word of any text
    tokens.sort_unstable();
    assert!(tokens.into_iter().map(usize::from).eq(0..words.size()));
}

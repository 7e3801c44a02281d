//! The review sets without an official split, read from the files as they are downloaded and
//! divided: whole, and no text on two sides.
//!
//! The data is looked for in `SET_LSTM_DATA`; without it these tests say that they were
//! left out.

use std::collections::HashSet;
use std::path::PathBuf;

use set_lstm::dataset::amazon::Amazon;
use set_lstm::dataset::divided::{Collection, Divided, Division};
use set_lstm::dataset::sanders::Sanders;
use set_lstm::dataset::stars::Stars;
use set_lstm::dataset::yelp::Yelp;
use set_lstm::dataset::{Corpus, Document, Split};

/// The folder that holds a set, or a loud nothing.
fn data(set: &str) -> Option<PathBuf> {
    let named = std::env::var_os("SET_LSTM_DATA").filter(|data| !data.is_empty());
    let folder = named.map(|data| PathBuf::from(data).join(set));
    let found = folder.filter(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("LEFT OUT: dividing {set} (set SET_LSTM_DATA to a folder that holds {set}/)");
    }
    found
}

/// Divides a set and checks it; `least` documents of each class are there.
fn check(collection: impl Collection, least: usize) {
    let corpus = Divided::new(collection, Division::default()).unwrap();
    let classes = corpus.classes().len();
    let [train, test] = [Split::Train, Split::Test].map(|split| {
        let (mut texts, mut counts) = (HashSet::new(), vec![0; classes]);
        let mut keep = |document: Document<'_>| {
            texts.insert(document.content.text().trim().to_owned());
            counts[usize::from(document.target.class().unwrap())] += 1;
            Ok(())
        };
        corpus.for_each(split, &mut keep).unwrap();
        (texts, counts)
    });
    assert!(train.0.is_disjoint(&test.0));
    for (train, test) in train.1.iter().zip(&test.1) {
        let all = train + test;
        assert!(all >= least, "{all} documents of a class");
        let share = f64::from(*test as u32) / f64::from(all as u32);
        assert!(
            (0.19..0.23).contains(&share),
            "{share} of a class is for the test"
        );
    }
}

#[test]
fn the_tweets_are_divided_in_every_form() {
    let Some(folder) = data("sanders") else {
        return;
    };
    for classes in 2..=4 {
        check(Sanders::open(&folder, classes).unwrap(), 300);
    }
}

#[test]
fn the_reviews_of_places_are_divided() {
    let Some(folder) = data("yelp") else {
        return;
    };
    for stars in [Stars::Polarity, Stars::Five] {
        check(Yelp::open(&folder, stars).unwrap(), 2_000);
    }
}

#[test]
fn the_reviews_of_food_are_divided() {
    let Some(folder) = data("amazon") else {
        return;
    };
    for stars in [Stars::Polarity, Stars::Five] {
        check(Amazon::open(&folder, stars).unwrap(), 500);
    }
}

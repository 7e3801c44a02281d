//! Recordings themselves, as downloaded: the smartphones of the UCI repository and GunPoint
//! of the UCR archive, found in `SET_LSTM_DATA`; what is not there is said to be left out.

use std::collections::BTreeSet;
use std::path::PathBuf;

use set_lstm::dataset::hapt::{Hapt, WINDOW};
use set_lstm::dataset::series;
use set_lstm::dataset::ts::{GUN_POINT, TsPair};
use set_lstm::dataset::{Corpus, CorpusOptions, Split};
use set_lstm::load::{load_split, load_training};
use set_lstm::train::preset::Preset;

/// The path of a set in the data, or a loud nothing.
pub fn data(what: &str, inside: &str) -> Option<PathBuf> {
    let named = std::env::var_os("SET_LSTM_DATA").map(PathBuf::from);
    let path = named.filter(|path| path.join(inside).exists());
    if path.is_none() {
        eprintln!("LEFT OUT: {what} (set SET_LSTM_DATA to a folder that holds {inside})");
    }
    path
}

/// How many documents each class has.
fn per_class(labels: &[u8], classes: usize) -> Vec<usize> {
    let count = |class| labels.iter().filter(|&&l| usize::from(l) == class).count();
    (0..classes).map(count).collect()
}

#[test]
fn smartphone_users_are_on_one_side_and_every_part_has_every_activity() {
    let Some(path) = data("reading the smartphone recordings", "hapt") else {
        return;
    };
    let corpus = Hapt::open(&path).unwrap();
    let [train, test] = [Split::Train, Split::Test].map(|split| {
        let mut users = BTreeSet::new();
        let mut windows = 0;
        corpus
            .for_each(split, &mut |document| {
                users.insert(document.group);
                windows += 1;
                assert_eq!(document.content.series().len(), 6 * WINDOW);
                Ok(())
            })
            .unwrap();
        assert!(windows > 1_000, "{windows} windows in {split:?}");
        users
    });
    assert!(train.is_disjoint(&test), "{train:?} {test:?}");
    let official = BTreeSet::from([2, 4, 9, 10, 12]);
    assert!(!test.is_empty() && test.is_subset(&official), "{test:?}");

    let options = Preset::Hapt.options();
    let loaded = load_training(&corpus, &options.load_options()).unwrap();
    let test = load_split(&corpus, Split::Test, WINDOW, &loaded.code).unwrap();
    for set in [&loaded.train, &loaded.validation, &test] {
        let counts = per_class(set.labels(), 6);
        eprintln!("{} windows: {counts:?}", set.len());
        assert!(counts.iter().all(|&count| count >= 50), "{counts:?}");
    }
    let share = loaded.validation.len() as f64 / loaded.train.len() as f64;
    assert!((0.1..0.4).contains(&share), "{share}");
}

#[test]
fn gun_point_has_its_fifty_and_hundred_and_fifty() {
    let Some(path) = data("reading GunPoint", "ucr/GunPoint_TRAIN.ts.zst") else {
        return;
    };
    let corpus = TsPair::open(&path, GUN_POINT).unwrap();
    assert_eq!(corpus.classes(), ["1", "2"]);
    let count = |split| {
        let mut count = 0;
        corpus
            .for_each(split, &mut |document| {
                assert_eq!(document.content.series().len(), 150);
                count += 1;
                Ok(())
            })
            .unwrap();
        count
    };
    assert_eq!([count(Split::Train), count(Split::Test)], [50, 150]);
}

#[test]
fn heartbeats_in_a_table_are_divided() {
    let inside = "ucr/ECG5000_TRAIN.csv.zst";
    let Some(path) = data("reading heartbeats", inside) else {
        return;
    };
    let CorpusOptions {
        division, series, ..
    } = CorpusOptions::default();
    let corpus = series::open(&path.join(inside), series, division).unwrap();
    assert_eq!(corpus.classes(), ["1", "2", "3", "4", "5"]);
    let mut count = [0, 0];
    for (count, split) in count.iter_mut().zip([Split::Train, Split::Test]) {
        corpus
            .for_each(split, &mut |document| {
                assert_eq!(document.content.series().len(), 140);
                *count += 1;
                Ok(())
            })
            .unwrap();
    }
    assert_eq!(count[0] + count[1], 500);
    assert!((90..=110).contains(&count[1]), "{count:?}");
}

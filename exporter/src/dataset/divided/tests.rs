use std::collections::HashSet;

use super::*;

/// Texts in one part, by label.
#[derive(Clone)]
struct Texts(Vec<(u8, String)>);

impl Collection for Texts {
    fn path(&self) -> &Path {
        Path::new("texts.csv")
    }

    fn classes(&self) -> Vec<String> {
        ["bad", "good"].map(String::from).into()
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        self.0.iter().try_for_each(|(label, text)| {
            visit(Example {
                target: (*label).into(),
                content: Content::Text(text),
                identity: Content::Text(text),
            })
        })
    }
}

/// 300 bad and 100 good ones. Every fifth says the same as the one before it but for case
/// and marks, some of them with the other label.
fn many() -> Texts {
    let text = |k: usize| match k % 5 {
        4 => format!("TEXT, number {}.", k - 1),
        _ => format!("text number {k}"),
    };
    Texts((0..400).map(|k| ((k % 4 == 0).into(), text(k))).collect())
}

fn division(test_fraction: f64, seed: u64) -> Division {
    Division {
        test_fraction,
        seed,
    }
}

/// The documents of one part as (label, text), in their order.
fn part(corpus: &dyn Corpus, split: Split) -> Vec<(u8, String)> {
    let mut found = Vec::new();
    let mut keep = |document: Document<'_>| {
        let text = document.content.text().to_owned();
        found.push((document.target.class().unwrap(), document.order, text));
        Ok(())
    };
    corpus.for_each(split, &mut keep).unwrap();
    found.sort();
    found
        .into_iter()
        .map(|(label, _, text)| (label, text))
        .collect()
}

fn words(text: &str) -> String {
    let letters = |c: char| c.is_alphanumeric() || c == ' ';
    text.to_lowercase()
        .chars()
        .filter(|&c| letters(c))
        .collect()
}

#[test]
fn equal_texts_are_on_one_side_and_each_class_on_both_in_proportion() {
    for seed in 1..20 {
        let corpus = Divided::new(many(), division(0.2, seed)).unwrap();
        let [train, test] = [Split::Train, Split::Test].map(|split| part(&corpus, split));
        assert_eq!(train.len() + test.len(), 400);
        let [on_train, on_test] = [&train, &test].map(|documents| -> HashSet<String> {
            documents.iter().map(|(_, text)| words(text)).collect()
        });
        assert!(on_train.is_disjoint(&on_test), "seed {seed}");
        for (label, share) in [(0, 60), (1, 20)] {
            let count = test.iter().filter(|document| document.0 == label).count();
            // a group may be larger than what is left of a share, and cross the classes
            assert!(
                (share..share + 20).contains(&count),
                "{count} of {label}, seed {seed}"
            );
        }
    }
}

#[test]
fn the_seed_and_the_content_decide_and_not_the_order_of_the_rows() {
    let at = |texts: Texts, seed| {
        let test = part(
            &Divided::new(texts, division(0.2, seed)).unwrap(),
            Split::Test,
        );
        test.into_iter().collect::<HashSet<_>>()
    };
    let mut turned = many();
    turned.0.reverse();
    assert_eq!(at(many(), 1), at(many(), 1));
    assert_eq!(at(many(), 1), at(turned, 1));
    assert_ne!(at(many(), 1), at(many(), 2));
}

#[test]
fn documents_come_shuffled_and_groups_side_by_side() {
    let corpus = Divided::new(many(), division(0.0, 1)).unwrap();
    assert!(part(&corpus, Split::Test).is_empty());
    let train = part(&corpus, Split::Train);
    let bad: Vec<&String> = train
        .iter()
        .filter(|it| it.0 == 0)
        .map(|it| &it.1)
        .collect();
    let source = many().0;
    let in_order = source.iter().filter(|it| it.0 == 0).map(|it| &it.1);
    assert!(!in_order.eq(bad.iter().copied()));
    let one = bad
        .iter()
        .position(|text| words(text) == "text number 13")
        .unwrap();
    assert_eq!(words(bad[one + 1]), "text number 13");
}

#[test]
fn a_fraction_out_of_range_and_a_class_without_documents_are_refused() {
    for fraction in [1.0, -0.1, f64::NAN] {
        let error = Divided::new(many(), division(fraction, 1)).err().unwrap();
        assert!(
            error
                .to_string()
                .contains("choose 0 or more and less than 1")
        );
    }
    let only_bad = Texts(vec![(0, "one".into()), (0, "two".into())]);
    let error = Divided::new(only_bad, Division::default()).err().unwrap();
    let expected = "texts.csv: no documents of the class good; give the whole set";
    assert_eq!(error.to_string(), expected);
}

/// Hands out something else from the second reading on.
struct Changing(std::cell::Cell<usize>);

impl Collection for Changing {
    fn path(&self) -> &Path {
        Path::new("texts.csv")
    }

    fn classes(&self) -> Vec<String> {
        vec!["only".into()]
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        let reading = self.0.replace(self.0.get() + 1);
        let texts = [&["a", "b"][..], &["a", "c"], &["a"], &["a", "b", "c"]][reading];
        texts.iter().try_for_each(|&text| {
            visit(Example {
                target: 0.into(),
                content: Content::Text(text),
                identity: Content::Text(text),
            })
        })
    }
}

#[test]
fn data_that_changes_while_it_is_read_is_noticed() {
    let corpus = Divided::new(Changing(0.into()), Division::default()).unwrap();
    for _ in 0..3 {
        let error = corpus.for_each(Split::Train, &mut |_| Ok(())).unwrap_err();
        assert!(
            error.to_string().contains("changed while it was read"),
            "{error}"
        );
    }
}

/// The fingerprint is what old divisions were made by: it must never change.
#[test]
fn the_fingerprint_is_of_the_words_alone() {
    let of = |text| fingerprint(Content::Text(text));
    assert_eq!(of(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(of("A film."), of("a  FILM"));
    assert_ne!(of("a film"), of("afilm"));
    assert_ne!(of("a film"), of("film a"));
    assert_ne!(
        fingerprint(Content::Series(&[1.0, 2.0])),
        fingerprint(Content::Series(&[2.0, 1.0]))
    );
}

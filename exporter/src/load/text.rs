//! Enters: a [`Corpus`] of texts. Leaves: its [`Vocabulary`]
//! and its documents as token sequences. Next: `train` takes `load_training`'s, `evaluate`
//! and `simulate` [`load_split`]'s.
//!
//! One pass over the documents, which are never in memory together: each becomes
//! provisional word numbers, and these become tokens when all frequencies are known.

use std::ops::Range;

use set_lstm_runtime::text::for_each_word;

use super::{InputCode, LoadOptions, Training, scaled};
use crate::dataset::split::{Member, last_of_each_class};
use crate::dataset::{Corpus, Document, Split};
use crate::error::Result;
use crate::sequences::{SequenceSet, Token};
use crate::target::{KeptTarget, Target, UNLABELLED};
use crate::vocabulary::count::Interner;
use crate::vocabulary::{UNKNOWN, Vocabulary};

/// Reads the training split and divides it, as [`load_training`](super::load_training) says.
pub(super) fn load_training(corpus: &dyn Corpus, options: &LoadOptions) -> Result<Training> {
    let mut interner = Interner::default();
    let numbered = Sequences::read(corpus, Split::Train, options.max_tokens, |word| {
        interner.number(word)
    })?;
    let members: Vec<Member> = numbered.documents.iter().map(|it| it.member).collect();
    let held_back = last_of_each_class(&members, options.validation_fraction);
    let trained_on = numbered
        .in_order()
        .zip(&held_back)
        .filter(|(_, held)| !**held);
    let counted = trained_on.flat_map(|((words, _), _)| words.iter().copied());
    let ranking = interner.rank(counted, options.vocabulary);

    let (mut train, mut validation) = (empty(corpus), empty(corpus));
    for ((words, target), held) in numbered.in_order().zip(held_back) {
        let tokens = words.iter().map(|&number| ranking.token[number as usize]);
        let set = if held { &mut validation } else { &mut train };
        push(set, tokens, target);
    }
    let code = InputCode::Words(ranking.vocabulary);
    Ok(scaled(corpus, code, train, validation))
}

/// The same with words that are known already.
pub(super) fn load_training_coded(
    corpus: &dyn Corpus,
    options: &LoadOptions,
    words: &Vocabulary,
) -> Result<Training> {
    let encoded = Sequences::read(corpus, Split::Train, options.max_tokens, |word| {
        words.token(word)
    })?;
    let members: Vec<Member> = encoded.documents.iter().map(|it| it.member).collect();
    let held_back = last_of_each_class(&members, options.validation_fraction);
    let (mut train, mut validation) = (empty(corpus), empty(corpus));
    for ((tokens, target), held) in encoded.in_order().zip(held_back) {
        let set = if held { &mut validation } else { &mut train };
        push(set, tokens.iter().copied(), target);
    }
    let code = InputCode::Words(words.clone());
    Ok(scaled(corpus, code, train, validation))
}

/// Reads one split with words that are known already, its targets raw: `token` is a [`Vocabulary`]'s of a
/// run, or that of a model file. `max_tokens` are kept of a document, counted from its end.
///
/// # Errors
///
/// What [`Corpus::for_each`] returns.
pub fn load_split(
    corpus: &dyn Corpus,
    split: Split,
    max_tokens: usize,
    token: impl FnMut(&[u8]) -> Token,
) -> Result<SequenceSet> {
    let encoded = Sequences::read(corpus, split, max_tokens, token)?;
    let mut set = empty(corpus);
    for (tokens, target) in encoded.in_order() {
        push(&mut set, tokens.iter().copied(), target);
    }
    Ok(set)
}

fn empty(corpus: &dyn Corpus) -> SequenceSet {
    SequenceSet::of_tokens().answering(corpus.task(), corpus.outputs().len())
}

/// Adds a document; one without words is one unknown token, of which nobody knows the answer
/// if every step has its own.
fn push(set: &mut SequenceSet, tokens: impl ExactSizeIterator<Item = Token>, target: Target<'_>) {
    if tokens.len() > 0 {
        return set.push(tokens, target);
    }
    let unknown = vec![f32::NAN; set.outputs()];
    let target = match target {
        Target::ClassOfSteps(_) => Target::ClassOfSteps(&[UNLABELLED]),
        Target::ValuesOfSteps(_) => Target::ValuesOfSteps(&unknown),
        of_the_whole => of_the_whole,
    };
    set.push([UNKNOWN], target);
}

/// The documents of one split as numbers of words, end to end in one buffer.
struct Sequences<N> {
    words: Vec<N>,           // [sum of lengths]
    documents: Vec<Located>, // by class and order
}

/// Where the words of a document are.
struct Located {
    member: Member,
    order: u64,
    words: Range<usize>,
    target: KeptTarget,
}

impl<N> Sequences<N> {
    /// Reads a split, keeps the last `max_tokens` words of each document, and sorts.
    fn read(
        corpus: &dyn Corpus,
        split: Split,
        max_tokens: usize,
        mut number: impl FnMut(&[u8]) -> N,
    ) -> Result<Self> {
        let mut words = Vec::new();
        let mut documents = Vec::new();
        corpus.for_each(split, &mut |document| {
            let Document {
                target,
                order,
                group,
                content,
            } = document;
            let start = words.len();
            for_each_word(content.text().as_bytes(), |word| words.push(number(word)));
            let steps = words.len() - start;
            let kept = steps.min(max_tokens);
            words.drain(start..start + steps - kept);
            let label = Member::label_of(target);
            documents.push(Located {
                member: Member { label, group },
                order,
                words: start..words.len(),
                target: target.of_last(kept, steps).into(),
            });
            Ok(())
        })?;
        documents.sort_unstable_by_key(|document| (document.member.label, document.order));
        Ok(Sequences { words, documents })
    }

    /// Words and target of each document, by class and order.
    fn in_order(&self) -> impl Iterator<Item = (&[N], Target<'_>)> {
        self.documents.iter().map(|document| {
            let words = &self.words[document.words.clone()];
            (words, document.target.target())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{InputCode, LoadOptions, load_training};
    use super::*;
    use crate::dataset::Content;
    use crate::error::Error;

    /// Texts given as (split, label, order, text), handed out as they stand.
    struct Texts(Vec<(Split, u8, u64, &'static str)>);

    impl Corpus for Texts {
        fn classes(&self) -> Vec<String> {
            ["bad", "good"].map(String::from).into()
        }

        fn for_each(
            &self,
            wanted: Split,
            visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
        ) -> Result<()> {
            for &(split, label, order, text) in &self.0 {
                if split == wanted {
                    visit(Document {
                        target: label.into(),
                        order,
                        group: order << 1 | u64::from(label),
                        content: Content::Text(text),
                    })?;
                }
            }
            Ok(())
        }
    }

    fn options(vocabulary: usize, max_tokens: usize, validation_fraction: f64) -> LoadOptions {
        LoadOptions {
            vocabulary,
            max_tokens,
            validation_fraction,
        }
    }

    fn words(loaded: &Training) -> &Vocabulary {
        match &loaded.code {
            InputCode::Words(vocabulary) => vocabulary,
            _ => panic!("no words of a text"),
        }
    }

    fn sequences(set: &SequenceSet) -> Vec<(Vec<Token>, u8)> {
        (0..set.len())
            .map(|index| (set.tokens(index).to_vec(), set.label(index)))
            .collect()
    }

    fn small() -> Texts {
        use Split::{Test, Train};
        Texts(vec![
            (Train, 1, 10, "held back: good good"),
            (Train, 1, 2, "so good"),
            (Train, 0, 3, "held back too"),
            (Test, 1, 0, "good, held back"),
            (Train, 0, 1, "bad so bad"),
            (Train, 1, 1, "..."),
            (Train, 0, 2, "skipped so bad"),
        ])
    }

    #[test]
    fn validation_is_the_end_of_each_class_and_is_not_counted() {
        let loaded = load_training(&small(), &options(100, 2, 0.3)).unwrap();
        let ranked: Vec<_> = (0..4)
            .map(|token| words(&loaded).word(token).unwrap())
            .collect();
        // Counted are the kept words of `train` only: so 3, bad 2, good 1.
        assert_eq!(ranked, ["<unknown>", "so", "bad", "good"]);
        assert_eq!(words(&loaded).size(), 4);
        assert_eq!(loaded.classes, ["bad", "good"]);
        let train = [
            (vec![1, 2], 0),
            (vec![1, 2], 0),
            (vec![UNKNOWN], 1),
            (vec![1, 3], 1),
        ];
        assert_eq!(sequences(&loaded.train), train);
        assert_eq!(
            sequences(&loaded.validation),
            [(vec![0, 0], 0), (vec![3, 3], 1)]
        );
    }

    #[test]
    fn the_order_of_the_source_does_not_matter() {
        let mut reversed = small();
        reversed.0.reverse();
        let options = options(3, 100, 0.3);
        let [a, b] = [small(), reversed].map(|corpus| load_training(&corpus, &options).unwrap());
        assert_eq!(a, b);
        assert_eq!(words(&a).size(), 3);
    }

    #[test]
    fn the_test_split_is_read_with_the_given_vocabulary() {
        let loaded = load_training(&small(), &options(100, 2, 0.3)).unwrap();
        let vocabulary = words(&loaded);
        let load = |most| {
            let token = |word: &[u8]| vocabulary.token(word);
            load_split(&small(), Split::Test, most, token).unwrap()
        };
        let test = load(2);
        assert_eq!(sequences(&test), [(vec![0, 0], 1)]);
        let test = load(3);
        assert_eq!(sequences(&test), [(vec![3, 0, 0], 1)]);
    }

    #[test]
    fn some_validation_is_left_of_small_classes_and_some_training_of_any() {
        let held = |fraction| load_training(&small(), &options(9, 9, fraction)).unwrap();
        assert_eq!(held(0.0).validation.len(), 0);
        assert_eq!(held(0.01).validation.len(), 2);
        assert_eq!(held(0.99).train.len(), 2);
    }

    #[test]
    fn options_out_of_range_are_refused_by_name() {
        for (options, named) in [
            (options(1, 9, 0.1), "a vocabulary of 1; choose 2 to 65536"),
            (options(65_537, 9, 0.1), "a vocabulary of 65537"),
            (options(9, 0, 0.1), "no tokens are kept"),
            (options(9, 9, 1.0), "a validation fraction of 1; choose"),
            (options(9, 9, f64::NAN), "a validation fraction of NaN"),
        ] {
            let error = load_training(&small(), &options).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        assert!(LoadOptions::default().check().is_ok());
    }

    #[test]
    fn an_error_of_the_corpus_is_passed_on() {
        struct Broken;
        impl Corpus for Broken {
            fn classes(&self) -> Vec<String> {
                ["bad", "good"].map(String::from).into()
            }
            fn for_each(
                &self,
                _: Split,
                visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
            ) -> Result<()> {
                visit(Document {
                    target: Target::Class(0),
                    order: 0,
                    group: 0,
                    content: Content::Text("read before the damage"),
                })?;
                Err(Error::data("some.tar", "cut short"))
            }
        }
        let error = load_training(&Broken, &LoadOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), "some.tar: cut short");
    }
}

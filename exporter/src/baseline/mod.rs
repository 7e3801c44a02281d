//! Enters: a corpus of texts. Leaves: [`BagOfWords`], what a linear model that knows no order
//! of words makes of it. Next: `compare` sets it beside the networks.
//!
//! Words are counted over whole documents: nothing about a bag asks for the cut that bounds
//! the time of a network. Vocabulary, splits and the choice by validation are the networks'.

pub mod logistic;
pub mod tf_idf;

use std::time::Instant;

use serde::Serialize;

use crate::dataset::{Corpus, Split};
use crate::error::{Error, Result};
use crate::evaluate::ClassEvaluation;
use crate::load::{InputCode, LoadOptions, Training, load_split, load_training};
use logistic::Logistic;
use tf_idf::TfIdf;

/// Inverse strengths of the penalty that are tried, the strongest first; each of them is
/// divided by the number of documents.
const INVERSE_PENALTIES: [f64; 6] = [0.25, 1.0, 4.0, 16.0, 64.0, 256.0];

/// What the bag of words came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BagOfWords {
    /// On the test part.
    #[serde(flatten)]
    pub evaluation: ClassEvaluation,
    /// On the part that chose the penalty.
    pub validation_accuracy: f64,
    /// The inverse penalty that was chosen.
    pub inverse_penalty: f64,
    /// Weights and biases of the linear model.
    pub parameters: usize,
    /// Tokens of the vocabulary, the unknown one included.
    pub vocabulary: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Fitting, all penalties together.
    pub seconds: f64,
}

/// Fits TF-IDF and logistic regression, chooses the penalty by validation, and tests once.
///
/// # Errors
/// A corpus of recordings, data that cannot be read, a fit that does not converge.
pub fn bag_of_words(corpus: &dyn Corpus, options: &LoadOptions) -> Result<BagOfWords> {
    let options = LoadOptions {
        max_tokens: usize::MAX,
        ..*options
    };
    let Training {
        code,
        classes,
        train,
        validation,
        ..
    } = load_training(corpus, &options)?;
    let InputCode::Words(words) = &code else {
        let problem = "recordings have no words to count; leave bag-of-words out";
        return Err(Error::Options(problem.into()));
    };
    let start = Instant::now();
    let vocabulary = words.size();
    let scheme = TfIdf::fit(&train, vocabulary);
    let (known, held_back) = (scheme.apply(&train), scheme.apply(&validation));
    let accuracy = |model: &Logistic| {
        let predictions = model.predict(&held_back);
        ClassEvaluation::new(&validation, &predictions, classes.len()).accuracy
    };
    let mut model = Logistic::zero(vocabulary, classes.len());
    let mut best: Option<(f64, f64, Logistic)> = None;
    for inverse in INVERSE_PENALTIES {
        let penalty = 1.0 / (inverse * train.len().max(1) as f64);
        model = model.fitted(&known, train.labels(), penalty)?; // from the last one on
        let accuracy = accuracy(&model);
        if best.as_ref().is_none_or(|(most, _, _)| accuracy > *most) {
            best = Some((accuracy, inverse, model.clone()));
        }
    }
    let (validation_accuracy, inverse_penalty, model) =
        best.ok_or_else(|| Error::Options("no penalty to try; report this".into()))?;
    let seconds = start.elapsed().as_secs_f64();
    let test = load_split(corpus, Split::Test, usize::MAX, &code)?;
    let predictions = model.predict(&scheme.apply(&test));
    Ok(BagOfWords {
        evaluation: ClassEvaluation::new(&test, &predictions, classes.len()),
        validation_accuracy,
        inverse_penalty,
        parameters: model.parameters(),
        vocabulary,
        classes,
        seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Content, Document};

    /// Three classes, each with a word of its own among words of all.
    struct Kinds;

    impl Corpus for Kinds {
        fn classes(&self) -> Vec<String> {
            ["animal", "fruit", "tool"].map(String::from).into()
        }

        fn for_each(
            &self,
            _split: Split,
            visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
        ) -> Result<()> {
            let words = ["otter", "quince", "chisel"];
            for (label, word) in (0..).zip(words) {
                for order in 0..20 {
                    let text = format!("this is the {word} number {order} of them all");
                    visit(Document {
                        target: label.into(),
                        order,
                        group: order * 3 + u64::from(label),
                        content: Content::Text(&text),
                    })?;
                }
            }
            Ok(())
        }
    }

    #[test]
    fn classes_with_words_of_their_own_are_told_apart() {
        let found = bag_of_words(&Kinds, &LoadOptions::default()).unwrap();
        assert_eq!(found.evaluation.accuracy, 1.0, "{found:?}");
        assert_eq!(found.validation_accuracy, 1.0);
        assert_eq!(found.evaluation.confusion[1], [0, 20, 0]);
        // three logits, a weight a token and a bias each
        assert_eq!(found.parameters, 3 * (found.vocabulary + 1));
        let again = bag_of_words(&Kinds, &LoadOptions::default()).unwrap();
        assert_eq!(found.evaluation, again.evaluation);
    }
}

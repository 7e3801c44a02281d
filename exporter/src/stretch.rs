//! Enters: a corpus of recordings. Leaves: some of its test recordings as lines of numbers, a
//! sample of every channel a line. Next: the program `activity` is built with them in place of
//! a sensor; `set-lstm predict` reads the same lines.

use std::fmt::Write;

use crate::dataset::{Corpus, Document, Split};
use crate::error::{Error, Result};

/// Steps in one unit of a channel, as `firmware-examples/embed/src/samples.rs` has them.
pub const STEPS_OF_ONE: f32 = 1024.0;

/// So many test recordings, the first of every class in turn, then the second of every
/// class; between two of them a blank line. Every number is rounded to a whole step, of
/// which 16 bits hold 32,767, so that device and host read the same.
///
/// # Errors
/// The corpus cannot be read, holds texts, or has fewer recordings in its test part.
pub fn stretch(corpus: &dyn Corpus, count: usize) -> Result<String> {
    let channels = match corpus.medium() {
        crate::dataset::Medium::Series { channels } => channels,
        crate::dataset::Medium::Text => {
            let problem = "the data set holds texts; name one of recordings";
            return Err(Error::Options(problem.into()));
        }
    };
    let classes = corpus.classes().len();
    let mut found: Vec<Vec<(u64, String)>> = vec![Vec::new(); classes];
    let mut take = |document: Document<'_>| {
        let class = document.target.class().unwrap_or(0);
        let of_class = &mut found[usize::from(class)];
        of_class.push((document.order, lines(document.content.series(), channels)));
        // an archive has them in any order: the first ones are those that count
        of_class.sort_unstable_by_key(|(order, _)| *order);
        of_class.truncate(count.div_ceil(classes));
        Ok(())
    };
    corpus.for_each(Split::Test, &mut take)?;
    let turns = 0..count.div_ceil(classes);
    let in_turn = turns.flat_map(|turn| found.iter().filter_map(move |of| of.get(turn)));
    let chosen: Vec<&str> = in_turn.take(count).map(|(_, text)| text.as_str()).collect();
    if chosen.len() < count {
        return Err(Error::Options(format!(
            "the test part has too few recordings for {count}; ask for fewer"
        )));
    }
    Ok(chosen.join("\n"))
}

/// A recording, a sample a line.
fn lines(samples: &[f32], channels: usize) -> String {
    let mut text = String::new();
    for sample in samples.chunks_exact(channels) {
        let mut comma = "";
        for &value in sample {
            let steps = (value * STEPS_OF_ONE).round() + 0.0; // no -0
            let kept = steps.clamp(i16::MIN.into(), i16::MAX.into()) / STEPS_OF_ONE;
            // a string takes all that is written to it
            let _ = write!(text, "{comma}{kept}");
            comma = ",";
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Content, Medium};

    /// Three recordings of each of two classes, one step of two channels long, backwards.
    struct Recordings;

    impl Corpus for Recordings {
        fn classes(&self) -> Vec<String> {
            vec!["a".into(), "b".into()]
        }

        fn medium(&self) -> Medium {
            Medium::Series { channels: 2 }
        }

        fn for_each(
            &self,
            _: Split,
            visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
        ) -> Result<()> {
            for order in (0..3).rev() {
                for label in 0..2 {
                    let samples = [order as f32 + 0.0001, f32::from(label) * -100.0];
                    visit(Document {
                        target: label.into(),
                        order,
                        group: order,
                        content: Content::Series(&samples),
                    })?;
                }
            }
            Ok(())
        }
    }

    #[test]
    fn classes_take_turns_and_numbers_are_whole_steps() {
        let expected = "0,0\n\n0,-32\n\n1,0\n";
        assert_eq!(stretch(&Recordings, 3).expect("three of six"), expected);
        let error = stretch(&Recordings, 7).expect_err("seven of six");
        assert!(error.to_string().contains("ask for fewer"), "{error}");
    }
}

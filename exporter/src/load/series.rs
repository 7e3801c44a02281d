//! Enters: a [`Corpus`] of recordings. Leaves: their statistics and the recordings in their
//! units, or raw. Next: `train` takes `load_training`'s, whoever asks the device the raw
//! ones of [`load_split`].

use super::{InputCode, LoadOptions, Training, scaled};
use crate::dataset::split::{Member, last_of_each_class};
use crate::dataset::{Corpus, Split};
use crate::error::Result;
use crate::normalization::Normalization;
use crate::sequences::SequenceSet;

/// Reads the training split and divides it, as [`load_training`](super::load_training) says.
pub(super) fn load_training(
    corpus: &dyn Corpus,
    channels: usize,
    options: &LoadOptions,
) -> Result<Training> {
    let [train, validation] = divided(corpus, channels, options)?;
    let statistics = Normalization::of(&train);
    Ok(coded(corpus, [train, validation], statistics))
}

/// The same by statistics that are known already.
pub(super) fn load_training_coded(
    corpus: &dyn Corpus,
    options: &LoadOptions,
    statistics: &Normalization,
) -> Result<Training> {
    let parts = divided(corpus, statistics.channels(), options)?;
    Ok(coded(corpus, parts, statistics.clone()))
}

/// The training split, raw: what is trained on, and what is held back.
fn divided(
    corpus: &dyn Corpus,
    channels: usize,
    options: &LoadOptions,
) -> Result<[SequenceSet; 2]> {
    let recordings = Recordings::read(corpus, Split::Train, channels, options.max_tokens)?;
    let members: Vec<Member> = recordings.order.iter().map(|it| it.member).collect();
    let held_back = last_of_each_class(&members, options.validation_fraction);
    Ok([false, true].map(|wanted| recordings.in_order(|place| held_back[place] == wanted)))
}

fn coded(
    corpus: &dyn Corpus,
    [train, validation]: [SequenceSet; 2],
    statistics: Normalization,
) -> Training {
    let [train, validation] = [train, validation].map(|set| statistics.apply(&set));
    scaled(corpus, InputCode::Samples(statistics), train, validation)
}

/// Reads one split, samples and targets raw. `max_steps` are kept of a recording, counted from its end.
///
/// # Errors
///
/// What [`Corpus::for_each`] returns.
pub fn load_split(
    corpus: &dyn Corpus,
    split: Split,
    max_steps: usize,
    channels: usize,
) -> Result<SequenceSet> {
    Ok(Recordings::read(corpus, split, channels, max_steps)?.in_order(|_| true))
}

/// The recordings of one split as they came, and their order.
struct Recordings {
    set: SequenceSet,
    order: Vec<Placed>, // by class and order
}

/// Where a recording is.
struct Placed {
    member: Member,
    order: u64,
    index: usize,
}

impl Recordings {
    fn read(
        corpus: &dyn Corpus,
        split: Split,
        channels: usize,
        max_steps: usize,
    ) -> Result<Recordings> {
        let mut set =
            SequenceSet::of_samples(channels).answering(corpus.task(), corpus.outputs().len());
        let mut order = Vec::new();
        corpus.for_each(split, &mut |document| {
            let samples = document.content.series();
            let steps = samples.len() / channels;
            let kept = steps.min(max_steps);
            order.push(Placed {
                member: Member {
                    label: Member::label_of(document.target),
                    group: document.group,
                },
                order: document.order,
                index: set.len(),
            });
            let target = document.target.of_last(kept, steps);
            set.push_samples(&samples[(steps - kept) * channels..], target);
            Ok(())
        })?;
        order.sort_unstable_by_key(|placed| (placed.member.label, placed.order));
        Ok(Recordings { set, order })
    }

    /// The recordings at the wanted places of the order.
    fn in_order(&self, wanted: impl Fn(usize) -> bool) -> SequenceSet {
        let mut set = self.set.empty_like();
        for (place, placed) in self.order.iter().enumerate() {
            if wanted(place) {
                let index = placed.index;
                set.push_sequence(self.set.sequence(index), self.set.target(index));
            }
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::super::{load_split, load_training};
    use super::*;
    use crate::dataset::{Content, Document, Medium};

    /// Recordings of one channel given as (split, label, order, group, samples).
    struct Waves(Vec<(Split, u8, u64, u64, Vec<f32>)>);

    impl Corpus for Waves {
        fn classes(&self) -> Vec<String> {
            ["still", "moving"].map(String::from).into()
        }

        fn medium(&self) -> Medium {
            Medium::Series { channels: 1 }
        }

        fn for_each(
            &self,
            wanted: Split,
            visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
        ) -> Result<()> {
            for (split, label, order, group, samples) in &self.0 {
                if *split == wanted {
                    visit(Document {
                        target: (*label).into(),
                        order: *order,
                        group: *group,
                        content: Content::Series(samples),
                    })?;
                }
            }
            Ok(())
        }
    }

    #[test]
    fn a_person_is_on_one_side_and_statistics_are_of_the_training_side() {
        use Split::{Test, Train};
        let corpus = Waves(vec![
            (Train, 0, 1, 1, vec![1.0, 3.0]),
            (Train, 1, 3, 2, vec![900.0]),
            (Train, 1, 2, 1, vec![9.0, 1.0, 3.0]),
            (Train, 0, 4, 2, vec![700.0]),
            (Test, 1, 0, 3, vec![4.0]),
        ]);
        let options = LoadOptions {
            max_tokens: 2,
            validation_fraction: 0.5,
            ..LoadOptions::default()
        };
        let loaded = load_training(&corpus, &options).unwrap();
        let statistics = loaded.code.statistics().unwrap();
        assert_eq!(
            (&statistics.mean[..], &statistics.factor[..]),
            (&[2.0][..], &[1.0][..])
        );
        let values = |set: &SequenceSet| -> Vec<Vec<f32>> {
            let samples = |k| set.sequence(k).samples().flatten().copied().collect();
            (0..set.len()).map(samples).collect()
        };
        assert_eq!(values(&loaded.train), [[-1.0, 1.0], [-1.0, 1.0]]);
        assert_eq!(values(&loaded.validation), [[8.0], [8.0]]);
        let test = load_split(&corpus, Test, 9, &loaded.code).unwrap();
        assert_eq!((values(&test), test.labels()), (vec![vec![2.0]], &[1][..]));
    }
}

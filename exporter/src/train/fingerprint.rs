//! Enters: options and data of a training. Leaves: a number for each. Next: `trainer` goes on
//! from a checkpoint only if both are what they were.

use super::options::TrainOptions;
use crate::fnv;
use crate::load::Training;
use crate::target::Target;

/// How [`TrainOptions`] show that recordings stay as they are. It is left out, so that runs
/// go on that were begun before there was a choice.
const AS_THEY_ARE: &str = " rotation: 0.0, gain: 0.0, speed: 0.0, sample_noise: 0.0,";

/// How [`TrainOptions`] show options of data that there were not always, if none is named; and
/// where those of data begin and end, which stood among the others once.
const AS_IT_IS: &str = " target_columns: None, recording_column: None, group_column: None, window: None, stride: None, every_step: false,";
const DATA: [(&str, &str); 2] = [
    ("corpus: DataOptions { ", ""),
    (" }, embedding_size:", ", embedding_size:"),
];

/// FNV-1a of all options but where the data lies.
pub(super) fn of_options(options: &TrainOptions) -> u64 {
    fnv::add_bytes(fnv::START, text_of(options).as_bytes())
}

fn text_of(options: &TrainOptions) -> String {
    let options = TrainOptions {
        data: None,
        ..options.clone()
    };
    let mut text = format!("{options:?}").replace(AS_THEY_ARE, "");
    for (now, before) in DATA.into_iter().chain([(AS_IT_IS, "")]) {
        text = text.replacen(now, before, 1);
    }
    text
}

/// FNV-1a of steps and targets.
pub(super) fn of_data(data: &Training) -> u64 {
    let mut hash = fnv::START;
    let mut add = |number: u64| hash = fnv::add(hash, number);
    for set in [&data.train, &data.validation] {
        for k in 0..set.len() {
            set.tokens(k).iter().for_each(|&token| add(token.into()));
            let samples = set.sequence(k).samples().flatten();
            samples.for_each(|value| add(value.to_bits().into()));
            match set.target(k) {
                Target::Class(class) => add(label(class)),
                Target::ClassOfSteps(classes) => classes.iter().for_each(|&it| add(label(it))),
                Target::Values(values) | Target::ValuesOfSteps(values) => {
                    values.iter().for_each(|it| add(u64::from(it.to_bits())));
                }
            }
        }
    }
    hash
}

/// No token looks like it.
fn label(class: u8) -> u64 {
    0x1_0000 + u64::from(class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::preset::Preset;

    #[test]
    fn runs_from_before_augmentation_go_on_and_augmented_ones_differ() {
        let plain = Preset::Reber.options();
        let text = text_of(&plain);
        let begin = "TrainOptions { preset: Reber, data: None, seed: 1, topology: Set, vocabulary: 16, max_tokens: 64, validation_fraction: 0.1, test_fraction: 0.2, split_seed: 1, text_column: None, label_column: None, sample_columns: None, channels: None, embedding_size: 32, hidden_size: 64, ";
        assert!(text.starts_with(begin), "{text}");
        assert!(text.contains(", averaging: 0.0, batch: 64, "), "{text}");
        let augmented = TrainOptions {
            sample_noise: 0.1,
            ..plain.clone()
        };
        assert_ne!(of_options(&augmented), of_options(&plain));
    }
}

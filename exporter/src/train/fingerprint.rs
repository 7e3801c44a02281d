//! Enters: options and data of a training. Leaves: a number for each. Next: `trainer` goes on
//! from a checkpoint only if both are what they were.

use super::options::TrainOptions;
use crate::fnv;
use crate::load::Training;

/// FNV-1a of all options but where the data lies.
pub(super) fn of_options(options: &TrainOptions) -> u64 {
    let options = TrainOptions {
        data: None,
        ..options.clone()
    };
    fnv::add_bytes(fnv::START, format!("{options:?}").as_bytes())
}

/// FNV-1a of steps and labels.
pub(super) fn of_data(data: &Training) -> u64 {
    let mut hash = fnv::START;
    let mut add = |number: u64| hash = fnv::add(hash, number);
    for set in [&data.train, &data.validation] {
        for k in 0..set.len() {
            set.tokens(k).iter().for_each(|&token| add(token.into()));
            let samples = set.sequence(k).samples().flatten();
            samples.for_each(|value| add(value.to_bits().into()));
            add(0x1_0000 + u64::from(set.label(k)));
        }
    }
    hash
}

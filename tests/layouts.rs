//! Which way the matrices lie: chosen for speed or for size, the same answers either way.

use crate::models::{KINDS, class_names, small_model};
use crate::samples::{model, recordings, statistics};
use set_lstm::device::{AlignedBytes, AnyModel, AnyState};
use set_lstm::pack::layout::{Choice, Optimise, pack_optimised};
use set_lstm::pack::{PackOptions, Values};
use set_lstm::sparse_model::SparseModel;
use set_lstm_runtime::Task;

fn optimised(
    model: &SparseModel,
    channels: Option<usize>,
    values: Values,
    optimise: Optimise,
) -> (AlignedBytes, Choice) {
    let statistics = channels.map(statistics);
    let options = PackOptions {
        values,
        classes: class_names(model),
        vocabulary: None,
        task: Task::CLASSIFICATION,
        outputs: None,
        statistics: statistics.as_ref(),
        max_tokens: 0,
        seed: 1,
    };
    pack_optimised(model, &options, optimise).unwrap()
}

#[test]
fn a_state_of_half_the_size_is_worth_a_list_of_columns() {
    for values in KINDS {
        let trained = model(9, 64, 0.3, 5);
        let (fast, chosen) = optimised(&trained, Some(9), values, Optimise::Speed);
        let (small, smallest) = optimised(&trained, Some(9), values, Optimise::Size);
        assert_eq!(chosen.taken.layout, "W and U joined, by strips");
        assert_eq!(smallest.taken.layout, "W by columns, U by strips");
        assert_eq!(
            (Some(chosen.taken), chosen.other),
            (smallest.other, Some(smallest.taken))
        );
        assert!(
            smallest.taken.state_bytes * 19 < chosen.taken.state_bytes * 11,
            "{smallest:?}"
        );
        let raw = recordings(&statistics(9), &[40, 3]);
        let models = [&fast, &small].map(|file| AnyModel::from_bytes(file).unwrap());
        let logits = models.each_ref().map(|model| {
            let mut state = AnyState::new(model);
            model.self_test(&mut state).unwrap();
            state.run(model, raw.sequence(0));
            state.logits(model)
        });
        for (a, b) in logits[0].iter().zip(&logits[1]) {
            assert!((a - b).abs() < 2e-2, "{values:?}: {a} {b}");
        }
    }
}

#[test]
fn size_never_takes_more_bytes_and_words_leave_no_choice() {
    for (channels, hidden) in [(1, 5), (3, 20), (6, 48), (40, 33)] {
        let (file, choice) = optimised(
            &model(channels, hidden, 0.4, 2),
            Some(channels),
            KINDS[0],
            Optimise::Size,
        );
        let other = choice.other.unwrap();
        let bytes = |model: u64, state: u64| model + state;
        assert_eq!(file.len() as u64, choice.taken.model_bytes);
        assert!(
            bytes(choice.taken.model_bytes, choice.taken.state_bytes)
                <= bytes(other.model_bytes, other.state_bytes),
            "{choice:?}"
        );
    }
    let (_, words) = optimised(&small_model(1), None, KINDS[0], Optimise::Size);
    assert_eq!(
        (words.taken.layout, words.other),
        ("W by columns, as words need it", None)
    );
    let (_, delta) = optimised(
        &model(6, 48, 0.2, 1),
        Some(6),
        Values::Int8Delta,
        Optimise::Size,
    );
    assert_eq!((delta.taken.state_bytes, delta.other), (1804, None));
}

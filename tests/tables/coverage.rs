//! Any table: its windows are where they are said to be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use proptest::prelude::*;
use set_lstm::dataset::Split;
use set_lstm::dataset::windows::Windows;
use set_lstm::target::KeptTarget;

use super::{columns, documents, table_named};
use crate::engine::cases;

/// Lengths of recordings, their groups, window, stride and part of the test.
fn shapes() -> impl Strategy<Value = (Vec<(usize, u8)>, usize, usize, f64)> {
    (
        prop::collection::vec((1_usize..60, 0_u8..4), 1..8),
        1_usize..12,
        1_usize..14,
        0.0..0.6,
    )
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn windows_cover_each_recording_as_documented(
        (recordings, length, stride, part) in shapes(),
        every_step in any::<bool>(),
        pace in 1_usize..9,
    ) {
        // the only channel counts all rows, so a window says where it was
        let (mut text, mut row) = ("x,label,r,g\n".to_owned(), 0_usize);
        let (mut begins, mut wanted) = (Vec::new(), BTreeMap::new());
        for (number, (rows, group)) in recordings.iter().enumerate() {
            begins.push(row);
            for start in (Windows { length, stride }).starts(*rows) {
                let of = |step: usize| (row + start + step) / pace % 2;
                if every_step || (0..length).all(|step| of(step) == of(0)) {
                    wanted.insert(row + start, *group);
                }
            }
            for _ in 0..*rows {
                writeln!(text, "{row},{},{number},{group}", row / pace % 2).unwrap();
                row += 1;
            }
        }
        let options = columns(|it| {
            (it.recording, it.group) = (Some("r".into()), Some("g".into()));
            (it.window, it.stride, it.every_step) = (Some(length), Some(stride), every_step);
        });
        let Ok(found) = table_named("log.csv", &text, &options, part) else {
            return Ok(()); // too short, or one class only: said by an error
        };
        let groups: BTreeSet<u8> = recordings.iter().map(|it| it.1).collect();
        let whole = groups.len() > 2 && !found.notes().join("\n").contains("one group only");
        let mut starts = Vec::new();
        for split in [Split::Train, Split::Test] {
            let mut orders = BTreeSet::new();
            for window in documents(&found, split) {
                prop_assert_eq!(window.samples.len(), length);
                let start = window.samples[0] as usize;
                let follow = (start..).zip(&window.samples).all(|(row, &x)| x == row as f32);
                prop_assert!(follow, "rows that do not follow each other: {:?}", window.samples);
                let begin = *begins.iter().rev().find(|&&begin| begin <= start).unwrap();
                let number = begins.iter().position(|&it| it == begin).unwrap();
                prop_assert!(start + length <= begin + recordings[number].0);
                prop_assert!(orders.insert(window.order), "an order twice");
                match &window.target {
                    KeptTarget::Class(label) => {
                        prop_assert_eq!(usize::from(*label), start / pace % 2);
                    }
                    KeptTarget::ClassOfSteps(labels) => {
                        let of = |step: usize| ((start + step) / pace % 2) as u8;
                        let expected: Vec<u8> = (0..length).map(of).collect();
                        prop_assert_eq!(labels, &expected);
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                starts.push((start, split == Split::Test));
            }
        }
        starts.sort_unstable();
        if whole {
            let seen: Vec<usize> = starts.iter().map(|it| it.0).collect();
            let expected: Vec<usize> = wanted.keys().copied().collect();
            prop_assert_eq!(seen, expected, "every window once");
            let side = |test| -> BTreeSet<u8> {
                starts.iter().filter(|it| it.1 == test).map(|it| wanted[&it.0]).collect()
            };
            prop_assert!(side(false).is_disjoint(&side(true)), "a group on both sides");
        }
        if groups.len() == 1 {
            let last = starts.iter().filter(|it| !it.1).map(|it| it.0 + length).max();
            let first = starts.iter().filter(|it| it.1).map(|it| it.0).min();
            prop_assert!(first.is_none_or(|first| last.is_none_or(|last| last <= first)));
        }
    }
}

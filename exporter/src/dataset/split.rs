//! Enters: classes and groups of examples in a fixed order. Leaves: which of them are held
//! back, for validation or for the final test. Next: `load` divides by it.

use std::collections::{HashMap, HashSet};

use crate::target::Target;

/// What a division has to know of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its class, or 0 where it has none as a whole: then all are of one.
    pub label: u8,
    /// Examples of one group stay together: equal texts, recordings of one person.
    pub group: u64,
}

impl Member {
    /// The class by which a document of this target is divided.
    pub fn label_of(target: Target<'_>) -> u8 {
        target.class().unwrap_or(0)
    }
}

/// Which members, sorted by label and order, are the last `fraction` of their class: at
/// least one (if the fraction is above 0), and never all of a class. A group is held back
/// as a whole, in every class, so a class may give a few more than its share, or fewer
/// where only a group that must not go would make it up.
pub fn last_of_each_class(members: &[Member], fraction: f64) -> Vec<bool> {
    let mut classes_of: HashMap<u64, Vec<u8>> = HashMap::new(); // a label a member
    let mut left = [0_usize; 256]; // members of each class that are not held back
    for member in members {
        classes_of
            .entry(member.group)
            .or_default()
            .push(member.label);
        left[usize::from(member.label)] += 1;
    }
    let mut held = HashSet::new();
    let mut refused = HashSet::new(); // what must not go now must not go later either
    for class in members.chunk_by(|a, b| a.label == b.label) {
        let label = usize::from(class[0].label);
        let share = (class.len() as f64 * fraction).round() as usize;
        let least = usize::from(fraction > 0.0);
        let stay = class.len() - share.max(least).min(class.len() - 1);
        for member in class.iter().rev() {
            if left[label] <= stay {
                break;
            }
            if held.contains(&member.group) || refused.contains(&member.group) {
                continue;
            }
            let mut after = left;
            let labels = &classes_of[&member.group];
            labels.iter().for_each(|&l| after[usize::from(l)] -= 1);
            if labels.iter().all(|&l| after[usize::from(l)] > 0) {
                left = after;
                held.insert(member.group);
            } else {
                refused.insert(member.group);
            }
        }
    }
    members
        .iter()
        .map(|member| held.contains(&member.group))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(members: &[(u8, u64)], fraction: f64) -> Vec<bool> {
        let members: Vec<Member> = members
            .iter()
            .map(|&(label, group)| Member { label, group })
            .collect();
        last_of_each_class(&members, fraction)
    }

    #[test]
    fn without_groups_the_last_of_each_class_go() {
        let members: Vec<_> = (0..10).map(|k| (u8::from(k >= 6), k)).collect();
        let at = |fraction| {
            let held = held(&members, fraction);
            (0..10).filter(|&k| held[k]).collect::<Vec<_>>()
        };
        assert!(at(0.0).is_empty());
        assert_eq!(at(0.01), [5, 9]);
        assert_eq!(at(0.5), [3, 4, 5, 8, 9]);
        assert_eq!(at(0.99), [1, 2, 3, 4, 5, 7, 8, 9]);
    }

    #[test]
    fn a_group_stays_together_across_classes_and_never_takes_a_whole_class() {
        // group 7 has members in both classes; group 9 is all that class 1 has beside it
        let members = [(0, 1), (0, 2), (0, 7), (1, 9), (1, 7)];
        assert_eq!(held(&members, 0.3), [false, false, true, false, true]);
        let members = [(0, 1), (0, 7), (1, 7), (1, 7)];
        assert_eq!(held(&members, 0.5), [true, false, false, false]);
    }
}

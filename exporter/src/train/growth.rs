//! Enters: what an evolution has kept. Leaves: where new connections may grow, and of
//! candidates the steepest. Next: `evolve` puts them in.
//!
//! By gradient (RigL, Evci et al., ICML 2020): a connection that would change the loss
//! most is worth most. The gradient of all empty positions would need the dense matrices;
//! here a few times as many empty positions as are to grow are sampled and put into the
//! network at weight zero, and the kernels find their gradients as they find any other.
//!
//! Row lengths that are multiples of N stay so: each row is filled up to its next multiple,
//! which is never longer than the row was, and groups of N that are left go to
//! rows at random, each room for a group equally likely.

use std::ops::Range;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::parameters::Parameters;
use super::topology::grow;

/// Where connections grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum GrowthKind {
    /// At random empty positions: the rule of the paper.
    #[default]
    Random,
    /// Where of sampled empty positions the gradient is largest.
    Gradient,
}

/// Where connections grow, with what that takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// At random empty positions.
    Random,
    /// At the steepest of sampled empty positions.
    Gradient {
        /// Positions tried for each connection that grows.
        candidates: usize,
    },
}

impl Growth {
    /// Positions to sample for each connection that grows.
    pub fn candidates(self) -> usize {
        match self {
            Growth::Random => 1,
            Growth::Gradient { candidates } => candidates,
        }
    }
}

/// Yields the gradient of a network, in the order of its flat vector.
pub type Slopes<'a> = &'a mut dyn FnMut(&Parameters) -> Vec<f32>;

/// Ranges of positions with the number of connections that grow in each, `count` in all:
/// one range, or one a row where row lengths are multiples. `taken` ascends.
pub fn plots(
    taken: &[u32],
    (rows, columns): (usize, usize),
    count: usize,
    multiple: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<(Range<u32>, usize)> {
    if multiple == 1 {
        return vec![(0..(rows * columns) as u32, count)];
    }
    let mut lengths = vec![0usize; rows];
    for &position in taken {
        lengths[position as usize / columns] += 1;
    }
    let mut wanted: Vec<usize> = (lengths.iter())
        .map(|length| length.next_multiple_of(multiple))
        .collect();
    let groups = (taken.len() + count - wanted.iter().sum::<usize>()) / multiple;
    let room = |wanted: usize| (columns - wanted) / multiple;
    let ends: Vec<usize> = (wanted.iter())
        .scan(0, |end, &wanted| {
            *end += room(wanted);
            Some(*end)
        })
        .collect();
    let all = ends.last().copied().unwrap_or(0);
    for group in grow(&[], all as u32, groups, rng) {
        wanted[ends.partition_point(|&end| end <= group as usize)] += multiple;
    }
    let sizes = wanted.into_iter().zip(lengths).enumerate();
    sizes
        .filter(|(_, (wanted, length))| wanted > length)
        .map(|(row, (wanted, length))| {
            let start = (row * columns) as u32;
            (start..start + columns as u32, wanted - length)
        })
        .collect()
}

/// The `count` candidates of largest slope, ascending. Of equal ones (words that the
/// batches do not have, all of slope 0) any may grow, not the first.
pub fn grow_by_slope(
    candidates: &[u32],
    count: usize,
    slope: impl Fn(u32) -> f32,
    rng: &mut ChaCha8Rng,
) -> Vec<u32> {
    let mut steepest: Vec<(f32, u32)> = (candidates.iter())
        .map(|&position| (slope(position).abs(), position))
        .collect();
    steepest.shuffle(rng);
    steepest.sort_by(|a, b| b.0.total_cmp(&a.0));
    steepest.truncate(count);
    let mut chosen: Vec<u32> = steepest.into_iter().map(|(_, position)| position).collect();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::parameters::stream;
    use super::*;

    #[test]
    fn rows_are_filled_to_their_multiple_and_whole_groups_are_dealt() {
        // Rows of 3, 0, 4 and 1 in 9 columns; 8 more in groups of 4: 1, 3 and one group.
        let taken = [0, 1, 2, 18, 19, 20, 21, 30];
        let mut rooms = [0; 4];
        for seed in 0..400 {
            let plots = plots(&taken, (4, 9), 8, 4, &mut stream(seed, 0));
            let mut lengths = [3, 0, 4, 1];
            for (plot, count) in plots {
                lengths[plot.start as usize / 9] += count;
            }
            assert_eq!(lengths.iter().sum::<usize>(), 16);
            for (row, length) in lengths.into_iter().enumerate() {
                assert_eq!(length % 4, 0);
                let least = [4, 0, 4, 4][row];
                rooms[row] += usize::from(length > least);
            }
        }
        // Row 1 has room for two groups, the others for one.
        assert!((110..210).contains(&rooms[1]), "{rooms:?}");
        assert!([0, 2, 3].iter().all(|&row| (50..110).contains(&rooms[row])));
    }

    #[test]
    fn the_steepest_grow_and_of_equal_ones_any() {
        let slope = |position: u32| if position == 7 { -2.0 } else { 0.0 };
        let mut seen = std::collections::HashSet::new();
        for seed in 0..50 {
            let chosen = grow_by_slope(&[1, 4, 7, 9], 2, slope, &mut stream(seed, 0));
            assert!(chosen.contains(&7) && chosen.is_sorted());
            seen.insert(chosen);
        }
        assert_eq!(seen.len(), 3);
    }
}

//! Enters: the connections of two networks of the same sizes. Leaves: which feature and unit
//! of the one is which of the other. Next: `distance` counts what they then have in common.
//!
//! Neurons have no order: the same network comes out of a training with its units permuted.
//! As of Liu et al., "Topological Insights into Sparse Neural Networks" (2020), layer by layer
//! from the inputs on, neurons are matched so that those matched share most connections, which
//! the Hungarian method finds exactly:
//!
//! ```text
//! features  by the words that connect to them; channels of recordings are themselves
//! units     by W, all four gates, over the matched features
//! then      by W and by the rows and columns of U over the units as matched so far,
//!           for as long as more connections are shared
//! ```
//!
//! The last step finds a local optimum. So that networks which are alike as they stand are never
//! made less so, it also starts from no permutation at all, and the better end is taken.

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

use super::{Connections, EMBEDDING};

const ROUNDS_MAX: usize = 20;

/// Which neuron of one network is which of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matching {
    /// The other's embedding feature or channel, of each.
    pub features: Vec<usize>, // [embedding]
    /// The other's hidden unit, of each.
    pub units: Vec<usize>, // [hidden]
}

impl Matching {
    /// Each neuron is itself.
    pub fn identity(of: &[Connections]) -> Matching {
        let recurrent = &of[of.len() - 1];
        Matching {
            features: (0..of[of.len() - 2 * GATES].columns).collect(),
            units: (0..recurrent.columns).collect(),
        }
    }

    /// The best that is found for `a` and `b`.
    pub fn of(a: &[Connections], b: &[Connections]) -> Matching {
        let (a_listed, b_listed) = (Listed::of(a), Listed::of(b));
        let identity = Matching::identity(a);
        let mut matched = identity.clone();
        if let [(a, b)] = a_listed.pairs(&b_listed, 0..a.len() - 2 * GATES)[..] {
            let mut shared = Shared::none(matched.features.len());
            shared.add(&a.by_row, &b.by_row, |word| word);
            matched.features = shared.best();
        }
        let mut shared = Shared::none(matched.units.len());
        a_listed.add_input(&b_listed, &matched.features, &mut shared);
        matched.units = shared.best();
        let ends = [matched, identity].map(|start| {
            let end = refined(&a_listed, &b_listed, start);
            (shared_connections(a, b, &end), end)
        });
        let [(most, best), (other, unpermuted)] = ends;
        if other > most { unpermuted } else { best }
    }

    /// Where the connections of a matrix of `a` are in the other network, ascending.
    pub fn moved(&self, matrix: &Connections) -> Vec<u64> {
        let columns = matrix.columns as u64;
        let is_embedding = matrix.name == EMBEDDING;
        let is_input = matrix.name.starts_with('W');
        let mut moved: Vec<u64> = (matrix.positions.iter())
            .map(|position| {
                let (row, column) = ((position / columns) as usize, (position % columns) as usize);
                let row = if is_embedding { row } else { self.units[row] };
                let column = match is_embedding || is_input {
                    true => self.features[column],
                    false => self.units[column],
                };
                row as u64 * columns + column as u64
            })
            .collect();
        moved.sort_unstable();
        moved
    }
}

const GATES: usize = set_lstm_runtime::gate::Gate::COUNT;

/// Units matched again and again by all that connects to them, until nothing is won.
fn refined(a: &Listed, b: &Listed, start: Matching) -> Matching {
    let mut best = start;
    let mut most = a.shared_by_units(b, &best);
    for _ in 0..ROUNDS_MAX {
        let mut shared = Shared::none(best.units.len());
        a.add_input(b, &best.features, &mut shared);
        for (a, b) in a.pairs(b, a.matrices.len() - GATES..a.matrices.len()) {
            shared.add(&a.by_row, &b.by_row, |unit| best.units[unit]);
            shared.add(&a.by_column, &b.by_column, |unit| best.units[unit]);
        }
        let units = shared.best();
        let next = Matching {
            units,
            ..best.clone()
        };
        let count = a.shared_by_units(b, &next);
        if count <= most {
            break;
        }
        (best, most) = (next, count);
    }
    best
}

/// Number of connections that all matrices have in common after matching.
fn shared_connections(a: &[Connections], b: &[Connections], matching: &Matching) -> usize {
    let of = |(a, b): (&Connections, &Connections)| common(&matching.moved(a), &b.positions);
    a.iter().zip(b).map(of).sum()
}

/// Number of positions in both lists, which ascend.
pub(super) fn common(a: &[u64], b: &[u64]) -> usize {
    let mut rest = b.iter().peekable();
    let in_rest = |wanted: &&u64| {
        while rest.next_if(|next| next < wanted).is_some() {}
        rest.next_if_eq(wanted).is_some()
    };
    a.iter().filter(in_rest).count()
}

/// The matrices of a network as lists.
struct Listed {
    matrices: Vec<ListedMatrix>,
}

struct ListedMatrix {
    by_row: Vec<Vec<usize>>,    // the columns of each row
    by_column: Vec<Vec<usize>>, // the rows of each column
}

impl Listed {
    fn of(matrices: &[Connections]) -> Listed {
        let listed = |matrix: &Connections| {
            let mut by_row = vec![Vec::new(); matrix.rows];
            let mut by_column = vec![Vec::new(); matrix.columns];
            for &position in &matrix.positions {
                let row = (position / matrix.columns as u64) as usize;
                let column = (position % matrix.columns as u64) as usize;
                by_row[row].push(column);
                by_column[column].push(row);
            }
            ListedMatrix { by_row, by_column }
        };
        Listed {
            matrices: matrices.iter().map(listed).collect(),
        }
    }

    fn pairs<'a>(
        &'a self,
        other: &'a Listed,
        range: std::ops::Range<usize>,
    ) -> Vec<(&'a ListedMatrix, &'a ListedMatrix)> {
        let other = &other.matrices[range.clone()];
        self.matrices[range].iter().zip(other).collect()
    }

    /// What each unit of `self` shares with each of `other` in the four `W`.
    fn add_input(&self, other: &Listed, features: &[usize], shared: &mut Shared) {
        let end = self.matrices.len() - GATES;
        for (a, b) in self.pairs(other, end - GATES..end) {
            shared.add(&a.by_column, &b.by_column, |feature| features[feature]);
        }
    }

    /// Connections of `W` and `U` in common.
    fn shared_by_units(&self, other: &Listed, matching: &Matching) -> usize {
        let all = self.matrices.len();
        let count = |range, columns: &[usize]| -> usize {
            let pairs = self.pairs(other, range).into_iter();
            let of_rows =
                pairs.flat_map(|(a, b)| a.by_row.iter().enumerate().map(move |row| (row, b)));
            of_rows
                .map(|((unit, row), b)| {
                    let others = &b.by_row[matching.units[unit]];
                    let found = |&&column: &&usize| others.binary_search(&columns[column]).is_ok();
                    row.iter().filter(found).count()
                })
                .sum()
        };
        count(all - 2 * GATES..all - GATES, &matching.features)
            + count(all - GATES..all, &matching.units)
    }
}

/// How many connections each neuron of one network shares with each of the other.
struct Shared {
    counts: Matrix<i64>,
}

impl Shared {
    fn none(neurons: usize) -> Shared {
        Shared {
            counts: Matrix::new(neurons, neurons, 0),
        }
    }

    /// Counts the neurons that are in the list of a key of `a` and of the same key of `b`.
    fn add(&mut self, a: &[Vec<usize>], b: &[Vec<usize>], key: impl Fn(usize) -> usize) {
        for (at, of_a) in a.iter().enumerate() {
            for &mine in of_a {
                for &other in &b[key(at)] {
                    self.counts[(mine, other)] += 1;
                }
            }
        }
    }

    fn best(&self) -> Vec<usize> {
        kuhn_munkres(&self.counts).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_in_both_lists_are_counted() {
        assert_eq!(common(&[1, 3, 4, 9], &[0, 3, 5, 9, 11]), 2);
        assert_eq!(common(&[], &[0]), 0);
        assert_eq!(common(&[7], &[0, 1, 7]), 1);
    }

    #[test]
    fn neurons_that_share_most_are_matched() {
        // keys 0 to 2: unit 0 of the one is in the lists where unit 1 of the other is
        let mut shared = Shared::none(2);
        shared.add(
            &[vec![0], vec![0, 1], vec![1]],
            &[vec![1], vec![1], vec![0, 1]],
            |key| key,
        );
        assert_eq!(shared.counts[(0, 1)], 2);
        assert_eq!(shared.best(), [1, 0]);
    }
}

//! Enters: sizes and densities. Leaves: [`Topology`], which connections exist.
//! Next: `parameters` gives each connection a weight, `evolve` moves connections.

use std::fmt;
use std::str::FromStr;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The existing connections of a matrix in compressed sparse rows, columns ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topology {
    /// Where each row begins in `column`.
    pub row_start: Vec<u32>, // [rows + 1]
    /// Column of each connection.
    pub column: Vec<u16>, // [nnz]
}

impl Topology {
    /// From positions `row · columns + column`, ascending and without duplicates.
    pub fn from_positions(rows: usize, columns: usize, positions: &[u32]) -> Self {
        let mut row_start = Vec::with_capacity(rows + 1);
        let mut column = Vec::with_capacity(positions.len());
        row_start.push(0);
        for &position in positions {
            let (r, c) = (position as usize / columns, position as usize % columns);
            while row_start.len() <= r {
                row_start.push(column.len() as u32);
            }
            column.push(c as u16);
        }
        row_start.resize(rows + 1, column.len() as u32);
        Topology { row_start, column }
    }

    /// Whether rows join, and columns ascend within each and are below `columns`.
    pub fn is_valid(&self, rows: usize, columns: usize) -> bool {
        let joined = self.row_start.len() == rows + 1
            && self.row_start[0] == 0
            && self.row_start[rows] as usize == self.nnz()
            && self.row_start.is_sorted();
        joined
            && (0..rows).all(|row| {
                let found = &self.column[self.range(row)];
                found.is_sorted_by(|a, b| a < b)
                    && found.last().is_none_or(|&last| usize::from(last) < columns)
            })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.row_start.len() - 1
    }

    /// Number of connections.
    pub fn nnz(&self) -> usize {
        self.column.len()
    }

    /// The range of connections of one row.
    #[inline(always)]
    pub fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.row_start[row] as usize..self.row_start[row + 1] as usize
    }

    /// The same connections by column.
    pub fn transposed(&self, columns: usize) -> Transposed {
        let mut column_start = vec![0u32; columns + 1];
        for &c in &self.column {
            column_start[c as usize + 1] += 1;
        }
        for c in 0..columns {
            column_start[c + 1] += column_start[c];
        }
        let mut next = column_start.clone();
        let mut row = vec![0u16; self.nnz()];
        let mut connection = vec![0u32; self.nnz()];
        for r in 0..self.rows() {
            for k in self.range(r) {
                let at = &mut next[self.column[k] as usize];
                row[*at as usize] = r as u16;
                connection[*at as usize] = k as u32;
                *at += 1;
            }
        }
        Transposed {
            column_start,
            row,
            connection,
        }
    }
}

/// A [`Topology`] seen by columns: compressed sparse columns.
#[derive(Debug, Clone, Default)]
pub struct Transposed {
    /// Where each column begins in the other two.
    pub column_start: Vec<u32>, // [columns + 1]
    /// Row of each connection, ascending within its column.
    pub row: Vec<u16>, // [nnz]
    /// Number of the same connection in row order.
    pub connection: Vec<u32>, // [nnz]
}

impl Transposed {
    /// The range of connections of one column.
    #[inline(always)]
    pub fn range(&self, column: usize) -> std::ops::Range<usize> {
        self.column_start[column] as usize..self.column_start[column + 1] as usize
    }
}

/// How many connections a matrix gets at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Density {
    /// A share of all positions, 0 to 1.
    Share(f64),
    /// Erdős–Rényi by ε: the share is `ε (n_in + n_out) / (n_in n_out)`, at most 1.
    Epsilon(f64),
}

impl Density {
    /// Number of connections of a `rows × columns` matrix.
    pub fn connections(self, rows: usize, columns: usize) -> usize {
        let positions = (rows * columns) as f64;
        let count = match self {
            Density::Share(share) => share * positions,
            Density::Epsilon(epsilon) => epsilon * (rows + columns) as f64,
        };
        (count.round() as usize).min(rows * columns)
    }
}

impl Density {
    /// Whether it is a share or an ε that can be.
    pub fn is_possible(self) -> bool {
        match self {
            Density::Share(share) => share > 0.0 && share <= 1.0,
            Density::Epsilon(epsilon) => epsilon > 0.0 && epsilon.is_finite(),
        }
    }
}

impl fmt::Display for Density {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Density::Share(share) => write!(f, "{share}"),
            Density::Epsilon(epsilon) => write!(f, "epsilon={epsilon}"),
        }
    }
}

impl FromStr for Density {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let number = |text: &str| {
            let hint = "expected a density such as 3.5%, 0.035 or epsilon=20";
            text.trim()
                .parse::<f64>()
                .map_err(|_| format!("`{text}` is no number; {hint}"))
        };
        if let Some(epsilon) = text.strip_prefix("epsilon=") {
            return number(epsilon).map(Density::Epsilon);
        }
        match text.strip_suffix('%') {
            Some(percent) => number(percent).map(|percent| Density::Share(percent / 100.0)),
            None => number(text).map(Density::Share),
        }
    }
}

impl Serialize for Density {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Density {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Number(share) => Ok(Density::Share(share)),
            Form::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

/// An Erdős–Rényi random topology: `count` distinct positions, each set equally likely.
///
/// Returned as ascending positions `row · columns + column`.
pub fn erdos_renyi(rows: usize, columns: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let all = u32::try_from(rows * columns).expect("at most 2^32 positions");
    grow(&[], all, count, rng)
}

/// A random topology whose row lengths are multiples of `multiple`, of about `count`
/// connections: an Erdős–Rényi one of groups of `multiple`, each row's columns anew.
pub fn multiples(
    rows: usize,
    columns: usize,
    count: usize,
    multiple: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<u32> {
    let groups = columns / multiple;
    let wanted = ((count + multiple / 2) / multiple).min(rows * groups);
    let drawn = erdos_renyi(rows, groups, wanted, rng);
    let mut positions = Vec::with_capacity(wanted * multiple);
    for of_row in drawn.chunk_by(|a, b| *a as usize / groups == *b as usize / groups) {
        let first = of_row[0] as usize / groups * columns;
        let columns = grow(&[], columns as u32, of_row.len() * multiple, rng);
        positions.extend(columns.into_iter().map(|column| first as u32 + column));
    }
    positions
}

/// `count` distinct random positions below `all` that are not in `taken` (ascending),
/// each set equally likely; ascending. Memory is proportional to the connections,
/// never to the positions.
pub fn grow(taken: &[u32], all: u32, count: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let free = all as usize - taken.len();
    assert!(
        count <= free,
        "{count} connections do not fit into {free} free positions"
    );
    if count * 2 > free {
        // Nearly full: draw the positions that stay empty instead.
        let mut empty = choose(free, free - count, rng).into_iter().peekable();
        let kept = (0..free as u32).filter(|k| empty.next_if_eq(k).is_none());
        return skip_taken(taken, kept);
    }
    skip_taken(taken, choose(free, count, rng))
}

/// `count` distinct numbers below `below`, ascending, by rejection; `count ≤ below / 2`.
fn choose(below: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut chosen: Vec<u32> = Vec::with_capacity(count);
    let mut seen = std::collections::HashSet::with_capacity(count);
    while chosen.len() < count {
        let candidate = rng.random_range(0..below as u32);
        if seen.insert(candidate) {
            chosen.push(candidate);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Maps "the k-th free position" to positions; `ranks` and `taken` ascending.
fn skip_taken(taken: &[u32], ranks: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut passed = 0;
    let map = |rank: u32| {
        while passed < taken.len() && taken[passed] <= rank + passed as u32 {
            passed += 1;
        }
        rank + passed as u32
    };
    ranks.into_iter().map(map).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn a_full_matrix_and_an_empty_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(erdos_renyi(2, 3, 6, &mut rng), [0, 1, 2, 3, 4, 5]);
        assert!(erdos_renyi(2, 3, 0, &mut rng).is_empty());
    }

    #[test]
    fn grown_positions_are_new_distinct_and_counted() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let taken = [0, 1, 5, 6, 7, 30, 99];
        for count in [1, 10, 50, 93] {
            let grown = grow(&taken, 100, count, &mut rng);
            assert_eq!(grown.len(), count);
            assert!(grown.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(grown.iter().all(|p| !taken.contains(p) && *p < 100));
        }
    }

    #[test]
    fn every_free_position_is_equally_likely() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut hits = [0u32; 10];
        for _ in 0..8000 {
            for p in grow(&[2, 3], 10, 2, &mut rng) {
                hits[p as usize] += 1;
            }
        }
        assert_eq!((hits[2], hits[3]), (0, 0));
        for (p, &h) in hits.iter().enumerate().filter(|(p, _)| ![2, 3].contains(p)) {
            assert!((1800..2200).contains(&h), "position {p}: {h}"); // 2000 expected, 5 sigma
        }
    }

    #[test]
    fn rows_and_columns_agree() {
        let topology = Topology::from_positions(4, 5, &[1, 3, 7, 16, 19]);
        assert_eq!(topology.row_start, [0, 2, 3, 3, 5]);
        assert_eq!(topology.column, [1, 3, 2, 1, 4]);
        let transposed = topology.transposed(5);
        assert_eq!(transposed.column_start, [0, 0, 2, 3, 4, 5]);
        assert_eq!(transposed.row, [0, 3, 1, 0, 3]);
        assert_eq!(transposed.connection, [0, 3, 2, 1, 4]);
    }

    #[test]
    fn epsilon_is_the_erdos_renyi_share() {
        assert_eq!(Density::Epsilon(2.0).connections(10, 30), 80);
        assert_eq!(Density::Share(0.04).connections(256, 256), 2621);
        assert_eq!(Density::Epsilon(1e9).connections(3, 3), 9);
    }
}

//! Enters: what several runs have wired. Leaves: how far their topologies are from each other
//! after `matching`. Next: `set-lstm topology` prints it, `picture` draws it.
//!
//! The distance of two matrices `A` and `B` of connections is that of Liu et al. (2020, NNSTD),
//! here over the matched neurons of the whole network: `|A Δ B| / (|A| + |B|)`, 0 if they are
//! alike, 1 if they have nothing in common. Random graphs are not at 1, since some of their
//! connections meet and the matching finds most of these: their distance is measured beside it,
//! by the same matching, on Erdős–Rényi graphs with as many connections.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::Connections;
use super::matching::{Matching, common};
use super::trained::TrainedWiring;
use crate::error::{Error, Result};
use crate::report::score::Score;
use crate::train::parameters::stream;
use crate::train::topology::erdos_renyi;

/// Pairs of random graphs that a pair of runs is compared with.
pub const RANDOM_PAIRS: u64 = 5;

const RANDOM_PURPOSE: u64 = 0x6469_7374; // a stream that no training draws from

/// Name of the row over all matrices.
const ALL: &str = "all";

/// How far the topologies of several runs are from each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distances {
    /// The runs.
    pub runs: Vec<ComparedRun>,
    /// Each pair of them, the first run's pairs first.
    pub pairs: Vec<PairDistance>,
}

/// One run of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedRun {
    /// Its name.
    pub run: String,
    /// Epoch of its model.
    pub epoch: u32,
    /// How well the model answers the validation part: `validation_accuracy` or
    /// `validation_r2`.
    #[serde(flatten)]
    pub score: Score,
}

/// Two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairDistance {
    /// Places in [`Distances::runs`], the lower one first.
    pub runs: [usize; 2],
    /// Words that both know, by which features are matched; none of recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_words: Option<usize>,
    /// Over the connections of all matrices.
    pub all: MatrixDistance,
    /// Of each matrix.
    pub matrices: Vec<MatrixDistance>,
}

/// How far two matrices are from each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatrixDistance {
    /// Name of the matrix, or `all`.
    pub matrix: String,
    /// After matching the neurons, 0 to 1.
    pub distance: f64,
    /// As they stand.
    pub unmatched: f64,
    /// Mean of random pairs with as many connections, after matching.
    pub random: f64,
    /// Standard deviation of these.
    pub random_deviation: f64,
}

impl Distances {
    /// Compares each run with each.
    ///
    /// # Errors
    /// Two runs of different sizes, or one of texts and one of recordings.
    pub fn between(runs: &[TrainedWiring]) -> Result<Distances> {
        let mut random = BTreeMap::new();
        let mut pairs = Vec::new();
        for (first, a) in runs.iter().enumerate() {
            for (second, b) in runs.iter().enumerate().skip(first + 1) {
                pairs.push(pair([first, second], a, b, &mut random)?);
            }
        }
        let compared = runs.iter().map(|run| ComparedRun {
            run: run.run.clone(),
            epoch: run.epoch,
            score: run.score,
        });
        Ok(Distances {
            runs: compared.collect(),
            pairs,
        })
    }

    /// Distance over all matrices of two runs by their places; 0 of a run to itself.
    pub fn of(&self, first: usize, second: usize) -> f64 {
        let places = [first.min(second), first.max(second)];
        let found = self.pairs.iter().find(|pair| pair.runs == places);
        found.map_or(0.0, |pair| pair.all.distance)
    }
}

/// Distances of each matrix and then of all, of each random pair, by rows, columns and counts.
type Random = BTreeMap<Vec<[usize; 4]>, Vec<Vec<f64>>>;

fn pair(
    runs: [usize; 2],
    a: &TrainedWiring,
    b: &TrainedWiring,
    random: &mut Random,
) -> Result<PairDistance> {
    check(a, b)?;
    let (a_matrices, b_matrices, common_words) = comparable(a, b);
    // a fixed order of the two: the distance is the same from either side
    let (a, b) = if a_matrices[..]
        .iter()
        .map(|m| &m.positions)
        .le(b_matrices.iter().map(|m| &m.positions))
    {
        (&a_matrices, &b_matrices)
    } else {
        (&b_matrices, &a_matrices)
    };
    let matched = distances(a, b, &Matching::of(a, b));
    let unmatched = distances(a, b, &Matching::identity(a));
    let sizes = a
        .iter()
        .zip(b)
        .map(|(a, b)| [a.rows, a.columns, a.positions.len(), b.positions.len()]);
    let drawn = random.entry(sizes.collect()).or_insert_with(|| {
        let draw = |seed| {
            let mut rng = stream(seed, RANDOM_PURPOSE);
            let mut like = |of: &[Connections]| -> Vec<Connections> {
                of.iter()
                    .map(|matrix| random_like(matrix, &mut rng))
                    .collect()
            };
            let (a, b) = (like(a), like(b));
            distances(&a, &b, &Matching::of(&a, &b))
        };
        (0..RANDOM_PAIRS).map(draw).collect()
    });
    let names = a.iter().map(|matrix| matrix.name.as_str()).chain([ALL]);
    let facts = names.enumerate().map(|(place, name)| {
        let (random, random_deviation) = mean_and_deviation(drawn.iter().map(|of| of[place]));
        MatrixDistance {
            matrix: name.to_owned(),
            distance: matched[place],
            unmatched: unmatched[place],
            random,
            random_deviation,
        }
    });
    let mut matrices: Vec<MatrixDistance> = facts.collect();
    let all = matrices.remove(matrices.len() - 1);
    Ok(PairDistance {
        runs,
        common_words,
        all,
        matrices,
    })
}

fn check(a: &TrainedWiring, b: &TrainedWiring) -> Result<()> {
    let medium = |run: &TrainedWiring| match run.words {
        Some(_) => "texts",
        None => "recordings",
    };
    if medium(a) != medium(b) {
        return Err(Error::Options(format!(
            "{} is of {} and {} is of {}: their inputs cannot be matched; compare runs on the same kind of data",
            a.run,
            medium(a),
            b.run,
            medium(b)
        )));
    }
    let sizes = |run: &TrainedWiring| (run.model.embedding_size(), run.model.hidden_size());
    if sizes(a) != sizes(b) {
        let ((a_inputs, a_units), (b_inputs, b_units)) = (sizes(a), sizes(b));
        return Err(Error::Options(format!(
            "{} has {a_inputs} inputs and {a_units} units, {} has {b_inputs} and {b_units}; compare runs of the same sizes",
            a.run, b.run
        )));
    }
    Ok(())
}

/// The matrices of both, their embeddings over the words that both know.
fn comparable(
    a: &TrainedWiring,
    b: &TrainedWiring,
) -> (Vec<Connections>, Vec<Connections>, Option<usize>) {
    let (mut a_matrices, mut b_matrices) = (a.matrices.clone(), b.matrices.clone());
    let (Some(a_words), Some(b_words)) = (&a.words, &b.words) else {
        return (a_matrices, b_matrices, None);
    };
    let b_rows: HashMap<&str, usize> = b_words.iter().map(String::as_str).zip(0..).collect();
    let (mut a_places, mut b_places) = (vec![None; a_words.len()], vec![None; b_words.len()]);
    let mut count = 0;
    for (a_row, word) in a_words.iter().enumerate() {
        if let Some(&b_row) = b_rows.get(word.as_str()) {
            (a_places[a_row], b_places[b_row]) = (Some(count), Some(count));
            count += 1;
        }
    }
    for (matrices, places) in [(&mut a_matrices, &a_places), (&mut b_matrices, &b_places)] {
        restrict(&mut matrices[0], places, count);
    }
    (a_matrices, b_matrices, Some(count as usize))
}

/// Rows to their new places, those without one left out.
fn restrict(matrix: &mut Connections, places: &[Option<u64>], rows: u64) {
    let columns = matrix.columns as u64;
    let moved = |position: &u64| {
        let place = places[(position / columns) as usize]?;
        Some(place * columns + position % columns)
    };
    matrix.positions = matrix.positions.iter().filter_map(moved).collect();
    matrix.positions.sort_unstable();
    matrix.rows = rows as usize;
}

/// Of each matrix, then of all together.
fn distances(a: &[Connections], b: &[Connections], matching: &Matching) -> Vec<f64> {
    let (mut shared, mut connections) = (0, 0);
    let mut of_each = Vec::new();
    for (a, b) in a.iter().zip(b) {
        let both = common(&matching.moved(a), &b.positions);
        let count = a.positions.len() + b.positions.len();
        of_each.push(apart(both, count));
        (shared, connections) = (shared + both, connections + count);
    }
    of_each.push(apart(shared, connections));
    of_each
}

/// `|A Δ B| / (|A| + |B|)`, 0 of two empty ones.
fn apart(shared: usize, connections: usize) -> f64 {
    (connections - 2 * shared) as f64 / connections.max(1) as f64
}

fn random_like(matrix: &Connections, rng: &mut rand_chacha::ChaCha8Rng) -> Connections {
    let drawn = erdos_renyi(matrix.rows, matrix.columns, matrix.positions.len(), rng);
    Connections {
        positions: drawn.into_iter().map(u64::from).collect(),
        ..matrix.clone()
    }
}

fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

#[cfg(test)]
mod tests;

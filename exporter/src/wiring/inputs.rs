//! Enters: the connections of a model. Leaves: [`InputFacts`], which words keep the most and the
//! fewest, or the connections of each channel. Next: `set-lstm topology` prints it.

use serde::Serialize;

use super::Connections;
use super::trained::TrainedWiring;
use crate::vocabulary::UNKNOWN;

/// Words listed at either end.
const LISTED: usize = 10;

/// Which inputs keep the most connections.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputFacts {
    /// `words`, by their connections to features, or `channels`, by theirs to gates.
    pub kind: &'static str,
    /// Inputs without a connection.
    pub without: usize,
    /// The most first; of equals the more frequent word.
    pub most: Vec<InputConnections>,
    /// The fewest first; of equals the more frequent word.
    pub fewest: Vec<InputConnections>,
    /// Spearman's rank correlation of connections with frequency, 1 if frequent words keep the
    /// most; none of channels, or if all have as many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_correlation: Option<f64>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputConnections {
    /// The word, or the channel's number from 1.
    pub input: String,
    /// Its place by frequency, or its number, from 1.
    pub rank: usize,
    /// Connections.
    pub connections: usize,
}

/// Of a model: the words without the unknown one, or all channels.
pub fn facts(of: &TrainedWiring) -> InputFacts {
    match &of.words {
        Some(words) => {
            let known = usize::from(UNKNOWN) + 1;
            let degrees = &rows(&of.matrices[0])[known..];
            let name = |place: usize| words[known + place].clone();
            let correlation = correlation_with_order(degrees);
            listed("words", degrees, name, LISTED, correlation)
        }
        None => {
            let mut degrees = vec![0; of.model.embedding_size()];
            for matrix in of.matrices.iter().filter(|it| it.name.starts_with('W')) {
                for position in &matrix.positions {
                    degrees[(position % matrix.columns as u64) as usize] += 1;
                }
            }
            let all = degrees.len();
            listed(
                "channels",
                &degrees,
                |place| (place + 1).to_string(),
                all,
                None,
            )
        }
    }
}

fn rows(matrix: &Connections) -> Vec<usize> {
    let mut degrees = vec![0; matrix.rows];
    for position in &matrix.positions {
        degrees[(position / matrix.columns as u64) as usize] += 1;
    }
    degrees
}

fn listed(
    kind: &'static str,
    degrees: &[usize],
    name: impl Fn(usize) -> String,
    count: usize,
    frequency_correlation: Option<f64>,
) -> InputFacts {
    let one = |place: usize| InputConnections {
        input: name(place),
        rank: place + 1,
        connections: degrees[place],
    };
    let mut order: Vec<usize> = (0..degrees.len()).collect();
    order.sort_by_key(|&place| (degrees[place], place));
    let fewest = order.iter().take(count).map(|&place| one(place)).collect();
    order.sort_by_key(|&place| (std::cmp::Reverse(degrees[place]), place));
    let most = order.iter().take(count).map(|&place| one(place)).collect();
    InputFacts {
        kind,
        without: degrees.iter().filter(|&&degree| degree == 0).count(),
        most,
        fewest,
        frequency_correlation,
    }
}

/// Spearman's correlation of the numbers with their order, 1 if they never rise; equal ones
/// have the mean of their ranks. None if all are equal.
fn correlation_with_order(numbers: &[usize]) -> Option<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by_key(|&place| numbers[place]);
    let mut ranks = vec![0.0; numbers.len()];
    let mut first = 0;
    for equal in order.chunk_by(|&a, &b| numbers[a] == numbers[b]) {
        let rank = first as f64 + (equal.len() - 1) as f64 / 2.0;
        equal.iter().for_each(|&place| ranks[place] = rank);
        first += equal.len();
    }
    let middle = (numbers.len() as f64 - 1.0) / 2.0;
    let (mut together, mut of_ranks, mut of_order) = (0.0, 0.0, 0.0);
    for (place, rank) in ranks.iter().enumerate() {
        let (x, y) = (middle - place as f64, rank - middle);
        (together, of_ranks, of_order) = (together + x * y, of_ranks + y * y, of_order + x * x);
    }
    (of_ranks > 0.0).then(|| together / (of_ranks * of_order).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_correlation_is_that_of_ranks() {
        assert_eq!(correlation_with_order(&[900, 20, 3, 1]), Some(1.0));
        assert_eq!(correlation_with_order(&[1, 2, 3]), Some(-1.0));
        assert_eq!(correlation_with_order(&[5, 5, 5]), None);
        assert_eq!(correlation_with_order(&[]), None);
        // ranks 2.5, 2.5, 0, 1 against 3, 2, 1, 0: 3.5 over the root of 4.5 and 5
        let found = correlation_with_order(&[7, 7, 0, 2]).unwrap();
        assert!(
            (found - 3.5 / (4.5_f64 * 5.0).sqrt()).abs() < 1e-12,
            "{found}"
        );
    }

    #[test]
    fn the_most_and_the_fewest_are_listed_and_the_frequent_come_first() {
        let names = ["the", "a", "film", "bad"];
        let name = |place: usize| names[place].to_owned();
        let facts = listed("words", &[0, 3, 3, 1], name, 2, None);
        let of = |list: &[InputConnections]| -> Vec<(String, usize, usize)> {
            (list
                .iter()
                .map(|it| (it.input.clone(), it.rank, it.connections)))
            .collect()
        };
        assert_eq!(of(&facts.most), [("a".into(), 2, 3), ("film".into(), 3, 3)]);
        assert_eq!(
            of(&facts.fewest),
            [("the".into(), 1, 0), ("bad".into(), 4, 1)]
        );
        assert_eq!(facts.without, 1);
    }
}

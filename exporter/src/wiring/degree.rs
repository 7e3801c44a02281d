//! Enters: the first and the last connections of a matrix. Leaves: how they are spread over
//! its rows and columns, against chance. Next: `Wiring`.
//!
//! In an Erdős–Rényi graph of density `p` a row of `n` columns has binomially many
//! connections: mean `n p`, variance `n p (1 - p)`. A ratio of the standard deviation to that
//! above 1 means that some rows have gathered connections at the cost of others.

use serde::Serialize;

use super::Connections;

/// How the connections of a matrix are spread over its rows, or over its columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DegreeFacts {
    /// Name of the matrix.
    pub matrix: String,
    /// `rows` (connections that come in) or `columns` (that go out).
    pub side: &'static str,
    /// Mean connections.
    pub mean: f64,
    /// Standard deviation of the binomial of the same density.
    pub binomial_deviation: f64,
    /// At the start.
    pub start: Spread,
    /// At the end.
    pub end: Spread,
}

/// One distribution of connections.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Standard deviation.
    pub deviation: f64,
    /// Fewest.
    pub least: usize,
    /// Most.
    pub most: usize,
    /// How many rows or columns have 0, 1, 2 … connections.
    pub histogram: Vec<usize>, // [most + 1]
}

/// Rows, then columns.
pub(super) fn facts(start: &Connections, end: &Connections) -> [DegreeFacts; 2] {
    [("rows", end.columns), ("columns", end.rows)].map(|(side, places)| {
        let degrees = |matrix: &Connections| match side {
            "rows" => counted(matrix, matrix.rows, |p| p / matrix.columns as u64),
            _ => counted(matrix, matrix.columns, |p| p % matrix.columns as u64),
        };
        let density = end.positions.len() as f64 / (end.rows * end.columns).max(1) as f64;
        DegreeFacts {
            matrix: end.name.clone(),
            side,
            mean: places as f64 * density,
            binomial_deviation: (places as f64 * density * (1.0 - density)).sqrt(),
            start: spread(&degrees(start)),
            end: spread(&degrees(end)),
        }
    })
}

fn counted(matrix: &Connections, length: usize, place: impl Fn(u64) -> u64) -> Vec<usize> {
    let mut degrees = vec![0; length];
    for &position in &matrix.positions {
        degrees[place(position) as usize] += 1;
    }
    degrees
}

fn spread(degrees: &[usize]) -> Spread {
    let count = degrees.len().max(1) as f64;
    let mean = degrees.iter().sum::<usize>() as f64 / count;
    let squares: f64 = degrees.iter().map(|&d| (d as f64 - mean).powi(2)).sum();
    let most = degrees.iter().copied().max().unwrap_or(0);
    let mut histogram = vec![0; most + 1];
    degrees.iter().for_each(|&d| histogram[d] += 1);
    Spread {
        deviation: (squares / count).sqrt(),
        least: degrees.iter().copied().min().unwrap_or(0),
        most,
        histogram,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_of_a_small_matrix_are_counted_by_hand() {
        // x x . .      x . . .
        // . . x x  ->  x x x .
        let matrix = |positions: &[u64]| Connections {
            name: "W i".into(),
            rows: 2,
            columns: 4,
            positions: positions.to_vec(),
        };
        let [rows, columns] = facts(&matrix(&[0, 1, 6, 7]), &matrix(&[0, 4, 5, 6]));
        assert_eq!((rows.mean, rows.binomial_deviation), (2.0, 1.0));
        assert_eq!((rows.start.deviation, rows.end.deviation), (0.0, 1.0));
        assert_eq!(rows.end.histogram, [0, 1, 0, 1]);
        assert_eq!((columns.end.least, columns.end.most), (0, 2));
        assert_eq!(columns.end.histogram, [1, 2, 1]);
        assert_eq!(columns.start.histogram, [0, 4]);
    }
}

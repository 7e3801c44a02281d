//! Enters: token sequences. Leaves: [`SparseRows`], a TF-IDF vector of length 1 a document.
//! Next: `logistic` weighs them.
//!
//! `value = count · (1 + ln((1 + n) / (1 + n_token)))`, with `n` documents of the training
//! part of which `n_token` hold the token, then divided by the norm of the document (Salton
//! and Buckley 1988, smoothed). The unknown token says nothing and is left out.

use crate::sequences::{SequenceSet, Token};
use crate::vocabulary::UNKNOWN;

/// Rows of a sparse matrix, end to end.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseRows {
    start: Vec<usize>,  // [rows + 1]
    column: Vec<Token>, // [entries]
    value: Vec<f32>,    // [entries]
}

impl SparseRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Columns and values of one row.
    pub fn row(&self, index: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.start[index]..self.start[index + 1];
        let entries = self.column[range.clone()].iter().zip(&self.value[range]);
        entries.map(|(&column, &value)| (usize::from(column), f64::from(value)))
    }
}

/// The weight of each token.
#[derive(Debug, Clone, PartialEq)]
pub struct TfIdf {
    weight: Vec<f64>, // [vocabulary]
}

impl TfIdf {
    /// Counts in how many documents each token is.
    pub fn fit(set: &SequenceSet, vocabulary: usize) -> Self {
        let mut holding = vec![0_usize; vocabulary];
        for index in 0..set.len() {
            counts(set.tokens(index), |token, _| holding[token] += 1);
        }
        let all = (1 + set.len()) as f64;
        let weight = holding.iter().map(|&n| 1.0 + (all / (1 + n) as f64).ln());
        TfIdf {
            weight: weight.collect(),
        }
    }

    /// The vectors of documents.
    pub fn apply(&self, set: &SequenceSet) -> SparseRows {
        let mut rows = SparseRows {
            start: vec![0],
            column: Vec::new(),
            value: Vec::new(),
        };
        let mut row: Vec<(Token, f64)> = Vec::new();
        for index in 0..set.len() {
            row.clear();
            counts(set.tokens(index), |token, count| {
                row.push((token as Token, count as f64 * self.weight[token]));
            });
            let norm = row
                .iter()
                .map(|(_, value)| value * value)
                .sum::<f64>()
                .sqrt();
            for &(token, value) in &row {
                rows.column.push(token);
                rows.value.push((value / norm) as f32);
            }
            rows.start.push(rows.column.len());
        }
        rows
    }
}

/// Every known token of a document, ascending, and how often it is there.
fn counts(tokens: &[Token], mut visit: impl FnMut(usize, usize)) {
    let mut sorted: Vec<Token> = tokens.iter().copied().filter(|&t| t != UNKNOWN).collect();
    sorted.sort_unstable();
    for same in sorted.chunk_by(|a, b| a == b) {
        visit(usize::from(same[0]), same.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_the_formula() {
        let mut set = SequenceSet::of_tokens();
        set.push([1, 2, 1, 0], 0);
        set.push([1], 1);
        set.push([0], 1);
        let rows = TfIdf::fit(&set, 3).apply(&set);
        // three documents; token 1 in two of them, token 2 in one
        let (one, two) = (2.0 * (1.0 + (4.0_f64 / 3.0).ln()), 1.0 + 2.0_f64.ln());
        let norm = (one * one + two * two).sqrt();
        let first: Vec<(usize, f64)> = rows.row(0).collect();
        assert_eq!(first.len(), 2);
        assert_eq!((first[0].0, first[1].0), (1, 2));
        assert!((first[0].1 - one / norm).abs() < 1e-6, "{first:?}");
        assert!((first[1].1 - two / norm).abs() < 1e-6, "{first:?}");
        assert_eq!(rows.row(1).collect::<Vec<_>>(), [(1, 1.0)]);
        assert_eq!((rows.row(2).count(), rows.len()), (0, 3));
    }
}

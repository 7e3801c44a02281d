//! Enters: sizes. Leaves: [`PaddedMatrix`], rows that begin on cache lines, as views
//! for the matrix library and as slices for the vector kernels. Next: everything here.

use crate::train::words::Line;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use std::ops::Range;

/// Values of one [`Line`].
const LINE: usize = 16;

/// A row-major matrix whose rows are one cache line further apart than they need to
/// be: rows of a power of two bytes would all fall into the same few cache sets, which
/// costs the products a tenth.
#[derive(Debug, Default, Clone)]
pub struct PaddedMatrix {
    lines: Vec<Line>, // [rows x stride / 16]
    rows: usize,
    columns: usize,
    stride: usize, // of one row, in values
}

impl PaddedMatrix {
    /// New sizes. Old values stay where they are, new ones are zero: only for those
    /// who write before they read.
    pub fn resize(&mut self, rows: usize, columns: usize) {
        self.rows = rows;
        self.columns = columns;
        self.stride = columns.next_multiple_of(LINE) + LINE;
        let lines = rows * self.stride / LINE;
        if self.lines.len() < lines {
            self.lines.resize(lines, Line::default());
        }
    }

    /// New sizes, all zero.
    pub fn reset(&mut self, rows: usize, columns: usize) {
        self.lines.clear();
        self.resize(rows, columns);
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// One row.
    #[inline(always)]
    pub fn row(&self, row: usize) -> &[f32] {
        let all: &[f32] = bytemuck::must_cast_slice(&self.lines);
        &all[row * self.stride..][..self.columns]
    }

    /// One row.
    #[inline(always)]
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        let all: &mut [f32] = bytemuck::must_cast_slice_mut(&mut self.lines);
        &mut all[row * self.stride..][..self.columns]
    }

    /// Two different rows, the first to read, the second to write.
    #[inline(always)]
    pub fn two_rows(&mut self, from: usize, to: usize) -> (&[f32], &mut [f32]) {
        let (stride, columns) = (self.stride, self.columns);
        let all: &mut [f32] = bytemuck::must_cast_slice_mut(&mut self.lines);
        if from < to {
            let (low, high) = all.split_at_mut(to * stride);
            (&low[from * stride..][..columns], &mut high[..columns])
        } else {
            let (low, high) = all.split_at_mut(from * stride);
            (&high[..columns], &mut low[to * stride..][..columns])
        }
    }

    /// Neighbouring rows, as the matrix library reads them.
    pub fn view(&self, rows: Range<usize>) -> ArrayView2<'_, f32> {
        let all: &[f32] = bytemuck::must_cast_slice(&self.lines);
        let part = &all[rows.start * self.stride..rows.end * self.stride];
        let padded = ArrayView2::from_shape((rows.len(), self.stride), part);
        let padded = padded.expect("as many values as rows times stride");
        padded.split_at(Axis(1), self.columns).0
    }

    /// Neighbouring rows, as the matrix library writes them.
    pub fn view_mut(&mut self, rows: Range<usize>) -> ArrayViewMut2<'_, f32> {
        let all: &mut [f32] = bytemuck::must_cast_slice_mut(&mut self.lines);
        let part = &mut all[rows.start * self.stride..rows.end * self.stride];
        let padded = ArrayViewMut2::from_shape((rows.len(), self.stride), part);
        let padded = padded.expect("as many values as rows times stride");
        padded.split_at(Axis(1), self.columns).0
    }

    /// All of it, as the matrix library reads it.
    pub fn whole(&self) -> ArrayView2<'_, f32> {
        self.view(0..self.rows)
    }

    /// All of it, as the matrix library writes it.
    pub fn whole_mut(&mut self) -> ArrayViewMut2<'_, f32> {
        self.view_mut(0..self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_views_are_the_same_values() {
        let mut matrix = PaddedMatrix::default();
        matrix.reset(3, 5);
        matrix.row_mut(1)[4] = 7.0;
        matrix.view_mut(2..3)[(0, 0)] = 8.0;
        assert_eq!(matrix.whole()[(1, 4)], 7.0);
        assert_eq!(matrix.row(2), [8.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(matrix.whole().sum(), 15.0);
        let (from, to) = matrix.two_rows(2, 0);
        to.copy_from_slice(from);
        assert_eq!(matrix.row(0)[0], 8.0);
        matrix.reset(2, 3);
        assert_eq!(matrix.whole().sum(), 0.0);
        matrix.resize(0, 3);
        assert_eq!(matrix.whole().shape(), [0, 3]);
    }
}

//! Enters: the code of one block of a matrix. Leaves: its connections by runs of at most 16 of
//! one row or column, which is how a model file has them. Next: `parts` writes them.
//!
//! A line is a row (`U`) or a column (`W`): what the positions are counted along.

use super::MAX_GAP_BITS;
use super::bits::Bits;
use super::weights::WeightCode;
use crate::wire::STRIP_CLASSES;

/// Most connections of a run.
const RUN: usize = 2 * STRIP_CLASSES;

/// How many lines there are, how many positions a line has, and how gaps are coded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub lines: u32,
    pub length: u32,
    pub gap_bits: u8,
}

/// A block whose code has been read once and is whole.
#[derive(Debug)]
pub(super) struct Block<'a> {
    shape: Shape,
    gaps: Bits<'a>,
    weights: Bits<'a>,
    code: &'a WeightCode,
    /// Runs of each class; class `n` has `n + 1` pairs, the last of them perhaps half.
    pub strips: [u16; STRIP_CLASSES],
    /// Columns or rows.
    pub lines: u32,
    /// Where the code of the block ends.
    pub end: usize,
}

/// Connections of one line, by ascending index; behind the last one, zeros.
#[derive(Debug)]
pub(super) struct Run {
    pub line: u32,
    pub count: usize,
    pub index: [u8; RUN],
    pub weight: [u32; RUN],
}

impl Run {
    /// Pairs, the last of them perhaps half.
    pub fn pairs(&self) -> usize {
        self.count.div_ceil(2)
    }
}

impl<'a> Block<'a> {
    /// Reads the code from the byte `at` on; `None` if it breaks a rule.
    pub fn open(bytes: &'a [u8], at: usize, shape: Shape, code: &'a WeightCode) -> Option<Self> {
        if shape.gap_bits > MAX_GAP_BITS {
            return None;
        }
        let gaps = Bits::new(bytes, at);
        let mut runs = Runs::new(shape, gaps, None)?;
        let (mut strips, mut connections) = ([0_u16; STRIP_CLASSES], 0);
        while let Some(run) = runs.next()? {
            connections += run.count;
            if let Some(count) = strips.get_mut(run.pairs().wrapping_sub(1)) {
                *count = count.wrapping_add(1); // 256 rows of 16 strips at most
            }
        }
        let weights = runs.gaps.next_byte()?;
        let mut end = weights;
        for _ in 0..connections {
            code.read(&mut end);
        }
        let end = end.next_byte()?;
        Some(Block {
            shape,
            gaps,
            weights,
            code,
            strips,
            lines: shape.lines,
            end: at + end.bytes_read(),
        })
    }

    /// The runs in the order of the code; their weights are zero unless they are asked for.
    pub fn runs(&self, with_weights: bool) -> Option<Runs<'a>> {
        let weights = with_weights.then_some((self.weights, self.code));
        Runs::new(self.shape, self.gaps, weights)
    }
}

/// The runs that are left.
#[derive(Debug)]
pub(super) struct Runs<'a> {
    shape: Shape,
    gaps: Bits<'a>,
    weights: Option<(Bits<'a>, &'a WeightCode)>,
    /// Position of the next connection; `lines · length` if there is none.
    next: u32,
    /// The line that the last run was of, and where it ends.
    line: u32,
    line_end: u32,
}

impl<'a> Runs<'a> {
    fn new(
        shape: Shape,
        gaps: Bits<'a>,
        weights: Option<(Bits<'a>, &'a WeightCode)>,
    ) -> Option<Self> {
        let mut runs = Runs {
            shape,
            gaps,
            weights,
            next: 0,
            line: 0,
            line_end: shape.length,
        };
        runs.advance(0)?;
        Some(runs)
    }

    /// Reads the gap from a position to the next connection.
    fn advance(&mut self, position: u32) -> Option<()> {
        let left = (self.shape.lines * self.shape.length).checked_sub(position)?;
        self.next = position + self.gaps.rice(self.shape.gap_bits.into(), left)?;
        Some(())
    }

    /// The next run, or `None` inside if there is none; `None` if the code breaks a rule.
    pub fn next(&mut self) -> Option<Option<Run>> {
        if self.next == self.shape.lines * self.shape.length {
            return Some(None);
        }
        while self.next >= self.line_end {
            self.line += 1;
            self.line_end += self.shape.length;
        }
        let start = self.line_end - self.shape.length;
        let (mut index, mut weight) = ([0; RUN], [0; RUN]);
        let mut count = 0;
        for (index, weight) in index.iter_mut().zip(&mut weight) {
            if self.next >= self.line_end {
                break;
            }
            *index = (self.next - start) as u8;
            if let Some((bits, code)) = &mut self.weights {
                *weight = code.read(bits);
            }
            count += 1;
            self.advance(self.next + 1)?;
        }
        let line = self.line;
        Some(Some(Run {
            line,
            count,
            index,
            weight,
        }))
    }
}

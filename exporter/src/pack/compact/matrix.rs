//! Enters: the sections of a model file. Leaves: its matrices as positions and weights, and
//! the code of each. Next: `compact` writes them between the bytes that it copies.

use super::weights::PrefixCode;
use super::{BitWriter, MatrixBits};
use set_lstm_runtime::compact::{MAX_GAP_BITS, PART_COLUMNS, PART_STRIPS};
use set_lstm_runtime::wire::{
    File, InputLayout, Kind, LayerShape, Place, SEGMENT, STRIP_CLASSES, Section,
};
use std::ops::Range;

/// How a matrix lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `W`, by columns.
    Columns,
    /// `U`, or `U` and `W` joined, by strips of rows.
    Strips,
}

/// A matrix, and where it lies in the file.
#[derive(Debug)]
pub(super) struct Matrix {
    pub layout: Layout,
    pub place: Range<usize>,
    rows: u16,
    columns: u16,
    blocks: Vec<Block>,
}

/// What is coded as one: indices are of one byte.
#[derive(Debug)]
struct Block {
    /// Positions of a line.
    length: u16,
    /// Columns or rows: index and weight of each connection by ascending index.
    lines: Vec<Vec<(u8, u32)>>,
}

/// All matrices in the order of the file.
pub(super) fn all(file: &[u8], opened: &File<'_>) -> Vec<Matrix> {
    let (mut found, mut matrices) = (Vec::new(), Vec::new());
    let mut counts: Vec<u16> = Vec::new();
    for (section, bytes) in opened.sections() {
        found.push(bytes);
        if let Section::Shape(_) = section {
            let halfwords = bytes.as_chunks().0.iter();
            counts = halfwords.map(|&count| u16::from_le_bytes(count)).collect();
        }
        let (place, layout) = match section {
            Section::InputWeight(place) => (place, Layout::Columns),
            Section::RecurrentWeight(place) => (place, Layout::Strips),
            _ => continue,
        };
        let shape = opened.header.layer_shape(place.layer);
        let is_empty = match layout {
            Layout::Columns => shape.layout == InputLayout::Joined,
            Layout::Strips => shape.layout == InputLayout::Delta,
        };
        if is_empty {
            continue;
        }
        // the three sections of a matrix: where, indices of f32, weights
        if let [.., first, index, weight] = found[..] {
            let parts = Parts {
                first,
                pairs: pairs(opened.kind, index, weight).into_iter(),
            };
            let blocks = match layout {
                Layout::Columns => parts.by_columns(shape),
                Layout::Strips => parts.by_strips(shape, place, &counts),
            };
            let start = first.as_ptr().addr() - file.as_ptr().addr();
            let end = weight.as_ptr().addr() - file.as_ptr().addr() + weight.len();
            matrices.push(Matrix {
                layout,
                place: start..end.next_multiple_of(4),
                rows: shape.hidden,
                columns: match layout {
                    Layout::Columns => shape.listed_columns(),
                    Layout::Strips => shape.strip_columns(),
                },
                blocks,
            });
        }
    }
    matrices
}

/// Index and weight of every connection and filler, by pairs.
fn pairs(kind: Kind, index: &[u8], weight: &[u8]) -> Vec<[(u8, u32); 2]> {
    match kind {
        Kind::Int8 => {
            let pairs = weight.as_chunks::<4>().0.iter();
            pairs
                .map(|&[i, u, j, v]| [(i, u.into()), (j, v.into())])
                .collect()
        }
        Kind::Float32 => {
            let weights = weight.as_chunks::<8>().0.iter();
            let pairs = index.as_chunks::<2>().0.iter().zip(weights);
            pairs
                .map(|(&[i, j], &[a, b, c, d, e, f, g, h])| {
                    let [u, v] = [[a, b, c, d], [e, f, g, h]].map(u32::from_le_bytes);
                    [(i, u), (j, v)]
                })
                .collect()
        }
    }
}

/// The sections of a matrix.
struct Parts<'f> {
    /// Starts of columns or units of strips.
    first: &'f [u8],
    pairs: std::vec::IntoIter<[(u8, u32); 2]>,
}

impl Parts<'_> {
    /// The connections of the next pairs, fillers left out: indices ascend, so a second one
    /// that does not is a filler's.
    fn take(&mut self, count: usize) -> Vec<(u8, u32)> {
        let pairs = self.pairs.by_ref().take(count);
        let entries =
            pairs.flat_map(|[one, other]| [Some(one), Some(other).filter(|o| o.0 > one.0)]);
        entries.flatten().collect()
    }

    fn by_columns(mut self, shape: LayerShape) -> Vec<Block> {
        let starts = self.first.as_chunks::<2>().0.iter().copied();
        let starts: Vec<u16> = starts.map(u16::from_le_bytes).collect();
        let segments = starts.chunks(usize::from(shape.listed_columns()) + 1);
        let rows = ends(shape.hidden);
        let block = |(starts, length): (&[u16], u16)| Block {
            length,
            lines: starts
                .windows(2)
                .map(|ends| self.take((ends[1] - ends[0]).into()))
                .collect(),
        };
        segments.zip(rows).map(block).collect()
    }

    fn by_strips(mut self, shape: LayerShape, place: Place, counts: &[u16]) -> Vec<Block> {
        let (_, counts) = shape.of_gate(place.gate, counts);
        let across = |rows| ends(shape.strip_columns()).map(move |length| (rows, length));
        let sizes = ends(shape.hidden).flat_map(across);
        let mut units = self.first.iter();
        let mut block = |((rows, length), counts): ((u16, u16), &[u16; STRIP_CLASSES])| {
            let mut lines = vec![Vec::new(); rows.into()];
            for (pairs, &strips) in (1..).zip(counts) {
                for &unit in units.by_ref().take(strips.into()) {
                    lines[usize::from(unit)].extend(self.take(pairs));
                }
            }
            // a row of several strips has its last one among the shorter ones
            for line in &mut lines {
                line.sort_by_key(|entry: &(u8, u32)| entry.0);
            }
            Block { length, lines }
        };
        sizes.zip(counts).map(&mut block).collect()
    }
}

/// The sizes of the segments of so many rows or columns.
fn ends(size: u16) -> impl Iterator<Item = u16> {
    let starts = (0..size).step_by(SEGMENT.into());
    starts.map(move |start| (size - start).min(SEGMENT))
}

impl Matrix {
    /// Whether no index comes twice.
    pub fn ascends(&self) -> bool {
        let mut lines = self.blocks.iter().flat_map(|block| &block.lines);
        lines.all(|line| line.is_sorted_by(|a, b| a.0 < b.0))
    }

    /// The weights in the order of the code.
    pub fn weights(&self) -> impl Iterator<Item = u32> {
        self.blocks.iter().flat_map(Block::weights)
    }

    /// Writes the part and returns what it takes.
    pub fn write(&self, kind: Kind, code: &PrefixCode, out: &mut Vec<u8>) -> MatrixBits {
        let gaps: Vec<Vec<u32>> = self.blocks.iter().map(Block::gaps).collect();
        let gap_bits = best_gap_bits(&gaps);
        let before = out.len();
        out.push(match self.layout {
            Layout::Columns => PART_COLUMNS,
            Layout::Strips => PART_STRIPS,
        });
        out.push(gap_bits);
        out.extend(self.rows.to_le_bytes());
        out.extend(self.columns.to_le_bytes());
        let mut values = 0;
        for (block, gaps) in self.blocks.iter().zip(&gaps) {
            let mut bits = BitWriter::default();
            gaps.iter().for_each(|&gap| bits.push_rice(gap, gap_bits));
            out.extend(bits.into_bytes());
            let weights_at = out.len();
            match kind {
                Kind::Float32 => out.extend(block.weights().flat_map(u32::to_le_bytes)),
                Kind::Int8 => {
                    let mut bits = BitWriter::default();
                    block
                        .weights()
                        .for_each(|weight| code.push(weight as u8, &mut bits));
                    out.extend(bits.into_bytes());
                }
            }
            values += out.len() - weights_at;
        }
        MatrixBits {
            connections: self.weights().count() as u64,
            index: 8 * (out.len() - before - values) as u64,
            value: 8 * values as u64,
        }
    }
}

impl Block {
    fn weights(&self) -> impl Iterator<Item = u32> {
        self.lines.iter().flatten().map(|entry| entry.1)
    }

    /// The empty positions before each connection, and behind the last one.
    fn gaps(&self) -> Vec<u32> {
        let length = u32::from(self.length);
        let lines = (0..).map(|line| line * length).zip(&self.lines);
        let places =
            lines.flat_map(|(start, line)| line.iter().map(move |e| start + u32::from(e.0)));
        let positions = self.lines.len() as u32 * length;
        let mut next = 0;
        let gaps = places.chain([positions]).map(|place| {
            let gap = place - next;
            next = place + 1;
            gap
        });
        gaps.collect()
    }
}

/// The Rice parameter of the fewest bits.
fn best_gap_bits(gaps: &[Vec<u32>]) -> u8 {
    let cost = |bits: u8| -> u64 {
        let gaps = gaps.iter().flatten();
        gaps.map(|gap| u64::from((gap >> bits) + u32::from(bits)))
            .sum()
    };
    (0..=MAX_GAP_BITS)
        .min_by_key(|&bits| cost(bits))
        .unwrap_or(0)
}

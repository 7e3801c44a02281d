//! Enters: the sections of a model file. Leaves: its matrices as positions and weights, and
//! the code of each. Next: `compact` writes them between the bytes that it copies.

use super::weights::PrefixCode;
use super::{BitWriter, MatrixBits};
use set_lstm_runtime::compact::{MAX_GAP_BITS, PART_COLUMNS, PART_STRIPS};
use set_lstm_runtime::wire::{File, Header, Kind, Section, Sections};
use set_lstm_runtime::{DecodeError, Gate};
use std::ops::Range;

/// How a matrix lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `W`, by columns.
    Columns,
    /// `U`, by strips of rows.
    Strips,
}

/// A matrix, and where it lies in the file.
#[derive(Debug)]
pub(super) struct Matrix {
    pub layout: Layout,
    pub place: Range<usize>,
    rows: u16,
    columns: u16,
    /// Its columns or rows: index and weight of each connection by ascending index.
    lines: Vec<Vec<(u8, u32)>>,
}

/// All matrices in the order of the file.
pub(super) fn all(file: &[u8], opened: &File<'_>) -> Result<Vec<Matrix>, DecodeError> {
    let mut sections = Sections::new(opened);
    let (mut found, mut matrices) = (Vec::new(), Vec::new());
    for section in Section::all() {
        let bytes = sections.next(section)?;
        found.push(bytes);
        let layout = match section {
            Section::InputWeight(_) => Layout::Columns,
            Section::RecurrentWeight(_) => Layout::Strips,
            _ => continue,
        };
        // the three sections of a matrix: where, indices of f32, weights
        if let [.., first, index, weight] = found[..] {
            let start = first.as_ptr().addr() - file.as_ptr().addr();
            let end = bytes.as_ptr().addr() - file.as_ptr().addr() + bytes.len();
            matrices.push(Matrix {
                layout,
                place: start..end.next_multiple_of(4),
                ..matrix(section, &opened.header, opened.kind, [first, index, weight])
            });
        }
    }
    Ok(matrices)
}

fn matrix(section: Section, header: &Header<'_>, kind: Kind, parts: [&[u8]; 3]) -> Matrix {
    let [first, index, weight] = parts;
    let mut pairs = pairs(kind, index, weight).into_iter();
    let mut line_of = |count: usize| {
        let pairs = pairs.by_ref().take(count);
        // indices ascend, so a second one that does not is a filler's
        let entries =
            pairs.flat_map(|[one, other]| [Some(one), Some(other).filter(|o| o.0 > one.0)]);
        entries.flatten().collect::<Vec<_>>()
    };
    let (layout, columns, lines) = match section {
        Section::RecurrentWeight(gate) => {
            let mut lines = vec![Vec::new(); header.hidden.into()];
            let mut units = first.iter();
            for (pairs, &strips) in (1..).zip(&strips(header, gate)) {
                for &unit in units.by_ref().take(strips.into()) {
                    lines[usize::from(unit)].extend(line_of(pairs));
                }
            }
            // a row of several strips has its last one among the shorter ones
            lines
                .iter_mut()
                .for_each(|line| line.sort_by_key(|entry| entry.0));
            (Layout::Strips, header.hidden, lines)
        }
        _ => {
            let starts = first.as_chunks::<2>().0.iter().copied();
            let starts: Vec<u16> = starts.map(u16::from_le_bytes).collect();
            let columns = starts.windows(2);
            let lines = columns
                .map(|ends| line_of((ends[1] - ends[0]).into()))
                .collect();
            (Layout::Columns, header.input, lines)
        }
    };
    Matrix {
        layout,
        place: 0..0,
        rows: header.hidden,
        columns,
        lines,
    }
}

fn strips(header: &Header<'_>, gate: Gate) -> [u16; 8] {
    header.gates[gate.index()].strips
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
                    [
                        (i, u32::from_le_bytes([a, b, c, d])),
                        (j, u32::from_le_bytes([e, f, g, h])),
                    ]
                })
                .collect()
        }
    }
}

impl Matrix {
    /// Whether no index comes twice.
    pub fn ascends(&self) -> bool {
        let ascends = |line: &Vec<(u8, u32)>| line.is_sorted_by(|a, b| a.0 < b.0);
        self.lines.iter().all(ascends)
    }

    /// The weights in the order of the code.
    pub fn weights(&self) -> impl Iterator<Item = u32> {
        self.lines.iter().flatten().map(|entry| entry.1)
    }

    /// Writes the part and returns what it takes.
    pub fn write(&self, kind: Kind, code: &PrefixCode, out: &mut Vec<u8>) -> MatrixBits {
        let length = match self.layout {
            Layout::Columns => self.rows,
            Layout::Strips => self.columns,
        };
        let positions = u32::from(self.rows) * u32::from(self.columns);
        let gaps = self.gaps(length.into(), positions);
        let gap_bits = best_gap_bits(&gaps);
        let before = out.len();
        out.push(match self.layout {
            Layout::Columns => PART_COLUMNS,
            Layout::Strips => PART_STRIPS,
        });
        out.push(gap_bits);
        out.extend(self.rows.to_le_bytes());
        out.extend(self.columns.to_le_bytes());
        let mut bits = BitWriter::default();
        gaps.iter().for_each(|&gap| bits.push_rice(gap, gap_bits));
        out.extend(bits.into_bytes());
        let weights_at = out.len();
        match kind {
            Kind::Float32 => out.extend(self.weights().flat_map(u32::to_le_bytes)),
            Kind::Int8 => {
                let mut bits = BitWriter::default();
                self.weights()
                    .for_each(|weight| code.push(weight as u8, &mut bits));
                out.extend(bits.into_bytes());
            }
        }
        MatrixBits {
            connections: gaps.len() as u64 - 1,
            index: 8 * (weights_at - before) as u64,
            value: 8 * (out.len() - weights_at) as u64,
        }
    }

    /// The empty positions before each connection, and behind the last one.
    fn gaps(&self, length: u32, positions: u32) -> Vec<u32> {
        let lines = (0..).map(|line| line * length).zip(&self.lines);
        let places =
            lines.flat_map(|(start, line)| line.iter().map(move |e| start + u32::from(e.0)));
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
fn best_gap_bits(gaps: &[u32]) -> u8 {
    let cost = |bits: u8| {
        gaps.iter()
            .map(|gap| u64::from((gap >> bits) + u32::from(bits)))
            .sum::<u64>()
    };
    (0..=MAX_GAP_BITS)
        .min_by_key(|&bits| cost(bits))
        .unwrap_or(0)
}

//! Enters: a sparse matrix, row by row. Leaves: its connections in the order of the
//! kernels, by columns or by strips. Next: `pack`, which writes them.

use set_lstm_runtime::wire::{SEGMENT, STRIP_CLASSES};

/// A connection as it is written: its index and its weight.
///
/// The default is the filler of a pair, which adds zero to any sum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Entry<V> {
    pub index: u8,
    pub weight: V,
}

/// A matrix by columns; an index is a row of its segment.
#[derive(Debug, PartialEq)]
pub(super) struct ColumnLayout<V> {
    /// Pairs of each row segment.
    pub counts: Vec<u16>, // [segments]
    /// Where each column starts in its segment, in pairs; the last entry is the end.
    pub start: Vec<u16>, // [segments x (columns + 1)]
    /// All columns end to end, each a whole number of pairs.
    pub entries: Vec<Entry<V>>,
}

impl<V> ColumnLayout<V> {
    /// No matrix.
    pub const EMPTY: Self = ColumnLayout {
        counts: Vec::new(),
        start: Vec::new(),
        entries: Vec::new(),
    };
}

impl<V> StripLayout<V> {
    /// No matrix.
    pub const EMPTY: Self = StripLayout {
        counts: Vec::new(),
        unit: Vec::new(),
        entries: Vec::new(),
    };
}

/// A matrix by strips; an index is a column of its block.
#[derive(Debug, PartialEq)]
pub(super) struct StripLayout<V> {
    /// Strips of each class in each block; class `n` has `n + 1` pairs a strip.
    pub counts: Vec<[u16; STRIP_CLASSES]>, // [blocks]
    /// The row of each strip in its block, classes end to end.
    pub unit: Vec<u8>, // [strips]
    /// The pairs of each strip, classes end to end.
    pub entries: Vec<Entry<V>>,
}

/// Rows of `(column, weight)` by columns; `None` if a segment has more pairs than 16 bits count.
pub(super) fn by_columns<V: Copy + Default>(
    rows: &[Vec<(u16, V)>],
    columns: usize,
) -> Option<ColumnLayout<V>> {
    let mut layout = ColumnLayout::EMPTY;
    for segment in rows.chunks(SEGMENT.into()) {
        let mut by_column = vec![Vec::new(); columns];
        for (row, connections) in segment.iter().enumerate() {
            for &(column, weight) in connections {
                by_column[usize::from(column)].push(Entry {
                    index: row as u8,
                    weight,
                });
            }
        }
        let first = layout.entries.len();
        layout.start.push(0);
        for column in by_column {
            push_pairs(&mut layout.entries, &column);
            let pairs = (layout.entries.len() - first) / 2;
            layout.start.push(u16::try_from(pairs).ok()?);
        }
        layout.counts.push(*layout.start.last()?);
    }
    Some(layout)
}

/// Rows of `(column, weight)` by strips: in each block of 256 rows and columns long rows are
/// cut, and the strips are sorted by length, rows ascending within a length. An empty row has
/// no strip.
pub(super) fn by_strips<V: Copy + Default>(
    rows: &[Vec<(u16, V)>],
    columns: usize,
) -> StripLayout<V> {
    let mut layout = StripLayout::EMPTY;
    for rows in rows.chunks(SEGMENT.into()) {
        for block in (0..columns).step_by(SEGMENT.into()) {
            let block = block as u16..(block + usize::from(SEGMENT)) as u16;
            push_block(&mut layout, rows, block);
        }
    }
    layout
}

fn push_block<V: Copy + Default>(
    layout: &mut StripLayout<V>,
    rows: &[Vec<(u16, V)>],
    columns: std::ops::Range<u16>,
) {
    let mut classes: [Vec<(u8, Vec<Entry<V>>)>; STRIP_CLASSES] = Default::default();
    for (row, connections) in rows.iter().enumerate() {
        let inside = connections
            .iter()
            .filter(|(column, _)| columns.contains(column));
        let inside: Vec<Entry<V>> = inside
            .map(|&(column, weight)| Entry {
                index: (column - columns.start) as u8,
                weight,
            })
            .collect();
        for strip in inside.chunks(2 * STRIP_CLASSES) {
            classes[(strip.len() - 1) / 2].push((row as u8, strip.to_vec()));
        }
    }
    layout
        .counts
        .push(classes.each_ref().map(|strips| strips.len() as u16));
    for (unit, strip) in classes.into_iter().flatten() {
        layout.unit.push(unit);
        push_pairs(&mut layout.entries, &strip);
    }
}

fn push_pairs<V: Copy + Default>(entries: &mut Vec<Entry<V>>, more: &[Entry<V>]) {
    entries.extend_from_slice(more);
    if more.len() % 2 == 1 {
        entries.push(Entry::default());
    }
}

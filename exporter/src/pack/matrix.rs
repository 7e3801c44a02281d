//! Enters: a sparse matrix, row by row. Leaves: its connections in the order of the
//! kernels, by columns or by strips. Next: `pack`, which writes them.

use set_lstm_runtime::wire::STRIP_CLASSES;

/// A connection as it is written: its index and its weight.
///
/// The default is the filler of a pair, which adds zero to any sum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Entry<V> {
    pub index: u8,
    pub weight: V,
}

/// A matrix by columns; an index is a row.
#[derive(Debug, PartialEq)]
pub(super) struct ColumnLayout<V> {
    /// Where each column starts, in pairs; the last entry is the end.
    pub start: Vec<u16>, // [columns + 1]
    /// All columns end to end, each a whole number of pairs.
    pub entries: Vec<Entry<V>>,
}

/// A matrix by strips; an index is a column.
#[derive(Debug, PartialEq)]
pub(super) struct StripLayout<V> {
    /// Strips of each class; class `n` has `n + 1` pairs a strip.
    pub counts: [u16; STRIP_CLASSES],
    /// The row of each strip, classes end to end.
    pub unit: Vec<u8>, // [strips]
    /// The pairs of each strip, classes end to end.
    pub entries: Vec<Entry<V>>,
}

/// Rows of `(column, weight)` by columns.
pub(super) fn by_columns<V: Copy + Default>(
    rows: &[Vec<(u16, V)>],
    columns: usize,
) -> ColumnLayout<V> {
    let mut by_column = vec![Vec::new(); columns];
    for (row, connections) in rows.iter().enumerate() {
        for &(column, weight) in connections {
            by_column[usize::from(column)].push(Entry {
                index: row as u8,
                weight,
            });
        }
    }
    let mut layout = ColumnLayout {
        start: vec![0],
        entries: Vec::new(),
    };
    for column in by_column {
        push_pairs(&mut layout.entries, &column);
        layout.start.push((layout.entries.len() / 2) as u16);
    }
    layout
}

/// Rows of `(column, weight)` by strips: long rows are cut, and the strips are sorted by
/// length, rows ascending within a length. An empty row has no strip.
pub(super) fn by_strips<V: Copy + Default>(rows: &[Vec<(u16, V)>]) -> StripLayout<V> {
    let mut classes: [Vec<(u8, Vec<Entry<V>>)>; STRIP_CLASSES] = Default::default();
    for (row, connections) in rows.iter().enumerate() {
        for strip in connections.chunks(2 * STRIP_CLASSES) {
            let entries = strip.iter().map(|&(column, weight)| Entry {
                index: column as u8,
                weight,
            });
            classes[(strip.len() - 1) / 2].push((row as u8, entries.collect()));
        }
    }
    let mut layout = StripLayout {
        counts: [0; STRIP_CLASSES],
        unit: Vec::new(),
        entries: Vec::new(),
    };
    for (count, strips) in layout.counts.iter_mut().zip(classes) {
        *count = strips.len() as u16;
        for (unit, strip) in strips {
            layout.unit.push(unit);
            push_pairs(&mut layout.entries, &strip);
        }
    }
    layout
}

fn push_pairs<V: Copy + Default>(entries: &mut Vec<Entry<V>>, more: &[Entry<V>]) {
    entries.extend_from_slice(more);
    if more.len() % 2 == 1 {
        entries.push(Entry::default());
    }
}

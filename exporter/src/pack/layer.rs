//! Enters: the matrices of one layer, row by row. Leaves: its sections and its entry in the
//! header. Next: `pack` writes them.

use super::matrix::{ColumnLayout, Entry, StripLayout, by_columns, by_strips};
use super::writer::bytes;
use super::{Contents, even};
use set_lstm_runtime::gate::Gate;
use set_lstm_runtime::wire::{InputLayout, LayerHeader, Place, Section};

/// The weights of one gate, row by row.
pub(super) struct GateRows<V> {
    pub input: Vec<Vec<(u16, V)>>,
    pub recurrent: Vec<Vec<(u16, V)>>,
    /// Columns of `W`.
    pub columns: usize,
    /// Parameters of the units.
    pub units: Vec<u32>,
}

impl Contents {
    /// The sections of one layer; `weights` gives the indices and weights of pairs as bytes.
    pub fn push_layer<V: Copy + Default>(
        &mut self,
        number: u8,
        header: LayerHeader,
        gates: [GateRows<V>; Gate::COUNT],
        weights: impl Fn(&[Entry<V>]) -> (Vec<u8>, Vec<u8>),
    ) -> Option<()> {
        let mut shape: Vec<u16> = Vec::new();
        for (gate, rows) in Gate::ALL.into_iter().zip(gates) {
            let place = Place {
                layer: number,
                gate,
            };
            let units = bytes(even(rows.units.iter().copied()));
            let Layout { columns, strips } = lay_out(rows, header)?;
            shape.extend(&columns.counts);
            let (unit_of, values) = weights(&columns.entries);
            self.sections.extend([
                (Section::InputStart(place), bytes(columns.start)),
                (Section::InputUnit(place), unit_of),
                (Section::InputWeight(place), values),
            ]);
            shape.extend(strips.counts.as_flattened());
            let (columns, values) = weights(&strips.entries);
            self.sections.extend([
                (Section::StripUnit(place), strips.unit),
                (Section::RecurrentColumn(place), columns),
                (Section::RecurrentWeight(place), values),
                (Section::Unit(place), units),
            ]);
        }
        self.sections.push((Section::Shape(number), bytes(shape)));
        *self.header.layers.get_mut(usize::from(number))? = header;
        Some(())
    }
}

/// The matrices of one gate in the order of the kernels; either may be empty.
struct Layout<V> {
    columns: ColumnLayout<V>,
    strips: StripLayout<V>,
}

fn lay_out<V: Copy + Default>(rows: GateRows<V>, header: LayerHeader) -> Option<Layout<V>> {
    let hidden = usize::from(header.hidden);
    let all = hidden + rows.columns;
    Some(match header.layout {
        InputLayout::Columns => Layout {
            columns: by_columns(&rows.input, rows.columns)?,
            strips: by_strips(&rows.recurrent, hidden),
        },
        InputLayout::Joined => Layout {
            columns: ColumnLayout::EMPTY,
            strips: by_strips(&rows.joined(header.hidden), all),
        },
        InputLayout::Delta => Layout {
            columns: by_columns(&rows.joined(header.hidden), all)?,
            strips: StripLayout::EMPTY,
        },
    })
}

impl<V: Copy> GateRows<V> {
    /// `[U W]`, row by row.
    fn joined(self, hidden: u16) -> Vec<Vec<(u16, V)>> {
        let rows = self.recurrent.into_iter().zip(&self.input);
        rows.map(|(mut row, input)| {
            let behind = |&(column, value): &(u16, V)| (hidden + column, value);
            row.extend(input.iter().map(behind));
            row
        })
        .collect()
    }
}

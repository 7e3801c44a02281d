//! Enters: the matrices of one layer, row by row. Leaves: its sections and its entry in the
//! header. Next: `pack` writes them.

use super::matrix::{Entry, by_columns, by_strips};
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
        let hidden = usize::from(header.hidden);
        let mut shape: Vec<u16> = Vec::new();
        for (gate, rows) in Gate::ALL.into_iter().zip(gates) {
            let place = Place {
                layer: number,
                gate,
            };
            let strips = match header.layout {
                InputLayout::Columns => {
                    let columns = by_columns(&rows.input, rows.columns)?;
                    shape.extend(&columns.counts);
                    let (units, values) = weights(&columns.entries);
                    self.sections.extend([
                        (Section::InputStart(place), bytes(columns.start)),
                        (Section::InputUnit(place), units),
                        (Section::InputWeight(place), values),
                    ]);
                    by_strips(&rows.recurrent, hidden)
                }
                InputLayout::Joined => {
                    let joined = rows.recurrent.into_iter().zip(&rows.input);
                    let joined: Vec<_> = joined
                        .map(|(mut row, input)| {
                            let behind = |&(column, v): &(u16, V)| (header.hidden + column, v);
                            row.extend(input.iter().map(behind));
                            row
                        })
                        .collect();
                    by_strips(&joined, hidden + rows.columns)
                }
            };
            shape.extend(strips.counts.as_flattened());
            let (columns, values) = weights(&strips.entries);
            self.sections.extend([
                (Section::StripUnit(place), strips.unit),
                (Section::RecurrentColumn(place), columns),
                (Section::RecurrentWeight(place), values),
                (Section::Unit(place), bytes(even(rows.units.into_iter()))),
            ]);
        }
        self.sections.push((Section::Shape(number), bytes(shape)));
        *self.header.layers.get_mut(usize::from(number))? = header;
        Some(())
    }
}

//! Enters: the sections of one sparse matrix. Leaves: [`MatrixFacts`], its counts and its
//! bits per connection. Next: `inspect` lists them.

use crate::device::AnyModel;
use crate::report::table::{Column, Table, thousands};
use serde::Serialize;
use set_lstm_runtime::wire::{
    Header, InputLayout, Kind, LayerShape, Place, SEGMENT, STRIP_CLASSES, Section,
};

/// One sparse matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatrixFacts {
    /// `embedding`, `W_i`, `U_i` and so on.
    pub matrix: String,
    /// Stored connections.
    pub connections: u64,
    /// Connections over positions, 0 to 1.
    pub density: f64,
    /// Fewest connections of a row.
    pub fan_in_min: u64,
    /// Connections of a row on average.
    pub fan_in_mean: f64,
    /// Most connections of a row.
    pub fan_in_max: u64,
    /// Bits per connection that say where it is.
    pub index_bits: f64,
    /// The least that any code of random positions takes for `index_bits`.
    pub entropy_bits: f64,
    /// Bits per connection that say its weight.
    pub value_bits: f64,
    /// Bits per connection as stored.
    pub bits: f64,
}

/// Counts of a matrix, of which [`MatrixFacts`] are the quotients.
#[derive(Default)]
pub(super) struct Counts {
    positions: u64,
    fan_in: Vec<u64>, // [rows]
    stored_bits: u64,
    value_bits: u64,
    entropy: f64, // bits, of the whole matrix
}

/// The embedding; `section` gives the bytes of any section, as in the next two.
pub(super) fn embedding<'f>(
    model: &AnyModel<'_>,
    header: &Header<'_>,
    section: &impl Fn(Section) -> &'f [u8],
) -> Counts {
    let mut counts = Counts::default();
    for token in (0..=u16::MAX).take(model.vocabulary_size()) {
        let mut entries = 0;
        for entry in model.embedding_row(token) {
            entries += 1;
            counts.value_bits += u64::from(match model.kind() {
                Kind::Float32 => 32,
                // a sign and a Rice code
                Kind::Int8 => {
                    let less_one = entry.value.unsigned_abs() - 1;
                    (less_one >> header.rows.value_bits) + 2 + u32::from(header.rows.value_bits)
                }
            });
        }
        counts.fan_in.push(entries);
    }
    let parts = [Section::RowBlock, Section::RowLength, Section::RowBits];
    counts.finish(header.input, parts.map(section))
}

/// The matrices of one gate of a layer: `W` and `U`, or both in one where they are joined.
pub(super) fn of_gate<'f>(
    place: Place,
    kind: Kind,
    shape: LayerShape,
    section: &impl Fn(Section) -> &'f [u8],
) -> Vec<(String, Counts)> {
    let counts = section(Section::Shape(place.layer)).as_chunks().0.iter();
    let counts: Vec<u16> = counts.map(|&count| u16::from_le_bytes(count)).collect();
    let (segments, blocks) = shape.of_gate(place.gate, &counts);
    let name = |matrix: &str| match place.layer {
        0 => format!("{matrix}_{}", place.gate.letter()),
        layer => format!("{matrix}{}_{}", layer + 1, place.gate.letter()),
    };
    let recurrent = by_strips(place, kind, shape, blocks, section);
    match shape.layout {
        InputLayout::Columns => {
            let input = by_columns(place, kind, shape, segments, section);
            vec![(name("W"), input), (name("U"), recurrent)]
        }
        InputLayout::Joined => vec![(name("UW"), recurrent)],
        InputLayout::Delta => {
            let listed = by_columns(place, kind, shape, segments, section);
            vec![(name("UW"), listed)]
        }
    }
}

fn by_columns<'f>(
    place: Place,
    kind: Kind,
    shape: LayerShape,
    segments: &[u16],
    section: &impl Fn(Section) -> &'f [u8],
) -> Counts {
    let mut counts = Counts::of_rows(shape.hidden);
    let (unit, weight) = (Section::InputUnit(place), Section::InputWeight(place));
    let mut pairs = indices(kind, section(unit), section(weight)).into_iter();
    for (&length, base) in segments.iter().zip((0..).step_by(SEGMENT.into())) {
        for pair in pairs.by_ref().take(length.into()) {
            counts.fan_in[base + usize::from(pair[0])] += 1;
            if connections(pair) == 2 {
                counts.fan_in[base + usize::from(pair[1])] += 1;
            }
        }
    }
    counts.weights(kind);
    let parts = [Section::InputStart(place), unit, weight];
    counts.finish(shape.listed_columns(), parts.map(section))
}

fn by_strips<'f>(
    place: Place,
    kind: Kind,
    shape: LayerShape,
    blocks: &[[u16; STRIP_CLASSES]],
    section: &impl Fn(Section) -> &'f [u8],
) -> Counts {
    let mut counts = Counts::of_rows(shape.hidden);
    let (column, weight) = (
        Section::RecurrentColumn(place),
        Section::RecurrentWeight(place),
    );
    let mut pairs = indices(kind, section(column), section(weight)).into_iter();
    let mut units = section(Section::StripUnit(place)).iter();
    for (block, strips) in blocks.iter().enumerate() {
        let base = block / usize::from(shape.across()) * usize::from(SEGMENT);
        for (length, &count) in (1..).zip(strips) {
            for &unit in units.by_ref().take(count.into()) {
                let strip = pairs.by_ref().take(length);
                let entries: u64 = strip.map(connections).sum();
                counts.fan_in[base + usize::from(unit)] += entries;
            }
        }
    }
    counts.weights(kind);
    let parts = [Section::StripUnit(place), column, weight];
    counts.finish(shape.strip_columns(), parts.map(section))
}

/// The indices of the pairs.
fn indices(kind: Kind, index: &[u8], weight: &[u8]) -> Vec<[u8; 2]> {
    match kind {
        Kind::Float32 => index.as_chunks().0.to_vec(),
        Kind::Int8 => {
            let words = weight.as_chunks::<4>().0.iter();
            words
                .map(|&[first, _, second, _]| [first, second])
                .collect()
        }
    }
}

/// One or two: indices ascend within a column or strip, and the filler of an odd connection
/// has index 0, so a second index that is not above the first is a filler's.
fn connections([first, second]: [u8; 2]) -> u64 {
    1 + u64::from(second > first)
}

impl Counts {
    fn of_rows(rows: u16) -> Self {
        Counts {
            fan_in: vec![0; rows.into()],
            ..Counts::default()
        }
    }

    fn connections(&self) -> u64 {
        self.fan_in.iter().sum()
    }

    fn weights(&mut self, kind: Kind) {
        let width = if kind == Kind::Int8 { 8 } else { 32 };
        self.value_bits = width * self.connections();
    }

    fn finish(mut self, columns: u16, sections: [&[u8]; 3]) -> Counts {
        self.positions = self.fan_in.len() as u64 * u64::from(columns);
        let bytes: usize = sections
            .map(|section| section.len().next_multiple_of(4))
            .iter()
            .sum();
        self.stored_bits = 8 * bytes as u64;
        self.entropy = log2_choose(self.positions, self.connections());
        self
    }

    /// All matrices as one.
    pub(super) fn sum<'c>(all: impl Iterator<Item = &'c Counts>) -> Counts {
        all.fold(Counts::default(), |mut sum, counts| {
            sum.positions += counts.positions;
            sum.fan_in.extend(&counts.fan_in);
            sum.stored_bits += counts.stored_bits;
            sum.value_bits += counts.value_bits;
            sum.entropy += counts.entropy;
            sum
        })
    }

    /// The quotients.
    pub(super) fn facts(&self, name: &str) -> MatrixFacts {
        let connections = self.connections();
        let each = |bits: f64| bits / connections.max(1) as f64;
        MatrixFacts {
            matrix: name.to_owned(),
            connections,
            density: connections as f64 / self.positions as f64,
            fan_in_min: self.fan_in.iter().copied().min().unwrap_or(0),
            fan_in_mean: connections as f64 / self.fan_in.len() as f64,
            fan_in_max: self.fan_in.iter().copied().max().unwrap_or(0),
            index_bits: each((self.stored_bits - self.value_bits) as f64),
            entropy_bits: each(self.entropy),
            value_bits: each(self.value_bits as f64),
            bits: each(self.stored_bits as f64),
        }
    }
}

/// `log2 C(n, k)`.
fn log2_choose(n: u64, k: u64) -> f64 {
    let factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    (factorial(n) - factorial(k) - factorial(n - k)) / std::f64::consts::LN_2
}

/// The matrices as a table with their sum below.
pub(super) fn table(matrices: &[MatrixFacts], total: &MatrixFacts) -> Table<10> {
    let mut table = Table::new([
        Column::words("matrix"),
        Column::numbers("connections"),
        Column::numbers("density %"),
        Column::numbers("fan-in min"),
        Column::numbers("mean"),
        Column::numbers("max"),
        Column::numbers("index bits"),
        Column::numbers("bound"),
        Column::numbers("value bits"),
        Column::numbers("bits"),
    ]);
    for facts in matrices {
        table.row(facts.cells());
    }
    table.rule();
    table.row(total.cells());
    table
}

impl MatrixFacts {
    fn cells(&self) -> [String; 10] {
        [
            self.matrix.clone(),
            thousands(self.connections),
            format!("{:.2}", 100.0 * self.density),
            thousands(self.fan_in_min),
            format!("{:.2}", self.fan_in_mean),
            thousands(self.fan_in_max),
            format!("{:.2}", self.index_bits),
            format!("{:.2}", self.entropy_bits),
            format!("{:.2}", self.value_bits),
            format!("{:.2}", self.bits),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_logarithm_of_the_number_of_topologies() {
        assert!((log2_choose(4, 2) - 6_f64.log2()).abs() < 1e-12);
        assert_eq!(log2_choose(9, 0), 0.0);
        // 4 %: 0.04 log2(1 / 0.04) + 0.96 log2(1 / 0.96) bits a position
        assert!((log2_choose(65_536, 2_621) / 2_621.0 - 6.055).abs() < 0.01);
    }

    #[test]
    fn fillers_are_no_connections() {
        let pairs = [[0, 3], [5, 0], [0, 0]];
        let int8: Vec<u8> = pairs.iter().flat_map(|&[a, b]| [a, 1, b, 2]).collect();
        assert_eq!(indices(Kind::Int8, &[], &int8), pairs);
        assert_eq!(indices(Kind::Float32, pairs.as_flattened(), &[]), pairs);
        assert_eq!(pairs.map(connections), [2, 1, 1]);
    }
}

//! Enters: the sizes of a layer and the counts of its matrices. Leaves: [`LayerShape`], how the
//! matrices are cut into blocks and how long their sections are. Next: `model` cuts them.

use super::{InputLayout, Kind, SEGMENT, STRIP_CLASSES};
use crate::gate::Gate;

/// Bytes of the indices and weights of a pair, and of a weight of the head.
pub(super) struct PairBytes {
    index: u32,
    weight: u32,
    pub head: u32,
}

impl Kind {
    pub(super) const fn bytes(self) -> PairBytes {
        let (index, weight, head) = match self {
            Kind::Int8 => (0, 4, 2),
            Kind::Float32 => (2, 8, 4),
        };
        PairBytes {
            index,
            weight,
            head,
        }
    }
}

/// The sizes of one layer, from which the lengths of its sections follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerShape {
    /// Hidden units.
    pub hidden: u16,
    /// Numbers of an input: of the embedding, of a sample, or units of the layer below.
    pub input: u16,
    /// How the matrices lie.
    pub layout: InputLayout,
}

impl LayerShape {
    /// Columns of the matrix that `h` is multiplied by: those of `U`, or of `U` and `W` side by
    /// side.
    pub const fn strip_columns(&self) -> u16 {
        match self.layout {
            InputLayout::Columns => self.hidden,
            InputLayout::Joined | InputLayout::Delta => self.hidden.saturating_add(self.input),
        }
    }

    /// Columns of the matrix that lies by columns: those of `W`, of none, or of `U` and `W`.
    pub const fn listed_columns(&self) -> u16 {
        match self.layout {
            InputLayout::Columns => self.input,
            InputLayout::Joined => 0,
            InputLayout::Delta => self.strip_columns(),
        }
    }

    /// Row segments: blocks one below the other.
    pub const fn down(&self) -> u16 {
        self.hidden.div_ceil(SEGMENT)
    }

    /// Blocks of strips side by side.
    pub const fn across(&self) -> u16 {
        match self.layout {
            InputLayout::Columns | InputLayout::Joined => self.strip_columns().div_ceil(SEGMENT),
            InputLayout::Delta => 0,
        }
    }

    /// Row segments of the matrix that lies by columns.
    pub const fn column_segments(&self) -> u16 {
        match self.layout {
            InputLayout::Columns | InputLayout::Delta => self.down(),
            InputLayout::Joined => 0,
        }
    }

    /// Numbers of the shape of one gate.
    pub const fn counts(&self) -> u16 {
        self.column_segments() + self.down() * self.across() * STRIP_CLASSES as u16
    }

    /// Bytes of the section of the shape.
    pub const fn shape_bytes(&self) -> u32 {
        2 * Gate::COUNT as u32 * self.counts() as u32
    }

    /// Bytes of the seven sections of one gate, in their order; `counts` is the shape.
    pub fn gate_bytes(&self, kind: Kind, gate: Gate, counts: &[u16]) -> [u32; 7] {
        let (segments, blocks) = self.of_gate(gate, counts);
        let columns: u32 = segments.iter().map(|&pairs| u32::from(pairs)).sum();
        let (strips, pairs) = strips_and_pairs(blocks);
        let PairBytes { index, weight, .. } = kind.bytes();
        [
            2 * u32::from(self.column_segments()) * (u32::from(self.listed_columns()) + 1),
            index * columns,
            weight * columns,
            strips,
            index * pairs,
            weight * pairs,
            4 * u32::from(self.hidden.next_multiple_of(2)),
        ]
    }

    /// The counts of one gate: the pairs of each segment of columns, and the strips of each block.
    /// `counts` are those of the layer; of what is missing there is none.
    pub fn of_gate<'s>(
        &self,
        gate: Gate,
        counts: &'s [u16],
    ) -> (&'s [u16], &'s [[u16; STRIP_CLASSES]]) {
        let each = usize::from(self.counts());
        let of_gate = counts
            .get(gate.index() * each..)
            .and_then(|counts| counts.get(..each))
            .unwrap_or_default();
        let (columns, strips) = of_gate
            .split_at_checked(self.column_segments().into())
            .unwrap_or_default();
        (columns, strips.as_chunks().0)
    }
}

/// Strips and pairs of blocks, all classes together.
#[inline(never)] // thrice, and none of them in a hurry
pub(crate) fn strips_and_pairs(blocks: &[[u16; STRIP_CLASSES]]) -> (u32, u32) {
    // at most 32 blocks of 8 counts of 16 bits: no overflow
    let (mut strips, mut all) = (0, 0);
    for block in blocks {
        for (&count, pairs) in block.iter().zip(1..) {
            strips += u32::from(count);
            all += u32::from(count) * pairs;
        }
    }
    (strips, all)
}

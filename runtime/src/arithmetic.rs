//! The choice between the two engines, made by type so that only one is linked.

use crate::error::DecodeError;
use crate::sparse::{Columns, Pairs, Strips};
use crate::wire::{Header, Kind, Place};

/// The arithmetic of a model: [`Int8`](crate::Int8) or
/// [`Float32`](crate::Float32). Sealed: the format knows these two.
pub trait Arithmetic: Engine {}

impl<A: Engine> Arithmetic for A {}

/// `W`, `U` and the unit parameters of one gate.
#[derive(Debug)]
pub struct GateWeights<'a, A: Engine> {
    /// `W`, or `[U W]` for delta stepping; empty if `W` is joined to the strips of `U`.
    pub input: Columns<'a, A::Pairs<'a>>,
    /// `U`, or `[U W]`; empty for delta stepping.
    pub recurrent: Strips<'a, A::Pairs<'a>>,
    pub units: &'a [A::Unit], // [hidden]
}

impl<'a, A: Engine> GateWeights<'a, A> {
    /// Whether `[U W]` lies by columns.
    pub fn is_listed(&self) -> bool {
        self.recurrent.across == 0
    }

    /// A gate that is not read yet.
    pub const NONE: Self = GateWeights {
        input: Columns {
            counts: &[],
            start: &[],
            pairs: <A::Pairs<'a> as Pairs>::NONE,
        },
        recurrent: Strips {
            counts: &[],
            across: 0,
            unit: &[],
            pairs: <A::Pairs<'a> as Pairs>::NONE,
        },
        units: &[],
    };
}

/// What an engine does; `cell` calls it in the order of the formula.
///
/// Every method is total: whatever the arguments, it returns without a panic. That the
/// numbers are right is what the checks at load add.
pub trait Engine: Copy + core::fmt::Debug + 'static {
    /// The kind of file that this engine runs.
    const KIND: Kind;
    /// An element of `h` and `c`.
    type Value: Value;
    /// A sum of products.
    type Sum: Copy + core::fmt::Debug;
    /// The sum of none.
    const ZERO_SUM: Self::Sum;
    /// An output of the head.
    type Logit: Logit;
    /// Pairs of connections.
    type Pairs<'a>: Pairs + core::fmt::Debug;
    /// Parameters of a unit in one gate.
    type Unit: bytemuck::AnyBitPattern + core::fmt::Debug;
    /// A weight of the head.
    type HeadWeight: bytemuck::AnyBitPattern + core::fmt::Debug;
    /// The constants that the formula needs.
    type Constants: Copy + core::fmt::Debug;
    /// Those of a layer that is not read yet.
    const NO_CONSTANTS: Self::Constants;

    /// The constants of a layer; `below` are those of the layer below it.
    fn constants(
        header: &Header<'_>,
        layer: u8,
        below: Option<&Self::Constants>,
    ) -> Result<Self::Constants, DecodeError>;
    /// Pairs from their two sections.
    fn pairs<'a>(index: &'a [u8], weight: &'a [u8]) -> Option<Self::Pairs<'a>>;
    /// Whether the bits of an embedding value are a value.
    fn is_input(bits: i32, constants: &Self::Constants) -> bool;
    /// Checks that the sums of one gate stay in range whatever the state; `row_sum` is the
    /// largest sum of magnitudes of an embedding row or of a sample.
    fn check_gate(
        place: Place,
        weights: &GateWeights<'_, Self>,
        constants: &Self::Constants,
        row_sum: u32,
        hidden: u16,
    ) -> Result<(), DecodeError>;
    /// Checks the weights and biases of the head.
    fn check_head(weight: &[Self::HeadWeight], bias: &[Self::Logit]) -> Result<(), DecodeError>;

    /// An input from the bits of an embedding value.
    fn input(bits: i32, constants: &Self::Constants) -> Self::Value;
    /// An input from a normalised sample, at most `SAMPLE_LIMIT` in magnitude.
    fn sample(normalised: f32, constants: &Self::Constants) -> Self::Value;
    /// `sum[unit] += weight · x` for the pairs of one column.
    fn add_column<const N: usize>(
        column: Self::Pairs<'_>,
        x: Self::Value,
        sum: &mut [Self::Sum; N],
    );
    /// `sum[unit] += Σ weight · v[column]` for all strips of one block.
    fn add_strips<const N: usize>(
        strips: &Strips<'_, Self::Pairs<'_>>,
        v: &[Self::Value; N],
        sum: &mut [Self::Sum; N],
    );

    /// `gate = σ(sum)`; clears the sums, as do the three that follow.
    fn input_gate<const N: usize>(
        units: &[Self::Unit],
        sum: &mut [Self::Sum; N],
        gate: &mut [Self::Value; N],
    );
    /// `gate = gate · tanh(sum)`.
    fn candidate_gate<const N: usize>(
        units: &[Self::Unit],
        sum: &mut [Self::Sum; N],
        gate: &mut [Self::Value; N],
    );
    /// `c = σ(sum) · c + gate`.
    fn forget_gate<const N: usize>(
        units: &[Self::Unit],
        sum: &mut [Self::Sum; N],
        gate: &[Self::Value; N],
        c: &mut [Self::Value; N],
    );
    /// `h = σ(sum) · tanh(c)`.
    fn output_gate<const N: usize>(
        units: &[Self::Unit],
        sum: &mut [Self::Sum; N],
        c: &[Self::Value; N],
        h: &mut [Self::Value; N],
        constants: &Self::Constants,
    );

    /// `Σ weight · h + bias`.
    fn logit(
        weight: &[Self::HeadWeight],
        bias: Self::Logit,
        h: &[Self::Value],
        constants: &Self::Constants,
    ) -> Self::Logit;
    /// Whether a value can be an element of `h`.
    fn is_hidden(value: Self::Value, constants: &Self::Constants) -> bool;
}

/// An element of the state: i16 or f32.
pub trait Value:
    Copy + PartialEq + core::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned
{
    /// Bytes of the value.
    const BYTES: usize;
    /// Zero.
    const ZERO: Self;
    /// The bits of the value in the low bytes.
    fn bits(self) -> u32;
    /// Whether the value is a number.
    fn is_number(self) -> bool;
}

/// An output of the head: i32 in Q16, or f32.
pub trait Logit: bytemuck::AnyBitPattern + PartialOrd + core::fmt::Debug {
    /// The bits of the logit.
    fn bits(self) -> u32;
    /// The logit as a real number.
    fn to_f32(self) -> f32;
}

impl Value for i16 {
    const BYTES: usize = 2;
    const ZERO: i16 = 0;
    fn bits(self) -> u32 {
        self as u16 as u32
    }
    fn is_number(self) -> bool {
        true
    }
}

impl Value for f32 {
    const BYTES: usize = 4;
    const ZERO: f32 = 0.0;
    fn bits(self) -> u32 {
        self.to_bits()
    }
    fn is_number(self) -> bool {
        self.is_finite()
    }
}

impl Logit for i32 {
    fn bits(self) -> u32 {
        self as u32
    }
    fn to_f32(self) -> f32 {
        // 2^LOGIT_BITS: the quotient is exact, only the conversion rounds
        self as f32 / (1 << crate::fixed::LOGIT_BITS) as f32
    }
}

impl Logit for f32 {
    fn bits(self) -> u32 {
        self.to_bits()
    }
    fn to_f32(self) -> f32 {
        self
    }
}

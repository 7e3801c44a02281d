//! Enters: the bytes of a model file. Leaves: its [`Header`] and where each
//! [`Section`] lies. Next: `model`, which checks the sections and borrows them.
//!
//! This is the one definition of the format. All integers are little-endian; a
//! section starts on a multiple of four bytes and is filled up with zeros.
//!
//! | bytes | field | written by | read by |
//! |---|---|---|---|
//! | 0..4 | magic `SETL` | exporter `pack` | [`File::open`] |
//! | 4..6 | format version, u16 | exporter `pack` | [`File::open`] |
//! | 6 | [`Kind`] of the numbers, u8 | exporter `pack` | [`File::open`] |
//! | 7 | [`Task`]: what is answered, and when, u8 | exporter `pack` | [`File::open`] |
//! | 8..12 | length of the whole file, u32 | exporter `pack` | [`File::open`] |
//! | 12..16 | CRC-32 of all other bytes, u32 | exporter `pack` | [`File::open`] |
//! | 16..20 | length of the header, u32 | exporter `pack` | [`File::open`] |
//! | 20.. | [`Header`] in postcard | exporter `pack` | [`File::open`] |
//! | then | the sections, in the order of [`Section::all`] | exporter `pack` | `Model::from_bytes` |
//!
//! The sections, in their order; `[..]` is the number of entries. The shape comes once a
//! layer, and after it a section of one gate once for each of `i g f o`, the seven of a gate
//! together:
//!
//! | section | int8 | f32 | read by |
//! |---|---|---|---|
//! | word displacement `[buckets]` | u16 | u16 | `vocabulary` |
//! | word fingerprint `[vocabulary - 1]` | u16 | u16 | `vocabulary` |
//! | row block `[vocabulary / 16]` | u32 | u32 | `embedding` |
//! | row length `[vocabulary]` | u8 | u8 | `embedding` |
//! | row bits `[words]` | u32 | u32 | `embedding` |
//! | input mean `[channels]` | f32 | f32 | `scale`, `samples` |
//! | input factor `[channels]` | f32 | f32 | `scale`, `samples` |
//! | shape `[gates x counts]` | u16 | u16 | `sparse` |
//! | input start `[segments x (columns + 1)]` | u16 | u16 | `sparse` |
//! | input unit `[pairs]` | - | 2 × u8 | `float32` |
//! | input weight `[pairs]` | u32 | 2 × f32 | `int8`, `float32` |
//! | strip unit `[strips]` | u8 | u8 | `sparse` |
//! | recurrent column `[pairs]` | - | 2 × u8 | `float32` |
//! | recurrent weight `[pairs]` | u32 | 2 × f32 | `int8`, `float32` |
//! | unit `[hidden, made even]` | u32 | f32 | `int8`, `float32` |
//! | head weight `[logits x hidden]` | i16 | f32 | `classify` |
//! | head bias `[logits]` | i32 | f32 | `classify` |
//! | output mean `[logits]` | f32 | f32 | `scale`, `outputs` |
//! | output deviation `[logits]` | f32 | f32 | `scale`, `outputs` |
//! | reference `[halfwords]` | u16 | u16 | `self_test` |
//!
//! A model reads tokens or samples. If [`Header::vocabulary`] is 0 it reads samples of
//! [`Header::input`] channels, and the sections of words and rows are empty; else the two
//! sections of input statistics are. A model answers classes or numbers: of classes the two
//! sections of outputs are empty.
//!
//! The matrices of a layer lie in one of three ways, [`InputLayout`]: `W` by columns beside `U`
//! by strips; both joined in strips over `[h; x]`, `x` being the samples or the `h` of the
//! layer below; or both joined by columns. An index is one byte, so that a matrix of more than 256 rows or columns is cut
//! into blocks of 256 × 256, each coded like a matrix of its own; [`LayerShape`] tells how
//! many there are and the section of the shape how large each is: for each gate the pairs of
//! each row segment by columns, then for each block of the strips, row segment by row
//! segment, the strips of each class.
//!
//! The header and the shapes tell sizes, not addresses: the length of every section follows
//! from them ([`Header::section_bytes`]), and its place from the sections before it. So no
//! two sections can overlap and no byte can lie outside them.
//!
//! `VERSION` goes up when a reader of the last version would misread a file: another
//! header, another section, another meaning of a bit. A device reads this version; the
//! exporter's program reads every version there ever was and brings it to this one.

mod file;
mod header;
mod section;
mod shape;
mod task;

pub(crate) use file::Preamble;
pub use file::{File, Sections, checksum};
pub use header::{Header, HeaderParts, InputLayout, LayerHeader, RAW_VALUE, RowCode, WordCode};
pub use section::{Place, Section};
pub use shape::LayerShape;
pub(crate) use shape::strips_and_pairs;
pub use task::{Answer, Moment, Task};

/// First four bytes of every model file.
pub const MAGIC: [u8; 4] = *b"SETL";
/// First four bytes of every compact file, which stands for a model file; see `compact`.
pub const COMPACT_MAGIC: [u8; 4] = *b"SETZ";
/// Version of the format that this crate writes and reads.
pub const VERSION: u16 = 2;
/// Bytes before the postcard header.
pub const PREAMBLE_BYTES: usize = 20;
/// Where the checksum lies: the only bytes that it does not cover.
pub const CHECKSUM_AT: usize = 12;
/// Most hidden units of a layer and most inputs.
pub const MAX_UNITS: u16 = 1024;
/// Most layers of a file.
pub const MAX_LAYERS: usize = 4;
/// Rows and columns of a block: an index is one byte.
pub const SEGMENT: u16 = 256;
/// Rows that share one start in [`Section::RowBlock`].
pub const BLOCK_ROWS: usize = 16;
/// A strip of class `n` (from 0) has `n + 1` pairs of connections; longer rows are cut.
pub const STRIP_CLASSES: usize = 8;

/// What the numbers of a model are; the one byte that tells the engines apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// 8-bit weights, 16-bit state, no floating point at all.
    Int8 = 1,
    /// 32-bit floating point throughout.
    Float32 = 2,
}

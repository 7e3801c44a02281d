//! Enters: a compact file, as it came over the air. Leaves: the model file that it was made
//! from, bit for bit, in RAM or page by page in flash. Next: `Model::from_bytes`, which checks it.
//!
//! A model file is laid out for the kernels: an index of eight bits beside every weight, fillers,
//! starts of columns. A compact file says the same in fewer bits: where the connections of a
//! matrix are as the gaps between them in one Rice code, with no rows and no counts (within a
//! hundredth of what the entropy allows), and the weights in a prefix code. All else is copied.
//!
//! | bytes | field | written by | read by |
//! |---|---|---|---|
//! | 0..4 | magic `SETZ` | exporter `pack::compact` | [`Compact::open`] |
//! | 4..6 | version of this form, u16 | exporter `pack::compact` | [`Compact::open`] |
//! | 6 | [`Kind`] of the numbers, u8 | exporter `pack::compact` | [`Compact::open`] |
//! | 7 | zero | exporter `pack::compact` | [`Compact::open`] |
//! | 8..12 | length of the compact file, u32 | exporter `pack::compact` | [`Compact::open`] |
//! | 12..16 | CRC-32 of all other bytes, u32 | exporter `pack::compact` | [`Compact::open`] |
//! | 16..20 | length of the unpacked file, u32 | exporter `pack::compact` | [`Compact::unpack_into`] |
//! | 20..36 | lengths of the codes of `W`'s weights, 32 × 4 bits, low half first | exporter `pack::compact` | `weights` |
//! | 36..52 | the same of `U` | exporter `pack::compact` | `weights` |
//! | 52.. | parts, to the end of the file | exporter `pack::compact` | `parts` |
//!
//! The parts stand for the unpacked file from its first byte to its last:
//!
//! ```text
//! part    := 0, length u32, bytes [length]                        bytes as they are
//!          | 1, gap_bits u8, rows u16, columns u16, block*        W, by columns
//!          | 2, gap_bits u8, rows u16, columns u16, block*        U, by strips of rows
//! block   := gap* fill weight* fill          fill: zeros, to the next whole byte
//! gap     := rice(n, gap_bits)               n: empty positions since the last connection
//! weight  := sign code low                   int8, see `weights`; or all eight bits as they are
//!          | 32 bits, low byte first         f32
//! rice(n, k) := 0^(n / 2^k) 1 low            low: the low k bits of n
//! ```
//!
//! A matrix is cut into the blocks of the model file, in their order: `W` into 256 rows by all
//! columns, `U` (or `U` and `W` joined) into 256 rows by 256 columns, what is left at the ends.
//! Positions of a block are counted along its columns (`W`, `column · rows + row`) or its rows
//! (`U`, `row · columns + column`), and the last gap is the one that ends behind the last
//! position. The connections come in the order of the file, so they are written as they are
//! read: for strips, which lie sorted by length, the block is read once for each length. So no
//! table is needed: the memory is a few hundred bytes of stack and the page that is being filled.
//!
//! The bits of a byte are read from the most significant on.

mod bits;
mod block;
mod parts;
mod sink;
mod weights;

use crate::arithmetic::Arithmetic;
use crate::error::DecodeError;
use crate::model::Model;
use crate::wire::{COMPACT_MAGIC, Kind, MAX_UNITS, Preamble, checksum};
use core::convert::Infallible;
use sink::Sink;
pub use sink::UnpackError;
use weights::WeightCode;
pub use weights::{CLASSES, CODE_BYTES, LOW_BITS};

/// Version of the compact form that this crate reads.
pub const VERSION: u16 = 1;
/// Bytes before the first part.
pub const PREAMBLE_BYTES: usize = 20 + 2 * CODE_BYTES;
/// First byte of a part that is copied.
pub const PART_BYTES: u8 = 0;
/// First byte of a matrix by columns.
pub const PART_COLUMNS: u8 = 1;
/// First byte of a matrix by strips.
pub const PART_STRIPS: u8 = 2;
/// Most rows of a matrix.
pub const MAX_ROWS: u16 = MAX_UNITS;
/// Most columns of a matrix: those of `U` and `W` joined.
pub const MAX_COLUMNS: u16 = 2 * MAX_UNITS;
/// Most low bits of a gap.
pub const MAX_GAP_BITS: u8 = 16;

/// A compact file that arrived whole.
#[derive(Debug, Clone, Copy)]
pub struct Compact<'a> {
    bytes: &'a [u8],
    kind: Kind,
    unpacked: u32,
    codes: [&'a [u8; CODE_BYTES]; 2],
}

impl<'a> Compact<'a> {
    /// Checks that the bytes are a compact file and that all of them are as they were sent.
    ///
    /// # Errors
    /// Another file, another version, cut off, or a checksum that does not fit.
    pub fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (preamble, _) = Preamble::split(bytes).ok_or(DecodeError::NotCompact)?;
        if preamble.magic != COMPACT_MAGIC {
            return Err(DecodeError::NotCompact);
        }
        if preamble.version != VERSION {
            let found = preamble.version;
            return Err(DecodeError::CompactVersion { found });
        }
        if preamble.task != 0 {
            let found = preamble.task; // the model's own stands in its file
            return Err(DecodeError::Task { found });
        }
        let kind = preamble.kind_of(bytes)?;
        if checksum(bytes) != preamble.checksum {
            return Err(DecodeError::Checksum);
        }
        let code = |at| bytes.get(at..).and_then(|rest: &[u8]| rest.first_chunk());
        let (Some(input), Some(recurrent)) = (code(20), code(20 + CODE_BYTES)) else {
            return Err(DecodeError::Coded { at: 20 });
        };
        Ok(Compact {
            bytes,
            kind,
            unpacked: preamble.last,
            codes: [input, recurrent],
        })
    }

    /// What the numbers of the model are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes of the model file that comes out.
    pub fn unpacked_bytes(&self) -> u32 {
        self.unpacked
    }

    /// Writes the model file into `out`, whose bytes must lie on a multiple of four to be run
    /// from there; returns its length. `out` is the only working memory.
    ///
    /// The time is in proportion to the bytes: a matrix `W` is read some five times, a matrix
    /// `U` up to twenty.
    ///
    /// # Errors
    /// `out` is too small, or a part breaks a rule (which a transfer does not do, only a forger);
    /// `out` then holds nothing of use.
    pub fn unpack_into(&self, out: &mut [u8]) -> Result<usize, DecodeError> {
        let needed = self.unpacked;
        let page = usize::try_from(needed)
            .ok()
            .and_then(|length| out.get_mut(..length))
            .ok_or(DecodeError::Room { needed })?;
        let length = page.len();
        let never = |_: u32, _: &[u8]| Ok::<(), Infallible>(());
        match self.unpack(&mut Sink::new(page, needed, never)) {
            Ok(()) => Ok(length),
            Err(UnpackError::Decode(error)) => Err(error),
            Err(UnpackError::Write(never)) => match never {},
        }
    }

    /// Writes the model file page by page, for flash: `write` gets the offset of each page in
    /// the file and its bytes, pages in their order, all of them full but the last one. `page`
    /// is the only working memory; its length is the length of a page. Returns the length of
    /// the file.
    ///
    /// # Errors
    /// What `write` returns; no byte of room in `page`; or a part that breaks a rule. The pages
    /// that were written by then are of no use: let `Model::from_bytes` check a file before it
    /// takes the place of the last one.
    pub fn unpack_pages<E>(
        &self,
        page: &mut [u8],
        write: impl FnMut(u32, &[u8]) -> Result<(), E>,
    ) -> Result<u32, UnpackError<E>> {
        if page.is_empty() {
            return Err(DecodeError::Room { needed: 1 }.into());
        }
        let mut sink = Sink::new(page, self.unpacked, write);
        self.unpack(&mut sink)?;
        sink.flush()?;
        Ok(self.unpacked)
    }

    fn unpack<E, W: FnMut(u32, &[u8]) -> Result<(), E>>(
        &self,
        sink: &mut Sink<'_, W>,
    ) -> Result<(), UnpackError<E>> {
        let damaged = DecodeError::Coded { at: 20 };
        let [input, recurrent] = self.codes.map(|code| WeightCode::new(self.kind, code));
        let codes = [input.ok_or(damaged)?, recurrent.ok_or(damaged)?];
        let mut at = PREAMBLE_BYTES;
        while at < self.bytes.len() {
            at = parts::unpack(self.bytes, at, &codes, sink)?;
        }
        sink.check_end(at)
    }
}

/// [`Compact::open`] and [`Compact::unpack_into`].
///
/// ```
/// use set_lstm_runtime::{DecodeError, compact::unpack_into};
///
/// #[repr(align(4))]
/// struct Aligned([u8; 1024]);
/// let mut ram = Aligned([0; 1024]);
/// assert_eq!(unpack_into(b"no model", &mut ram.0), Err(DecodeError::NotCompact));
/// ```
///
/// # Errors
/// Those of the two.
pub fn unpack_into(compact: &[u8], out: &mut [u8]) -> Result<usize, DecodeError> {
    Compact::open(compact)?.unpack_into(out)
}

impl<A: Arithmetic, const L: usize> Model<'_, A, L> {
    /// Unpacks a compact file of this kind into `out`; [`Model::from_bytes`] takes what comes
    /// out, the first bytes of `out` up to the length that is returned. See [`Compact`] for
    /// flash, page by page.
    ///
    /// # Errors
    /// Not a compact file of this kind, not as it was sent, or larger than `out`.
    pub fn unpack_into(compact: &[u8], out: &mut [u8]) -> Result<usize, DecodeError> {
        let compact = Compact::open(compact)?;
        if compact.kind != A::KIND {
            return Err(DecodeError::OtherKind { file: compact.kind });
        }
        compact.unpack_into(out)
    }
}

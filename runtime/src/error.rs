//! Enters: what a check found. Leaves: [`DecodeError`], small enough for a device to
//! return and precise enough to act upon. Next: the application, which prints it.

use crate::wire::{Kind, MAX_UNITS, Section, VERSION};

/// Why bytes are not a model that this device can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes do not begin like a model file.
    NotAModel,
    /// The bytes are a compact file, which does not run as it is.
    Compact,
    /// The bytes do not begin like a compact file.
    NotCompact,
    /// The compact file has another version.
    CompactVersion {
        /// The version of the file.
        found: u16,
    },
    /// A part of a compact file breaks a rule.
    Coded {
        /// Where the part begins, in bytes from the start of the file.
        at: u32,
    },
    /// The file that a compact file stands for does not fit.
    Room {
        /// Bytes that it takes.
        needed: u32,
    },
    /// The file has another format version.
    Version {
        /// The version of the file.
        found: u16,
    },
    /// The file has numbers of a kind that does not exist.
    Kind {
        /// The byte that was found.
        found: u8,
    },
    /// The model answers something that this version does not know.
    Task {
        /// The byte that was found.
        found: u8,
    },
    /// The file has numbers of the other kind.
    OtherKind {
        /// The kind of the file.
        file: Kind,
    },
    /// The file is cut off, or something was appended to it.
    Length {
        /// The length that the file itself gives.
        says: u32,
    },
    /// At least one bit of the file has changed.
    Checksum,
    /// The file does not lie on a multiple of four bytes.
    Misaligned,
    /// The header does not decode, or says what cannot be.
    Header,
    /// A size beyond what this version runs.
    Size {
        /// Hidden units or inputs.
        found: u16,
    },
    /// More layers than the model type has room for.
    Layers {
        /// Layers of the file.
        found: u8,
    },
    /// A section reaches beyond the end of the file, or is not filled up with zeros.
    Cut {
        /// Where.
        section: Section,
    },
    /// The contents of a section break a rule.
    Content {
        /// Where.
        section: Section,
        /// Which entry of the section: row, column, pair, strip or unit.
        index: u32,
        /// Which rule.
        fault: Fault,
    },
}

/// The rule that the contents of a section break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// An index beyond the rows or columns of its matrix.
    OutOfRange,
    /// A start that does not follow the one before it, or rows that do not join.
    Order,
    /// A number that does not exist or that is too large.
    Value,
    /// Weights so large that a sum of this row could exceed 32 bits.
    Overflow,
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        use DecodeError::*;
        match *self {
            NotAModel => f.write_str("not a model file; make one with `set-lstm export`"),
            Compact => f.write_str(
                "a compact file; unpack it first, with `compact::unpack_into` or `set-lstm unpack`",
            ),
            NotCompact => {
                f.write_str("not a compact file; make one with `set-lstm export --compact`")
            }
            CompactVersion { found } => write!(
                f,
                "version {found} of the compact form where this program reads {}; update the older of the two",
                crate::compact::VERSION
            ),
            Coded { at } => write!(
                f,
                "the part at byte {at} of the compact file is damaged; copy or export it again"
            ),
            Room { needed } => write!(
                f,
                "the unpacked file has {needed} bytes; give room for as many"
            ),
            Version { found } if found > VERSION => write!(
                f,
                "format version {found} is newer than this program's {VERSION}; update the program or export the model again with this version"
            ),
            Version { found } => write!(
                f,
                "format version {found} is older than this program's {VERSION}; bring it up to date with `set-lstm upgrade`"
            ),
            Kind { found } => {
                write!(f, "unknown kind of numbers {found}; export the model again")
            }
            Task { found } => write!(
                f,
                "unknown task {found}; update the program, or export the model again with this version"
            ),
            OtherKind { file: crate::wire::Kind::Int8 } => f.write_str(
                "the file holds int8 values; use Model::<Int8> or export with --values f32",
            ),
            OtherKind { file: crate::wire::Kind::Float32 } => f.write_str(
                "the file holds f32 values; use Model::<Float32> or export with --values int8",
            ),
            Length { says } => write!(
                f,
                "the file should have {says} bytes and has not; copy or export it again"
            ),
            Checksum => f.write_str("the checksum does not fit; copy or export the file again"),
            Misaligned => f.write_str(
                "the model does not lie on a multiple of four bytes; place it in a static that is aligned to 4",
            ),
            Header => f.write_str("the header is damaged; copy or export the file again"),
            Size { found } => write!(
                f,
                "{found} hidden units or inputs where 1 to {MAX_UNITS} can run; train a smaller model"
            ),
            Layers { found } => write!(
                f,
                "{found} layers do not fit; use Model::<_, {found}> and a State of as many"
            ),
            Cut { section } => {
                write!(f, "section {section} is damaged at its end; copy or export the file again")
            }
            Content { section, index, fault } => {
                let what = match fault {
                    Fault::OutOfRange => "an index out of range",
                    Fault::Order => "entries out of order",
                    Fault::Value => "a value out of range",
                    Fault::Overflow => "weights whose sum can overflow",
                };
                write!(f, "section {section}, entry {index}: {what}; export the model again")
            }
        }
    }
}

impl core::error::Error for DecodeError {}

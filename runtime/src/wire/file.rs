//! Enters: the bytes of a file. Leaves: [`File`], its header, and [`Sections`], one array after
//! the other. Next: `model`, which checks what is in them.

use super::{
    CHECKSUM_AT, COMPACT_MAGIC, Header, HeaderParts, Kind, MAGIC, MAX_UNITS, PREAMBLE_BYTES,
    Section, Task, VERSION,
};
use crate::error::DecodeError;
use bytemuck::AnyBitPattern;

/// A model file whose preamble and header are read, its sections not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File<'a> {
    /// What the numbers are.
    pub kind: Kind,
    /// CRC-32 of the file; serves as the model's identity.
    pub checksum: u32,
    /// Shapes and constants.
    pub header: Header<'a>,
    /// The sections, from the first one's first byte to the end of the file.
    pub body: &'a [u8],
}

/// What model files and compact files begin with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preamble {
    pub magic: [u8; 4],
    pub version: u16,
    kind: u8,
    pub task: u8,
    length: u32,
    pub checksum: u32,
    /// The number that each form has for itself.
    pub last: u32,
}

impl Preamble {
    /// The preamble and the bytes behind it; `None` if the bytes are too few.
    pub fn split(bytes: &[u8]) -> Option<(Preamble, &[u8])> {
        let (preamble, rest) = bytes.split_first_chunk::<PREAMBLE_BYTES>()?;
        let &[m0, m1, m2, m3, v0, v1, kind, task, l0, l1, l2, l3, ..] = preamble;
        let &[.., c0, c1, c2, c3, n0, n1, n2, n3] = preamble;
        let preamble = Preamble {
            magic: [m0, m1, m2, m3],
            version: u16::from_le_bytes([v0, v1]),
            kind,
            task,
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            checksum: u32::from_le_bytes([c0, c1, c2, c3]),
            last: u32::from_le_bytes([n0, n1, n2, n3]),
        };
        Some((preamble, rest))
    }

    /// What the numbers are, if `file`, which it stands before, has its length.
    ///
    /// # Errors
    /// No such kind, or another length.
    pub fn kind_of(&self, file: &[u8]) -> Result<Kind, DecodeError> {
        let kind = match self.kind {
            1 => Kind::Int8,
            2 => Kind::Float32,
            found => return Err(DecodeError::Kind { found }),
        };
        if file.len() as u64 == u64::from(self.length) {
            Ok(kind)
        } else {
            Err(DecodeError::Length { says: self.length })
        }
    }
}

impl<'a> File<'a> {
    /// Reads kind and shapes without a look at the rest: cheap, for build scripts and for
    /// choosing an engine. `Model::from_bytes` checks everything.
    ///
    /// # Errors
    /// Not a model file, another version, a task that is not known, cut off, or a header that
    /// does not decode.
    pub fn peek(bytes: &'a [u8]) -> Result<File<'a>, DecodeError> {
        let (preamble, rest) = Preamble::split(bytes).ok_or(DecodeError::NotAModel)?;
        if preamble.magic != MAGIC {
            return Err(match preamble.magic {
                COMPACT_MAGIC => DecodeError::Compact,
                _ => DecodeError::NotAModel,
            });
        }
        if preamble.version != VERSION {
            let found = preamble.version;
            return Err(DecodeError::Version { found });
        }
        let kind = preamble.kind_of(bytes)?;
        let found = preamble.task;
        let task = Task::of_byte(found).ok_or(DecodeError::Task { found })?;
        let length = preamble.last as usize;
        let (header, rest) = rest.split_at_checked(length).ok_or(DecodeError::Header)?;
        let parts = HeaderParts::read(header).ok_or(DecodeError::Header)?;
        let header = parts.header(task).ok_or(DecodeError::Header)?;
        let fill = length.wrapping_neg() % 4;
        let (fill, body) = rest.split_at_checked(fill).ok_or(DecodeError::Header)?;
        if fill.iter().any(|&byte| byte != 0) {
            return Err(DecodeError::Header);
        }
        Ok(File {
            kind,
            checksum: preamble.checksum,
            header,
            body,
        })
    }

    /// [`File::peek`] and the checksum.
    ///
    /// # Errors
    /// Those of [`File::peek`], and a checksum that does not fit the bytes.
    #[inline(never)] // its copies of the header are off the stack when the sections are checked
    pub fn open(bytes: &'a [u8]) -> Result<File<'a>, DecodeError> {
        let file = File::peek(bytes);
        if let Ok(file) = &file
            && checksum(bytes) != file.checksum
        {
            return Err(DecodeError::Checksum);
        }
        file
    }
}

/// CRC-32 (the one of zip and Ethernet) of a file, its own four bytes left out.
pub fn checksum(bytes: &[u8]) -> u32 {
    // no table: 1 KB of flash for a sum that is taken once would be a bad trade
    const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, _>::new(&crc::CRC_32_ISO_HDLC);
    let mut digest = CRC.digest();
    let before = bytes.get(..CHECKSUM_AT).unwrap_or(bytes);
    let behind = bytes.get(CHECKSUM_AT + 4..).unwrap_or_default();
    for part in [before, behind] {
        digest.update(part);
    }
    digest.finalize()
}

impl<'a> File<'a> {
    /// All sections with their bytes, in their order, as far as they are there; none of sizes
    /// that cannot run.
    pub fn sections(&self) -> impl Iterator<Item = (Section, &'a [u8])> + use<'a> {
        let (kind, header) = (self.kind, self.header);
        let (mut rest, mut counts) = (Sections::new(self), &[][..]);
        let mut shapes = (0..header.layer_count()).map(|layer| header.layer_shape(layer));
        let runs = shapes.all(|shape| shape.hidden <= MAX_UNITS && shape.input <= MAX_UNITS);
        let all = Section::all(header.layer_count()).take_while(move |_| runs);
        all.map_while(move |section| {
            let length = header.section_bytes(kind, section, counts);
            let bytes = rest.next(section, length);
            rest.check().ok()?;
            if let Section::Shape(_) = section {
                counts = bytemuck::try_cast_slice(bytes).ok()?;
            }
            Some((section, bytes))
        })
    }
}

/// Hands out the sections of a file, one after the other. What is wrong with one is said by
/// [`Sections::check`], so that many can be taken before anybody asks.
#[derive(Debug, Clone)]
pub struct Sections<'a> {
    rest: &'a [u8],
    /// The first section that is not whole.
    cut: Option<Section>,
}

impl<'a> Sections<'a> {
    /// All sections of `file`, from the first.
    pub fn new(file: &File<'a>) -> Self {
        Sections {
            rest: file.body,
            cut: None,
        }
    }

    /// The next section, which has `length` bytes; none of a section that is not whole, and of
    /// all that come after it.
    #[inline(never)] // from many places
    pub fn next(&mut self, section: Section, length: u32) -> &'a [u8] {
        let length = length as usize;
        let whole = self
            .rest
            .split_at_checked(length)
            .and_then(|(bytes, rest)| {
                let (fill, rest) = rest.split_at_checked(length.wrapping_neg() % 4)?;
                fill.iter().all(|&byte| byte == 0).then_some((bytes, rest))
            });
        match whole {
            Some((bytes, rest)) if self.cut.is_none() => {
                self.rest = rest;
                bytes
            }
            _ => {
                self.cut.get_or_insert(section);
                &[]
            }
        }
    }

    /// The next section as an array of `T`. Sections are aligned, so the cast holds; were it not
    /// so, the section would count as not whole.
    pub(crate) fn array<T: AnyBitPattern>(&mut self, section: Section, length: u32) -> &'a [T] {
        match bytemuck::try_cast_slice(self.next(section, length)) {
            Ok(array) => array,
            Err(_) => {
                self.cut.get_or_insert(section);
                &[]
            }
        }
    }

    /// Whether all sections so far were whole.
    ///
    /// # Errors
    /// The file ended before a section did, or a section's fill was not zero.
    #[inline]
    pub fn check(&self) -> Result<(), DecodeError> {
        match self.cut {
            None => Ok(()),
            Some(section) => Err(DecodeError::Cut { section }),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Those of [`Sections::check`], or bytes are left over.
    pub fn finish(self) -> Result<(), DecodeError> {
        self.check()?;
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Header)
        }
    }
}

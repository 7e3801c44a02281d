//! Enters: a header and sections in their order. Leaves: the file, checksum included.
//! Next: whoever stores it.

use set_lstm_runtime::wire::{
    CHECKSUM_AT, Header, HeaderParts, Kind, MAGIC, PREAMBLE_BYTES, Section, VERSION, checksum,
};

/// A file in the making.
pub(super) struct Writer<'a> {
    kind: Kind,
    header: Header<'a>,
    bytes: Vec<u8>,
    /// The shape of the layer whose sections come.
    counts: Vec<u16>,
}

impl<'a> Writer<'a> {
    /// Writes preamble and header, with length and checksum still zero.
    pub fn new(kind: Kind, header: Header<'a>) -> Self {
        let (numbers, count) = header.numbers();
        let parts = HeaderParts {
            numbers: &numbers[..count],
            class_names: header.class_names,
        };
        let postcard = postcard::to_allocvec(&parts).expect("a header is plain data");
        let mut bytes = Vec::with_capacity(PREAMBLE_BYTES + postcard.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([kind as u8, header.task.byte()]);
        bytes.extend([0; 8]);
        bytes.extend((postcard.len() as u32).to_le_bytes());
        bytes.extend(postcard);
        let mut writer = Writer {
            kind,
            header,
            bytes,
            counts: Vec::new(),
        };
        writer.fill();
        writer
    }

    /// Writes one section, which must have the length that the header gives it.
    pub fn section(&mut self, section: Section, bytes: &[u8]) {
        let expected = self.header.section_bytes(self.kind, section, &self.counts);
        if let Section::Shape(_) = section {
            let counts = bytes.as_chunks().0.iter();
            self.counts = counts.map(|&count| u16::from_le_bytes(count)).collect();
        }
        assert_eq!(
            bytes.len(),
            expected as usize,
            "section {section} has the header's length"
        );
        self.bytes.extend_from_slice(bytes);
        self.fill();
    }

    /// Sets length and checksum.
    pub fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).expect("a model is smaller than 4 GB");
        self.bytes[8..12].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum(&self.bytes);
        self.bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum.to_le_bytes());
        self.bytes
    }

    fn fill(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

/// Numbers of the file's byte order, end to end.
pub(super) fn bytes<T: LittleEndian>(values: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    values
        .into_iter()
        .for_each(|value| value.extend(&mut bytes));
    bytes
}

/// An integer that the file can hold.
pub(super) trait LittleEndian {
    fn extend(self, bytes: &mut Vec<u8>);
}

macro_rules! little_endian {
    ($($integer:ty),*) => {
        $(impl LittleEndian for $integer {
            fn extend(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        })*
    };
}

little_endian!(u16, i16, u32, i32);

//! Enters: the bytes of the unpacked file, a few at a time. Leaves: whole pages. Next: the
//! caller's RAM or flash.

use crate::error::DecodeError;

/// Why a file was not unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UnpackError<E> {
    /// The compact file is at fault.
    Decode(DecodeError),
    /// A page could not be written.
    Write(E),
}

impl<E> From<DecodeError> for UnpackError<E> {
    fn from(error: DecodeError) -> Self {
        UnpackError::Decode(error)
    }
}

impl<E: core::fmt::Display> core::fmt::Display for UnpackError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            UnpackError::Decode(error) => error.fmt(f),
            UnpackError::Write(error) => write!(f, "a page was not written: {error}"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for UnpackError<E> {}

/// Collects bytes to pages.
#[derive(Debug)]
pub(super) struct Sink<'b, W> {
    page: &'b mut [u8],
    /// Bytes of the page that are there.
    filled: usize,
    /// Bytes of the file before the page.
    before: u32,
    /// Bytes that the file shall have.
    length: u32,
    write: W,
}

impl<'b, E, W: FnMut(u32, &[u8]) -> Result<(), E>> Sink<'b, W> {
    /// Nothing written yet, of a file of `length` bytes.
    pub fn new(page: &'b mut [u8], length: u32, write: W) -> Self {
        Sink {
            page,
            filled: 0,
            before: 0,
            length,
            write,
        }
    }

    fn written(&self) -> u32 {
        self.before.wrapping_add(self.filled as u32)
    }

    /// Writes bytes, which the part `at` stands for.
    pub fn push(&mut self, bytes: &[u8], at: usize) -> Result<(), UnpackError<E>> {
        if bytes.len() as u64 > u64::from(self.length.saturating_sub(self.written())) {
            return Err(damaged(at));
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = self.page.get_mut(self.filled..).unwrap_or_default();
            if room.is_empty() {
                self.flush()?;
                continue;
            }
            let (now, later) = rest.split_at_checked(room.len()).unwrap_or((rest, &[]));
            for (to, &from) in room.iter_mut().zip(now) {
                *to = from;
            }
            self.filled += now.len();
            rest = later;
        }
        Ok(())
    }

    /// Zeros up to a multiple of four.
    pub fn fill(&mut self, at: usize) -> Result<(), UnpackError<E>> {
        let fill = (self.written().wrapping_neg() % 4) as usize;
        self.push([0; 3].get(..fill).unwrap_or_default(), at)
    }

    /// Hands out the page, whole or not.
    pub fn flush(&mut self) -> Result<(), UnpackError<E>> {
        let page = self.page.get(..self.filled).unwrap_or_default();
        if !page.is_empty() {
            (self.write)(self.before, page).map_err(UnpackError::Write)?;
        }
        self.before = self.written();
        self.filled = 0;
        Ok(())
    }

    /// Ends the parts, at the byte `at`: the file must have its length.
    pub fn check_end(&self, at: usize) -> Result<(), UnpackError<E>> {
        if self.written() == self.length {
            Ok(())
        } else {
            Err(damaged(at))
        }
    }
}

/// The error of the part at a byte.
pub(super) fn damaged<E>(at: usize) -> UnpackError<E> {
    UnpackError::Decode(DecodeError::Coded { at: at as u32 })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn pages_are_full_but_the_last() {
        let mut pages = Vec::new();
        let write = |offset: u32, page: &[u8]| {
            pages.push((offset, page.to_vec()));
            Ok::<(), ()>(())
        };
        let mut page = [0; 4];
        let mut sink = Sink::new(&mut page, 11, write);
        sink.push(&[1, 2, 3, 4, 5], 0).unwrap();
        sink.fill(0).unwrap();
        sink.push(&[6, 7, 8], 0).unwrap();
        assert_eq!(sink.push(&[9], 52), Err(damaged(52)));
        assert_eq!(sink.check_end(60), Ok(()));
        sink.flush().unwrap();
        let expected = [
            (0, [1, 2, 3, 4].to_vec()),
            (4, [5, 0, 0, 0].to_vec()),
            (8, [6, 7, 8].to_vec()),
        ];
        assert_eq!(pages, expected);
    }

    #[test]
    fn what_the_writer_says_comes_back() {
        let mut page = [0; 2];
        let mut sink = Sink::new(&mut page, 8, |offset, _: &[u8]| Err(offset));
        assert_eq!(sink.push(&[1, 2, 3], 0), Err(UnpackError::Write(0)));
        let mut sink = Sink::new(&mut page, 8, |_, _: &[u8]| Err("no flash"));
        sink.push(&[1, 2], 0).unwrap();
        assert_eq!(sink.check_end(7), Err(damaged(7)));
        let error = sink.flush().unwrap_err();
        assert_eq!(std::format!("{error}"), "a page was not written: no flash");
    }
}

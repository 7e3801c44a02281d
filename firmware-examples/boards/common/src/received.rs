//! Enters: bytes, one by one, from the interrupt of a serial port. Leaves: the same bytes in
//! order, or that some were lost. Next: `port`.
//!
//! A step of a model takes longer than a byte on the wire, so that an interrupt has to take
//! the bytes and keep them until the application has the time.

use core::cell::RefCell;
use critical_section::Mutex;
use heapless::Deque;

/// Bytes were lost between those that were read before this and those that come after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, defmt::Format)]
pub struct Lost;

impl core::fmt::Display for Lost {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str("bytes were lost; send the line again")
    }
}

impl core::error::Error for Lost {}

impl embedded_io::Error for Lost {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::OutOfMemory
    }
}

/// Where an interrupt puts what it receives.
///
/// Ports know their queue as one of these from the moment they listen: a program that only
/// sends does not have it in RAM.
pub trait Sink: Sync {
    /// Takes a byte from the wire; if there is no room, it is lost.
    fn push(&self, byte: u8);

    /// Notes that the hardware has lost a byte, or has received a damaged one.
    fn lose(&self);
}

/// A queue of up to `N` bytes between an interrupt and the application.
pub struct Received<const N: usize> {
    queue: Mutex<RefCell<Queue<N>>>,
}

struct Queue<const N: usize> {
    bytes: Deque<u8, N>,
    /// Something was lost behind the last byte of the queue. Then nothing is taken until the
    /// application knows of it: what it reads before that was sent so, without a gap.
    is_broken: bool,
    /// Among what was lost is the end of a line.
    lost_end: bool,
}

impl<const N: usize> Received<N> {
    /// Nothing received yet.
    pub const fn new() -> Self {
        Received {
            queue: Mutex::new(RefCell::new(Queue {
                bytes: Deque::new(),
                is_broken: false,
                lost_end: false,
            })),
        }
    }

    /// Moves bytes into a buffer of at least one, as many as there are; how many. `None`:
    /// nothing has come.
    ///
    /// # Errors
    /// Bytes were lost here; told once. If the end of a line was among them, one comes next:
    /// so whoever waits for the answer to a line gets it.
    pub fn read(&self, buffer: &mut [u8]) -> Option<Result<usize, Lost>> {
        self.with(|queue| {
            let mut count = 0;
            for (place, byte) in buffer
                .iter_mut()
                .zip(core::iter::from_fn(|| queue.bytes.pop_front()))
            {
                *place = byte;
                count += 1;
            }
            if count > 0 {
                return Some(Ok(count));
            }
            if !core::mem::take(&mut queue.is_broken) {
                return None;
            }
            if core::mem::take(&mut queue.lost_end) {
                // there is room: the queue is empty
                let _ = queue.bytes.push_back(b'\n');
            }
            Some(Err(Lost))
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Queue<N>) -> T) -> T {
        critical_section::with(|section| work(&mut self.queue.borrow_ref_mut(section)))
    }
}

impl<const N: usize> Sink for Received<N> {
    fn push(&self, byte: u8) {
        self.with(|queue| {
            if queue.is_broken || queue.bytes.push_back(byte).is_err() {
                queue.is_broken = true;
                queue.lost_end |= matches!(byte, b'\r' | b'\n');
            }
        });
    }

    fn lose(&self) {
        self.with(|queue| queue.is_broken = true);
    }
}

impl<const N: usize> Default for Received<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Lost, Received, Sink};
    use std::vec::Vec;

    /// All that can be read at once.
    fn read<const N: usize>(received: &Received<N>) -> Option<Result<Vec<u8>, Lost>> {
        let mut buffer = [0; 16];
        let read = received.read(&mut buffer)?;
        Some(read.map(|count| buffer[..count].to_vec()))
    }

    fn push<const N: usize>(received: &Received<N>, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| received.push(byte));
    }

    #[test]
    fn bytes_come_in_order_and_once() {
        let received = Received::<4>::new();
        assert_eq!(read(&received), None);
        push(&received, b"abcd");
        let mut two = [0; 2];
        assert_eq!(received.read(&mut two), Some(Ok(2)));
        assert_eq!(&two, b"ab");
        push(&received, b"e");
        assert_eq!(read(&received), Some(Ok(b"cde".to_vec())));
        assert_eq!(read(&received), None);
    }

    #[test]
    fn a_full_queue_tells_of_the_gap_where_it_is() {
        let received = Received::<4>::new();
        push(&received, b"abcdef");
        let mut two = [0; 2];
        assert_eq!(received.read(&mut two), Some(Ok(2)));
        // there is room again, but what comes now belongs behind the gap
        push(&received, b"g");
        assert_eq!(read(&received), Some(Ok(b"cd".to_vec())));
        assert_eq!(read(&received), Some(Err(Lost)));
        assert_eq!(read(&received), None);
        push(&received, b"h");
        assert_eq!(read(&received), Some(Ok(b"h".to_vec())));
    }

    #[test]
    fn the_end_of_a_line_that_is_lost_comes_behind_the_gap() {
        for end in [&b"\n"[..], b"\r", b"\r\n"] {
            let received = Received::<4>::new();
            push(&received, b"abcdef");
            push(&received, end);
            assert_eq!(read(&received), Some(Ok(b"abcd".to_vec())));
            assert_eq!(read(&received), Some(Err(Lost)));
            assert_eq!(read(&received), Some(Ok(b"\n".to_vec())));
            assert_eq!(read(&received), None);
        }
    }

    #[test]
    fn a_byte_that_the_hardware_lost_is_told_once() {
        let received = Received::<4>::new();
        push(&received, b"a");
        received.lose();
        received.lose();
        assert_eq!(read(&received), Some(Ok(b"a".to_vec())));
        assert_eq!(read(&received), Some(Err(Lost)));
        assert_eq!(read(&received), None);
    }
}

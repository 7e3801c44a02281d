//! Enters: bytes. Leaves: which of them are text, and where a line ends. Next: `run`.

/// What a byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A byte of the text.
    Text(u8),
    /// The end of a line.
    End,
    /// The second half of an end that was there before.
    Nothing,
}

/// Finds the ends of lines.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    /// The last byte was `\r`.
    after_return: bool,
}

impl Endings {
    /// What the next byte is.
    pub fn push(&mut self, byte: u8) -> Piece {
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        match byte {
            b'\n' if after_return => Piece::Nothing,
            b'\n' | b'\r' => Piece::End,
            byte => Piece::Text(byte),
        }
    }
}

/// What is known of the line that is coming in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// Nothing was typed.
    pub is_empty: bool,
    /// The port lost some of it.
    pub is_broken: bool,
    /// Words so far.
    pub tokens: u32,
    /// Ticks of the clock that it took so far.
    pub ticks: u64,
}

impl Line {
    /// A line that begins.
    pub const NEW: Self = Line {
        is_empty: true,
        is_broken: false,
        tokens: 0,
        ticks: 0,
    };
}

#[cfg(test)]
mod tests {
    use super::{Endings, Piece};

    #[test]
    fn both_halves_of_an_end_are_one_end() {
        let mut endings = Endings::default();
        let pieces = b"a\rb\n\r\n\n\r\r".map(|byte| endings.push(byte));
        let (text, end, nothing) = (Piece::Text, Piece::End, Piece::Nothing);
        let expected = [
            text(b'a'),
            end,
            text(b'b'),
            end,
            end,
            nothing,
            end,
            end,
            end,
        ];
        assert_eq!(pieces, expected);
    }
}

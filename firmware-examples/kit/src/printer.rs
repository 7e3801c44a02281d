//! Enters: words and numbers. Leaves: ASCII on a port. Next: a person, or a program that
//! splits the line at its tabs.

use embedded_io::Write;
use set_lstm_runtime::{Arithmetic, Logit, Model, State};

/// Writes to a port. The first error is returned; what was written before it stays.
#[derive(Debug)]
pub struct Printer<'p, W: Write>(pub &'p mut W);

impl<W: Write> Printer<'_, W> {
    /// A text as it is.
    ///
    /// # Errors
    /// Those of the port, here and below.
    #[inline(never)]
    pub fn text(&mut self, text: &str) -> Result<(), W::Error> {
        self.0.write_all(text.as_bytes())
    }

    /// The end of a line, for terminals of every kind.
    ///
    /// # Errors
    /// Those of the port.
    pub fn end(&mut self) -> Result<(), W::Error> {
        self.text("\r\n")
    }

    /// A number in decimal.
    ///
    /// # Errors
    /// Those of the port.
    pub fn decimal(&mut self, number: u32) -> Result<(), W::Error> {
        self.padded(number, 1)
    }

    /// A number in decimal, and what it counts behind it.
    ///
    /// # Errors
    /// Those of the port.
    #[inline(never)]
    pub fn count(&mut self, number: u32, what: &str) -> Result<(), W::Error> {
        self.decimal(number)?;
        self.text(what)
    }

    /// A number in decimal with zeros in front up to so many digits.
    #[inline(never)]
    fn padded(&mut self, mut number: u32, least: usize) -> Result<(), W::Error> {
        let mut digits = [b'0'; 10]; // u32::MAX has ten
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            used += 1;
            if number == 0 && used >= least {
                break;
            }
        }
        let (_, digits) = digits.split_at_checked(10 - used).unwrap_or_default();
        self.0.write_all(digits)
    }

    /// Eight hexadecimal digits.
    ///
    /// # Errors
    /// Those of the port.
    #[inline(never)]
    pub fn hexadecimal(&mut self, number: u32) -> Result<(), W::Error> {
        let mut digits = [0; 8];
        for (place, digit) in digits.iter_mut().rev().enumerate() {
            let value = (number >> (4 * place)) as u8 & 15;
            *digit = value + if value < 10 { b'0' } else { b'a' - 10 };
        }
        self.0.write_all(&digits)
    }

    /// A number that is not negative, with three decimals; beyond four million the largest
    /// that there is.
    ///
    /// # Errors
    /// Those of the port.
    pub fn score(&mut self, score: f32) -> Result<(), W::Error> {
        let scaled = (score * 1000.0 + 0.5) as u32;
        self.decimal(scaled / 1000)?;
        self.text(".")?;
        self.padded(scaled % 1000, 3)
    }

    /// The bits of all logits, with commas: what equals the host's to the last bit or not.
    ///
    /// # Errors
    /// Those of the port.
    #[inline(never)]
    pub fn logits<A: Arithmetic, const N: usize, const L: usize>(
        &mut self,
        model: &Model<'_, A, L>,
        state: &State<A, N, L>,
    ) -> Result<(), W::Error> {
        let mut comma = "\tlogits ";
        for logit in state.logits(model) {
            self.text(comma)?;
            self.hexadecimal(logit.bits())?;
            comma = ",";
        }
        Ok(())
    }
}

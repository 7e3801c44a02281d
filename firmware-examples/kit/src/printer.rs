//! Enters: words and numbers. Leaves: ASCII on a port. Next: a person, or a program that
//! splits the line at its tabs.

use embedded_io::Write;
use set_lstm_runtime::{Answer, Arithmetic, Logit, Model, State};

/// Writes to a port. The first error is returned; what was written before it stays.
#[derive(Debug)]
pub struct Printer<'p, W: Write>(pub &'p mut W);

impl<W: Write> Printer<'_, W> {
    /// A text as it is.
    ///
    /// # Errors
    /// Those of the port, here and below.
    pub fn text(&mut self, text: &str) -> Result<(), W::Error> {
        self.bytes(text.as_bytes())
    }

    #[inline(never)]
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), W::Error> {
        self.0.write_all(bytes)
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
        self.bytes(digits)
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
        self.bytes(&digits)
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

    /// A number with six digits, or fewer if more than six of them would be decimals; beyond
    /// four thousand million the largest that there is.
    ///
    /// # Errors
    /// Those of the port.
    #[inline(never)]
    pub fn number(&mut self, number: f32) -> Result<(), W::Error> {
        if number < 0.0 {
            self.text("-")?;
        }
        let (mut scaled, mut one, mut decimals) = (number.abs(), 1, 0);
        while scaled < 99_999.5 && decimals < 6 {
            (scaled, one, decimals) = (scaled * 10.0, one * 10, decimals + 1);
        }
        let scaled = (scaled + 0.5) as u32;
        // `one` is no zero, which the compiler does not see: a division would be a panic path
        let whole = scaled.checked_div(one).unwrap_or_default();
        self.decimal(whole)?;
        if decimals > 0 {
            self.text(".")?;
            self.padded(scaled.wrapping_sub(whole * one), decimals)?;
        }
        Ok(())
    }

    /// What a model says: the name of the class and its score with a tab between; or
    /// `name=number` of every number of a regression, with tabs between. The label of a class.
    /// `of` is a constant, or both are linked.
    ///
    /// # Errors
    /// Those of the port.
    #[inline(always)]
    pub fn answer<A: Arithmetic, const N: usize, const L: usize>(
        &mut self,
        of: Answer,
        model: &Model<'_, A, L>,
        state: &State<A, N, L>,
    ) -> Result<Option<u8>, W::Error> {
        match of {
            Answer::Class => self.class(model, state).map(Some),
            Answer::Values => self.numbers(model, state).map(|()| None),
        }
    }

    #[inline(never)]
    fn numbers<A: Arithmetic, const N: usize, const L: usize>(
        &mut self,
        model: &Model<'_, A, L>,
        state: &State<A, N, L>,
    ) -> Result<(), W::Error> {
        let mut tab = "";
        for (name, value) in model.names().zip(state.values(model)) {
            self.text(tab)?;
            self.text(name)?;
            self.text("=")?;
            self.number(value)?;
            tab = "\t";
        }
        Ok(())
    }

    #[inline(never)]
    fn class<A: Arithmetic, const N: usize, const L: usize>(
        &mut self,
        model: &Model<'_, A, L>,
        state: &State<A, N, L>,
    ) -> Result<u8, W::Error> {
        let class = state.classify(model);
        self.text(model.class_name(class.label).unwrap_or("?"))?;
        self.text("\t")?;
        self.score(class.score)?;
        Ok(class.label)
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

#[cfg(test)]
mod tests {
    extern crate std;
    use super::Printer;
    use std::string::String;

    fn printed(print: impl FnOnce(&mut Printer<'_, &mut [u8]>)) -> String {
        let mut buffer = [0; 64];
        let mut rest = &mut buffer[..];
        print(&mut Printer(&mut rest));
        let length = 64 - rest.len();
        String::from_utf8(buffer[..length].into()).expect("ASCII")
    }

    #[test]
    fn numbers_are_printed_as_core_fmt_prints_them() {
        for number in [0, 7, 10, 999, 4_294_967_295_u32] {
            let decimal = printed(|out| out.count(number, " us").expect("room"));
            assert_eq!(decimal, std::format!("{number} us"));
            let hexadecimal = printed(|out| out.hexadecimal(number).expect("room"));
            assert_eq!(hexadecimal, std::format!("{number:08x}"));
        }
        for score in [0.0, 0.0004, 0.0625, 3.2714, 12.9996, 1000.5_f32] {
            let found = printed(|out| out.score(score).expect("room"));
            let exact: f32 = found.parse().expect("a number");
            assert!((exact - score).abs() <= 0.00051, "{found} {score}");
            let (_, decimals) = found.split_once('.').expect("a point");
            assert_eq!(decimals.len(), 3, "{found}");
        }
        assert_eq!(
            printed(|out| out.score(f32::MAX).expect("room")),
            "4294967.295"
        );
        assert_eq!(printed(|out| out.score(f32::NAN).expect("room")), "0.000");
    }

    #[test]
    fn a_number_has_six_digits_and_a_sign() {
        for (number, expected) in [
            (0.0, "0.000000"),
            (-0.0, "0.000000"),
            (1.0, "1.00000"),
            (-12.345_678, "-12.3457"),
            (99_999.4, "99999.4"),
            (99_999.96, "100000"),
            (999_999.9, "1000000"),
            (0.000_012, "0.000012"),
            (-0.062_5, "-0.062500"),
            (1e9, "1000000000"),
            (f32::NEG_INFINITY, "-4294967295"),
            (f32::NAN, "0"),
        ] {
            let found = printed(|out| out.number(number).expect("room"));
            assert_eq!(found, expected, "{number}");
        }
        for number in [
            3.141_592_7_f32,
            0.999_999_9,
            0.099_999_99,
            1234.5,
            65_536.5,
            7.5e-5,
        ] {
            let found = printed(|out| out.number(-number).expect("room"));
            let read: f32 = found.parse().expect("a number");
            let error = (read + number).abs();
            assert!(error <= 5.1e-6 * number.max(0.1), "{found} {number}");
        }
    }

    #[test]
    fn a_port_that_is_full_is_an_error() {
        let mut buffer = [0; 3];
        let mut rest = &mut buffer[..];
        let printed = Printer(&mut rest).text("four");
        assert!(printed.is_err());
    }
}

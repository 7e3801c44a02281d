//! Text typed at a board: a line on the serial port, a label back.
//!
//! ```text
//! bytes of the port ──▶ Endings ──▶ Tokenizer ──▶ State ──▶ answer line
//!                  end of the line?   words      step by step
//! ```
//!
//! Every byte goes through as it comes: the text is never stored, and may have any length.
//! A line ends with `\n`, `\r` or both. What the board answers, fields parted by tabs:
//!
//! ```text
//! positive  3.271  24 tokens  1586 us  66 us a token  logits 00034577
//! ```
//!
//! - the class, its score as in `set-lstm predict`, and the words of the line; a model of numbers
//!   has `name=number` of each in the place of class and score;
//! - the time for the line and for a word of it, without the time that the bytes took to
//!   come; on an emulator, which has no time of its own, instructions;
//! - the bits of the logits, which are the host's to the last one.
//!
//! | typed | answered |
//! |---|---|
//! | an empty line | what to type |
//! | words that the model does not know | a class like any other; one unknown word in 65,536 is taken for a known one |
//! | no word at all | the class of one unknown word |
//! | bytes that are not UTF-8 | they part words, like blanks |
//! | a word of more than 32 bytes | its first 32 count, as in training |
//! | a line of which the port has lost bytes | `error: ` and what to do |
//!
//! After every answer comes the prompt `> ` without an end of line.
#![no_std]
#![forbid(unsafe_code)]

pub mod embedded;

mod line;

mod answer;

mod run;

pub use run::run;
pub use set_lstm_kit::{Clock, Memory, Rate, Refusal, Stopped};

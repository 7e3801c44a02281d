//! Enters: `SET_LSTM_STRETCH`, lines of numbers as `set-lstm stretch` writes them and
//! `set-lstm predict` reads them, a sample of every channel a line. Leaves: Rust source of
//! the samples as 16-bit steps, half the flash that floats take and what a sensor gives
//! anyway. Next: the build script of `activity` writes it.

use crate::input;

/// Steps in one unit of a channel, one g or one radian a second; a power of two, so that
/// no number changes on its way.
pub const STEPS_OF_ONE: f32 = 1024.0;

/// The samples that the variable names, or the default ones, for so many channels.
///
/// # Errors
/// The file cannot be read, a line is not so many numbers, or a number is no whole number of
/// steps or beyond 16 bits of them.
pub fn samples(default: &str, channels: usize) -> Result<String, String> {
    let file = input("SET_LSTM_STRETCH", default)?;
    let path = file.path.display();
    let text = String::from_utf8_lossy(&file.bytes);
    let mut rows = String::new();
    let mut count = 0;
    let lines = (1..).zip(text.lines());
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let refuse = |what: &str| {
            format!("{path}: line {number}: {what}; write the file by `set-lstm stretch`")
        };
        let fields = line.split(',').map(|field| step(field.trim()));
        let Some(steps) = fields.collect::<Option<Vec<i16>>>() else {
            return Err(refuse("a number that no 16 bits of 1/1024 hold"));
        };
        if steps.len() != channels {
            return Err(refuse(&format!("not the model's {channels} numbers")));
        }
        rows += &format!("    {steps:?},\n");
        count += 1;
    }
    Ok(format!(
        "/// Numbers of a sample.\n\
         pub const CHANNELS: usize = {channels};\n\
         /// Steps in one unit of a channel.\n\
         const STEPS_OF_ONE: f32 = {STEPS_OF_ONE:?};\n\
         static STRETCH: [[i16; CHANNELS]; {count}] = [\n{rows}];\n"
    ))
}

/// A number in steps, if it is a whole number of them.
fn step(field: &str) -> Option<i16> {
    let steps = field.parse::<f32>().ok()? * STEPS_OF_ONE;
    let whole = steps as i16;
    (f32::from(whole) == steps).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn a_number_is_whole_steps_or_refused() {
        for (field, expected) in [
            ("0", Some(0)),
            ("-1", Some(-1024)),
            ("0.0009765625", Some(1)),
            ("31.9990234375", Some(i16::MAX)),
            ("32", None),
            ("0.001", None),
            ("NaN", None),
            ("g", None),
        ] {
            assert_eq!(step(field), expected, "{field}");
        }
    }
}

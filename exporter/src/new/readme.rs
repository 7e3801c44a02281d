//! Enters: a board and what a model reads. Leaves: the words of a project's README that depend on
//! them. Next: `mod` fills them in.

use super::Reads;
use super::parts::Parts;
use super::template::Place;

/// What stands in the places of the README.
pub(super) fn places(parts: &Parts, reads: Reads) -> Vec<Place> {
    let tool = match parts.port {
        Some(_) => "[probe-rs](https://probe.rs) by `cargo install probe-rs-tools --locked`",
        None => "QEMU for ARM (`qemu-system-arm`)",
    };
    let mut run = match parts.port {
        Some(_) => {
            "`cargo run --release` builds it, writes it to the board and shows its log.".to_owned()
        }
        None => "`cargo run --release` builds it and starts the emulated board.".to_owned(),
    };
    let (purpose, driver) = match reads {
        Reads::Samples => (
            "Reads a sensor and says what the model makes of it",
            "Your driver goes into `Sensor` in `src/main.rs`; then `src/samples.rs`, which stands\n   in for it, may go. `PERIOD` is the time from one sample to the next.",
        ),
        Reads::Text => (
            "Reads lines of text and answers each with its class",
            "What happens with an answer stands in `answer` in `src/main.rs`.",
        ),
        Reads::Tokens => (
            "Runs a sequence of tokens and says its class",
            "Your tokens go where `TOKENS` are in `src/main.rs`, their answer into `answer`.",
        ),
    };
    if reads == Reads::Text {
        run += &match parts.port {
            Some(port) => {
                format!("\n   Type at {port}:\n   `picocom --echo -b 115200 /dev/ttyACM0`.")
            }
            None => " Type a line and Enter; it ends with Ctrl-D.".into(),
        };
    }
    vec![
        Place::new("PURPOSE", purpose),
        Place::new("TOOL", tool),
        Place::new("RUN", run),
        Place::new("DRIVER", driver),
    ]
}

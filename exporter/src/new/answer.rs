//! Enters: what a model reads, and what it answers. Leaves: the places of a `src/main.rs` about
//! its answers. Next: `mod` fills them.

use set_lstm_runtime::wire::{Answer, Moment, Task};

use super::Reads;
use super::template::Place;

/// What stands in the places `NAMES`, `CLASS`, `ANSWER`, `COUNTERS`, `ASK` and `MOMENT`.
pub(super) fn places(reads: Reads, task: Task) -> Vec<Place> {
    let (names, class) = match task.answer {
        Answer::Class => ("CLASSES", "use set_lstm_runtime::Class;\n"),
        Answer::Values => ("NUMBERS", ""),
    };
    let answer = match (reads, task.answer) {
        (Reads::Samples, Answer::Class) => include_str!("answer/samples-class.rs.in"),
        (Reads::Samples, Answer::Values) => include_str!("answer/samples-values.rs.in"),
        (Reads::Text, Answer::Class) => include_str!("answer/text-class.rs.in"),
        (Reads::Text, Answer::Values) => include_str!("answer/text-values.rs.in"),
        (Reads::Tokens, Answer::Class) => include_str!("answer/tokens-class.rs.in"),
        (Reads::Tokens, Answer::Values) => include_str!("answer/tokens-values.rs.in"),
    };
    let (counters, ask) = match task.answer {
        Answer::Class => (
            "(mut number, mut late, mut last) = (0_u32, 0, None)",
            include_str!("answer/ask-class.rs.in"),
        ),
        Answer::Values => (
            "(mut number, mut late) = (0_u32, 0)",
            include_str!("answer/ask-values.rs.in"),
        ),
    };
    let value = match task.answer {
        Answer::Class => "STATE.classify(&network)",
        Answer::Values => "STATE.values(&network)",
    };
    let (moment, reset) = match task.moment {
        Moment::End => (
            "asks the model at the end of every window",
            "            STATE.reset(); // the next window begins\n",
        ),
        Moment::EveryStep => ("asks the model after every sample", ""),
    };
    vec![
        Place::new("NAMES", names),
        Place::new("CLASS", class),
        Place::new("ANSWER", answer.trim_end()),
        Place::new("COUNTERS", counters),
        Place::new("ASK", ask),
        Place::new("VALUE", value),
        Place::new("MOMENT", moment),
        Place::new("RESET", reset),
    ]
}

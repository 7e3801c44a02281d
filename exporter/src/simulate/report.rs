//! Enters: the text that the firmware prints. Leaves: [`Report`], its answers and figures.
//! Next: `simulate` compares and sums up.
//!
//! The text is made by `firmware-examples/demo/src/report.rs`.

use super::cases::CaseAnswer;

/// What the device said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Answers in the order of the cases.
    pub answers: Vec<CaseAnswer>,
    /// Tokens of all cases together.
    pub tokens: u64,
    /// Instructions per token, mean over all tokens.
    pub instructions_per_token: u64,
    /// Instructions of the longest step.
    pub instructions_longest_step: u64,
    /// Instructions to decode and check the model.
    pub instructions_decode: u64,
    /// Bytes of a state.
    pub state_bytes: u64,
    /// Bytes of a decoded model's addresses and constants.
    pub model_handle_bytes: u64,
    /// Stack to decode.
    pub decode_stack_bytes: u64,
    /// Stack of a step.
    pub step_stack_bytes: u64,
    /// Stack of the application around them.
    pub application_stack_bytes: u64,
}

impl Report {
    /// Reads a report; `None` if a figure is missing.
    pub fn parse(text: &str) -> Option<Self> {
        let figure = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name))?;
            value.trim().parse().ok()
        };
        let answers: Vec<CaseAnswer> = text.lines().filter_map(answer).collect();
        (figure("cases ") == Some(answers.len() as u64)).then_some(())?;
        Some(Report {
            answers,
            tokens: figure("tokens ")?,
            instructions_per_token: figure("instructions per token")?,
            instructions_longest_step: figure("instructions, longest step")?,
            instructions_decode: figure("instructions to decode")?,
            state_bytes: figure("state bytes")?,
            model_handle_bytes: figure("model handle bytes")?,
            decode_stack_bytes: figure("stack bytes to decode")?,
            step_stack_bytes: figure("stack bytes of a step")?,
            application_stack_bytes: figure("stack bytes before a call")?,
        })
    }
}

/// One line `number tokens instructions digest logits score label name`; of a model of numbers
/// `- 0` in the place of score and label, and then the numbers.
fn answer(line: &str) -> Option<CaseAnswer> {
    let mut fields = line.split_whitespace();
    for _number in 0..3 {
        fields.next()?.parse::<u64>().ok()?;
    }
    let digest = hex(fields.next()?)?;
    let logits = fields.next()?.split(',').map(hex).collect::<Option<_>>()?;
    let label = fields.nth(1)?.parse().ok()?;
    Some(CaseAnswer {
        label,
        logits,
        digest,
    })
}

fn hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
board      some board
self-test  3 sequences as on the host

 case  tokens  instructions/token  digest      logits      score  label
    1       3                6886  0x2425cc4a  0x00001813,0xffffffff  0.0940  1 not bad
       expected                          0xb990e278  0xfffff6a5  label 0

cases                                1
mismatches                           1
tokens                               3
instructions per token            6454
instructions, longest step        7580
instructions to decode          282640
state bytes                        296
model handle bytes                 324
stack bytes to decode             2484
stack bytes of a step              304
stack bytes before a call          544
static RAM bytes                   628
error: 1 answers are not the host's
";

    #[test]
    fn answers_and_figures_are_read() {
        let report = Report::parse(TEXT).expect("a whole report");
        let answer = CaseAnswer {
            label: 1,
            logits: vec![0x1813, 0xffff_ffff],
            digest: 0x2425_cc4a,
        };
        assert_eq!(report.answers, [answer]);
        assert_eq!((report.tokens, report.instructions_per_token), (3, 6454));
        assert_eq!(
            (report.decode_stack_bytes, report.step_stack_bytes),
            (2484, 304)
        );
        assert_eq!(report.application_stack_bytes, 544);
    }

    #[test]
    fn a_model_of_numbers_has_the_label_0() {
        let line = "    1       3   6886  0x2425cc4a  0x00001813  -  0 torque=-0.5000";
        assert_eq!(answer(line).map(|answer| answer.label), Some(0));
    }

    #[test]
    fn a_report_that_was_cut_off_is_none() {
        for line in ["tokens   ", "state bytes", "    1  "] {
            let kept: Vec<&str> = TEXT.lines().filter(|l| !l.starts_with(line)).collect();
            assert_eq!(Report::parse(&kept.join("\n")), None, "without {line}");
        }
    }
}

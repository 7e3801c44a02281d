//! Enters: steps and target of a document. Leaves: what is wrong with them, if anything is.
//! Next: `own` keeps those that are right.

use set_lstm_runtime::text::for_each_word;
use set_lstm_runtime::wire::Moment;

use super::{Kind, OwnData, Steps};
use crate::target::{Target, UNLABELLED};

impl OwnData {
    /// How many steps there are.
    pub(super) fn check_steps(&self, steps: Steps<'_>) -> std::result::Result<usize, String> {
        match (self.kind, steps) {
            (Kind::Texts, Steps::Text(text)) => {
                let mut words = 0;
                for_each_word(text.as_bytes(), |_| words += 1);
                Ok(words)
            }
            (Kind::Tokens { size }, Steps::Tokens(tokens)) => {
                match tokens.iter().find(|&&token| usize::from(token) >= size) {
                    None if tokens.is_empty() => Err("no steps; leave it out".into()),
                    None => Ok(tokens.len()),
                    Some(token) => Err(format!(
                        "token {token}, and there are {size}; give tokens below that"
                    )),
                }
            }
            (Kind::Samples { channels }, Steps::Samples(samples)) => {
                let steps = samples.len().checked_div(channels).unwrap_or(0);
                if steps == 0 || steps * channels != samples.len() {
                    let found = samples.len();
                    return Err(format!(
                        "{found} samples for {channels} channels; give whole steps, one or more"
                    ));
                }
                if samples.iter().any(|sample| !sample.is_finite()) {
                    return Err(
                        "a sample is not finite; fill it in or leave the document out".into(),
                    );
                }
                Ok(steps)
            }
            _ => Err("steps of another kind; give those that the data was made for".into()),
        }
    }

    /// Whether a target fits a document of so many steps.
    pub(super) fn check_target(
        &self,
        steps: usize,
        target: Target<'_>,
    ) -> std::result::Result<(), String> {
        if target.task() != self.task {
            return Err(
                "a target of another kind; name classes(), numbers() or every_step() to fit it"
                    .into(),
            );
        }
        let answers = target.answers(steps);
        let classes = |labels: &[u8]| {
            let known = |label: u8| {
                let unknown = label == UNLABELLED && self.task.moment == Moment::EveryStep;
                unknown || usize::from(label) < self.classes.len()
            };
            match labels.iter().find(|&&label| !known(label)) {
                None => Ok(labels.len()),
                Some(label) => Err(format!(
                    "class {label}, and {} are named; name all by classes()",
                    self.classes.len()
                )),
            }
        };
        let numbers = |values: &[f32]| {
            let bad = |x: &f32| x.is_infinite() || x.is_nan() && self.task.moment == Moment::End;
            match values.iter().any(bad) {
                true => Err("a number is not finite; leave the document out".to_owned()),
                false => Ok(values.len()),
            }
        };
        let (found, expected) = match target {
            Target::Class(class) => (classes(&[class])?, answers),
            Target::ClassOfSteps(labels) => (classes(labels)?, answers),
            Target::Values(values) | Target::ValuesOfSteps(values) => {
                (numbers(values)?, answers * self.outputs.len())
            }
        };
        match found == expected && expected > 0 || steps == 0 && found == 0 {
            true => Ok(()),
            false => Err(format!(
                "{found} answers, expected {expected}; give one for every step and number"
            )),
        }
    }
}

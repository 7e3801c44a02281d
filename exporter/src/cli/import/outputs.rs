//! The options that say what an imported model answers: classes or numbers, and when.

use set_lstm_runtime::wire::{Answer, Moment, Task};

use super::inputs::each_channel;
use crate::dataset::Corpus;
use crate::error::{Error, Result};
use crate::output_scale::OutputScale;
use crate::sparse_model::SparseModel;
use crate::train::options::DataOverrides;

/// What stands between the network and the world.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Outputs")]
pub struct OutputArguments {
    /// Names of the classes, in the order of the outputs [default: those of the data, else 0,1,…]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    classes: Vec<String>,
    /// The outputs are numbers, as of a regression, and not classes: their names. With
    /// --target-columns those of the data
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        conflicts_with = "classes"
    )]
    outputs: Vec<String>,
    /// Numbers: mean that was taken from each before the network learned it; one for all, or one
    /// an output with commas between [default: 0]
    #[arg(
        long,
        value_name = "MEANS",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    output_mean: Vec<f32>,
    /// Numbers: what each was then divided by [default: 1]
    #[arg(long, value_name = "SCALES", value_delimiter = ',')]
    output_scale: Vec<f32>,
}

/// What an imported model answers.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedAnswers {
    /// Classes or numbers, and when.
    pub task: Task,
    /// Names of the classes or numbers.
    pub names: Vec<String>,
    /// How numbers come from the outputs; `None` of classes.
    pub scale: Option<OutputScale>,
}

impl OutputArguments {
    /// What the outputs are, which decides whether two of them may become one.
    pub fn task(&self, data: &DataOverrides) -> Task {
        let are_numbers = !self.outputs.is_empty() || data.target_columns.is_some();
        Task {
            answer: if are_numbers {
                Answer::Values
            } else {
                Answer::Class
            },
            moment: match data.every_step {
                Some(true) => Moment::EveryStep,
                _ => Moment::End,
            },
        }
    }

    /// What the model answers by these options and the data, if there is any.
    ///
    /// # Errors
    /// Other numbers of names or statistics than of outputs, and data with other answers.
    pub fn answers(
        self,
        task: Task,
        model: &SparseModel,
        corpus: Option<&dyn Corpus>,
    ) -> Result<ImportedAnswers> {
        if let Some(corpus) = corpus {
            check_same(task, corpus.task())?;
        }
        let has_scale = !self.output_mean.is_empty() || !self.output_scale.is_empty();
        match task.answer {
            Answer::Class if has_scale => {
                let problem = "classes have no mean and no scale; name the numbers by --outputs, or leave out --output-mean and --output-scale";
                Err(Error::Options(problem.into()))
            }
            Answer::Class => Ok(ImportedAnswers {
                task,
                names: names(self.classes, model.classes(), corpus.map(Corpus::classes))?,
                scale: None,
            }),
            Answer::Values => {
                let outputs = model.logits();
                let mean = each_channel(self.output_mean, 0.0, outputs, "means of outputs")?;
                let deviation = each_channel(self.output_scale, 1.0, outputs, "scales of outputs")?;
                if let Some(bad) = deviation.iter().find(|it| !(**it > 0.0 && it.is_finite())) {
                    return Err(Error::Options(format!(
                        "an output scale of {bad}; give what the numbers were divided by, above 0"
                    )));
                }
                Ok(ImportedAnswers {
                    task,
                    names: names(self.outputs, outputs, corpus.map(Corpus::outputs))?,
                    scale: Some(OutputScale { mean, deviation }),
                })
            }
        }
    }
}

/// Whether the data is answered as the model answers.
fn check_same(task: Task, of_data: Task) -> Result<()> {
    let problem = match (of_data.answer, of_data.moment) {
        _ if of_data == task => return Ok(()),
        (Answer::Values, _) if task.answer == Answer::Class => {
            "the data has numbers to be answered; name the outputs by --outputs"
        }
        (Answer::Class, _) if task.answer == Answer::Values => {
            "the data has classes and the outputs are numbers; name its numbers by --target-columns"
        }
        (_, Moment::EveryStep) => "the data wants an answer after every step; give --every-step",
        (_, Moment::End) => "the data has one answer a sequence; leave out --every-step",
    };
    Err(Error::Options(problem.into()))
}

/// A name for each: given, of the data, or its number.
fn names(given: Vec<String>, needed: usize, of_data: Option<Vec<String>>) -> Result<Vec<String>> {
    let (names, whose) = match (given.is_empty(), of_data) {
        (false, _) => (given, "names"),
        (true, Some(names)) => (names, "names in the data"),
        (true, None) => ((0..needed).map(|n| n.to_string()).collect(), "numbers"),
    };
    if names.len() == needed {
        return Ok(names);
    }
    Err(Error::Options(format!(
        "{} {whose} for a model of {needed} answers; give as many by --classes or --outputs",
        names.len()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_another_task_is_refused_with_what_to_do() {
        let [end, every] = [Moment::End, Moment::EveryStep];
        for (answer, moment, other, at, told) in [
            (Answer::Class, end, Answer::Values, end, "--outputs"),
            (Answer::Values, end, Answer::Class, end, "--target-columns"),
            (
                Answer::Class,
                end,
                Answer::Class,
                every,
                "give --every-step",
            ),
            (
                Answer::Class,
                every,
                Answer::Class,
                end,
                "leave out --every-step",
            ),
        ] {
            let task = Task { answer, moment };
            assert!(check_same(task, task).is_ok());
            let of_data = Task {
                answer: other,
                moment: at,
            };
            let error = check_same(task, of_data).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn names_are_given_or_the_datas_or_numbers_and_are_counted() {
        let two = || Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(names(Vec::new(), 2, None).unwrap(), ["0", "1"]);
        assert_eq!(names(Vec::new(), 2, two()).unwrap(), ["a", "b"]);
        assert_eq!(names(vec!["x".into()], 1, two()).unwrap(), ["x"]);
        let error = names(Vec::new(), 3, two()).unwrap_err().to_string();
        assert!(
            error.contains("2 names in the data for a model of 3"),
            "{error}"
        );
    }
}

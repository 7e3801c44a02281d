//! The options that name a model file and the documents to run it on.

use std::num::NonZeroUsize;
use std::path::Path;

use set_lstm_runtime::Answer;

use super::data::DataArguments;
use crate::dataset::{Medium, Split};
use crate::device::{AlignedBytes, AnyModel, task_words};
use crate::error::{Error, Result};
use crate::load::{series, text};
use crate::run::Run;
use crate::sequences::SequenceSet;
use crate::train::options::DataOverrides;
use crate::train::preset::Preset;

/// A model as a person names it.
#[derive(Debug)]
pub enum Named {
    /// A run folder.
    Run(Run),
    /// A model file.
    File(AlignedBytes),
}

impl Named {
    /// What lies at the path.
    ///
    /// # Errors
    /// Nothing, or a folder without a run.
    pub fn open(path: &Path) -> Result<Named> {
        if path.is_dir() {
            Run::open(path).map(Named::Run)
        } else {
            AlignedBytes::read(path).map(Named::File)
        }
    }
}

/// The documents that a model file is run on.
#[derive(Debug, Clone, clap::Args)]
pub struct DocumentArguments {
    /// Which data set the documents are of
    #[arg(long, default_value = "imdb")]
    pub preset: Preset,
    #[command(flatten)]
    pub data: DataArguments,
    #[command(flatten)]
    pub corpus: DataOverrides,
    /// Run only so many documents, spread evenly over the set
    #[arg(long, value_name = "DOCUMENTS")]
    pub limit: Option<NonZeroUsize>,
    /// Tokens kept of a document, counted from its end, 0 for all; as in training if not given
    #[arg(long, value_name = "STEPS")]
    pub max_tokens: Option<usize>,
}

impl DocumentArguments {
    /// One split as the model file reads it: tokens cut by its own tokenizer, or recordings as
    /// they are.
    ///
    /// # Errors
    /// The file knows no words, the data is of another medium, or it cannot be read.
    pub fn load(&self, model: &AnyModel<'_>, path: &Path, split: Split) -> Result<SequenceSet> {
        let trained = model.max_tokens().map_or(0, |most| most as usize);
        let most = Some(self.max_tokens.unwrap_or(trained)).filter(|&most| most > 0);
        let corpus = self
            .data
            .corpus(self.preset, &self.corpus.options().corpus_options())?;
        let most = most.unwrap_or(usize::MAX);
        let refuse = |problem: String| Error::Model {
            path: path.to_owned(),
            problem,
        };
        let (own, theirs) = (model.task(), corpus.task());
        if own != theirs {
            let [own, theirs] = [own, theirs].map(task_words);
            return Err(refuse(format!(
                "the model answers {own}, and the data holds {theirs}; name the data set and the options that it was trained with: --preset, --target-columns, --every-step"
            )));
        }
        let (what, wanted) = match theirs.answer {
            Answer::Class => ("classes", corpus.classes()),
            Answer::Values => ("numbers", corpus.outputs()),
        };
        let own = model.names();
        if own != wanted {
            let (own, theirs) = (own.join(", "), wanted.join(", "));
            return Err(refuse(format!(
                "the model's {what} are {own}, the data's {theirs}; name the data set that it was trained on by --preset"
            )));
        }
        let set = match (model.channels(), corpus.medium()) {
            (None, Medium::Text) => {
                let vocabulary = model.vocabulary().ok_or_else(|| {
                    let problem =
                        "the file knows no words, only tokens; export it from a run on text";
                    refuse(problem.into())
                })?;
                text::load_split(&*corpus, split, most, |word| vocabulary.token(word))?
            }
            (Some(own), Medium::Series { channels }) if own == channels => {
                series::load_split(&*corpus, split, most, channels)?
            }
            (channels, found) => {
                let own = channels.map_or(Medium::Text, |channels| Medium::Series { channels });
                return Err(refuse(format!(
                    "the model reads {own} and the data is {found}; name the data set that it was trained on by --preset"
                )));
            }
        };
        Ok(self.limited(set))
    }

    /// As many documents as are wanted.
    pub fn limited(&self, set: SequenceSet) -> SequenceSet {
        match self.limit {
            Some(limit) => set.spread(limit.get()),
            None => set,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_for_a_run_and_all_else_for_a_model_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = Named::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("give the folder of a run"), "{error}");
        let file = folder.path().join("model.setl");
        let error = Named::open(&file).unwrap_err().to_string();
        assert!(error.contains("give a model file"), "{error}");
        std::fs::write(&file, b"bytes").unwrap();
        assert!(matches!(Named::open(&file), Ok(Named::File(bytes)) if *bytes == *b"bytes"));
        std::fs::write(folder.path().join("options.toml"), "").unwrap();
        assert!(matches!(Named::open(folder.path()), Ok(Named::Run(_))));
    }
}

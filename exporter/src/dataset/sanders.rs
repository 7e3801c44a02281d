//! Enters: the Sanders Twitter corpus as it is downloaded: `full-corpus.csv`, with the
//! columns Topic, Sentiment, TweetId, TweetDate, TweetText. Leaves: its labelled tweets.
//! Next: `divided`.

use std::path::Path;

use super::Content;
use super::data_file::{DataFile, FileKind};
use super::divided::{Collection, Example};
use super::rows::for_each_row;
use crate::error::Result;

const KIND: FileKind = FileKind {
    folder: "sanders",
    is: |name| name == "full-corpus.csv",
    give: "give full-corpus.csv of the Sanders Twitter corpus, its archive, or their folder",
};

/// Every sentiment that a tweet may have; each form of the task knows the first of them.
const SENTIMENTS: [&str; 4] = ["negative", "positive", "neutral", "irrelevant"];

/// The tweets, found but not yet read.
#[derive(Debug, Clone)]
pub struct Sanders {
    file: DataFile,
    classes: usize,
}

impl Sanders {
    /// Finds the tweets at `path`. Of 2 classes, negative and positive, of 3, neutral too, of
    /// 4, irrelevant too; tweets of the others are left out.
    ///
    /// # Errors
    ///
    /// What [`DataFile::find`] returns.
    ///
    /// # Panics
    ///
    /// If it is another number of classes.
    pub fn open(path: &Path, classes: usize) -> Result<Sanders> {
        assert!((2..=4).contains(&classes), "2, 3 or 4 classes");
        let file = DataFile::find(path, &KIND)?;
        Ok(Sanders { file, classes })
    }
}

impl Collection for Sanders {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn classes(&self) -> Vec<String> {
        SENTIMENTS[..self.classes]
            .iter()
            .map(|&it| it.into())
            .collect()
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        for_each_row(&self.file, ["Sentiment", "TweetText"], &mut |row| {
            let [sentiment, text] = row.fields;
            let label = SENTIMENTS.iter().position(|&known| known == sentiment);
            let label = label.ok_or_else(|| {
                let known = SENTIMENTS.join(", ");
                row.error(format!(
                    "unknown sentiment `{sentiment}`; expected one of {known}; correct or remove the row"
                ))
            })?;
            if label >= self.classes {
                return Ok(());
            }
            visit(Example {
                target: (label as u8).into(),
                content: Content::Text(text),
                identity: Content::Text(text),
            })
        })
    }
}

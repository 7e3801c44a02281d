//! Enters: the Amazon Fine Food Reviews as they are downloaded: `Reviews.csv`, with the
//! columns Score, Summary and Text among others. Leaves: its labelled reviews, summary and
//! text together. Next: `divided`.
//!
//! One review stands there once for every variant of its product, so the text alone makes
//! two of them equal.

use std::path::Path;

use super::Content;
use super::data_file::{DataFile, FileKind};
use super::divided::{Collection, Example};
use super::rows::for_each_row;
use super::stars::Stars;
use crate::error::Result;

const KIND: FileKind = FileKind {
    folder: "amazon",
    is: |name| name == "Reviews.csv",
    give: "give Reviews.csv of the Amazon Fine Food Reviews, its archive, or their folder",
};

/// The reviews, found but not yet read.
#[derive(Debug, Clone)]
pub struct Amazon {
    file: DataFile,
    stars: Stars,
}

impl Amazon {
    /// Finds the reviews at `path`.
    ///
    /// # Errors
    ///
    /// What [`DataFile::find`] returns.
    pub fn open(path: &Path, stars: Stars) -> Result<Amazon> {
        let file = DataFile::find(path, &KIND)?;
        Ok(Amazon { file, stars })
    }
}

impl Collection for Amazon {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn classes(&self) -> Vec<String> {
        self.stars.classes()
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        let mut whole = String::new();
        for_each_row(&self.file, ["Score", "Summary", "Text"], &mut |row| {
            let [score, summary, text] = row.fields;
            let Some(label) = self.stars.label(score).map_err(|it| row.error(it))? else {
                return Ok(());
            };
            whole.clear();
            whole.extend([summary, "\n", text]);
            visit(Example {
                target: label.into(),
                content: Content::Text(&whole),
                identity: Content::Text(text),
            })
        })
    }
}

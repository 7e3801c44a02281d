//! Enters: the reviews of the Yelp Open Dataset as they are downloaded:
//! `yelp_academic_dataset_review.json`, an object a line with `stars` and `text` among its
//! keys. Leaves: its labelled reviews. Next: `divided`.

use std::path::Path;

use super::Content;
use super::data_file::{DataFile, FileKind};
use super::divided::{Collection, Example};
use super::rows::for_each_row;
use super::stars::Stars;
use crate::error::Result;

const KIND: FileKind = FileKind {
    folder: "yelp",
    is: |name| name == "review.json" || name.ends_with("_review.json"),
    give: "give yelp_academic_dataset_review.json of the Yelp Open Dataset, its archive, or their folder",
};

/// The reviews, found but not yet read.
#[derive(Debug, Clone)]
pub struct Yelp {
    file: DataFile,
    stars: Stars,
}

impl Yelp {
    /// Finds the reviews at `path`.
    ///
    /// # Errors
    ///
    /// What [`DataFile::find`] returns.
    pub fn open(path: &Path, stars: Stars) -> Result<Yelp> {
        let file = DataFile::find(path, &KIND)?;
        Ok(Yelp { file, stars })
    }
}

impl Collection for Yelp {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn classes(&self) -> Vec<String> {
        self.stars.classes()
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        for_each_row(&self.file, ["stars", "text"], &mut |row| {
            let [stars, text] = row.fields;
            match self.stars.label(stars).map_err(|it| row.error(it))? {
                None => Ok(()),
                Some(label) => visit(Example {
                    target: label.into(),
                    content: Content::Text(text),
                    identity: Content::Text(text),
                }),
            }
        })
    }
}

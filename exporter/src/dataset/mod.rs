//! Enters: the path of a data set as it was downloaded, or nothing for a generated one.
//! Leaves: a [`Corpus`], which hands out its documents one at a time.
//! Next: `vocabulary` turns the documents into tokens.

pub mod archive;
pub mod imdb;
pub mod reber;

use crate::error::Result;

/// The two parts into which a corpus comes divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// For training; validation is a part of it.
    Train,
    /// For the final figures only.
    Test,
}

impl Split {
    /// The name of the part, and of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Test => "test",
        }
    }
}

/// One labelled text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    /// Index of the class in [`Corpus::classes`].
    pub label: u8,
    /// Place of the document in its class and split; no two share one.
    pub order: u64,
    /// What it says.
    pub text: &'a str,
}

/// A labelled corpus that is read document by document and never held as a whole.
pub trait Corpus {
    /// Names of the classes; a document's label is an index into them.
    fn classes(&self) -> Vec<String>;

    /// Calls `visit` with every document of one split, in the order of the source.
    ///
    /// An archive stores its files in any order, so whoever needs the same order
    /// from every source sorts by [`Document::label`] and [`Document::order`].
    /// Nothing seen is worth keeping unless the whole call returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::error::Error::Io) and
    /// [`Error::Data`](crate::error::Error::Data), each naming the file (inside the
    /// archive too), and whatever `visit` returns.
    fn for_each(
        &self,
        split: Split,
        visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
    ) -> Result<()>;
}

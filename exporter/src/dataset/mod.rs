//! Enters: the path of a data set as it was downloaded, or nothing for a generated one.
//! Leaves: a [`Corpus`], which hands out its documents one at a time.
//! Next: `load` turns them into sequences.

pub mod stream;

pub mod archive;
pub mod columns;
pub mod data_file;
pub mod readings;
pub mod records;
pub mod rows;

pub mod amazon;
pub mod hapt;
pub mod imdb;
pub mod reber;
pub mod sample_table;
pub mod sanders;
pub mod series_table;
pub mod stars;
pub mod table;
pub mod ts;
pub mod yelp;

pub mod divided;
pub mod own;
pub mod series;
pub mod split;
pub mod windows;

use divided::Division;
use sample_table::SampleColumns;
use series_table::SeriesColumns;
use set_lstm_runtime::wire::Task;
use table::Columns;

use crate::error::Result;
use crate::target::Target;

/// Most classes that a device tells apart.
pub const MOST_CLASSES: usize = 255;

/// What a data set has to be told that does not come divided, or has columns of its own.
/// Whatever has an official split ignores it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CorpusOptions {
    /// How it is divided.
    pub division: Division,
    /// Own tables of texts: which columns are read.
    pub columns: Columns,
    /// Own tables of recordings: the same.
    pub series: SeriesColumns,
    /// Own tables with a sample a row: the same, and how rows become sequences.
    pub samples: SampleColumns,
}

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

/// What the documents of a corpus are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Texts.
    Text,
    /// Recordings: numbers at even intervals.
    Series {
        /// Numbers of one step.
        channels: usize,
    },
}

impl std::fmt::Display for Medium {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Medium::Text => f.write_str("text"),
            Medium::Series { channels: 1 } => f.write_str("recordings of 1 channel"),
            Medium::Series { channels } => write!(f, "recordings of {channels} channels"),
        }
    }
}

/// What one document holds, in the medium of its corpus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Content<'a> {
    /// A text.
    Text(&'a str),
    /// A recording, raw, step by step.
    Series(&'a [f32]), // [steps x channels]
}

impl<'a> Content<'a> {
    /// The text; empty for a recording.
    pub fn text(self) -> &'a str {
        match self {
            Content::Text(text) => text,
            Content::Series(_) => "",
        }
    }

    /// The samples; none of a text.
    pub fn series(self) -> &'a [f32] {
        match self {
            Content::Text(_) => &[],
            Content::Series(samples) => samples,
        }
    }
}

/// One example and its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Document<'a> {
    /// What it is to be answered with, of the kind of [`Corpus::task`]: a class is an index
    /// into [`Corpus::classes`], numbers stand in the order of [`Corpus::outputs`], in the units
    /// of the data.
    pub target: Target<'a>,
    /// Place of the document in its class and split, or in its split where there is no class;
    /// no two share one.
    pub order: u64,
    /// Documents of one group are never divided between training, validation and test:
    /// equal texts, recordings of one person. A number of its own for any other document.
    pub group: u64,
    /// What it says.
    pub content: Content<'a>,
}

/// A labelled corpus that is read document by document and never held as a whole.
pub trait Corpus {
    /// Names of the classes; a document's class is an index into them. None of a regression.
    fn classes(&self) -> Vec<String>;

    /// What the documents are to be answered with: a class at the end, if nothing else.
    fn task(&self) -> Task {
        Task::CLASSIFICATION
    }

    /// Names of the numbers of a regression; none of classes.
    fn outputs(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the documents are.
    fn medium(&self) -> Medium {
        Medium::Text
    }

    /// Calls `visit` with every document of one split, in the order of the source.
    ///
    /// An archive stores its files in any order, so whoever needs the same order
    /// from every source sorts by the class and [`Document::order`].
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

#[cfg(test)]
mod tests;

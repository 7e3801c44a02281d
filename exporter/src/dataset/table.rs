//! Enters: any table of labelled texts: CSV, TSV or JSON lines. Leaves: its documents, the
//! classes found in it. Next: `divided`.

use std::collections::BTreeSet;
use std::path::Path;

use super::data_file::{DataFile, FileKind};
use super::divided::{Collection, Example};
use super::rows::for_each_row;
use super::{Content, MOST_CLASSES};
use crate::error::{Error, Result};

const KIND: FileKind = FileKind {
    folder: "text",
    is: |name| {
        let ends = [".csv", ".tsv", ".jsonl", ".ndjson", ".json"];
        ends.iter().any(|end| name.ends_with(end))
    },
    give: "give a table of texts, .csv, .tsv or .jsonl, its archive, or their folder",
};

/// Which columns of a table are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// That of the texts: a name of the header, a key, or a number from 1.
    pub text: String,
    /// That of the labels.
    pub label: String,
}

impl Default for Columns {
    fn default() -> Self {
        Columns {
            text: "text".into(),
            label: "label".into(),
        }
    }
}

/// A table of texts, read once for its classes.
#[derive(Debug, Clone)]
pub struct Table {
    file: DataFile,
    columns: Columns,
    classes: Vec<String>, // sorted
}

impl Table {
    /// Finds the table at `path` and reads its labels.
    ///
    /// # Errors
    ///
    /// What [`DataFile::find`] and [`for_each_row`] return, and [`Error::Data`] for fewer than
    /// 2 classes, or more than a device tells apart.
    pub fn open(path: &Path, columns: Columns) -> Result<Table> {
        let file = DataFile::find(path, &KIND)?;
        let mut labels = BTreeSet::new();
        for_each_row(&file, columns.each(), &mut |row| {
            let label = row.fields[1].trim();
            if label.is_empty() || label.contains(char::is_control) {
                let problem = format!("`{label}` is no label; correct or remove the row");
                return Err(row.error(problem));
            }
            if !labels.contains(label) {
                labels.insert(label.to_owned());
            }
            if labels.len() > MOST_CLASSES {
                let problem = format!(
                    "more than {MOST_CLASSES} different labels in {}; name the column of the classes by --label-column",
                    columns.label
                );
                return Err(row.error(problem));
            }
            Ok(())
        })?;
        if labels.len() < 2 {
            let (count, column) = (labels.len(), &columns.label);
            let problem = format!(
                "{count} different labels in {column}, expected 2 or more; name the column of the classes by --label-column"
            );
            return Err(Error::data(file.path(), problem));
        }
        Ok(Table {
            classes: sorted(labels.into_iter().collect()),
            columns,
            file,
        })
    }
}

impl Columns {
    fn each(&self) -> [&str; 2] {
        [&self.text, &self.label]
    }
}

/// Labels in order: of numbers if all are, else of letters.
pub(super) fn sorted(mut labels: Vec<String>) -> Vec<String> {
    let number = |label: &String| label.parse::<f64>().ok().filter(|it| it.is_finite());
    labels.sort();
    if labels.iter().all(|label| number(label).is_some()) {
        let key = |label: &String| number(label).unwrap_or(0.0);
        labels.sort_by(|a, b| key(a).total_cmp(&key(b)));
    }
    labels
}

impl Collection for Table {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn classes(&self) -> Vec<String> {
        self.classes.clone()
    }

    fn for_each(&self, visit: &mut dyn FnMut(Example<'_>) -> Result<()>) -> Result<()> {
        for_each_row(&self.file, self.columns.each(), &mut |row| {
            let [text, label] = row.fields;
            let label = label.trim();
            let label = self.classes.iter().position(|known| known == label);
            let label = label.ok_or_else(|| row.error("a new label; run the command again"))?;
            visit(Example {
                target: (label as u8).into(),
                content: Content::Text(text),
                identity: Content::Text(text),
            })
        })
    }
}

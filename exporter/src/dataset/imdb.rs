//! Enters: the Large Movie Review Dataset (Maas et al., ACL 2011) as it is downloaded:
//! `aclImdb/{train,test}/{neg,pos}/ID_RATING.txt`, folder or archive.
//! Leaves: its labelled reviews. Next: `vocabulary`.
//!
//! The reviews without label (`train/unsup`) are passed over, and so are the files
//! beside the class folders (`urls_pos.txt`, `imdb.vocab`, …) and hidden ones. Everything
//! else that does not have this form is an error: a set that is not read as a whole is
//! not read at all.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::archive::Source;
use super::{Content, Corpus, Document, Split};
use crate::error::{Error, Result};
use crate::target::Target;

const CLASSES: [&str; 2] = ["neg", "pos"];
const ARCHIVE_ENDS: [&str; 5] = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".zip"];
const GIVE: &str =
    "give the aclImdb folder or archive of https://ai.stanford.edu/~amaas/data/sentiment/";

/// The movie reviews, found but not yet read.
#[derive(Debug, Clone)]
pub struct Imdb {
    source: Source,
}

impl Imdb {
    /// Finds the reviews at `path`: the folder `aclImdb` itself, its archive, or a folder
    /// that holds one of them, directly or in a folder `imdb`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if there is nothing, [`Error::Data`] if it is a folder without
    /// the reviews.
    pub fn open(path: &Path) -> Result<Imdb> {
        let source = Source::open(path)?;
        if matches!(source, Source::Archive(_)) {
            return Ok(Imdb { source });
        }
        let beside = path.join("imdb");
        for folder in [
            path,
            &path.join("aclImdb"),
            &beside,
            &beside.join("aclImdb"),
        ] {
            if [Split::Train, Split::Test]
                .iter()
                .any(|split| folder.join(split.name()).is_dir())
            {
                return Ok(Imdb {
                    source: Source::Folder(folder.to_path_buf()),
                });
            }
        }
        for folder in [path, &beside] {
            if let Some(archive) = archive_in(folder) {
                return Ok(Imdb {
                    source: Source::Archive(archive),
                });
            }
        }
        Err(Error::data(
            path,
            format!("no movie reviews found here; {GIVE}"),
        ))
    }

    fn absent(&self, split: Split, class: &str) -> Error {
        let problem = format!("no reviews in {}{class}; {GIVE}", split.name());
        Error::data(self.source.path(), problem)
    }
}

/// The first `aclImdb*` archive of a folder, by name.
fn archive_in(folder: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let archives = names.filter(|name| {
        name.starts_with("aclImdb") && ARCHIVE_ENDS.iter().any(|end| name.ends_with(end))
    });
    archives.min().map(|name| folder.join(name))
}

impl Corpus for Imdb {
    fn classes(&self) -> Vec<String> {
        CLASSES.map(String::from).into()
    }

    fn for_each(
        &self,
        split: Split,
        visit: &mut dyn FnMut(Document<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut seen = HashSet::new();
        let mut text = String::new();
        self.source.for_each_file(&mut |entry| {
            let review = Review::parse(entry.name, split);
            let Some(review) = review.map_err(|problem| Error::data(entry.path(), problem))? else {
                return Ok(());
            };
            if !seen.insert(review) {
                let problem = "another review of this folder has the same ID; remove one of them";
                return Err(Error::data(entry.path(), problem));
            }
            entry.read_text(&mut text)?;
            visit(Document {
                target: Target::Class(review.label),
                order: review.id,
                group: review.id << 1 | u64::from(review.label),
                content: Content::Text(&text),
            })
        })?;
        let present = |class: usize| seen.iter().any(|review| usize::from(review.label) == class);
        match (present(0), present(1)) {
            (true, true) => Ok(()),
            (true, false) => Err(self.absent(split, "/pos")),
            (false, true) => Err(self.absent(split, "/neg")),
            (false, false) => Err(self.absent(split, "")),
        }
    }
}

/// What the name of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Review {
    label: u8,
    id: u64,
}

impl Review {
    /// Reads `…/SPLIT/CLASS/ID_RATING.txt`; `None` for a file that is not of this split.
    fn parse(name: &Path, split: Split) -> std::result::Result<Option<Review>, String> {
        let mut parts = name.components().filter(|part| *part != Component::CurDir);
        if !parts.any(|part| part.as_os_str() == split.name()) {
            return Ok(None);
        }
        let below: Vec<&OsStr> = parts.map(Component::as_os_str).collect();
        let hidden = |part: &&OsStr| part.as_encoded_bytes().starts_with(b".");
        let (class, file) =
            match below[..] {
                _ if below.iter().any(hidden) => return Ok(None),
                [] | [_] => return Ok(None),
                [class, ..] if class == "unsup" => return Ok(None),
                [class, file] => (class, file),
                _ => return Err(
                    "a file in a folder too deep; expected CLASS/ID_RATING.txt; move or remove it"
                        .into(),
                ),
            };
        let label = CLASSES
            .iter()
            .position(|&known| class == known)
            .ok_or_else(|| {
                let class = class.display();
                format!(
                    "unknown label `{class}`; expected neg or pos (or unsup); remove the folder"
                )
            })?;
        let (id, rating) = file.to_str().and_then(id_and_rating).ok_or(
            "a file name without ID_RATING.txt (such as 42_7.txt); rename or remove the file",
        )?;
        // Maas et al.: negative reviews have at most 4 of 10 points, positive ones at least 7.
        let matches = if label == 0 {
            (1..=4).contains(&rating)
        } else {
            (7..=10).contains(&rating)
        };
        if !matches {
            return Err(format!(
                "a rating of {rating} contradicts the folder {}; expected 1-4 in neg, 7-10 in pos; \
                 move or remove the file",
                CLASSES[label]
            ));
        }
        Ok(Some(Review {
            label: label as u8,
            id,
        }))
    }
}

fn id_and_rating(file: &str) -> Option<(u64, u8)> {
    let (id, rating) = file.strip_suffix(".txt")?.split_once('_')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()); // no `+7`
    if !digits(id) || !digits(rating) {
        return None;
    }
    Some((id.parse().ok()?, rating.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As small as the set can be, with what lies beside the reviews, in the order in
    /// which an archive might have it.
    const SMALL: &[(&str, &str)] = &[
        ("aclImdb/README", "about"),
        ("aclImdb/train/urls_pos.txt", "http://example.com"),
        ("aclImdb/train/unsup/0_0.txt", "without label"),
        ("aclImdb/train/pos/.hidden_9.txt", "not a review"),
        ("aclImdb/train/pos/10_9.txt", "tenth"),
        ("aclImdb/train/pos/2_10.txt", "second"),
        ("aclImdb/train/neg/0_1.txt", ""),
        ("aclImdb/test/neg/0_4.txt", "bad"),
        ("aclImdb/test/pos/0_7.txt", "good"),
    ];

    fn write_folder(root: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn write_archive(path: &Path, files: &[(&str, &str)]) {
        let mut builder = tar::Builder::new(fs::File::create(path).unwrap());
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            builder
                .append_data(&mut header, name, text.as_bytes())
                .unwrap();
        }
        builder.finish().unwrap();
    }

    /// All reviews of a split by class and order.
    fn reviews(path: &Path, split: Split) -> Result<Vec<(u8, u64, String)>> {
        let mut reviews = Vec::new();
        Imdb::open(path)?.for_each(split, &mut |document| {
            reviews.push((
                document.target.class().unwrap(),
                document.order,
                document.content.text().to_owned(),
            ));
            Ok(())
        })?;
        reviews.sort();
        Ok(reviews)
    }

    /// What reading the training split says when `files` replace those of [`SMALL`]
    /// whose names contain `without`; the same from a folder and from an archive.
    fn failure(without: &str, files: &[(&str, &str)]) -> String {
        let kept = SMALL.iter().filter(|file| !file.0.contains(without));
        let files: Vec<(&str, &str)> = kept.chain(files).copied().collect();
        let folder = tempfile::tempdir().unwrap();
        let [tree, archive] = ["tree", "set.tar"].map(|name| folder.path().join(name));
        write_folder(&tree, &files);
        write_archive(&archive, &files);
        let message = |path: &Path| {
            let error = reviews(path, Split::Train)
                .expect_err("a damaged set")
                .to_string();
            error.replace(path.to_str().unwrap(), "DATA")
        };
        let (from_folder, from_archive) = (message(&tree), message(&archive));
        let inside = |message: &str| message.replace("DATA/aclImdb", "DATA");
        assert_eq!(inside(&from_folder), inside(&from_archive));
        from_archive
    }

    #[test]
    fn every_way_to_name_the_set_gives_the_same_reviews() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write_folder(&root.join("tree"), SMALL);
        write_folder(&root.join("data/imdb"), SMALL);
        fs::create_dir_all(root.join("packed/imdb")).unwrap();
        write_archive(&root.join("packed/imdb/aclImdb_v1.tar"), SMALL);
        let expected: Vec<_> = [(0, 0, ""), (1, 2, "second"), (1, 10, "tenth")]
            .map(|(label, id, text)| (label, id, text.to_owned()))
            .into();
        for path in [
            "tree",
            "tree/aclImdb",
            "data",
            "data/imdb",
            "packed",
            "packed/imdb",
            "packed/imdb/aclImdb_v1.tar",
        ] {
            assert_eq!(
                reviews(&root.join(path), Split::Train).unwrap(),
                expected,
                "{path}"
            );
            let test = reviews(&root.join(path), Split::Test).unwrap();
            assert_eq!(
                test,
                [(0, 0, "bad".to_owned()), (1, 0, "good".to_owned())],
                "{path}"
            );
        }
    }

    #[test]
    fn a_path_without_the_set_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = Imdb::open(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("no movie reviews found here; give the aclImdb"),
            "{error}"
        );
        let absent = Imdb::open(&folder.path().join("absent"))
            .unwrap_err()
            .to_string();
        assert!(
            absent.contains("absent: ") && absent.contains("check the path"),
            "{absent}"
        );
    }

    #[test]
    fn a_missing_split_or_class_is_named() {
        assert!(failure("/train/", &[]).contains("DATA: no reviews in train; give the"));
        assert!(failure("/train/pos", &[]).contains("no reviews in train/pos; give the"));
        assert!(failure("/train/neg", &[]).contains("no reviews in train/neg; give the"));
    }

    #[test]
    fn one_split_does_not_need_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let train: Vec<_> = SMALL
            .iter()
            .filter(|file| file.0.contains("/train/"))
            .copied()
            .collect();
        write_folder(folder.path(), &train);
        assert_eq!(reviews(folder.path(), Split::Train).unwrap().len(), 3);
        let error = reviews(folder.path(), Split::Test).unwrap_err().to_string();
        assert!(error.contains("no reviews in test; give the"), "{error}");
    }

    #[test]
    fn a_file_that_does_not_belong_is_named_with_what_was_expected() {
        for (file, problem) in [
            (
                "train/neutral/1_5.txt",
                "unknown label `neutral`; expected neg or pos",
            ),
            ("train/pos/review.txt", "a file name without ID_RATING.txt"),
            ("train/pos/1_.txt", "a file name without ID_RATING.txt"),
            ("train/pos/1_+9.txt", "a file name without ID_RATING.txt"),
            ("train/pos/1_9.html", "a file name without ID_RATING.txt"),
            ("train/pos/more/1_9.txt", "a file in a folder too deep"),
            (
                "train/pos/1_4.txt",
                "a rating of 4 contradicts the folder pos",
            ),
            (
                "train/neg/1_7.txt",
                "a rating of 7 contradicts the folder neg",
            ),
            (
                "train/neg/1_5.txt",
                "a rating of 5 contradicts the folder neg",
            ),
            (
                "train/pos/2_9.txt",
                "another review of this folder has the same ID",
            ),
        ] {
            let name = format!("aclImdb/{file}");
            let error = failure("none", &[(&name, "text")]);
            // Of two reviews with one ID either may come first.
            let place = if file.ends_with("/2_9.txt") {
                "train/pos/2_"
            } else {
                file
            };
            assert!(error.contains(&format!("DATA/aclImdb/{place}")), "{error}");
            assert!(error.contains(problem), "{file}: {error}");
        }
    }

    #[test]
    fn a_review_that_is_not_utf8_is_named() {
        let folder = tempfile::tempdir().unwrap();
        write_folder(folder.path(), SMALL);
        let path = folder.path().join("aclImdb/train/pos/3_9.txt");
        fs::write(&path, b"caf\xe9").unwrap();
        let error = reviews(folder.path(), Split::Train)
            .unwrap_err()
            .to_string();
        assert!(error.contains("train/pos/3_9.txt: not UTF-8"), "{error}");
    }
}

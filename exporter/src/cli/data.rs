//! The options that say which documents a command reads.

use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::dataset::Corpus;
use crate::dataset::hapt::Hapt;
use crate::dataset::imdb::Imdb;
use crate::dataset::reber::Reber;
use crate::error::{Error, Result};
use crate::train::preset::Preset;

/// Strings of the generated corpus: enough to train on within seconds.
const REBER_STRINGS: (usize, usize) = (4_000, 1_000);
/// The generated corpus is the same for every training, whatever that one's seed.
const REBER_SEED: u64 = 1;

/// Where the documents are.
#[derive(Debug, Clone, clap::Args)]
pub struct DataArguments {
    /// The data set as downloaded: its folder, or its .tar, .tar.gz or .tar.zst
    #[arg(long, value_name = "PATH", env = "SET_LSTM_DATA", value_parser = any_path())]
    data: Option<PathBuf>,
}

/// Takes an empty path too, as of `SET_LSTM_DATA=`, which clap's own parser refuses.
fn any_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

impl DataArguments {
    /// The path, if one is named; an empty one, as of an empty variable, is none.
    pub fn path(&self) -> Option<&Path> {
        self.data
            .as_deref()
            .filter(|path| !path.as_os_str().is_empty())
    }

    /// The same, with another path if none is named.
    pub fn or(self, path: Option<&Path>) -> Self {
        DataArguments {
            data: self.path().or(path).map(Path::to_owned),
        }
    }

    /// The corpus of a preset.
    ///
    /// # Errors
    /// The preset needs data and none is named, or there is none at the path.
    pub fn corpus(&self, preset: Preset) -> Result<Box<dyn Corpus>> {
        let (train, test) = REBER_STRINGS;
        match (preset, self.path()) {
            (Preset::Imdb, Some(path)) => Ok(Box::new(Imdb::open(path)?)),
            (Preset::Imdb, None) => Err(Error::Options(
                "the preset imdb needs the Large Movie Review Dataset; name its folder or archive by --data or SET_LSTM_DATA".into(),
            )),
            (Preset::Hapt, Some(path)) => Ok(Box::new(Hapt::open(path)?)),
            (Preset::Hapt, None) => Err(Error::Options(
                "the preset hapt needs the smartphone recordings of the UCI repository; name their folder or archive by --data or SET_LSTM_DATA".into(),
            )),
            (Preset::Reber, _) => Ok(Box::new(Reber::new(REBER_SEED, train, test)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        data: DataArguments,
    }

    fn parsed(words: &[&str]) -> DataArguments {
        let words = ["x"].iter().chain(words);
        Only::try_parse_from(words).unwrap().data
    }

    #[test]
    fn an_empty_path_is_none_and_a_path_is_kept_as_it_is() {
        assert_eq!(parsed(&["--data", ""]).path(), None);
        let named = parsed(&["--data", "some set/aclImdb.tar"]);
        assert_eq!(named.path(), Some(Path::new("some set/aclImdb.tar")));
        let other = Some(Path::new("other"));
        assert_eq!(
            named.or(other).path(),
            Some(Path::new("some set/aclImdb.tar"))
        );
        assert_eq!(parsed(&["--data="]).or(other).path(), other);
    }

    #[test]
    fn the_generated_preset_needs_no_data_and_the_real_one_says_so() {
        let none = parsed(&["--data="]);
        assert!(none.corpus(Preset::Reber).is_ok());
        let error = none.corpus(Preset::Imdb).err().unwrap().to_string();
        assert!(error.contains("--data or SET_LSTM_DATA"), "{error}");
    }
}

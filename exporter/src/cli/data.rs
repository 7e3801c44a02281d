//! The options that say which documents a command reads.

use std::path::{Path, PathBuf};

use crate::dataset::Corpus;
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
    #[arg(long, value_name = "PATH", env = "SET_LSTM_DATA")]
    data: Option<PathBuf>,
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
            (Preset::Reber, _) => Ok(Box::new(Reber::new(REBER_SEED, train, test)?)),
        }
    }
}

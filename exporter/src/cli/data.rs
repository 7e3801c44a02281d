//! The options that say which documents a command reads.

use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::dataset::amazon::Amazon;
use crate::dataset::divided::{Collection, Divided, Division};
use crate::dataset::hapt::Hapt;
use crate::dataset::imdb::Imdb;
use crate::dataset::reber::Reber;
use crate::dataset::sample_table::SampleTable;
use crate::dataset::sanders::Sanders;
use crate::dataset::series;
use crate::dataset::stars::Stars;
use crate::dataset::table::Table;
use crate::dataset::ts::{GUN_POINT, TsPair};
use crate::dataset::yelp::Yelp;
use crate::dataset::{Corpus, CorpusOptions};
use crate::error::{Error, Result};
use crate::train::preset::Preset;

/// Strings of the generated corpus: enough to train on within seconds.
const REBER_STRINGS: (usize, usize) = (4_000, 1_000);
/// The generated corpus is the same for every training, whatever that one's seed.
const REBER_SEED: u64 = 1;

/// Where the documents are.
#[derive(Debug, Clone, clap::Args)]
pub struct DataArguments {
    /// The data set as downloaded: its file or folder, plain, compressed (.gz, .zst, .zip) or in an archive (.tar, .tar.gz, .tar.zst, .zip), or a folder that holds it
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
    pub fn corpus(&self, preset: Preset, options: &CorpusOptions) -> Result<Box<dyn Corpus>> {
        let (train, test) = REBER_STRINGS;
        let path = match (preset, self.path()) {
            (Preset::Reber, _) => return Ok(Box::new(Reber::new(REBER_SEED, train, test)?)),
            (_, Some(path)) => path,
            (preset, None) => {
                let (name, needed) = (preset.name(), preset.needs());
                return Err(Error::Options(format!(
                    "the preset {name} needs {needed}; name its file, folder or archive by --data or SET_LSTM_DATA"
                )));
            }
        };
        let division = options.division;
        match preset {
            Preset::Reber | Preset::Imdb => Ok(Box::new(Imdb::open(path)?)),
            Preset::Sanders => divided(Sanders::open(path, 2)?, division),
            Preset::Sanders3 => divided(Sanders::open(path, 3)?, division),
            Preset::Sanders4 => divided(Sanders::open(path, 4)?, division),
            Preset::Yelp => divided(Yelp::open(path, Stars::Polarity)?, division),
            Preset::Yelp5 => divided(Yelp::open(path, Stars::Five)?, division),
            Preset::Amazon => divided(Amazon::open(path, Stars::Polarity)?, division),
            Preset::Amazon5 => divided(Amazon::open(path, Stars::Five)?, division),
            Preset::Text => divided(Table::open(path, options.columns.clone())?, division),
            Preset::Hapt => Ok(Box::new(Hapt::open(path)?)),
            Preset::GunPoint => Ok(Box::new(TsPair::open(path, GUN_POINT)?)),
            Preset::Series => series::open(path, options.series.clone(), division),
            Preset::Samples => {
                let table = SampleTable::open(path, options.samples.clone(), division)?;
                table
                    .notes()
                    .iter()
                    .for_each(|note| tracing::info!("{note}"));
                Ok(Box::new(table))
            }
        }
    }
}

/// A set without an official split.
fn divided(collection: impl Collection + 'static, division: Division) -> Result<Box<dyn Corpus>> {
    Ok(Box::new(Divided::new(collection, division)?))
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
    fn the_generated_preset_needs_no_data_and_the_real_ones_say_so() {
        let none = parsed(&["--data="]);
        let usual = CorpusOptions::default();
        assert!(none.corpus(Preset::Reber, &usual).is_ok());
        for preset in [Preset::Imdb, Preset::Yelp5, Preset::Text, Preset::GunPoint] {
            let error = none.corpus(preset, &usual).err().unwrap().to_string();
            assert!(error.contains("--data or SET_LSTM_DATA"), "{error}");
            assert!(error.contains(preset.name()), "{error}");
        }
    }
}

//! Enters: the path of anybody's own recordings. Leaves: their [`Corpus`], whatever the form.
//! Next: `load`.

use std::path::Path;

use super::Corpus;
use super::divided::{Divided, Division};
use super::series_table::{SeriesColumns, SeriesTable};
use super::ts::{self, TsFile, TsPair};
use crate::error::Result;

/// Opens recordings: `NAME_TRAIN.ts` and `NAME_TEST.ts` as they are divided, another `.ts`
/// or a table divided by `division`; the file, a folder or an archive of it.
///
/// # Errors
/// What is not there or not of its form.
pub fn open(path: &Path, columns: SeriesColumns, division: Division) -> Result<Box<dyn Corpus>> {
    if ts::has_pair(path) {
        return Ok(Box::new(TsPair::open(path, ts::ANY)?));
    }
    if ts::is_ts(path) {
        return Ok(Box::new(Divided::new(TsFile::open(path)?, division)?));
    }
    let table = SeriesTable::open(path, columns)?;
    Ok(Box::new(Divided::new(table, division)?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dataset::{Medium, Split};

    const TS: &str = "@classLabel true a b\n@data\n1,2:a\n3,4:b\n5,6:a\n7,8:b\n";
    const CSV: &str = "a,1,2\nb,3,4\na,5,6\nb,7,8\n";

    fn counts(path: &Path) -> [usize; 2] {
        let columns = SeriesColumns::default();
        let corpus = open(path, columns, Division::default()).unwrap();
        assert_eq!(corpus.classes(), ["a", "b"]);
        assert_eq!(corpus.medium(), Medium::Series { channels: 1 });
        [Split::Train, Split::Test].map(|split| {
            let mut count = 0;
            corpus
                .for_each(split, &mut |document| {
                    assert_eq!(document.content.series().len(), 2);
                    count += 1;
                    Ok(())
                })
                .unwrap();
            count
        })
    }

    #[test]
    fn every_form_is_opened_and_divided_if_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let [table, one] = ["x.csv", "x.ts"].map(|name| folder.path().join(name));
        fs::write(&table, CSV).unwrap();
        fs::write(&one, TS).unwrap();
        assert_eq!(counts(&table), [2, 2]);
        assert_eq!(counts(folder.path()), [2, 2]);
        assert_eq!(counts(&one), [2, 2]);
        for half in ["x_TRAIN.ts", "x_TEST.ts"] {
            fs::write(folder.path().join(half), TS).unwrap();
        }
        assert_eq!(counts(folder.path()), [4, 4]);
        assert_eq!(counts(&folder.path().join("x_TEST.ts")), [4, 4]);
    }
}

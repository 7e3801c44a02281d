//! Enters: a path and what to write there. Leaves: the whole new file, or the old one
//! as it was: never a part. Next: checkpoints, vocabularies, metrics and models lie on
//! disk, and whoever reads them finds them complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};

const WRITE_HINT: &str = "the file is as it was before; free some space or choose another place";
/// How the names of temporary files begin.
const UNFINISHED: &str = ".unfinished-";

const READ_HINT: &str = "check that the file exists and may be read";

/// Replaces the file at `path` by what `fill` writes, all of it or nothing.
///
/// The content goes to a temporary file in the same folder, is flushed to the disk and
/// takes the name by renaming, so a full disk or a killed process leaves the old file.
///
/// # Errors
///
/// [`Error::Io`] with the path, if the folder is absent or a write fails.
pub fn write_atomic(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    replace(path, fill).map_err(Error::io(path, WRITE_HINT))
}

fn replace(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        // As for any new file: what the umask leaves, not tempfile's private 0600.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    let mut buffered = BufWriter::new(temporary.as_file_mut());
    fill(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|refused| refused.error)?;
    sync_folder(folder)
}

/// The new name itself is safe only once the folder is on the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes temporary files that killed processes have left in a folder, as far as it may.
pub fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(UNFINISHED.as_bytes())
        {
            // one that stays does no harm
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Reads a text file as a whole.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be read, [`Error::Data`] if it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(Error::io(path, READ_HINT))?;
    String::from_utf8(bytes).map_err(|error| {
        let line = bytes_before(&error).iter().filter(|&&b| b == b'\n').count() + 1;
        Error::data(
            path,
            format!("line {line} is not UTF-8; convert or replace the file"),
        )
    })
}

fn bytes_before(error: &std::string::FromUtf8Error) -> &[u8] {
    &error.as_bytes()[..error.utf8_error().valid_up_to()]
}

/// Adds one line to a text file, atomically; a new file begins with `header`.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be read or written; [`Error::Data`] if the file that is
/// there begins with another header: it is somebody else's.
pub fn append_line(path: &Path, header: &str, line: &str) -> Result<()> {
    let old = if path.exists() {
        read_text(path)?
    } else {
        format!("{header}\n")
    };
    if old.lines().next() != Some(header) {
        let problem =
            format!("expected a first line `{header}`; move the file away or name another");
        return Err(Error::data(path, problem));
    }
    write_atomic(path, |out| {
        out.write_all(old.as_bytes())?;
        if !old.ends_with('\n') {
            out.write_all(b"\n")?; // a last line edited by hand
        }
        writeln!(out, "{line}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_new_file_and_a_replaced_one_hold_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        write_atomic(&path, |out| out.write_all(b"first, and longer")).unwrap();
        write_atomic(&path, |out| out.write_all(b"second")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(folder.path()), ["model.bin"]);
    }

    #[test]
    fn a_bare_file_name_means_the_current_folder() {
        let path = Path::new("set-lstm-bare-name.tmp");
        write_atomic(path, |out| out.write_all(b"here")).unwrap();
        let content = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        assert_eq!(content, b"here");
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        write_atomic(&path, |out| out.write_all(b"good")).unwrap();
        let error = write_atomic(&path, |out| {
            out.write_all(&[0; 100_000])?;
            Err(io::ErrorKind::StorageFull.into())
        })
        .unwrap_err();
        assert!(
            error.to_string().contains("checkpoint: no storage space"),
            "{error}"
        );
        assert!(
            error
                .to_string()
                .contains("as it was before; free some space"),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"good");
        assert_eq!(names(folder.path()), ["checkpoint"]);
    }

    #[test]
    fn a_missing_folder_and_a_folder_in_the_way_are_errors_with_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent/model.bin");
        let error = write_atomic(&absent, |out| out.write_all(b"x")).unwrap_err();
        assert!(error.to_string().contains("absent/model.bin"), "{error}");

        let occupied = folder.path().join("occupied");
        fs::create_dir(&occupied).unwrap();
        fs::write(occupied.join("inside"), b"kept").unwrap();
        assert!(write_atomic(&occupied, |out| out.write_all(b"x")).is_err());
        assert_eq!(fs::read(occupied.join("inside")).unwrap(), b"kept");
        assert_eq!(names(folder.path()), ["occupied"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_folder_is_an_error_and_keeps_the_old_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        fs::write(&path, b"old").unwrap();
        let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode));
        mode(0o555).unwrap();
        let may_write_anyway = File::create(folder.path().join("probe")).is_ok(); // root may
        let result = write_atomic(&path, |out| out.write_all(b"new"));
        mode(0o755).unwrap();
        if may_write_anyway {
            eprintln!("LEFT OUT: writing into a read-only folder (this user may write anywhere)");
        } else {
            assert!(result.unwrap_err().to_string().contains("model.bin"));
            assert_eq!(fs::read(&path).unwrap(), b"old");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_written_file_may_be_read_by_others_as_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (plain, atomic) = (folder.path().join("plain"), folder.path().join("atomic"));
        fs::write(&plain, b"x").unwrap();
        write_atomic(&atomic, |out| out.write_all(b"x")).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(plain), mode(atomic));
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".unfinished-a1b2c3", "model.bin", ".hidden"] {
            fs::write(folder.path().join(name), b"x").unwrap();
        }
        remove_unfinished(folder.path());
        let mut left = names(folder.path());
        left.sort();
        assert_eq!(left, [".hidden", "model.bin"]);
        remove_unfinished(&folder.path().join("absent"));
    }

    #[test]
    fn lines_are_appended_under_one_header() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        append_line(&path, "seed,accuracy", "1,0.5").unwrap();
        append_line(&path, "seed,accuracy", "2,0.6").unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "seed,accuracy\n1,0.5\n2,0.6\n"
        );
        let error = append_line(&path, "seed,loss", "3,0.1").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("expected a first line `seed,loss`"),
            "{error}"
        );
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "seed,accuracy\n1,0.5\n2,0.6\n"
        );
        fs::write(&path, "seed,accuracy\n1,0.5").unwrap();
        append_line(&path, "seed,accuracy", "2,0.6").unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "seed,accuracy\n1,0.5\n2,0.6\n"
        );
    }

    #[test]
    fn text_that_is_not_utf8_is_an_error_with_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words.txt");
        fs::write(&path, b"good\nbad \xff\n").unwrap();
        let error = read_text(&path).unwrap_err().to_string();
        assert!(error.contains("words.txt: line 2 is not UTF-8"), "{error}");
        let absent = read_text(&folder.path().join("absent"))
            .unwrap_err()
            .to_string();
        assert!(absent.contains("check that the file exists"), "{absent}");
    }
}

//! Enters: a path and what to write there. Leaves: the whole new file, or the old one
//! as it was: never a part. Next: checkpoints, vocabularies, metrics and models lie on
//! disk, and whoever reads them finds them complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};

const WRITE_HINT: &str = "the file is as it was before; free some space or choose another place";
const FOLDER_HINT: &str = "make its folder, or choose another place";
/// How the names of temporary files begin.
const UNFINISHED: &str = ".unfinished-";

const READ_HINT: &str = "check that the file exists and may be read";

/// Replaces the file at `path` by what `fill` writes, all of it or nothing.
///
/// The content goes to a temporary file in the same folder, is flushed to the disk and
/// takes the name by renaming, so a full disk or a killed process leaves the old file.
/// A link stays a link: the file that it names is replaced. What is no file, such as
/// `/dev/null`, a pipe or `/dev/stdout`, is never replaced but written to.
///
/// # Errors
///
/// [`Error::Io`] with the path, if the folder is absent or a write fails.
pub fn write_atomic(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    check_place(path)?;
    let written = if is_replaceable(path) {
        // a link to nothing yet cannot be followed, and is replaced
        let target = path.canonicalize();
        replace(target.as_deref().unwrap_or(path), fill)
    } else {
        pour(path, fill)
    };
    written.map_err(Error::io(path, WRITE_HINT))
}

/// Whether a file could lie at `path`: what takes long asks before it begins.
///
/// # Errors
///
/// [`Error::Io`] with the path, if its folder is absent or no folder, or it is one itself.
pub fn check_place(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        let absent = fs::metadata(folder).err();
        let source = absent.unwrap_or(io::ErrorKind::NotADirectory.into());
        return Err(Error::io(path, FOLDER_HINT)(source));
    }
    if path.is_dir() {
        let source = io::ErrorKind::IsADirectory.into();
        return Err(Error::io(
            path,
            "name a file in it, or choose another place",
        )(source));
    }
    Ok(())
}

/// The folder in which a file of this path lies.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether there is nothing yet, or a file that is not open elsewhere by this very name.
fn is_replaceable(path: &Path) -> bool {
    const OPEN: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];
    let is_file = fs::metadata(path).map_or(true, |there| there.is_file());
    is_file && !OPEN.iter().any(|open| path.starts_with(open))
}

/// Writes to what is there already and is no file.
fn pour(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let there = fs::OpenOptions::new().write(true).open(path)?;
    let mut buffered = BufWriter::new(there);
    fill(&mut buffered)?;
    buffered.flush()
}

fn replace(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = folder_of(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        // As for any new file: what the umask leaves, not tempfile's private 0600.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder).map_err(without_name)?;
    let mut buffered = BufWriter::new(temporary.as_file_mut());
    fill(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|refused| refused.error)?;
    sync_folder(folder)
}

/// The message without the name of a temporary file, which nobody has asked for.
fn without_name(problem: io::Error) -> io::Error {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match problem.kind() {
        kind @ (PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull) => kind.into(),
        _ => problem,
    }
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

/// Makes a folder under a temporary name, for what shall appear as a whole: whoever has filled
/// it renames it, and until then it goes away by itself.
///
/// # Errors
///
/// What the system says.
pub fn unfinished_folder(parent: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        // as for any new folder: what the umask leaves, not tempfile's private 0700
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(parent)
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

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        fs::write(&file, b"old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write_atomic(&link, |out| out.write_all(b"new")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    /// Of root's rights too: a device that is renamed over is gone for every program.
    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_stays() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let content = std::thread::scope(|scope| {
            let reader = scope.spawn(|| fs::read(&pipe).unwrap());
            write_atomic(&pipe, |out| out.write_all(b"through")).unwrap();
            assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
            reader.join().unwrap()
        });
        assert_eq!(content, b"through");
    }

    #[test]
    fn what_a_process_holds_open_is_not_replaced() {
        for open in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            assert!(!is_replaceable(Path::new(open)), "{open}");
        }
        assert!(is_replaceable(Path::new("/dev/shm/absent.setl")));
    }

    #[test]
    fn a_missing_folder_and_a_folder_in_the_way_are_errors_with_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent/model.bin");
        let error = write_atomic(&absent, |out| out.write_all(b"x")).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("absent/model.bin: No such file"), "{error}");
        assert!(
            error.ends_with("make its folder, or choose another place"),
            "{error}"
        );

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

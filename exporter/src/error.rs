//! The one error type of the host side: what failed, where, and what to do.

use std::path::PathBuf;

/// What can go wrong on the host.
///
/// Messages are lower case, without a full stop, and end with what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}; {hint}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// Data that does not have the form that its loader reads.
    #[error("{}: {problem}", path.display())]
    Data {
        /// The file, or the file inside an archive.
        path: PathBuf,
        /// What was found, what was expected, and what to do.
        problem: String,
    },
    /// An option out of range, or two that do not go together.
    #[error("{0}")]
    Options(String),
    /// A model file that does not decode.
    #[error("{}: {problem}", path.display())]
    Model {
        /// The model file or run folder.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A model or program that does not fit a board or a budget.
    #[error("{0}")]
    TooLarge(String),
    /// A tool that the command needs (QEMU, a compiler target) failed or is absent.
    #[error("{0}")]
    Tool(String),
    /// The user pressed Ctrl-C; everything finished so far is saved.
    #[error("interrupted; {0}")]
    Interrupted(String),
}

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Shorthand for [`Error::Io`].
    pub fn io(path: impl Into<PathBuf>, hint: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Error::Io { path, source, hint }
    }

    /// Shorthand for [`Error::Data`].
    pub fn data(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Error::Data {
            path: path.into(),
            problem: problem.into(),
        }
    }
}

//! Enters: what a user says of the runtime, or nothing. Leaves: [`Runtime`], where the new
//! project takes it from. Next: `mod` writes it into the manifest.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::toolchain::firmware_folder;

/// Where the runtime comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// A folder with its sources; absolute.
    Path(PathBuf),
    /// A version of the registry.
    Version(String),
}

impl Runtime {
    /// What is named, a folder or a version; if nothing is, the sources that this program finds,
    /// and without any the version that belongs to it.
    ///
    /// # Errors
    /// The named one is neither.
    pub fn find(named: Option<&str>) -> Result<Self> {
        let Some(named) = named else {
            let sources = firmware_folder(None).ok();
            let folder = sources.and_then(|folder| Some(folder.parent()?.join("runtime")));
            let found = folder.and_then(|folder| sources_in(&folder));
            return Ok(found.unwrap_or(Runtime::Version(env!("CARGO_PKG_VERSION").into())));
        };
        let is_version = named.starts_with(|c: char| c.is_ascii_digit() || "^~=<>*".contains(c));
        if let Some(found) = sources_in(Path::new(named)) {
            return Ok(found);
        }
        if is_version && !named.contains(['"', '\\', '/']) {
            return Ok(Runtime::Version(named.into()));
        }
        Err(Error::Options(format!(
            "{named} is neither the folder of set-lstm-runtime nor a version; name one of both, as \
             in --runtime 0.1"
        )))
    }

    /// The value of the dependency in a manifest.
    ///
    /// # Errors
    /// A path that a manifest cannot name.
    pub fn dependency(&self) -> Result<String> {
        match self {
            Runtime::Version(version) => Ok(format!("{version:?}")),
            Runtime::Path(folder) => {
                let path = folder.to_str().ok_or_else(|| {
                    Error::Options(format!(
                        "{} is not UTF-8, and a manifest cannot name it; name a version by \
                         --runtime",
                        folder.display()
                    ))
                })?;
                let path = toml::Value::String(path.into());
                Ok(format!("{{ path = {path} }}"))
            }
        }
    }
}

fn sources_in(folder: &Path) -> Option<Runtime> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let is_it = manifest.contains("name = \"set-lstm-runtime\"");
    let folder = folder.canonicalize().ok()?;
    is_it.then_some(Runtime::Path(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_the_sources_a_version_or_what_is_at_hand() {
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime");
        let path = Path::new(sources).canonicalize().expect("the sources");
        let found = Runtime::find(None).expect("the sources are here");
        assert_eq!(found, Runtime::Path(path.clone()));
        assert_eq!(Runtime::find(Some(sources)).expect("named"), found);
        let dependency = found.dependency().expect("UTF-8");
        let manifest: toml::Table = format!("runtime = {dependency}").parse().expect("TOML");
        assert_eq!(manifest["runtime"]["path"].as_str(), path.to_str());
        let version = Runtime::find(Some("0.1.2")).expect("a version");
        assert_eq!(version.dependency().expect("a version"), "\"0.1.2\"");
        for wrong in ["nowhere", "1.0\"", "1/2", "", env!("CARGO_MANIFEST_DIR")] {
            let error = Runtime::find(Some(wrong)).expect_err(wrong).to_string();
            assert!(error.ends_with("as in --runtime 0.1"), "{error}");
        }
    }
}

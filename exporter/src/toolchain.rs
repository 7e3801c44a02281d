//! Enters: what is installed. Leaves: how to build firmware, where its sources lie, the
//! emulator, and what writes to boards. Next: `simulate` and `flash`.
//!
//! Two ways lead to thumb code, and `scripts/setup.sh` sees to it that one of them is open:
//!
//! 1. a compiler that has the target's core library (`rustup target add`): plain cargo;
//! 2. a compiler that has the sources of the library instead (Debian's `rust-web-src`, or
//!    rustup's `rust-src`): core is built along, with `rust-lld` of any toolchain.

use crate::error::{Error, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What every error about tools ends with.
const SETUP: &str = "run scripts/setup.sh of the set-lstm sources";
/// The oldest compiler that will do.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");
/// A target whose name alone leaves out instructions that every core of it here has, those
/// for signal processing; and the core.
const CORE_OF_TARGET: [(&str, &str); 1] = [("thumbv8m.main-none-eabihf", "cortex-m33")];
/// Folder of the firmware's sources, where this program was built.
const BUILT_FROM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-examples");

/// A compiler for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    target: String,
    cargo: PathBuf,
    rustc: PathBuf,
    /// Set if core has to be built along: the linker for that.
    linker: Option<PathBuf>,
}

impl Compiler {
    /// Finds a compiler for a target such as `thumbv7em-none-eabihf`.
    ///
    /// # Errors
    /// No compiler has the target's core library or its sources.
    pub fn find(target: &str) -> Result<Self> {
        let candidates = ["", "/usr/bin/"].map(|folder| {
            let [cargo, rustc] = ["cargo", "rustc"].map(|tool| format!("{folder}{tool}").into());
            Compiler {
                target: target.to_owned(),
                cargo,
                rustc,
                linker: None,
            }
        });
        let recent = || candidates.iter().filter(|compiler| compiler.is_recent());
        if let Some(ready) = recent().find(|compiler| compiler.has_core()) {
            return Ok(ready.clone());
        }
        let linker = candidates.iter().find_map(Compiler::own_linker);
        let from_sources = recent().find(|compiler| compiler.has_sources());
        if let (Some(compiler), Some(linker)) = (from_sources, linker) {
            return Ok(Compiler {
                linker: Some(linker),
                ..compiler.clone()
            });
        }
        Err(Error::Tool(format!(
            "no Rust compiler (from {OLDEST}) for {target} is installed; {SETUP}, or `rustup target \
             add {target}`"
        )))
    }

    /// `cargo build --release` for the target, to be run in `folder`; arguments may follow.
    pub fn build(&self, folder: &Path, target_folder: &Path) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(folder);
        command.args(["build", "--release", "--target", &self.target]);
        command.arg("--target-dir").arg(target_folder);
        // what was meant for a host build around this one is wrong here
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            command.env_remove(variable);
        }
        let name = self.target.to_uppercase().replace(['-', '.'], "_");
        if let Some(core) = core_of(&self.target) {
            let flags = format!("-Ctarget-cpu={core}");
            command.env(format!("CARGO_TARGET_{name}_RUSTFLAGS"), flags);
        }
        if let Some(linker) = &self.linker {
            command.arg("-Zbuild-std=core").env("RUSTC_BOOTSTRAP", "1");
            command.env("RUSTC", &self.rustc);
            command.env(format!("CARGO_TARGET_{name}_LINKER"), linker);
        }
        command
    }

    /// Its name and version, such as `rustc 1.96.0`.
    ///
    /// # Errors
    /// It does not run any more.
    pub fn name(&self) -> Result<String> {
        let version = self.version("release: ");
        let version = version.ok_or_else(|| {
            Error::Tool(format!("{} does not run; {SETUP}", self.rustc.display()))
        })?;
        Ok(format!("rustc {version}"))
    }

    fn is_recent(&self) -> bool {
        self.version("release: ")
            .is_some_and(|found| minor(&found) >= minor(OLDEST))
    }

    fn has_core(&self) -> bool {
        let entries = self.library().and_then(|folder| folder.read_dir().ok());
        entries.is_some_and(|entries| {
            let mut names = entries.flatten().map(|entry| entry.file_name());
            names.any(|name| name.to_string_lossy().starts_with("libcore-"))
        })
    }

    fn has_sources(&self) -> bool {
        let library = "lib/rustlib/src/rust/library/core/src/lib.rs";
        let root = self.sysroot().filter(|_| self.library().is_some());
        root.is_some_and(|root| root.join(library).is_file())
    }

    /// Where the target's libraries would lie; `None` if the compiler does not know it.
    fn library(&self) -> Option<PathBuf> {
        let folder = self.ask(&["--print", "target-libdir", "--target", &self.target])?;
        Some(folder.trim().into())
    }

    fn own_linker(&self) -> Option<PathBuf> {
        let host = self.version("host: ")?;
        let folder = self.sysroot()?.join("lib/rustlib").join(host).join("bin");
        Some(folder.join("rust-lld")).filter(|linker| linker.is_file())
    }

    /// One line of what the compiler says about itself.
    fn version(&self, name: &str) -> Option<String> {
        let text = self.ask(&["--version", "--verbose"])?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.to_owned())
    }

    fn sysroot(&self) -> Option<PathBuf> {
        Some(self.ask(&["--print", "sysroot"])?.trim().into())
    }

    fn ask(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new(&self.rustc).args(arguments).output().ok()?;
        output.status.success().then_some(())?;
        String::from_utf8(output.stdout).ok()
    }
}

/// The core that a target's code is for, where the name of the target says less.
pub fn core_of(target: &str) -> Option<&'static str> {
    let found = CORE_OF_TARGET.iter().find(|(name, _)| *name == target);
    found.map(|(_, core)| *core)
}

/// The second number of a version: Rust's first has been 1 for ever.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}

/// The emulator: `SET_LSTM_QEMU`, or `qemu-system-arm` on the path.
///
/// # Errors
/// Neither exists.
pub fn qemu() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    find_qemu(std::env::var_os("SET_LSTM_QEMU"), &path).ok_or_else(|| {
        Error::Tool(format!(
            "qemu-system-arm is not installed; {SETUP}, or install your system's package of it"
        ))
    })
}

/// The program that writes to boards: `probe-rs` on the path.
///
/// # Errors
/// It is not there.
pub fn probe_rs() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("probe-rs{}", std::env::consts::EXE_SUFFIX);
    on_path(&path, &name).ok_or_else(|| {
        Error::Tool(
            "probe-rs, which writes to boards, is not installed; install it as \
             https://probe.rs/docs/getting-started/installation says, or by `cargo install \
             probe-rs-tools --locked`"
                .into(),
        )
    })
}

fn find_qemu(named: Option<OsString>, path: &OsString) -> Option<PathBuf> {
    match named {
        Some(named) => Some(PathBuf::from(named)).filter(|file| file.is_file()),
        None => on_path(path, "qemu-system-arm"),
    }
}

fn on_path(path: &OsString, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The folder `firmware-examples`, absolute: the one that is named, `SET_LSTM_FIRMWARE`, the
/// one here or above, or the one that this program was built beside.
///
/// # Errors
/// The named one is not it, there is none, or nothing can be built where it lies.
pub fn firmware_folder(named: Option<&Path>) -> Result<PathBuf> {
    let variable = std::env::var_os("SET_LSTM_FIRMWARE").map(PathBuf::from);
    let here = std::env::current_dir().unwrap_or_default();
    buildable(find_firmware(
        named.map(Path::to_owned).or(variable),
        &here,
    )?)
}

/// Refuses a folder whose path breaks the lists and lines in which cargo hands it on.
fn buildable(folder: PathBuf) -> Result<PathBuf> {
    let is_one_line = |path: &str| !path.contains(['\n', '\r']);
    let can = folder.to_str().is_some_and(is_one_line) && std::env::join_paths([&folder]).is_ok();
    can.then_some(()).ok_or_else(|| {
        Error::Tool(format!(
            "{}: nothing can be built below a path with a line end, a separator of paths, or what \
             is not UTF-8; move the set-lstm sources",
            folder.display()
        ))
    })?;
    Ok(folder)
}

fn find_firmware(named: Option<PathBuf>, here: &Path) -> Result<PathBuf> {
    let is_it = |folder: &PathBuf| folder.join("demo/Cargo.toml").is_file();
    if let Some(folder) = named {
        let whole = Some(&folder).filter(|folder| is_it(folder));
        return whole
            .and_then(|folder| folder.canonicalize().ok())
            .ok_or_else(|| {
                Error::Tool(format!(
                    "{}: the folder holds no firmware; name the folder firmware-examples of the \
                     set-lstm sources",
                    folder.display()
                ))
            });
    }
    here.ancestors()
        .map(|folder| folder.join("firmware-examples"))
        .chain([PathBuf::from(BUILT_FROM)])
        .find(is_it)
        .and_then(|folder| folder.canonicalize().ok())
        .ok_or_else(|| {
            Error::Tool(format!(
                "the folder firmware-examples, from which this is built, is not here; get the \
                 sources of set-lstm {} and run inside them, or name it by --firmware or in \
                 SET_LSTM_FIRMWARE",
                env!("CARGO_PKG_VERSION")
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_target_is_an_error_that_names_the_script() {
        let error = Compiler::find("thumbv99-none-eabi").expect_err("no such target");
        assert!(error.to_string().contains("scripts/setup.sh"), "{error}");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(minor("1.100.0") > minor("1.89"));
        assert!(minor("1.85.0-nightly") < minor("1.89"));
        assert!(minor("what") < minor("1.0"));
    }

    #[test]
    fn a_build_that_makes_core_names_compiler_and_linker() {
        let compiler = Compiler {
            target: "thumbv8m.main-none-eabihf".into(),
            cargo: "/usr/bin/cargo".into(),
            rustc: "/usr/bin/rustc".into(),
            linker: Some("/lld".into()),
        };
        let command = compiler.build(Path::new("/sources"), Path::new("/out"));
        let set: Vec<_> = command
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        for expected in [
            ("CARGO_TARGET_THUMBV8M_MAIN_NONE_EABIHF_LINKER", "/lld"),
            (
                "CARGO_TARGET_THUMBV8M_MAIN_NONE_EABIHF_RUSTFLAGS",
                "-Ctarget-cpu=cortex-m33",
            ),
            ("RUSTC", "/usr/bin/rustc"),
            ("RUSTC_BOOTSTRAP", "1"),
        ] {
            assert!(
                set.contains(&(expected.0.as_ref(), expected.1.as_ref())),
                "{set:?}"
            );
        }
        let last = command.get_args().last();
        assert_eq!(last, Some("-Zbuild-std=core".as_ref()));
    }

    #[test]
    fn qemu_is_the_named_file_or_none() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = OsString::from(folder.path());
        assert_eq!(find_qemu(None, &path), None);
        let file = folder.path().join("qemu-system-arm");
        std::fs::write(&file, "").expect("an empty file");
        assert_eq!(find_qemu(None, &path), Some(file.clone()));
        assert_eq!(find_qemu(Some("/nowhere".into()), &path), None);
        assert_eq!(find_qemu(Some(file.clone().into()), &"".into()), Some(file));
    }

    #[test]
    fn the_firmware_is_found_from_below_and_from_elsewhere() {
        let sources = Path::new(BUILT_FROM).canonicalize().expect("the sources");
        let below = sources.join("demo/src");
        assert_eq!(find_firmware(None, &below).expect("above"), sources);
        let elsewhere = find_firmware(None, Path::new("/")).expect("where it was built");
        assert_eq!(elsewhere, sources);
    }

    #[test]
    fn a_folder_that_is_named_from_here_is_meant_from_everywhere() {
        let found = find_firmware(Some("../firmware-examples".into()), Path::new("/"));
        let found = found.expect("beside this package");
        assert_eq!(
            found,
            Path::new(BUILT_FROM).canonicalize().expect("sources")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_cargo_cannot_hand_on_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        for path in [&b"/a\nb"[..], b"/a:b", b"/caf\xe9"] {
            let error = buildable(OsString::from_vec(path.into()).into()).expect_err("broken");
            assert!(
                error.to_string().ends_with("move the set-lstm sources"),
                "{error}"
            );
        }
        let spaced = PathBuf::from("/a b/c'd");
        assert_eq!(buildable(spaced.clone()).expect("well"), spaced);
    }

    #[test]
    fn a_wrong_firmware_folder_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = find_firmware(Some(folder.path().into()), Path::new("/"));
        let error = error.expect_err("an empty folder").to_string();
        assert!(error.contains("firmware-examples"), "{error}");
    }
}

//! `set-lstm man`.

use std::path::{Path, PathBuf};

use clap::{Command, ValueHint};
use clap_mangen::Man;

use super::output::print_bytes;
use crate::error::{Error, Result};
use crate::file;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm man > set-lstm.1
  set-lstm man --out ~/.local/share/man/man1")]
pub struct Arguments {
    /// Write the pages of all commands into this folder, and print none
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let mut command = super::shown_command();
    command.build();
    match arguments.out {
        None => print_bytes(&page(command)?),
        Some(folder) => {
            let hint = "name a folder that can be written by --out";
            std::fs::create_dir_all(&folder).map_err(Error::io(&folder, hint))?;
            save(command, &folder)
        }
    }
}

/// The page of a command and those of its subcommands.
fn save(command: Command, folder: &Path) -> Result<()> {
    let is_own = |it: &&Command| it.get_name() != "help";
    for inner in command.get_subcommands().filter(is_own) {
        save(inner.clone(), folder)?;
    }
    let name = command.get_display_name().unwrap_or(command.get_name());
    let path = folder.join(format!("{name}.1"));
    let page = page(command)?;
    file::write_atomic(&path, |out| out.write_all(&page))
}

fn page(command: Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let rendered = Man::new(command).render(&mut page);
    // into memory; a write cannot fail there
    rendered.map_err(Error::io("manual page", "report this"))?;
    Ok(page)
}

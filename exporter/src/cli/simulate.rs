//! `set-lstm simulate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::model::DocumentArguments;
use super::output::{print, print_json};
use crate::dataset::Split;
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::simulate::board::EmulatedBoard;
use crate::simulate::firmware::Folders;
use crate::simulate::{SimulateOptions, Simulation, simulate};

/// Documents that are run unless somebody asks for more or fewer.
pub const DOCUMENTS: usize = 200;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm simulate imdb.setl --data aclImdb.tar.gz --limit 200

Builds the firmware with the model inside, runs it under QEMU on documents of the test part,
and compares every label, logit and state with the host's, bit for bit. Exit code 0 only if
all are equal. scripts/setup.sh installs what it needs.")]
pub struct Arguments {
    /// The model file
    model: PathBuf,
    #[command(flatten)]
    documents: DocumentArguments,
    #[command(flatten)]
    board: BoardArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The board, and what it may take.
#[derive(Debug, Clone, clap::Args)]
pub struct BoardArguments {
    /// The emulated board
    #[arg(long, default_value = "mps2-an386", value_parser = |name: &str| EmulatedBoard::named(name).map_err(|e| e.to_string()))]
    pub board: EmulatedBoard,
    /// Flash that the firmware may fill, such as 512K; all of the board's if not given
    #[arg(long, value_name = "BYTES", value_parser = size)]
    pub flash_budget: Option<u64>,
    /// The folder firmware-examples, if it is not found
    #[arg(long, value_name = "FOLDER", env = "SET_LSTM_FIRMWARE")]
    pub firmware: Option<PathBuf>,
    /// Seconds that the emulator may run
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub timeout: u64,
}

impl BoardArguments {
    /// As the library takes them.
    pub fn options(&self) -> SimulateOptions {
        SimulateOptions {
            board: self.board,
            flash_budget: self.flash_budget,
            timeout: Duration::from_secs(self.timeout),
            folders: Folders {
                sources: self.firmware.clone(),
                target: None,
            },
        }
    }
}

/// A size in bytes, with `K` or `M` for 1,024 or 1,048,576 of them.
fn size(text: &str) -> std::result::Result<u64, String> {
    let (digits, unit) = match text.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1 << 10),
        None => text
            .strip_suffix(['M', 'm'])
            .map_or((text, 1), |digits| (digits, 1 << 20)),
    };
    let count: Option<u64> = digits.parse().ok();
    count
        .and_then(|count| count.checked_mul(unit))
        .ok_or_else(|| "expected a number of bytes such as 524288, 512K or 1M".to_owned())
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        model,
        documents,
        board,
        json,
    } = arguments;
    let simulation = run_documents(&model, documents, &board)?;
    if json {
        print_json(&simulation)?
    } else {
        print(&simulation)?
    }
    verdict(&simulation)
}

/// Runs documents of the test part.
///
/// # Errors
/// The model or the data cannot be read, and what [`simulate`] returns.
pub fn run_documents(
    path: &PathBuf,
    mut documents: DocumentArguments,
    board: &BoardArguments,
) -> Result<Simulation> {
    documents.limit = documents.limit.or(NonZeroUsize::new(DOCUMENTS));
    let bytes = AlignedBytes::read(path)?;
    let set = documents.load(&AnyModel::open(&bytes, path)?, path, Split::Test)?;
    tracing::info!(
        "building the firmware and running {} documents, {} {}s, under QEMU",
        set.len(),
        set.step_count(),
        set.step_name()
    );
    simulate(&bytes, path, &set, &board.options())
}

/// Differences make the command fail, after it has printed them.
///
/// # Errors
/// There is one.
pub fn verdict(simulation: &Simulation) -> Result<()> {
    match simulation.mismatches {
        0 => Ok(()),
        count => Err(Error::Tool(format!(
            "{count} of {} answers differ from the host's; export the model again, and if that does not help report it",
            simulation.examples
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_people_say_them() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("512K"), Ok(524_288));
        assert_eq!(size("1m"), Ok(1_048_576));
        for wrong in ["", "K", "-1", "1.5K", "99999999999999999999M"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}

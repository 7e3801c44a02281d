//! Enters: a linked program and the name of a chip. Leaves: the program on the board, and its
//! log on the terminal. Next: a person watches it.

use crate::boards::RealBoard;
use crate::error::{Error, Result};
use crate::toolchain::probe_rs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The program probe-rs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeRs(PathBuf);

impl ProbeRs {
    /// Looks for it.
    ///
    /// # Errors
    /// It is not installed.
    pub fn find() -> Result<Self> {
        probe_rs().map(ProbeRs)
    }

    /// Makes sure that a probe is connected.
    ///
    /// # Errors
    /// There is none, or probe-rs does not run.
    pub fn find_probe(&self, board: RealBoard) -> Result<()> {
        let output = Command::new(&self.0)
            .arg("list")
            .stdin(Stdio::null())
            .output()
            .map_err(|problem| self.broken(&problem.to_string()))?;
        let listed = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            return Err(self.broken(complaint.lines().last().unwrap_or("no message")));
        }
        if is_listed(&listed) {
            return Ok(());
        }
        Err(Error::Tool(format!(
            "no debug probe is connected; connect {} by the USB socket of its probe, or a probe to \
             it, and if that does not help see https://probe.rs/docs/getting-started/probe-setup",
            board.name
        )))
    }

    /// Writes a program to the board, starts it, and shows its log until it ends or somebody
    /// presses Ctrl-C.
    ///
    /// # Errors
    /// probe-rs says no: another board, another program at its probe.
    pub fn run(&self, board: RealBoard, elf: &Path) -> Result<()> {
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        // Ctrl-C goes to probe-rs as well, which lets go of the board; it is waited for
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).map_err(|problem| {
            Error::Tool(format!(
                "Ctrl-C cannot be caught: {problem}; start the command in another shell"
            ))
        })?;
        let mut command = Command::new(&self.0);
        command.args(["run", "--chip", board.chip]).arg(elf);
        let status = command
            .status()
            .map_err(|problem| self.broken(&problem.to_string()))?;
        if interrupted.load(Ordering::Relaxed) {
            return Err(Error::Interrupted(
                "the program is on the board and starts with it".into(),
            ));
        }
        if status.success() {
            return Ok(());
        }
        let code = status
            .code()
            .map_or("a crash".into(), |code| format!("code {code}"));
        let RealBoard { name, chip, .. } = board;
        Err(Error::Tool(format!(
            "probe-rs ended with {code}, its own words stand above; check that the board is a \
             {name} with the chip {chip}, that no other program has its probe, and that \
             PROBE_RS_PROBE names one if there are several"
        )))
    }

    fn broken(&self, problem: &str) -> Error {
        Error::Tool(format!(
            "{} does not run: {problem}; install it anew",
            self.0.display()
        ))
    }
}

/// Whether `probe-rs list` names a probe: `[0]: ST-LINK V2-1 ...`.
fn is_listed(text: &str) -> bool {
    text.lines().any(|line| line.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_has_a_number() {
        let found = "The following debug probes were found:\n[0]: STLink V2-1 -- 0483:374b\n";
        assert!(is_listed(found));
        assert!(!is_listed("No debug probes were found.\n"));
        assert!(!is_listed(""));
    }
}

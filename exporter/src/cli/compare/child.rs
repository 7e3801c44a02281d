//! Enters: the words of a command of this program. Leaves: the JSON object that it prints.
//! Next: a cell takes its figures.
//!
//! A process of its own has a peak of memory of its own, and a failure that is its own.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::Value;

use crate::error::{Error, Result};

const AGAIN: &str = "the same command goes on from here";

/// Starts commands one after another, and hands Ctrl-C on to the one that runs.
#[derive(Debug, Clone, Default)]
pub struct Children {
    interrupted: Arc<AtomicBool>,
    running: Arc<AtomicU32>, // its process, or 0
}

impl Children {
    /// Catches Ctrl-C from now on.
    ///
    /// # Errors
    /// The system does not let it be caught.
    pub fn new() -> Result<Self> {
        let children = Children::default();
        let Children {
            interrupted,
            running,
        } = children.clone();
        ctrlc::set_handler(move || {
            let again = interrupted.swap(true, Ordering::SeqCst);
            match running.load(Ordering::SeqCst) {
                0 if again => std::process::exit(130),
                0 => {}
                process => hand_on(process),
            }
        })
        .map_err(|e| {
            Error::Tool(format!(
                "Ctrl-C cannot be caught: {e}; start the command in another shell"
            ))
        })?;
        Ok(children)
    }

    /// Whether Ctrl-C was pressed.
    ///
    /// # Errors
    /// It was.
    pub fn check(&self) -> Result<()> {
        if self.interrupted.load(Ordering::SeqCst) {
            return Err(Error::Interrupted(AGAIN.into()));
        }
        Ok(())
    }

    /// Runs a command to its end; `watch` sees each line of its standard error.
    ///
    /// # Errors
    /// The last error that the command names, and Ctrl-C.
    pub fn run(&self, words: &[OsString], watch: &mut dyn FnMut(&str)) -> Result<Value> {
        self.check()?;
        let failed = |problem: std::io::Error| {
            Error::Tool(format!(
                "this program cannot start itself: {problem}; check that it is still where it was"
            ))
        };
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command.args(words).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        own_group(&mut command);
        let child = command.spawn().map_err(failed)?;
        self.running.store(child.id(), Ordering::SeqCst);
        if self.interrupted.load(Ordering::SeqCst) {
            hand_on(child.id()); // pressed while it started
        }
        let ended = follow(child, watch);
        self.running.store(0, Ordering::SeqCst);
        let (code, out, complaint) = ended.map_err(failed)?;
        match code {
            Some(0) => serde_json::from_str(&out).map_err(|problem| {
                Error::Tool(format!("a child printed no JSON: {problem}; report this"))
            }),
            _ if self.interrupted.load(Ordering::SeqCst) => Err(Error::Interrupted(AGAIN.into())),
            Some(130) => Err(Error::Interrupted(AGAIN.into())),
            Some(_) => Err(Error::Tool(complaint)),
            None => Err(Error::Tool(
                "it was killed, perhaps for want of memory; free some and try again".into(),
            )),
        }
    }
}

/// Exit code, standard output, and the error that was named.
fn follow(
    mut child: Child,
    watch: &mut dyn FnMut(&str),
) -> std::io::Result<(Option<i32>, String, String)> {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    // beside the reading of the other, or two full pipes would wait for each other
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.map_or(Ok(0), |mut out| out.read_to_string(&mut text))
            .map(|_| text)
    });
    let mut complaint = "it failed without a word; run it by hand".to_owned();
    for line in err.into_iter().flat_map(|err| BufReader::new(err).lines()) {
        let line = line?;
        match line.strip_prefix("error: ") {
            Some(error) => complaint = error.to_owned(),
            None => watch(&line),
        }
    }
    let out = reader
        .join()
        .unwrap_or_else(|_| Err(std::io::Error::other("the reader failed")))?;
    Ok((child.wait()?.code(), out, complaint))
}

/// Takes the child out of the terminal's reach: a Ctrl-C comes once, from here, or the second
/// would not let it save.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
fn hand_on(process: u32) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    // one that has ended already needs no signal
    let _ = killpg(Pid::from_raw(process as i32), Signal::SIGINT);
}

/// Elsewhere the console tells all its processes.
#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

#[cfg(not(unix))]
fn hand_on(_process: u32) {}

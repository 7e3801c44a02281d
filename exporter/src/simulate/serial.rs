//! Enters: a [`Firmware`]. Leaves: [`SerialLine`], the program running under QEMU, with its
//! serial port at hand. Next: `talk`.

use super::firmware::{Firmware, wait};
use crate::error::{Error, Result};
use std::io::Read;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How often it is looked whether the emulator has connected.
const PAUSE: Duration = Duration::from_millis(2);

/// A program that runs. Dropping this ends the emulator.
#[derive(Debug)]
pub struct SerialLine {
    child: Child,
    stream: TcpStream,
    _firmware: Firmware, // QEMU may not have read its file yet
}

impl SerialLine {
    /// Starts a program whose first serial port is connected to this side. QEMU holds back
    /// what the program has not taken yet: no byte is lost.
    ///
    /// # Errors
    /// QEMU is missing or does not start.
    pub fn open(firmware: &Firmware) -> Result<Self> {
        SerialLine::open_with(firmware, &[])
    }

    /// [`SerialLine::open`] with more arguments for QEMU.
    ///
    /// # Errors
    /// Those of [`SerialLine::open`].
    pub fn open_with(firmware: &Firmware, arguments: &[String]) -> Result<Self> {
        let broken = |problem: std::io::Error| no_line(&problem.to_string());
        // any port that is free, and this side is there before QEMU is
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(broken)?;
        listener.set_nonblocking(true).map_err(broken)?;
        let port = listener.local_addr().map_err(broken)?.port();
        let mut command = firmware.emulator()?;
        command.arg("-chardev").arg(format!(
            "socket,id=line,host=127.0.0.1,port={port},nodelay=on"
        ));
        command.args(["-serial", "chardev:line"]);
        if arguments.is_empty() {
            command.args(["-monitor", "none"]);
        }
        command.args(arguments).stdin(Stdio::null());
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(broken)?;
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(problem) if problem.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(problem) => return Err(end(child, broken(problem))),
            }
            match child.try_wait() {
                Ok(None) => sleep(PAUSE),
                Ok(Some(_)) => return Err(no_line(&last_words(&mut child))),
                Err(problem) => return Err(end(child, broken(problem))),
            }
        };
        let ready = stream.set_nonblocking(false);
        if let Err(problem) = ready.and_then(|()| stream.set_nodelay(true)) {
            return Err(end(child, broken(problem)));
        }
        Ok(SerialLine {
            child,
            stream,
            _firmware: firmware.clone(),
        })
    }

    /// The line, to read from or to write to; both may be done side by side.
    ///
    /// # Errors
    /// The system has no more handles.
    pub fn stream(&self) -> Result<TcpStream> {
        let stream = self.stream.try_clone();
        stream.map_err(|problem| no_line(&problem.to_string()))
    }

    /// What the program prints elsewhere than on the line, such as a log; once, and then
    /// [`SerialLine::end`] does not show it. It has to be read, or the program waits.
    pub fn log(&mut self) -> Option<impl Read + Send + 'static> {
        self.child.stdout.take()
    }

    /// Gives the program some time to end, then ends it: with what exit code, `None` if it
    /// did not end by itself, and what it printed elsewhere than on the line.
    ///
    /// # Errors
    /// The system does not say.
    pub fn end(&mut self, patience: Duration) -> Result<(Option<i32>, String)> {
        let broken = |problem: std::io::Error| no_line(&problem.to_string());
        let code = wait(&mut self.child, patience).map_err(broken)?;
        Ok((code.flatten(), last_words(&mut self.child)))
    }
}

impl Drop for SerialLine {
    fn drop(&mut self) {
        // it may be gone already
        let _ = self.stream.shutdown(Shutdown::Both);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends the emulator; the error that led to it.
fn end(mut child: Child, error: Error) -> Error {
    let _ = child.kill();
    let _ = child.wait();
    error
}

/// What an emulator that has ended printed.
fn last_words(child: &mut Child) -> String {
    let mut text = Vec::new();
    // what came before an error is still worth showing
    if let Some(mut pipe) = child.stdout.take() {
        let _ = pipe.read_to_end(&mut text);
    }
    if let Some(mut pipe) = child.stderr.take() {
        let _ = pipe.read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

fn no_line(problem: &str) -> Error {
    Error::Tool(format!(
        "the emulated board cannot be reached: {problem}; install qemu-system-arm anew"
    ))
}

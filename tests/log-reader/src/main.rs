//! Prints the log of a program: `set-lstm-log-reader ELF < FRAMES`, a line a frame, its level
//! in front. The texts of a defmt log are in the ELF file, the frames only number them.

use defmt_decoder::{DecodeError, Table};
use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    match print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn print() -> Result<(), String> {
    let path = std::env::args_os().nth(1);
    let path = path.ok_or("name the ELF file of the program")?;
    let elf = std::fs::read(&path).map_err(|problem| format!("{problem}; name the ELF file"))?;
    let table = Table::parse(&elf).map_err(|problem| problem.to_string())?;
    let table = table.ok_or("the program has no log; build it with the feature defmt")?;
    let mut frames = Vec::new();
    let read = std::io::stdin().read_to_end(&mut frames);
    read.map_err(|problem| format!("{problem}; give the frames on standard input"))?;
    let mut decoder = table.new_stream_decoder();
    decoder.received(&frames);
    loop {
        match decoder.decode() {
            Ok(frame) => {
                let level = frame.level().map_or("", |level| level.as_str());
                println!("{level} {}", frame.display_message());
            }
            Err(DecodeError::UnexpectedEof) => return Ok(()),
            Err(DecodeError::Malformed) => return Err("a frame is damaged".into()),
        }
    }
}

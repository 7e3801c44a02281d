//! `set-lstm stack-bound`.

use std::path::PathBuf;

use serde::Serialize;

use super::output::{print, print_json};
use crate::error::{Error, Result};
use crate::stack_bound::StackBound;
use crate::stack_bound::program::Program;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm stack-bound firmware.elf demo::engine::decode demo::engine::steps

The instructions of the program are read and nothing is run: no run of the function can take
more, whatever its arguments. Interrupts come on top. A function that is inlined has no name;
mark it #[inline(never)].")]
pub struct Arguments {
    /// A linked program for a Cortex-M, with its symbols
    program: PathBuf,
    /// Part of the names of functions: the deepest of those that have it
    #[arg(required = true)]
    function: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// All answers in one object.
#[derive(Debug, Serialize)]
struct Shown {
    bounds: Vec<StackBound>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let path = &arguments.program;
    let hint = "name a program that the linker has made";
    let elf = std::fs::read(path).map_err(Error::io(path, hint))?;
    let named = |problem: Error| Error::data(path, problem.to_string());
    let program = Program::read(&elf).map_err(named)?;
    let bounds = arguments
        .function
        .iter()
        .map(|name| StackBound::of(&program, name))
        .collect::<Result<Vec<_>>>()?;
    if arguments.json {
        return print_json(&Shown { bounds });
    }
    bounds.iter().try_for_each(print)
}

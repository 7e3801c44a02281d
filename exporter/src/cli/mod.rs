//! Enters: the words of a command line. Leaves: what the command prints, and its exit code.
//! One file a command; the work itself is in the library.
//!
//! Results go to standard output, `--json` prints one object there and nothing else;
//! progress, notes and errors go to standard error. Exit codes: 0 done, 1 failed, 2 wrong
//! usage, 130 interrupted.

mod bag_of_words;
mod bench;
mod boards;
mod compare;
mod completions;
mod data;
mod demo;
mod evaluate;
mod export;
mod flash;
mod footprint;
mod import;
mod inspect;
mod man;
mod model;
mod new;
mod output;
mod predict;
mod progress;
mod simulate;
mod stack_bound;
mod stretch;
mod talk;
mod topology;
mod train;
mod unpack;
mod upgrade;

use std::process::ExitCode;

use clap::builder::styling::Styles;
use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

use crate::error::Error;

/// Grows sparse LSTMs from data, packs them, and runs them on microcontrollers.
#[derive(Debug, Parser)]
#[command(version, about, styles = Styles::styled(), max_term_width = 100)]
#[command(after_help = "The first run: `set-lstm demo` trains, packs and simulates a small model.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model that is sparse from the first step to the last
    Train(train::Arguments),
    /// Take over a model that was trained elsewhere: PyTorch, ONNX, Keras
    Import(Box<import::Arguments>),
    /// Count how many documents of a data set a model classifies rightly
    Evaluate(evaluate::Arguments),
    /// Classify text: arguments, or lines of standard input
    Predict(predict::Arguments),
    /// Quantise a trained model and pack it into one file for a device
    Export(export::Arguments),
    /// Turn a compact file back into the model file that it was made from
    Unpack(unpack::Arguments),
    /// Show what is in a model file, section by section
    Inspect(inspect::Arguments),
    /// Bring a model file of an older version of the format to this one
    Upgrade(upgrade::Arguments),
    /// Run a model file on an emulated microcontroller and compare every output with the host's
    Simulate(simulate::Arguments),
    /// Write recorded samples that a board without a sensor is built with
    Stretch(stretch::Arguments),
    /// Type texts at an emulated microcontroller, which answers with their classes
    Talk(talk::Arguments),
    /// Show what a model's firmware takes of flash and RAM
    Footprint(footprint::Arguments),
    /// List the boards, and which of them a model fits on
    Boards(boards::Arguments),
    /// Build a model's application for a real board, write it there and show its log
    Flash(flash::Arguments),
    /// Write a cargo project of your own around a model: a firmware to put a driver into
    New(new::Arguments),
    /// Show how deep the stack of a linked program can become at most
    StackBound(stack_bound::Arguments),
    /// Do all of it once: train, evaluate, export, inspect, simulate, footprint
    Demo(demo::Arguments),
    /// Train and test all methods on one data set, and set their figures side by side
    Compare(compare::Arguments),
    /// Show how the connections of trained runs moved, and how they are spread
    Topology(topology::Arguments),
    /// Measure speed and memory
    Bench(bench::Arguments),
    /// Print a script by which a shell completes this command's words
    Completions(completions::Arguments),
    /// Print the manual page, or write those of all commands into a folder
    Man(man::Arguments),
    /// Fit TF-IDF and logistic regression, as `compare` does
    #[command(hide = true)]
    BagOfWords(bag_of_words::Arguments),
}

/// The command line without what is hidden, as scripts of completions and manual pages show it.
fn shown_command() -> clap::Command {
    let all = Cli::command();
    let shown = clap::Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about(all.get_about().cloned().unwrap_or_default())
        .after_help(all.get_after_help().cloned().unwrap_or_default())
        .subcommand_required(true);
    let commands = all.get_subcommands().filter(|it| !it.is_hide_set());
    shown.subcommands(commands.cloned())
}

/// Reads the command line of this process.
///
/// # Errors
/// The exit code, after help, the version, or what is wrong with the words is printed.
pub fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|told| {
        let usual = ExitCode::from(if told.use_stderr() { 2 } else { 0 });
        match told.print() {
            // somebody waits for help, and nobody for a complaint that cannot be printed
            Err(problem) if !told.use_stderr() => end(output::unprinted(problem)),
            _ => usual,
        }
    })
}

/// Says what went wrong, if anything did, and finds the exit code.
fn end(done: crate::error::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // the reader of a pipe has what it wanted
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            output::complain(&error);
            ExitCode::from(if matches!(error, Error::Interrupted(_)) {
                130
            } else {
                1
            })
        }
    }
}

/// Runs a command.
pub fn main(cli: Cli) -> ExitCode {
    // `RUST_LOG` sets another level; `NO_COLOR` and pipes switch colours off
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false) // nobody reads them either when standard error is closed
        .with_ansi(output::is_coloured())
        .with_target(false)
        .without_time()
        .init();
    let done = match cli.command {
        Command::Train(arguments) => train::run(arguments),
        Command::Import(arguments) => import::run(*arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Predict(arguments) => predict::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Unpack(arguments) => unpack::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Upgrade(arguments) => upgrade::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Stretch(arguments) => stretch::run(arguments),
        Command::Talk(arguments) => talk::run(arguments),
        Command::Footprint(arguments) => footprint::run(arguments),
        Command::Boards(arguments) => boards::run(arguments),
        Command::Flash(arguments) => flash::run(arguments),
        Command::New(arguments) => new::run(arguments),
        Command::StackBound(arguments) => stack_bound::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Topology(arguments) => topology::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
        Command::BagOfWords(arguments) => bag_of_words::run(arguments),
    };
    end(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        let shown = shown_command();
        assert!(shown.find_subcommand("bag-of-words").is_none());
        shown.debug_assert();
    }
}

//! `set-lstm completions`.

use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

use super::output::print;
use crate::error::{Error, Result};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm completions bash > ~/.local/share/bash-completion/completions/set-lstm
  set-lstm completions zsh > ~/.zfunc/_set-lstm
  set-lstm completions fish > ~/.config/fish/completions/set-lstm.fish

A new shell then knows the commands, their options, and the names that these take. For zsh the
folder must be in fpath; elvish and PowerShell read the script from their start-up file.")]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    print(script(arguments.shell)?)
}

fn script(shell: Shell) -> Result<String> {
    let mut command = hinted(super::shown_command());
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, &name, &mut script);
    let script = String::from_utf8(script)
        .map_err(|problem| Error::Tool(format!("the script is no text: {problem}; report this")))?;
    Ok(match shell {
        // clap_complete from 4.6.1 writes the hyphen of the name in two ways, and so finds no
        // option of any command (clap-rs/clap, issue 6421)
        Shell::Bash => script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__")),
        _ => script,
    })
}

/// The command with a hint for each value: paths are completed as paths, numbers not at all.
fn hinted(command: Command) -> Command {
    command.mut_args(with_hint).mut_subcommands(hinted)
}

fn with_hint(argument: Arg) -> Arg {
    if !argument.get_action().takes_values() {
        return argument;
    }
    let is_name = !argument.get_possible_values().is_empty();
    let is_folder = || {
        let names = argument.get_value_names().unwrap_or_default();
        names.iter().any(|name| name == "FOLDER" || name == "RUN")
    };
    let hint = match argument.get_value_hint() {
        ValueHint::AnyPath if is_folder() => ValueHint::DirPath,
        // bash quotes what lies behind this hint only; all shells offer folders with it too
        ValueHint::AnyPath => ValueHint::FilePath,
        ValueHint::Unknown if !is_name => ValueHint::Other,
        hint => hint,
    };
    argument.value_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_has_a_script() {
        for shell in Shell::value_variants() {
            let script = script(*shell).unwrap();
            for name in ["train", "stack-bound", "recurrent-density"] {
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
    }

    #[test]
    fn paths_are_hinted_as_what_they_are() {
        let command = hinted(super::super::shown_command());
        let train = command.find_subcommand("train").unwrap();
        let hint = |id: &str| {
            let mut all = train.get_arguments();
            all.find(|it| it.get_id() == id).unwrap().get_value_hint()
        };
        assert_eq!(hint("out"), ValueHint::DirPath);
        assert_eq!(hint("config"), ValueHint::FilePath);
        assert_eq!(hint("data"), ValueHint::FilePath);
        assert_eq!(hint("seed"), ValueHint::Other);
    }
}

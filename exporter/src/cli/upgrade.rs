//! `set-lstm upgrade`.

use super::output::{check_apart, print, print_json};
use crate::device::{AlignedBytes, AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::file;
use crate::pack;
use crate::report::table::{Column, Table, bytes};
use serde::Serialize;
use set_lstm_runtime::wire::VERSION;
use std::path::PathBuf;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm upgrade old.setl --out new.setl")]
pub struct Arguments {
    /// The model file of an older version
    model: PathBuf,
    /// The file to write; it may be the same one
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was upgraded.
#[derive(Debug, Serialize)]
struct Upgraded {
    #[serde(serialize_with = "super::output::path")]
    model: PathBuf,
    from_version: u16,
    version: u16,
    model_bytes: usize,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments { model, out, json } = arguments;
    check_apart(&out)?;
    let hint = "give a model file made by `set-lstm export`";
    let old = std::fs::read(&model).map_err(Error::io(&model, hint))?;
    let from_version = pack::version(&old).unwrap_or(VERSION);
    let upgraded = AlignedBytes::current(old, &model)?;
    let decoded = AnyModel::open(&upgraded, &model)?;
    let tested = decoded.self_test(&mut AnyState::new(&decoded));
    tested.map_err(|problem| Error::Model {
        path: model,
        problem: problem.to_string(),
    })?;
    file::write_atomic(&out, |file| file.write_all(&upgraded))?;
    let done = Upgraded {
        model: out,
        from_version,
        version: VERSION,
        model_bytes: upgraded.len(),
    };
    if json {
        return print_json(&done);
    }
    let mut table = Table::new([Column::words("upgrade"), Column::numbers("figure")]);
    table.row(["model file".into(), done.model.display().to_string()]);
    let versions = format!("{} to {}", done.from_version, done.version);
    table.row(["format version".into(), versions]);
    table.row(["size".into(), bytes(done.model_bytes as u64)]);
    print(table)
}

//! `set-lstm export`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output::{print, print_json};
use crate::device::{AlignedBytes, AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::file;
use crate::pack::{EMBEDDING_BITS, PackOptions, Values, pack};
use crate::report::table::{Column, Table, bytes, thousands};
use crate::run::Run;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm export runs/imdb --out imdb.setl
  set-lstm export runs/imdb --out imdb-f32.setl --values f32")]
pub struct Arguments {
    /// The run folder
    run: PathBuf,
    /// The model file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What the numbers shall be
    #[arg(long, value_enum, default_value_t = Numbers::Int8)]
    values: Numbers,
    /// Bits of an embedding value (int8 only), 2 to 8
    #[arg(long, value_name = "BITS", default_value_t = EMBEDDING_BITS)]
    embedding_bits: u8,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What the numbers of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Numbers {
    /// 8-bit weights, 16-bit state: no floating point on the device
    Int8,
    /// 32-bit floating point
    F32,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exported {
    /// The model file.
    #[serde(serialize_with = "super::output::path")]
    pub model: PathBuf,
    /// Its numbers.
    pub values: Numbers,
    /// Its length.
    pub model_bytes: usize,
    /// Parameters of the trained model.
    pub parameters: usize,
    /// Parameters of its fully connected counterpart.
    pub dense_parameters: usize,
    /// The counterpart's parameters in f32.
    pub dense_bytes: usize,
    /// Reference sequences in the file, by which a device checks itself.
    pub self_test_sequences: u8,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        run,
        out,
        values,
        embedding_bits,
        json,
    } = arguments;
    let exported = export(&Run::open(&run)?, &out, values, embedding_bits)?;
    if json {
        print_json(&exported)
    } else {
        print(table(&exported))
    }
}

/// Packs the model of a run into a file.
///
/// # Errors
/// The run has no model yet, the model does not go into the format, or the file cannot be
/// written.
pub fn export(run: &Run, out: &Path, values: Numbers, embedding_bits: u8) -> Result<Exported> {
    let (card, model) = run.model()?;
    let code = run.code_of(&card, &model)?;
    if !card.pooling.is_last() {
        return Err(Error::Options(format!(
            "{} was trained with another --pooling than last, and a device knows the last state only; train it with --pooling last",
            run.folder().display()
        )));
    }
    let options = PackOptions {
        values: match values {
            Numbers::Int8 => Values::Int8 { embedding_bits },
            Numbers::F32 => Values::Float32,
        },
        classes: card.classes,
        vocabulary: code.words(),
        statistics: code.statistics(),
        max_tokens: u32::try_from(card.max_tokens).unwrap_or(0),
        seed: run.options()?.seed,
    };
    let packed = AlignedBytes::from(pack(&model, &options)?);
    let decoded = AnyModel::open(&packed, out)?;
    let self_test_sequences = decoded
        .self_test(&mut AnyState::new(&decoded))
        .map_err(|e| Error::Model {
            path: out.to_owned(),
            problem: e.to_string(),
        })?;
    file::write_atomic(out, |file| file.write_all(&packed))?;
    let dense_parameters = model.dense_parameters();
    Ok(Exported {
        model: out.to_owned(),
        values,
        model_bytes: packed.len(),
        parameters: model.parameters(),
        dense_parameters,
        dense_bytes: 4 * dense_parameters,
        self_test_sequences,
    })
}

/// For people.
pub fn table(exported: &Exported) -> Table<2> {
    let mut table = Table::new([Column::words("export"), Column::numbers("figure")]);
    let mut row = |name: &str, figure: String| table.row([name.into(), figure]);
    row("model file", exported.model.display().to_string());
    row("size", bytes(exported.model_bytes as u64));
    row("dense in f32", bytes(exported.dense_bytes as u64));
    row("parameters", thousands(exported.parameters as u64));
    row(
        "self-test sequences",
        exported.self_test_sequences.to_string(),
    );
    table
}

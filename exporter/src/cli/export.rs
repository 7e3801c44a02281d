//! `set-lstm export`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output::{check_apart, print, print_json};
use crate::device::{AnyModel, AnyState};
use crate::error::{Error, Result};
use crate::file;
use crate::pack::compact::compact;
use crate::pack::layout::{Choice, Optimise, pack_optimised};
use crate::pack::{EMBEDDING_BITS, PackOptions, Values};
use crate::report::table::{Column, Table, bytes, thousands};
use crate::run::Run;
use crate::rust_module::{Budgets, ByteCount, rust_module};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm export runs/imdb --out imdb.setl
  set-lstm export runs/imdb --out imdb-f32.setl --values f32
  set-lstm export runs/imdb --out imdb.setl --rust src/model.rs --ram-budget 6K --flash-budget 512K
  set-lstm export runs/imdb --out imdb.setz --compact
  set-lstm export runs/hapt --out hapt.setl --delta")]
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
    /// Lay the matrices out for delta stepping (int8, samples, one layer): a device then reads
    /// only the columns of what has moved, see `set-lstm evaluate --delta`
    #[arg(long, conflicts_with = "rust")]
    delta: bool,
    /// What the layout of the matrices is chosen for
    #[arg(long, value_enum, default_value_t = Optimise::Speed)]
    optimise: Optimise,
    /// Write the compact form, for updates over the air: a device unpacks it once, into RAM or
    /// into pages of flash, and has the ordinary file
    #[arg(long, conflicts_with = "rust")]
    compact: bool,
    /// Write a Rust module beside the model file that embeds it and names its types and sizes
    #[arg(long, value_name = "MODULE")]
    rust: Option<PathBuf>,
    /// Bytes of RAM that state and model handle may take, as in 6K: beyond, the module does not
    /// compile
    #[arg(long, value_name = "BYTES", requires = "rust")]
    ram_budget: Option<ByteCount>,
    /// Bytes of flash that the model may take, as in 512K: beyond, the module does not compile
    #[arg(long, value_name = "BYTES", requires = "rust")]
    flash_budget: Option<ByteCount>,
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
    /// Its length; of a compact file, the length of what it stands for.
    pub model_bytes: usize,
    /// Length of the compact file, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compact_bytes: Option<usize>,
    /// Bytes per connection of all matrices but the embedding in the compact file, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compact_bytes_per_connection: Option<f64>,
    /// The Rust module, if one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rust: Option<String>,
    /// Parameters of the trained model.
    pub parameters: usize,
    /// Parameters of its fully connected counterpart.
    pub dense_parameters: usize,
    /// The counterpart's parameters in f32.
    pub dense_bytes: usize,
    /// Reference sequences in the file, by which a device checks itself.
    pub self_test_sequences: u8,
    /// How the matrices lie, and why.
    #[serde(flatten)]
    pub choice: Choice,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        run,
        out,
        values,
        embedding_bits,
        delta,
        optimise,
        compact,
        rust,
        ram_budget,
        flash_budget,
        json,
    } = arguments;
    let budgets = Budgets {
        ram: ram_budget,
        flash: flash_budget,
    };
    let options = ExportOptions {
        values,
        embedding_bits,
        delta,
        optimise,
        compact,
        rust: rust.map(|path| (path, budgets)),
    };
    check_apart(&out)?;
    let exported = export(&Run::open(&run)?, &out, &options)?;
    if json {
        print_json(&exported)
    } else {
        print(table(&exported))
    }
}

/// What is written, and how.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// What the numbers shall be.
    pub values: Numbers,
    /// Bits of an embedding value (int8 only), 2 to 8.
    pub embedding_bits: u8,
    /// Whether the matrices lie for delta stepping.
    pub delta: bool,
    /// What the layout is chosen for.
    pub optimise: Optimise,
    /// Whether the file is compact.
    pub compact: bool,
    /// A Rust module to write, and what it holds a build to.
    pub rust: Option<(PathBuf, Budgets)>,
}

impl Default for ExportOptions {
    fn default() -> Self {
        ExportOptions {
            values: Numbers::Int8,
            embedding_bits: EMBEDDING_BITS,
            delta: false,
            optimise: Optimise::Speed,
            compact: false,
            rust: None,
        }
    }
}

/// Packs the model of a run into a file.
///
/// # Errors
/// The run has no model yet, the model does not go into the format, or the file cannot be
/// written.
pub fn export(run: &Run, out: &Path, options: &ExportOptions) -> Result<Exported> {
    let (card, model) = run.model()?;
    let code = run.code_of(&card, &model)?;
    if !card.pooling.is_last() {
        return Err(Error::Options(format!(
            "{} was trained with another --pooling than last, and a device knows the last state only; train it with --pooling last",
            run.folder().display()
        )));
    }
    let values = match (options.values, options.delta) {
        (Numbers::Int8, false) => Values::Int8 {
            embedding_bits: options.embedding_bits,
        },
        (Numbers::Int8, true) => Values::Int8Delta,
        (Numbers::F32, false) => Values::Float32,
        (Numbers::F32, true) => {
            let problem = "sums of changes would drift in floating point; export --delta in int8";
            return Err(Error::Options(problem.into()));
        }
    };
    let pack_options = PackOptions {
        values,
        classes: card.classes,
        vocabulary: code.words(),
        task: card.task,
        outputs: card.outputs.as_ref(),
        statistics: code.statistics(),
        max_tokens: u32::try_from(card.max_tokens).unwrap_or(0),
        seed: run.options()?.seed,
    };
    let (packed, choice) = pack_optimised(&model, &pack_options, options.optimise)?;
    let decoded = AnyModel::open(&packed, out)?;
    let self_test_sequences = decoded
        .self_test(&mut AnyState::new(&decoded))
        .map_err(|e| Error::Model {
            path: out.to_owned(),
            problem: e.to_string(),
        })?;
    let compact = options.compact.then(|| compact(&packed)).transpose()?;
    let bytes = compact.as_ref().map_or(&packed[..], |file| &file.bytes);
    let module = |(path, budgets): &(PathBuf, Budgets)| {
        file::check_place(path)?;
        rust_module(&packed, &decoded, out, path, *budgets)
    };
    // both or none, as far as that can be known
    let module = options.rust.as_ref().map(module).transpose()?;
    file::write_atomic(out, |file| file.write_all(bytes))?;
    if let (Some((path, _)), Some(module)) = (&options.rust, module) {
        file::write_atomic(path, |file| file.write_all(module.as_bytes()))?;
    }
    let dense_parameters = model.dense_parameters();
    Ok(Exported {
        model: out.to_owned(),
        values: options.values,
        model_bytes: packed.len(),
        compact_bytes: compact.as_ref().map(|file| file.bytes.len()),
        compact_bytes_per_connection: compact
            .as_ref()
            .map(|file| file.matrices.bytes_per_connection()),
        rust: options
            .rust
            .as_ref()
            .map(|(path, _)| path.display().to_string()),
        parameters: model.parameters(),
        dense_parameters,
        dense_bytes: 4 * dense_parameters,
        self_test_sequences,
        choice,
    })
}

/// For people.
pub fn table(exported: &Exported) -> Table<2> {
    let mut table = Table::new([Column::words("export"), Column::numbers("figure")]);
    let mut row = |name: &str, figure: String| table.row([name.into(), figure]);
    row("model file", exported.model.display().to_string());
    if let Some(module) = &exported.rust {
        row("rust module", module.clone());
    }
    if let Some(size) = exported.compact_bytes {
        row("compact size", bytes(size as u64));
    }
    if let Some(each) = exported.compact_bytes_per_connection {
        row("bytes per connection of W and U", format!("{each:.3}"));
    }
    row("size", bytes(exported.model_bytes as u64));
    row("dense in f32", bytes(exported.dense_bytes as u64));
    row("parameters", thousands(exported.parameters as u64));
    row(
        "self-test sequences",
        exported.self_test_sequences.to_string(),
    );
    for (name, reason) in exported.choice.reasons() {
        row(name, reason);
    }
    table
}

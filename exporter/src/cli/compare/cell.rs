//! Enters: a cell of the grid. Leaves: its [`CellRow`] and epochs, by children that train,
//! test, export and simulate. Next: the ledger keeps them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::child::Children;
use crate::compare::grid::{Cell, fingerprint};
use crate::compare::ledger::{CellRow, confusion_text};
use crate::compare::sizes::plain_bytes;
use crate::compare::stamp::{machine, today};
use crate::error::{Error, Result};
use crate::file;
use crate::pack::word_bytes;
use crate::report::metrics::{self, EpochMetrics};
use crate::run::Run;
use crate::sparse_model::SparseModel;
use crate::train::options::TrainOptions;
use crate::train::parameters::Shape;

/// What all cells share.
pub struct Bench<'a> {
    /// Starts the commands.
    pub children: &'a Children,
    /// Where run folders are.
    pub work: &'a Path,
    /// The data, if any is named.
    pub data: Option<&'a Path>,
    /// Threads of a command.
    pub threads: usize,
    /// Documents for the emulated board; 0 leaves it out.
    pub device_documents: usize,
}

/// What a cell came to, and which figures could not be had.
pub struct Finished {
    pub row: CellRow,
    pub epochs: Vec<EpochMetrics>,
    pub missing: Vec<String>,
}

type Watch<'a> = &'a mut dyn FnMut(&str);

impl Bench<'_> {
    /// Trains a network, or goes on with it, and tests it.
    pub fn network(&self, cell: Cell, options: &TrainOptions, watch: Watch) -> Result<Finished> {
        let folder = self.work.join(cell.folder());
        let trained = self.train(cell, options, &folder, watch)?;
        watch("testing");
        let tested = self.run("evaluate", &[&folder], &[], true, watch)?;
        let run = Run::open(&folder)?;
        let (card, model) = run.model()?;
        let words = match card.statistics {
            None => word_bytes(&run.vocabulary_of(&model)?)?,
            Some(_) => 0,
        };
        let mut row = CellRow {
            macro_f1: number(&tested, "macro_f1")?,
            accuracy: number(&tested, "accuracy")?,
            confusion: confusion(&tested)?,
            validation_accuracy: number(&trained, "validation_accuracy")?,
            parameters: model.parameters() as u64,
            dense_parameters: model.dense_parameters() as u64,
            epochs: number(&trained, "epochs")? as u32,
            best_epoch: card.epoch,
            training_seconds: number(&trained, "seconds")?,
            cpu_seconds: number(&trained, "cpu_seconds")?,
            peak_memory_bytes: trained["peak_memory_bytes"].as_u64(),
            vocabulary: model.vocabulary_size(),
            embedding: model.embedding_size(),
            hidden: model.hidden_size(),
            word_bytes: words,
            classes: card.classes.join("|"),
            fingerprint: fingerprint(options)?,
            ..empty(cell)
        };
        let missing = if cell.method.is_sparse() {
            self.device(cell, options, &folder, &mut row, watch)?
        } else {
            row.model_bytes = Some(plain_bytes(shape(&model), words));
            Vec::new()
        };
        Ok(Finished {
            row,
            epochs: metrics::load(&run.metrics_path())?,
            missing,
        })
    }

    /// Counts words.
    pub fn bag_of_words(
        &self,
        cell: Cell,
        options: &TrainOptions,
        fingerprint: String,
        watch: Watch,
    ) -> Result<Finished> {
        let config = self.config(cell, options)?;
        let words = [
            "--preset".into(),
            options.preset.name().into(),
            "--config".into(),
            config.into(),
        ];
        let found = self.run("bag-of-words", &[], &words, false, watch)?;
        let names = found["classes"].as_array().into_iter().flatten();
        let names: Vec<&str> = names.filter_map(Value::as_str).collect();
        let parameters = number(&found, "parameters")? as u64;
        let seconds = number(&found, "seconds")?;
        let row = CellRow {
            accuracy: number(&found, "accuracy")?,
            macro_f1: number(&found, "macro_f1")?,
            confusion: confusion(&found)?,
            validation_accuracy: number(&found, "validation_accuracy")?,
            parameters,
            dense_parameters: parameters,
            training_seconds: seconds,
            cpu_seconds: seconds, // one thread
            peak_memory_bytes: found["peak_memory_bytes"].as_u64(),
            vocabulary: number(&found, "vocabulary")? as usize,
            classes: names.join("|"),
            fingerprint,
            ..empty(cell)
        };
        Ok(Finished {
            row,
            epochs: Vec::new(),
            missing: Vec::new(),
        })
    }

    /// Whether figures of the board are missing that can be had without another training: the
    /// emulator was not there, and the finished run still is.
    pub fn can_complete(&self, row: &CellRow) -> bool {
        let cell = row.cell();
        row.method.is_sparse()
            && cell.percent.is_none()
            && cell.seed == 1
            && self.device_documents > 0
            && row.instructions_per_step.is_none()
            && self.work.join(cell.folder()).join("trained.json").exists()
    }

    /// What `train --json` printed, now or before.
    fn train(
        &self,
        cell: Cell,
        options: &TrainOptions,
        folder: &Path,
        watch: Watch,
    ) -> Result<Value> {
        let done = folder.join("trained.json");
        let same = match Run::open(folder).and_then(|run| run.options()) {
            Ok(found) => fingerprint(&found)? == fingerprint(options)?,
            Err(_) => false,
        };
        if same
            && let Ok(text) = file::read_text(&done)
            && let Ok(trained) = serde_json::from_str(&text)
        {
            return Ok(trained);
        }
        let words: Vec<OsString> = if same {
            vec!["--resume".into(), folder.into()]
        } else {
            let config = self.config(cell, options)?;
            if done.exists() {
                std::fs::remove_file(&done).map_err(Error::io(&done, WORK_HINT))?;
            }
            let preset = options.preset.name();
            vec![
                "--preset".into(),
                preset.into(),
                "--config".into(),
                config.into(),
                "--out".into(),
                folder.into(),
                "--replace".into(),
            ]
        };
        let trained = self.run("train", &[], &words, true, watch)?;
        file::write_atomic(&done, |out| out.write_all(trained.to_string().as_bytes()))?;
        Ok(trained)
    }

    /// All options as a file for `--config`.
    fn config(&self, cell: Cell, options: &TrainOptions) -> Result<PathBuf> {
        let path = self.work.join(format!("{}.toml", cell.folder()));
        let problem = |e: toml::ser::Error| Error::data(&path, format!("{e}; report this"));
        let mut table = toml::Table::try_from(options).map_err(problem)?;
        // these two have arguments of their own
        table.remove("preset");
        table.remove("data");
        let text = toml::to_string(&table).map_err(problem)?;
        file::write_atomic(&path, |out| out.write_all(text.as_bytes()))?;
        Ok(path)
    }

    /// Figures of the model file: its bytes, its accuracy, and on the board. What cannot be
    /// had is named and left empty.
    fn device(
        &self,
        cell: Cell,
        options: &TrainOptions,
        folder: &Path,
        row: &mut CellRow,
        watch: Watch,
    ) -> Result<Vec<String>> {
        let model = folder.join("model.setl");
        let mut missing = Vec::new();
        watch("exporting");
        let out = ["--out".into(), model.clone().into()];
        let exported = self.run_alone("export", &[folder], &out, watch);
        match kept(exported, "the model file", &mut missing)? {
            Some(exported) => row.model_bytes = exported["model_bytes"].as_u64(),
            None => return Ok(missing),
        }
        if cell.percent.is_some() {
            return Ok(missing); // the plot needs no more
        }
        let documents = documents(options)?;
        watch("testing the model file");
        let tested = self.run("evaluate", &[&model], &documents, true, watch);
        if let Some(tested) = kept(tested, "int8 accuracy", &mut missing)? {
            row.int8_accuracy = tested["accuracy"].as_f64();
        }
        if cell.seed == 1 && self.device_documents > 0 {
            watch("running on the emulated board");
            let limit = ["--limit".into(), self.device_documents.to_string().into()];
            let words = [documents.as_slice(), &limit].concat();
            let simulated = self.run("simulate", &[&model], &words, false, watch);
            if let Some(it) = kept(simulated, "RAM and instructions", &mut missing)? {
                row.ram_bytes = it["ram_bytes"].as_u64();
                row.instructions_per_step = it["instructions_per_token"].as_u64();
            }
        }
        Ok(missing)
    }

    fn run(
        &self,
        command: &str,
        paths: &[&Path],
        more: &[OsString],
        threaded: bool,
        watch: Watch,
    ) -> Result<Value> {
        let mut words = more.to_vec();
        if let Some(data) = self.data {
            words.extend(["--data".into(), data.into()]);
        }
        if threaded {
            words.extend(["--threads".into(), self.threads.to_string().into()]);
        }
        self.run_alone(command, paths, &words, watch)
    }

    /// Without data and threads.
    fn run_alone(
        &self,
        command: &str,
        paths: &[&Path],
        more: &[OsString],
        watch: Watch,
    ) -> Result<Value> {
        let mut words: Vec<OsString> = vec![command.into()];
        words.extend(paths.iter().map(|path| path.as_os_str().to_owned()));
        words.extend_from_slice(more);
        if command != "bag-of-words" {
            words.push("--json".into());
        }
        self.children.run(&words, watch)
    }
}

const WORK_HINT: &str = "name another folder by --work";

/// The object, or why there is none; Ctrl-C ends all the same.
fn kept(found: Result<Value>, what: &str, missing: &mut Vec<String>) -> Result<Option<Value>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::Interrupted(what)) => Err(Error::Interrupted(what)),
        Err(problem) => {
            missing.push(format!("{what}: {problem}"));
            Ok(None)
        }
    }
}

/// The words that make a model file see the very test part of the run: a file does not know
/// how its data was divided.
fn documents(options: &TrainOptions) -> Result<Vec<OsString>> {
    let preset = format!("--preset={}", options.preset.name());
    let words = [preset].into_iter().chain(options.corpus.words()?);
    Ok(words.map(OsString::from).collect())
}

fn empty(cell: Cell) -> CellRow {
    CellRow {
        method: cell.method,
        percent: cell.percent,
        seed: cell.seed,
        accuracy: 0.0,
        macro_f1: 0.0,
        validation_accuracy: 0.0,
        parameters: 0,
        dense_parameters: 0,
        model_bytes: None,
        int8_accuracy: None,
        ram_bytes: None,
        instructions_per_step: None,
        epochs: 0,
        best_epoch: 0,
        training_seconds: 0.0,
        cpu_seconds: 0.0,
        peak_memory_bytes: None,
        vocabulary: 0,
        embedding: 0,
        hidden: 0,
        word_bytes: 0,
        classes: String::new(),
        confusion: String::new(),
        fingerprint: String::new(),
        version: env!("CARGO_PKG_VERSION").into(),
        date: today(),
        machine: machine(),
    }
}

fn shape(model: &SparseModel) -> Shape {
    Shape {
        vocabulary: model.vocabulary_size(),
        embedding: model.embedding_size(),
        hidden: model.hidden_size(),
        logits: model.logits(),
    }
}

fn number(object: &Value, key: &str) -> Result<f64> {
    object[key]
        .as_f64()
        .ok_or_else(|| Error::Tool(format!("a child printed no number {key}; report this")))
}

fn confusion(object: &Value) -> Result<String> {
    let matrix: Vec<Vec<usize>> = serde_json::from_value(object["confusion"].clone())
        .map_err(|e| Error::Tool(format!("a child printed no confusion: {e}; report this")))?;
    Ok(confusion_text(&matrix))
}

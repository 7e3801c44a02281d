//! Enters: options, vocabulary, checkpoints, models and figures of a training. Leaves: the
//! run folder that holds them, and the same read back. Next: `evaluate`, `pack`, a person.
//!
//! | file | what it is |
//! |---|---|
//! | `options.toml` | every option of the training |
//! | `imported.json` | of a model that was trained elsewhere: its source, and what was found in it |
//! | `vocabulary.txt` | of texts: the words, line n (from 0) is token n |
//! | `metrics.csv`, `curve.svg` | figures of each epoch, and their picture |
//! | `model.safetensors` | the model of the best epoch so far |
//! | `topology/epoch-NNN.safetensors` | the connections after each epoch, 0 for the start; not of dense runs |
//! | `checkpoint.safetensors` | where the training is, to go on from |

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::file;
use crate::load::InputCode;
use crate::model_file::{self, ModelCard};
use crate::report::curve;
use crate::report::metrics::{self, EpochMetrics};
use crate::sparse_model::SparseModel;
use crate::train::checkpoint::Checkpoint;
use crate::train::options::TrainOptions;
use crate::train::snapshot::Snapshot;
use crate::vocabulary::Vocabulary;

const FOLDER_HINT: &str = "choose another folder for the run";
const OPTIONS: &str = "options.toml";
const HINT: &str = "give the folder of a run, as made by `set-lstm train --out`";

/// The pictures that `set-lstm topology` draws into a run's `topology/`.
pub const TOPOLOGY_PICTURES: [&str; 4] = [
    "turnover.svg",
    "degrees.svg",
    "adjacency.svg",
    "distance.svg",
];

/// A run folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    folder: PathBuf,
}

impl Run {
    /// Whether a run could be made in a folder: known before data is read for it.
    ///
    /// # Errors
    /// There is a run already and it is not to be replaced, or a file in the way.
    pub fn check_place(folder: &Path, replace: bool) -> Result<()> {
        if folder.join(OPTIONS).exists() && !replace {
            let problem = "there is a run in this folder already; go on with it by --resume, name another folder, or replace it by --replace";
            return Err(Error::data(folder, problem));
        }
        match folder.ancestors().find(|path| path.exists()) {
            Some(there) if !there.is_dir() => {
                let source = std::io::ErrorKind::NotADirectory.into();
                Err(Error::io(there, FOLDER_HINT)(source))
            }
            _ => Ok(()),
        }
    }

    /// Makes a new run folder, which must be absent or without a run; with `replace` an old
    /// run in it is removed.
    ///
    /// # Errors
    /// There is a run already, or the folder cannot be made.
    pub fn create(
        folder: &Path,
        options: &TrainOptions,
        code: &InputCode,
        replace: bool,
    ) -> Result<Run> {
        Run::check_place(folder, replace)?;
        let run = Run {
            folder: folder.to_owned(),
        };
        fs::create_dir_all(folder).map_err(Error::io(folder, FOLDER_HINT))?;
        run.remove_unfinished();
        // the options go first and come last: with them a folder is a run
        for old in [
            run.options_path(),
            run.checkpoint_path(),
            run.model_path(),
            run.metrics_path(),
            run.curve_path(),
            run.vocabulary_path(),
            run.imported_path(),
        ] {
            if old.exists() {
                fs::remove_file(&old).map_err(Error::io(&old, FOLDER_HINT))?;
            }
        }
        run.remove_connections()?;
        if let Some(words) = code.words() {
            words.save(&run.vocabulary_path())?;
        }
        let text = toml::to_string(options)
            .map_err(|e| Error::data(run.options_path(), format!("{e}; report this")))?;
        file::write_atomic(&run.options_path(), |out| out.write_all(text.as_bytes()))?;
        Ok(run)
    }

    /// A run folder that exists.
    ///
    /// # Errors
    /// There is no run in it.
    pub fn open(folder: &Path) -> Result<Run> {
        let run = Run {
            folder: folder.to_owned(),
        };
        match fs::metadata(run.options_path()) {
            Ok(_) => Ok(run),
            Err(source) => Err(Error::io(run.options_path(), HINT)(source)),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Name of the run: that of its folder.
    pub fn name(&self) -> String {
        let name = self.folder.file_name().unwrap_or(self.folder.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Every option of the training.
    ///
    /// # Errors
    /// The file cannot be read or was edited into something else.
    pub fn options(&self) -> Result<TrainOptions> {
        let path = self.options_path();
        let text = file::read_text(&path)?;
        let options: TrainOptions = toml::from_str(&text).map_err(|e| {
            Error::data(
                &path,
                format!("{}; restore the file", e.to_string().trim_end()),
            )
        })?;
        options.check()?;
        Ok(options)
    }

    /// The words.
    ///
    /// # Errors
    /// As of [`Vocabulary::load`].
    pub fn vocabulary(&self) -> Result<Vocabulary> {
        Vocabulary::load(&self.vocabulary_path())
    }

    /// The words, as many as this model has tokens.
    ///
    /// # Errors
    /// As of [`Vocabulary::load`], and a list of another length.
    pub fn vocabulary_of(&self, model: &SparseModel) -> Result<Vocabulary> {
        let vocabulary = self.vocabulary()?;
        let (found, known) = (vocabulary.size(), model.embedding.rows);
        if found == known {
            return Ok(vocabulary);
        }
        let problem = format!(
            "{found} words where the model has {known}; copy the file again from the run that trained the model"
        );
        Err(Error::data(self.vocabulary_path(), problem))
    }

    /// What turns documents into the inputs of this model.
    ///
    /// # Errors
    /// As of [`Run::vocabulary_of`].
    pub fn code_of(&self, card: &ModelCard, model: &SparseModel) -> Result<InputCode> {
        match &card.statistics {
            Some(statistics) => Ok(InputCode::Samples(statistics.clone())),
            None if card.only_tokens => Ok(InputCode::Tokens {
                size: model.vocabulary_size(),
            }),
            None => Ok(InputCode::Words(self.vocabulary_of(model)?)),
        }
    }

    /// Keeps a model that was trained elsewhere, and the description of where it is from.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save_imported(
        &self,
        card: &ModelCard,
        model: &SparseModel,
        description: &impl Serialize,
    ) -> Result<()> {
        let path = self.imported_path();
        let text = serde_json::to_string_pretty(description)
            .map_err(|e| Error::data(&path, format!("{e}; report this")))?;
        file::write_atomic(&path, |out| writeln!(out, "{text}"))?;
        model_file::save(&self.model_path(), card, model)
    }

    /// Whether the weights of its start were trained elsewhere.
    pub fn is_imported(&self) -> bool {
        self.imported_path().exists()
    }

    /// The model of the best epoch so far.
    ///
    /// # Errors
    /// No epoch has ended yet, or the file is damaged.
    pub fn model(&self) -> Result<(ModelCard, SparseModel)> {
        let path = self.model_path();
        if !path.exists() {
            let problem = "no model yet: no epoch has ended; go on with `set-lstm train --resume`";
            return Err(Error::data(path, problem));
        }
        model_file::load(&path)
    }

    /// Where the training is.
    ///
    /// # Errors
    /// It has not been saved yet, or the file is damaged.
    pub fn checkpoint(&self) -> Result<Checkpoint> {
        Checkpoint::load(&self.checkpoint_path())
    }

    /// Whether there is something to go on from.
    pub fn has_checkpoint(&self) -> bool {
        self.checkpoint_path().exists()
    }

    /// Removes what a killed process has left half written.
    pub fn remove_unfinished(&self) {
        file::remove_unfinished(&self.folder);
        file::remove_unfinished(&self.topology_path());
    }

    /// Keeps the connections of an epoch.
    ///
    /// # Errors
    /// The file or its folder cannot be written.
    pub fn save_connections(&self, snapshot: &Snapshot) -> Result<()> {
        let folder = self.topology_path();
        let hint = "free some space or make the run's folder writable";
        fs::create_dir_all(&folder).map_err(Error::io(&folder, hint))?;
        snapshot.save(&folder)
    }

    /// The files of [`Run::save_connections`], by epoch; none of a dense run.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn connection_files(&self) -> Result<Vec<PathBuf>> {
        let folder = self.topology_path();
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let hint = "make the folder readable";
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(Error::io(&folder, hint))? {
            let entry = entry.map_err(Error::io(&folder, hint))?;
            let name = entry.file_name();
            if let Some(epoch) = name.to_str().and_then(Snapshot::epoch_of) {
                files.push((epoch, entry.path()));
            }
        }
        files.sort_unstable();
        Ok(files.into_iter().map(|(_, path)| path).collect())
    }

    /// Removes the connections of a run that was here, and their pictures.
    fn remove_connections(&self) -> Result<()> {
        let folder = self.topology_path();
        let pictures = TOPOLOGY_PICTURES.map(|name| folder.join(name));
        let old = self.connection_files()?.into_iter().chain(pictures);
        for old in old.filter(|path| path.exists()) {
            fs::remove_file(&old).map_err(Error::io(&old, "remove it yourself"))?;
        }
        // one that holds files of somebody else stays
        let _ = fs::remove_dir(&folder);
        Ok(())
    }

    /// Keeps a checkpoint, the figures so far and, if there is a new one, the best model.
    /// The checkpoint comes last: a process killed before it repeats the epoch, and with it
    /// all the rest.
    ///
    /// # Errors
    /// A file cannot be written; those that were there are then as they were.
    pub fn save(
        &self,
        checkpoint: &Checkpoint,
        best: Option<(&ModelCard, &SparseModel)>,
    ) -> Result<()> {
        if let Some((card, model)) = best {
            model_file::save(&self.model_path(), card, model)?;
        }
        let epochs = &checkpoint.position.metrics;
        metrics::save(&self.metrics_path(), epochs)?;
        if !epochs.is_empty() {
            self.draw(epochs)?;
        }
        checkpoint.save(&self.checkpoint_path())
    }

    fn draw(&self, epochs: &[EpochMetrics]) -> Result<()> {
        let name = self.name();
        let run = curve::Run {
            name: &name,
            epochs,
        };
        curve::save(&self.curve_path(), "training", &[run])
    }

    /// `options.toml`.
    pub fn options_path(&self) -> PathBuf {
        self.folder.join(OPTIONS)
    }

    /// `vocabulary.txt`.
    pub fn vocabulary_path(&self) -> PathBuf {
        self.folder.join("vocabulary.txt")
    }

    /// `imported.json`.
    pub fn imported_path(&self) -> PathBuf {
        self.folder.join("imported.json")
    }

    /// `metrics.csv`.
    pub fn metrics_path(&self) -> PathBuf {
        self.folder.join("metrics.csv")
    }

    /// `curve.svg`.
    pub fn curve_path(&self) -> PathBuf {
        self.folder.join("curve.svg")
    }

    /// `model.safetensors`.
    pub fn model_path(&self) -> PathBuf {
        self.folder.join("model.safetensors")
    }

    /// `topology/`.
    pub fn topology_path(&self) -> PathBuf {
        self.folder.join("topology")
    }

    /// `checkpoint.safetensors`.
    pub fn checkpoint_path(&self) -> PathBuf {
        self.folder.join("checkpoint.safetensors")
    }
}

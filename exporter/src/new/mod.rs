//! Enters: a model and a board. Leaves: [`Written`], a folder with a cargo project of its own
//! that runs the model there. Next: a person puts a driver into it.
//!
//! ```text
//! model ──▶ StandIn ──┐
//!   what it reads     ├──▶ files, each from a `.in` beside this ──▶ folder, renamed at last
//! board ──▶ Parts ────┘
//!   crates, clocks, memory
//! ```

mod answer;
mod board;
mod lock;
mod name;
mod parts;
mod readme;
mod runtime;
mod stand_in;
mod template;

pub use board::ProjectBoard;
pub use runtime::Runtime;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use set_lstm_runtime::wire::Task;

use crate::boards::room::{ModelNeeds, Room};
use crate::device::{AlignedBytes, AnyModel};
use crate::error::{Error, Result};
use crate::file::{folder_of, unfinished_folder};
use crate::rust_module::{Budgets, ByteCount, rust_module};
use lock::lock_file;
use parts::Parts;
use stand_in::StandIn;
use template::{Place, fill};

const FOLDER_HINT: &str = "make sure that the folder above exists, can be written to and has space";

/// What a new project shall be.
#[derive(Debug, Clone)]
pub struct NewProject<'p> {
    /// The folder to write, which does not exist; its last part is the name of the crate.
    pub folder: &'p Path,
    /// The board.
    pub board: ProjectBoard,
    /// The model file, for errors and texts.
    pub model: &'p Path,
    /// Recorded samples in the place of a sensor, as `set-lstm predict` reads them.
    pub samples: Option<&'p Path>,
    /// Microseconds from one sample to the next.
    pub period: u32,
    /// Where the runtime comes from.
    pub runtime: Runtime,
}

/// What a model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// Lines of text.
    Text,
    /// Samples of a sensor.
    Samples,
    /// Tokens by their numbers.
    Tokens,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Written {
    /// Name of the crate.
    pub package: String,
    /// Name of the board.
    pub board: &'static str,
    /// Rust's name of the target.
    pub target: &'static str,
    /// What the model reads.
    pub reads: Reads,
    /// The dependency on the runtime, as it stands in the manifest.
    pub runtime: String,
    /// Bytes of the model.
    pub model_bytes: usize,
    /// The most that the model may take of flash.
    pub flash_budget: usize,
    /// The most that state and handle may take of RAM.
    pub ram_budget: usize,
    /// Paths in the folder.
    pub files: Vec<String>,
}

/// A file of the project.
struct Text {
    path: &'static str,
    text: String,
}

impl NewProject<'_> {
    /// Writes the project, all of it or nothing. `file` is the model's.
    ///
    /// # Errors
    /// The folder exists, or its name is none for a crate; a model that does not decode or is too
    /// large for the board, by how much; samples that are not the model's; a disk that is full.
    pub fn write(&self, file: &AlignedBytes) -> Result<Written> {
        let parts = Parts::of(self.board);
        let name = name::crate_name(self.folder, lock::names(parts.lock))?;
        if self.folder.symlink_metadata().is_ok() {
            return Err(Error::Options(format!(
                "{} exists, and nothing is ever written over; choose another name",
                self.folder.display()
            )));
        }
        let model = AnyModel::open(file, self.model)?;
        let stand_in = StandIn::of(&model, file, self.samples)?;
        let needs = ModelNeeds::of(&model, file);
        let room = self.room(&needs, &stand_in)?;
        let budget = |left: i64, own: u64| ByteCount((left + own as i64) as usize);
        let flash = budget(room.flash_left_bytes, needs.model_bytes);
        let ram = budget(
            room.ram_left_bytes,
            needs.state_bytes + needs.model_handle_bytes,
        );
        let dependency = self.runtime.dependency()?;
        let mut places = parts.places.clone();
        places.extend([
            Place::new("NAME", name),
            Place::new("TARGET", self.board.target()),
            Place::new("FLASH_BUDGET", flash.0),
            Place::new("RAM_BUDGET", ram.0),
            Place::new("PERIOD", self.period),
        ]);
        let mut texts = self.texts(&parts, &dependency, &stand_in, model.task(), &mut places);
        texts.push(Text {
            path: "Cargo.lock",
            text: lock_file(parts.lock, name, &self.runtime),
        });

        let budgets = Budgets {
            ram: Some(ram),
            flash: Some(flash),
        };
        let model_file = self.save(&texts, name, &model, file, budgets)?;
        let mut files: Vec<String> = texts.iter().map(|text| text.path.into()).collect();
        files.extend([model_file, "src/model.rs".into()]);
        files.sort_unstable();
        Ok(Written {
            package: name.into(),
            board: self.board.name(),
            target: self.board.target(),
            reads: stand_in.reads(),
            runtime: dependency,
            model_bytes: file.len(),
            flash_budget: flash.0,
            ram_budget: ram.0,
            files,
        })
    }

    /// Writes all files into a folder beside the one that shall be, and renames that at last; the
    /// path of the model in it.
    fn save(
        &self,
        texts: &[Text],
        name: &str,
        model: &AnyModel<'_>,
        file: &AlignedBytes,
        budgets: Budgets,
    ) -> Result<String> {
        let unfinished = unfinished_folder(folder_of(self.folder))
            .map_err(Error::io(self.folder, FOLDER_HINT))?;
        let inside = |path: &str| unfinished.path().join(path);
        let write = |path: &str, bytes: &[u8]| {
            let path = inside(path);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| fs::write(&path, bytes))
                .map_err(Error::io(self.folder, FOLDER_HINT))
        };
        for Text { path, text } in texts {
            write(path, text.as_bytes())?;
        }
        let model_file = format!("model/{name}.setl");
        write(&model_file, file)?;
        let (from, to) = (inside(&model_file), inside("src/model.rs"));
        let module = rust_module(file, model, &from, &to, budgets)?;
        write("src/model.rs", module.as_bytes())?;
        fs::rename(unfinished.path(), self.folder).map_err(Error::io(self.folder, FOLDER_HINT))?;
        let _: PathBuf = unfinished.keep(); // it has another name now
        Ok(model_file)
    }

    /// What is left of the board.
    fn room(&self, needs: &ModelNeeds, stand_in: &StandIn) -> Result<Room> {
        let room = self.board.room(needs);
        let samples = stand_in.bytes() as i64;
        let refuse = |over: i64, memory: &str, less: &str| {
            Error::TooLarge(format!(
                "{}: with all that the program needs it is {over} bytes too large for the {memory} \
                 of {}; choose a larger board, or {less}",
                self.model.display(),
                self.board.name(),
            ))
        };
        if room.flash_left_bytes < samples {
            let less = match stand_in {
                StandIn::Samples { .. } if room.flash_left_bytes >= 0 => "give fewer samples",
                _ => "train a smaller or sparser model",
            };
            return Err(refuse(samples - room.flash_left_bytes, "flash", less));
        }
        match room.ram_left_bytes {
            0.. => Ok(room),
            left => Err(refuse(-left, "RAM", "train a model with fewer units")),
        }
    }

    /// All files but the model, its module and the lock file.
    fn texts(
        &self,
        parts: &Parts,
        dependency: &str,
        stand_in: &StandIn,
        task: Task,
        places: &mut Vec<Place>,
    ) -> Vec<Text> {
        let scripts: Vec<String> = parts.scripts.iter().map(|it| format!("{it:?}")).collect();
        places.extend([
            Place::new("DEPENDENCIES", parts.manifest(dependency)),
            Place::new("SCRIPTS", scripts.join(", ")),
            Place::new("RUSTFLAGS", self.board.flags()),
        ]);
        places.extend(stand_in.places(self.samples));
        places.extend(answer::places(stand_in.reads(), task));
        places.extend(readme::places(parts, stand_in.reads()));
        let text = |path, template: &str| Text {
            path,
            text: fill(template, places),
        };
        let stack = include_str!("memory/stack.x.in");
        let mut texts = vec![
            text(".cargo/config.toml", parts.config),
            text(".gitignore", "/target\n"),
            text("Cargo.toml", include_str!("cargo.toml.in")),
            text("README.md", include_str!("readme.md.in")),
            text("build.rs", include_str!("build.rs.in")),
            text("memory.x", &(parts.memory.to_owned() + stack)),
            text("src/board.rs", &parts.board.concat()),
        ];
        match stand_in.reads() {
            Reads::Samples => texts.extend([
                text("src/main.rs", include_str!("main/samples.rs.in")),
                text("src/pace.rs", parts.pace),
                text("src/samples.rs", include_str!("samples.rs.in")),
            ]),
            Reads::Text => texts.extend([
                text("src/main.rs", include_str!("main/text.rs.in")),
                text("src/serial.rs", parts.serial),
            ]),
            Reads::Tokens => texts.push(text("src/main.rs", include_str!("main/tokens.rs.in"))),
        }
        texts
    }
}

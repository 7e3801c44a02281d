//! Enters: `SET_LSTM_MODEL`. Leaves: [`ModelFile`], and its Rust source. Next: the build
//! scripts write it.

use crate::{Input, input};
use set_lstm_runtime::wire::{File, InputLayout, Kind, MAX_UNITS, Task};

/// The variable that names a model.
const VARIABLE: &str = "SET_LSTM_MODEL";

/// A model file and what a program must know of it before it is built.
#[derive(Debug)]
pub struct ModelFile {
    input: Input,
    engine: &'static str,
    /// Whether it is laid out for delta stepping.
    is_delta: bool,
    capacity: usize,
    layers: u8,
    task: Task,
    /// Numbers of a sample; `None`: it reads tokens.
    pub channels: Option<usize>,
    /// Whether it reads raw text.
    pub has_words: bool,
}

impl ModelFile {
    /// The model that `SET_LSTM_MODEL` names, or the default one.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn find(default: &str) -> Result<Self, String> {
        ModelFile::of(input(VARIABLE, default)?)
    }

    /// [`ModelFile::find`] for a program that runs some models only. A package of several
    /// programs is built with one variable: where it names a model for another of them, this
    /// one has its default and cargo says so.
    ///
    /// # Errors
    /// Those of [`ModelFile::find`].
    pub fn find_for(
        program: &str,
        default: &str,
        runs: impl Fn(&ModelFile) -> bool,
    ) -> Result<Self, String> {
        let named = ModelFile::find(default)?;
        if runs(&named) {
            return Ok(named);
        }
        let path = named.input.path.display();
        println!("cargo::warning=`{program}` cannot run {path} and has its default model");
        ModelFile::of(crate::read(default.as_ref()).map_err(|error| format!("{default}: {error}"))?)
    }

    fn of(input: Input) -> Result<Self, String> {
        let file = File::peek(&input.bytes);
        let file = file.map_err(|problem| format!("{}: {problem}", input.path.display()))?;
        let header = &file.header;
        // the loader refuses a size beyond the limit, and says so on the device
        let layers = header.layer_count().max(1);
        let units = (0..layers).map(|layer| header.layer_shape(layer).strip_columns());
        let units = units.max().unwrap_or_default().clamp(2, 2 * MAX_UNITS);
        let (channels, has_words) = (header.channels(), header.words.buckets > 0);
        Ok(ModelFile {
            engine: match file.kind {
                Kind::Int8 => "Int8",
                Kind::Float32 => "Float32",
            },
            is_delta: header.layer_shape(0).layout == InputLayout::Delta,
            capacity: usize::from(units).next_power_of_two(),
            layers,
            task: header.task,
            channels: channels.map(Into::into),
            has_words,
            input,
        })
    }

    /// Rust source: engine, capacity and layers, and the bytes in flash.
    pub fn source(&self) -> String {
        let ModelFile {
            engine,
            is_delta,
            capacity,
            layers,
            task: Task { answer, moment },
            ..
        } = self;
        let model = self.input.source("MODEL");
        let running = if *is_delta {
            "set_lstm_runtime::DeltaState<CAPACITY>"
        } else {
            "set_lstm_runtime::State<Engine, CAPACITY, LAYERS>"
        };
        format!(
            "/// The engine that the model file asks for.\n\
             pub type Engine = set_lstm_runtime::{engine};\n\
             /// Units that a state of the model needs, rounded up to a power of two.\n\
             pub const CAPACITY: usize = {capacity};\n\
             /// Layers of the model.\n\
             pub const LAYERS: usize = {layers};\n\
             /// What the model answers, and when: no code is linked for another task.\n\
             pub const TASK: set_lstm_runtime::Task = set_lstm_runtime::Task {{\n    \
             answer: set_lstm_runtime::Answer::{answer:?},\n    \
             moment: set_lstm_runtime::Moment::{moment:?},\n}};\n\
             /// The state that the model is stepped with.\n\
             pub type Running = {running};\n\
             /// Bytes at an address that the runtime can read words from.\n\
             #[repr(C, align(4))]\n\
             struct Aligned<T>(T);\n\
             {model}\
             /// The model file in flash. The compiler is kept from looking into it, so that the\n\
             /// program is the same for every model of one size and its code is what any needs.\n\
             pub fn model() -> &'static [u8] {{\n    core::hint::black_box(&MODEL.0)\n}}\n"
        )
    }
}

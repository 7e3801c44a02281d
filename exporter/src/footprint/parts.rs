//! Enters: a footprint and the model file in it. Leaves: [`Part`]s, every part of flash and RAM
//! with its share; together they are the whole, to the byte. Next: `set-lstm footprint` prints
//! and draws them.

use super::{FlashUse, Footprint, RamUse};
use crate::error::{Error, Result};
use crate::report::table::{Column, Table, thousands};
use crate::report::tree_map::{TreeMap, TreeMapGroup};
use serde::Serialize;
use set_lstm_runtime::wire::{File, InputLayout, Place, Section};
use std::path::Path;

/// What a part belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartGroup {
    /// The rows of the tokens.
    Embedding,
    /// Connections of the gates.
    Gates,
    /// The table of words.
    Vocabulary,
    /// Biases, head, header, self-test.
    RestOfModel,
    /// The runtime with its crates.
    Engine,
    /// What the compiler brings.
    Library,
    /// Everything else in flash.
    Application,
    /// A running sequence.
    State,
    /// Other statics.
    Statics,
    /// What calls take.
    Stack,
}

impl PartGroup {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            PartGroup::Embedding => "embedding",
            PartGroup::Gates => "gates",
            PartGroup::Vocabulary => "vocabulary",
            PartGroup::RestOfModel => "rest of the model",
            PartGroup::Engine => "engine",
            PartGroup::Library => "core library",
            PartGroup::Application => "application",
            PartGroup::State => "state",
            PartGroup::Statics => "other statics",
            PartGroup::Stack => "stack",
        }
    }
}

/// Some bytes of flash or RAM.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Its name.
    pub part: String,
    /// What it belongs to.
    pub group: PartGroup,
    /// Its size.
    pub bytes: u64,
    /// Its share of the whole, 0 to 1.
    pub share: f64,
}

impl Part {
    fn new(part: impl Into<String>, group: PartGroup, bytes: u64) -> Self {
        Part {
            part: part.into(),
            group,
            bytes,
            share: 0.0,
        }
    }
}

/// All parts of flash, the model by its sections; `path` names the model in errors.
///
/// # Errors
/// The runtime refuses the file.
pub fn of_flash(flash: &FlashUse, file: &[u8], path: &Path) -> Result<Vec<Part>> {
    let mut parts = vec![
        Part::new(
            "vector table",
            PartGroup::Application,
            flash.vector_table_bytes,
        ),
        Part::new("engine, code", PartGroup::Engine, flash.engine_code_bytes),
        Part::new(
            "engine, tables",
            PartGroup::Engine,
            flash.engine_table_bytes,
        ),
        Part::new("core library", PartGroup::Library, flash.library_code_bytes),
        Part::new(
            "application",
            PartGroup::Application,
            flash.application_bytes,
        ),
    ];
    let sections = of_model(file).map_err(|problem| Error::Model {
        path: path.to_owned(),
        problem: problem.to_string(),
    })?;
    let named: u64 = sections.iter().map(|part| part.bytes).sum();
    parts.extend(sections);
    let rest = flash.model_bytes.saturating_sub(named);
    parts.push(Part::new("header, self-test", PartGroup::RestOfModel, rest));
    Ok(shared(parts, flash.flash_bytes))
}

/// All parts of RAM.
pub fn of_ram(ram: &RamUse) -> Vec<Part> {
    let parts = vec![
        Part::new("state", PartGroup::State, ram.state_bytes),
        Part::new("model handle", PartGroup::State, ram.model_handle_bytes),
        Part::new("other statics", PartGroup::Statics, ram.static_bytes),
        Part::new("stack of the engine", PartGroup::Stack, ram.stack_bytes),
        Part::new(
            "stack of the application",
            PartGroup::Stack,
            ram.application_stack_bytes,
        ),
    ];
    shared(parts, ram.ram_bytes)
}

/// Parts that are there, with their shares.
fn shared(parts: Vec<Part>, whole: u64) -> Vec<Part> {
    let there = parts.into_iter().filter(|part| part.bytes > 0);
    let share = |part: Part| Part {
        share: part.bytes as f64 / whole.max(1) as f64,
        ..part
    };
    there.map(share).collect()
}

/// The sections of a model file but for its head and its reference sequences, those of one
/// matrix together.
fn of_model(file: &[u8]) -> std::result::Result<Vec<Part>, set_lstm_runtime::DecodeError> {
    let opened = File::peek(file)?;
    let mut parts: Vec<Part> = Vec::new();
    for (section, bytes) in opened.sections() {
        let is_joined =
            |place: Place| opened.header.layer_shape(place.layer).layout != InputLayout::Columns;
        let Some((name, group)) = part_of(section, is_joined) else {
            continue;
        };
        let filled = bytes.len().next_multiple_of(4) as u64;
        match parts.iter_mut().find(|part| part.part == name) {
            Some(part) => part.bytes += filled,
            None => parts.push(Part::new(name, group, filled)),
        }
    }
    // all that belongs together stands together
    parts.sort_by_key(|part| match part.group {
        PartGroup::Vocabulary => 0,
        PartGroup::Embedding => 1,
        PartGroup::Gates => 2,
        _ => 3,
    });
    Ok(parts)
}

/// Name and group of the part that a section is in; `None`: what is left.
fn part_of(section: Section, is_joined: impl Fn(Place) -> bool) -> Option<(String, PartGroup)> {
    let matrix = |matrix: &str, place: Place| {
        let letter = place.gate.letter();
        let name = match place.layer {
            0 => format!("{matrix}_{letter}"),
            layer => format!("{matrix}{}_{letter}", layer + 1),
        };
        Some((name, PartGroup::Gates))
    };
    let rest = |name: &str| Some((name.to_owned(), PartGroup::RestOfModel));
    match section {
        Section::WordDisplacement | Section::WordFingerprint => {
            Some(("vocabulary".into(), PartGroup::Vocabulary))
        }
        Section::RowBlock | Section::RowLength | Section::RowBits => {
            Some(("embedding".into(), PartGroup::Embedding))
        }
        Section::InputStart(place) | Section::InputUnit(place) | Section::InputWeight(place) => {
            matrix(if is_joined(place) { "UW" } else { "W" }, place)
        }
        Section::StripUnit(place)
        | Section::RecurrentColumn(place)
        | Section::RecurrentWeight(place) => {
            matrix(if is_joined(place) { "UW" } else { "U" }, place)
        }
        Section::InputMean | Section::InputFactor => rest("statistics of the samples"),
        Section::Unit(_) => rest("biases of the gates"),
        Section::HeadWeight
        | Section::HeadBias
        | Section::OutputMean
        | Section::OutputDeviation => rest("head"),
        _ => None,
    }
}

/// Parts as a table with their sum below.
pub fn table(title: &'static str, parts: &[Part]) -> Table<3> {
    let mut table = Table::new([
        Column::words(title),
        Column::numbers("bytes"),
        Column::numbers("%"),
    ]);
    let row = |name: &str, size: u64, share: f64| {
        [
            name.to_owned(),
            thousands(size),
            format!("{:.1}", 100.0 * share),
        ]
    };
    for part in parts {
        table.row(row(&part.part, part.bytes, part.share));
    }
    table.rule();
    let sum = parts.iter().map(|part| part.bytes).sum();
    table.row(row("together", sum, 1.0));
    table
}

/// Parts as a map, by their groups, the largest first.
pub fn map(title: String, height: u32, parts: &[Part]) -> TreeMap {
    let mut groups: Vec<(PartGroup, TreeMapGroup)> = Vec::new();
    for part in parts {
        let named = (part.part.clone(), part.bytes);
        match groups.iter_mut().find(|(group, _)| *group == part.group) {
            Some((_, group)) => group.parts.push(named),
            None => groups.push((
                part.group,
                TreeMapGroup {
                    name: part.group.name().into(),
                    parts: vec![named],
                },
            )),
        }
    }
    let sum = |group: &TreeMapGroup| group.parts.iter().map(|(_, size)| size).sum::<u64>();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(sum(group)));
    TreeMap {
        title,
        height,
        groups: groups.into_iter().map(|(_, group)| group).collect(),
    }
}

/// Both memories as a picture's maps.
pub fn maps(footprint: &Footprint, flash: &[Part], ram: &[Part]) -> [TreeMap; 2] {
    use crate::report::table::bytes;
    let flash_title = format!("flash, {}", bytes(footprint.flash.flash_bytes));
    let ram_title = format!("RAM, {}", bytes(footprint.ram.ram_bytes));
    [map(flash_title, 320, flash), map(ram_title, 110, ram)]
}

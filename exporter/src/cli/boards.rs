//! `set-lstm boards`.

use std::path::PathBuf;

use serde::Serialize;

use super::output::{print, print_json};
use crate::boards::room::{Application, ModelNeeds, PROGRAM_FLASH, Room, STACK};
use crate::boards::{BOARDS, REAL_BOARDS};
use crate::device::{AlignedBytes, AnyModel};
use crate::error::Result;
use crate::report::table::{Column, Table, bytes, thousands};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  set-lstm boards
  set-lstm boards imdb.setl

With a model it says where its application fits, and how much is left. Model and state are
exact; the rest is what linked programs take at most, rounded up.")]
pub struct Arguments {
    /// A model file that is to fit
    model: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A board of either sort.
#[derive(Debug, Serialize)]
struct ListedBoard {
    board: &'static str,
    core: &'static str,
    /// Real boards only.
    #[serde(skip_serializing_if = "Option::is_none")]
    megahertz: Option<u32>,
    /// What probe-rs calls it; real boards only.
    #[serde(skip_serializing_if = "Option::is_none")]
    chip: Option<&'static str>,
    /// What QEMU calls it; emulated boards only.
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<&'static str>,
    flash_bytes: u64,
    ram_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fits: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed: Option<Room>,
}

/// All in one object.
#[derive(Debug, Serialize)]
struct BoardList {
    /// The application that a real board runs with the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<Application>,
    #[serde(flatten)]
    needs: Option<ModelNeeds>,
    boards: Vec<ListedBoard>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<()> {
    let file = arguments.model.as_deref().map(AlignedBytes::read);
    let file = file.transpose()?;
    let (mut application, mut needs) = (None, None);
    if let (Some(file), Some(path)) = (&file, &arguments.model) {
        let model = AnyModel::open(file, path)?;
        needs = Some(ModelNeeds::of(&model, file));
        // what no board can feed can be emulated nevertheless
        application = Application::of(&model).ok();
    }
    let list = BoardList {
        application,
        needs,
        boards: listed(needs),
    };
    if arguments.json {
        return print_json(&list);
    }
    match &list.needs {
        None => print(table(&list.boards)),
        Some(needs) => print(format_args!(
            "{}\n{}",
            fitting(&list.boards),
            explanation(needs, application)
        )),
    }
}

fn listed(needs: Option<ModelNeeds>) -> Vec<ListedBoard> {
    let real = REAL_BOARDS.map(|board| {
        let needed = needs.map(|needs| needs.on_real(board));
        ListedBoard {
            board: board.name,
            core: board.core,
            megahertz: Some(board.megahertz),
            chip: Some(board.chip),
            machine: None,
            flash_bytes: board.flash,
            ram_bytes: board.ram,
            fits: needed.map(|room| room.fits()),
            needed,
        }
    });
    let emulated = BOARDS.map(|board| {
        let needed = needs.map(|needs| needs.on_emulated(board));
        ListedBoard {
            board: board.name,
            core: board.core,
            megahertz: None,
            chip: None,
            machine: Some(board.machine),
            flash_bytes: board.flash,
            ram_bytes: board.ram,
            fits: needed.map(|room| room.fits()),
            needed,
        }
    });
    real.into_iter().chain(emulated).collect()
}

impl ListedBoard {
    /// How it is driven.
    fn driven(&self) -> String {
        match (self.chip, self.machine) {
            (Some(chip), _) => format!("probe-rs {chip}"),
            (None, Some(machine)) => format!("QEMU {machine}"),
            (None, None) => String::new(),
        }
    }
}

fn table(boards: &[ListedBoard]) -> Table<6> {
    let mut table = Table::new([
        Column::words("board"),
        Column::words("core"),
        Column::numbers("clock"),
        Column::numbers("flash"),
        Column::numbers("RAM"),
        Column::words("driven by"),
    ]);
    for board in boards {
        let clock = board.megahertz.map(|clock| format!("{clock} MHz"));
        table.row([
            board.board.into(),
            board.core.into(),
            clock.unwrap_or_else(|| "-".into()),
            whole(board.flash_bytes),
            whole(board.ram_bytes),
            board.driven(),
        ]);
    }
    table
}

fn fitting(boards: &[ListedBoard]) -> Table<8> {
    let mut table = Table::new([
        Column::words("board"),
        Column::words("core"),
        Column::numbers("flash"),
        Column::numbers("taken"),
        Column::numbers("left"),
        Column::numbers("RAM"),
        Column::numbers("taken"),
        Column::numbers("left"),
    ]);
    for board in boards {
        if let Some(room) = board.needed {
            table.row([
                board.board.into(),
                board.core.into(),
                whole(board.flash_bytes),
                bytes(room.flash_bytes),
                left(room.flash_left_bytes),
                whole(board.ram_bytes),
                bytes(room.ram_bytes),
                left(room.ram_left_bytes),
            ]);
        }
    }
    table
}

/// A size of a board, which is a whole number of kilobytes.
fn whole(size: u64) -> String {
    match size >> 10 {
        kilobytes if kilobytes >= 1024 && kilobytes.is_multiple_of(1024) => {
            format!("{} MB", kilobytes >> 10)
        }
        kilobytes => format!("{kilobytes} KB"),
    }
}

/// Head-room, or what is missing of it.
fn left(head_room: i64) -> String {
    let size = bytes(head_room.unsigned_abs());
    match head_room {
        0.. => size,
        _ => format!("no: {size} missing"),
    }
}

/// Where the figures are from.
fn explanation(needs: &ModelNeeds, application: Option<Application>) -> String {
    let ModelNeeds {
        model_bytes,
        state_bytes,
        model_handle_bytes,
    } = needs;
    let runs = match application {
        Some(application) => format!("the application {}", application.name()),
        None => "no application, for it reads tokens without words; the demo".into(),
    };
    format!(
        "(runs {runs}; flash: {} bytes of model, and at most {} for the program;\n\
         RAM: {} bytes of state, {} for the model's handle, the board's buffers, {} of stack;\n\
         set-lstm flash --build-only links it and tells exactly)\n",
        thousands(*model_bytes),
        whole(PROGRAM_FLASH),
        thousands(*state_bytes),
        thousands(*model_handle_bytes),
        whole(STACK),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_boards_are_sold() {
        let sizes = [16 << 10, 264 << 10, 1 << 20, 4 << 20, 1536 << 10].map(whole);
        assert_eq!(sizes, ["16 KB", "264 KB", "1 MB", "4 MB", "1536 KB"]);
        assert_eq!(left(-2048), "no: 2.0 KB missing");
        assert_eq!(left(2048), "2.0 KB");
    }
}

//! Enters: `SET_LSTM_BOARD`, one of the boards in `boards.rs`; without it the first one of
//! the target. Leaves: the board's memory map for the linker, and `board.rs`, its name, clock
//! and serial port. Next: `src/board.rs` includes it.

use std::path::PathBuf;
use std::process::ExitCode;

include!("boards.rs");

fn main() -> ExitCode {
    set_lstm_embed::main(generate)
}

fn generate() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=SET_LSTM_BOARD");
    println!("cargo::rerun-if-changed=boards.rs");
    println!("cargo::rerun-if-changed=memory");
    let variable = |name| std::env::var(name).map_err(|_| format!("{name} is not set; use cargo"));
    let target = variable("TARGET")?;
    let wanted = std::env::var("SET_LSTM_BOARD").ok();
    let is_it = |board: &&Description| match &wanted {
        Some(name) => board.name == *name,
        None => board.target == target,
    };
    let Some(board) = BOARDS.iter().find(is_it) else {
        let names = BOARDS.map(|board| format!("{} ({})", board.name, board.target));
        let wanted = wanted.unwrap_or(target);
        return Err(format!(
            "no board {wanted}; choose one of: {}",
            names.join(", ")
        ));
    };
    if board.target != target {
        let Description {
            name, target: own, ..
        } = board;
        return Err(format!(
            "{name} runs no {target}; build with --target {own}"
        ));
    }
    let folder = PathBuf::from(variable("OUT_DIR")?);
    let io = |problem: std::io::Error| format!("{problem}; free some space");
    let memory = PathBuf::from("memory").join(board.memory);
    std::fs::copy(memory, folder.join("memory.x")).map_err(io)?;
    let Description {
        name,
        core,
        uart: Uart {
            kind,
            base,
            interrupts,
        },
        rate: [instructions, ticks],
        ..
    } = board;
    let generated = format!(
        "/// Name and core.\n\
         pub const NAME: &str = \"{name}, {core}, emulated\";\n\
         /// Instructions in ticks of SysTick.\n\
         pub const RATE: Rate = Rate {{ instructions: {instructions}, ticks: {ticks} }};\n\
         /// What the serial port is.\n\
         pub const UART: Uart = Uart::{kind};\n\
         /// Where its registers lie.\n\
         pub const UART_BASE: usize = {base:#010x};\n\
         /// Its interrupts.\n\
         pub const UART_INTERRUPTS: &[u16] = &{interrupts:?};\n"
    );
    set_lstm_embed::write("board.rs", &generated)?;
    println!("cargo::rustc-link-search={}", folder.display());
    // here and not in .cargo/config.toml, where a user's RUSTFLAGS would replace it
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    if std::env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        println!("cargo::rustc-link-arg-bins=-Tdefmt.x");
    }
    Ok(())
}

//! The programs for real boards: each builds for its board, lies where the chip looks for
//! it, and leaves room for the stack; and what the boards share is tested on the host.
//!
//! Needs the thumb targets, and QEMU for the one that it emulates: without them these tests
//! fail and name `scripts/setup.sh`. No board is needed.

mod emulated;

use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{ElfFile32, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol};
use set_lstm::boards::room::PROGRAM_FLASH;
use set_lstm::footprint::program::{LinkedProgram, OwnedSymbol, Owner, Use};
use set_lstm::toolchain::{Compiler, firmware_folder};
use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A folder of `firmware-examples/boards`, by the manuals of board and chip.
struct RealBoard {
    name: &'static str,
    target: &'static str,
    /// As probe-rs calls it.
    chip: &'static str,
    flash: Range<u64>,
    ram: Range<u64>,
    /// Where the vector table lies.
    vectors: u64,
    /// Number of the serial port's interrupt.
    serial: u64,
}

const BOARDS: [RealBoard; 6] = [
    RealBoard {
        name: "nucleo-f446re",
        target: "thumbv7em-none-eabihf",
        chip: "STM32F446RETx",
        flash: 0x0800_0000..0x0808_0000,
        ram: 0x2000_0000..0x2002_0000,
        vectors: 0x0800_0000,
        serial: 38,
    },
    RealBoard {
        name: "nucleo-f411re",
        target: "thumbv7em-none-eabihf",
        chip: "STM32F411RETx",
        flash: 0x0800_0000..0x0808_0000,
        ram: 0x2000_0000..0x2002_0000,
        vectors: 0x0800_0000,
        serial: 38,
    },
    RealBoard {
        name: "nrf52840-dk",
        target: "thumbv7em-none-eabihf",
        chip: "nRF52840_xxAA",
        flash: 0..0x10_0000,
        ram: 0x2000_0000..0x2004_0000,
        vectors: 0,
        serial: 2,
    },
    RealBoard {
        name: "pico",
        target: "thumbv6m-none-eabi",
        chip: "RP2040",
        flash: 0x1000_0000..0x1020_0000,
        ram: 0x2000_0000..0x2004_2000,
        vectors: 0x1000_0100,
        serial: 20,
    },
    RealBoard {
        name: "pico2",
        target: "thumbv8m.main-none-eabihf",
        chip: "RP235x",
        flash: 0x1000_0000..0x1040_0000,
        ram: 0x2000_0000..0x2008_2000,
        vectors: 0x1000_0000,
        serial: 33,
    },
    RealBoard {
        name: "microbit",
        target: "thumbv6m-none-eabi",
        chip: "nRF51822_xxAA",
        flash: 0..0x4_0000,
        ram: 0x2000_0000..0x2000_4000,
        vectors: 0,
        serial: 2,
    },
];
const PROGRAMS: [&str; 2] = ["sentiment", "activity"];
/// What `stack.x` leaves for the stack, at least.
const STACK: u64 = 3072;

/// One build at a time: the programs have the same names for every board.
static BUILDS: Mutex<()> = Mutex::new(());

fn folder() -> PathBuf {
    let sources = firmware_folder(None).expect("the sources are here");
    sources.join("boards")
}

/// Builds both programs of a board; what they are, or what cargo says.
fn build(board: &RealBoard, variables: &[(&str, &str)]) -> Result<Vec<Vec<u8>>, String> {
    let _one = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    let target_folder = folder().join("target");
    let compiler = Compiler::find(board.target).expect("a compiler for the target");
    // in its folder, whose .cargo/config.toml says how much of the log is built in
    let mut command = compiler.build(&folder().join(board.name), &target_folder);
    command.args(["--locked", "--bins"]);
    command.envs(variables.iter().copied());
    let output = command.output().expect("cargo runs");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let built = target_folder.join(board.target).join("release");
    let read = |program| std::fs::read(built.join(program)).expect("the linked program");
    Ok(PROGRAMS.map(read).to_vec())
}

/// A piece of a program: bytes in flash, and where they or zeros are when it runs.
struct Piece {
    flash: Range<u64>,
    runs: Range<u64>,
    bytes: Vec<u8>,
}

fn pieces(program: &[u8]) -> Vec<Piece> {
    let header = FileHeader32::<Endianness>::parse(program).expect("an ELF file");
    let endian = header.endian().expect("little");
    let headers = header.program_headers(endian, program).expect("segments");
    let loaded = headers.iter().filter(|h| h.p_type(endian) == PT_LOAD);
    let piece = |h: &object::elf::ProgramHeader32<Endianness>| {
        let [physical, address, file, memory] = [
            h.p_paddr(endian),
            h.p_vaddr(endian),
            h.p_filesz(endian),
            h.p_memsz(endian),
        ]
        .map(u64::from);
        Piece {
            flash: physical..physical + file,
            runs: address..address + memory,
            bytes: h.data(endian, program).expect("its bytes").to_vec(),
        }
    };
    loaded
        .map(piece)
        .filter(|piece| !piece.runs.is_empty())
        .collect()
}

/// The word of flash at an address.
#[track_caller]
fn word(pieces: &[Piece], address: u64) -> u64 {
    let piece = pieces.iter().find(|piece| piece.flash.contains(&address));
    let piece = piece.unwrap_or_else(|| panic!("nothing lies at {address:#x}"));
    let bytes = &piece.bytes[(address - piece.flash.start) as usize..];
    u32::from_le_bytes(*bytes.first_chunk().expect("a word")).into()
}

fn lies_in(part: &Range<u64>, whole: &Range<u64>) -> bool {
    part.is_empty() || whole.start <= part.start && part.end <= whole.end
}

#[test]
fn every_program_lies_on_its_board_and_leaves_room_for_the_stack() {
    println!("{:<16}{:<12}{:>8}{:>8}", "board", "program", "flash", "RAM");
    for board in &BOARDS {
        let programs = build(board, &[]).unwrap_or_else(|error| panic!("{}:\n{error}", board.name));
        for (name, program) in PROGRAMS.iter().zip(&programs) {
            let pieces = pieces(program);
            let name = format!("{} {name}", board.name);
            let (mut flash, mut ram, mut highest) = (0, 0, board.ram.start);
            for piece in &pieces {
                assert!(
                    lies_in(&piece.flash, &board.flash),
                    "{name}: {:x?}",
                    piece.flash
                );
                flash += piece.flash.end - piece.flash.start;
                if lies_in(&piece.runs, &board.ram) {
                    ram += piece.runs.end - piece.runs.start;
                    highest = highest.max(piece.runs.end);
                } else {
                    assert_eq!(piece.flash, piece.runs, "{name}");
                }
            }
            println!("{name:<28}{flash:>8}{ram:>8}");
            assert_list_promises_no_less(board.name, program);
            assert!(
                flash > 20_000 && ram > 1_000,
                "{name}: {flash} and {ram} bytes"
            );
            // on the smallest board: the log included, the stack not
            if name == "microbit activity" {
                assert!(
                    flash <= 32 << 10 && ram <= 2 << 10,
                    "{flash} and {ram} bytes"
                );
            }
            // where the core begins: the top of the stack, and a function in thumb code
            assert_eq!(word(&pieces, board.vectors), board.ram.end, "{name}");
            assert!(board.ram.end - highest >= STACK, "{name}: {highest:#x}");
            let vector = |number: u64| word(&pieces, board.vectors + 4 * number);
            assert!(
                board.flash.contains(&vector(1)) && vector(1) % 2 == 1,
                "{name}"
            );
            // the interrupt of the serial port has a handler, others have the one for the rest
            let (serial, other) = (vector(16 + board.serial), vector(16 + board.serial - 1));
            assert!(board.flash.contains(&serial) && serial != other, "{name}");
            assert!(
                logs(program, name.rsplit(' ').next().unwrap()),
                "{name}: no log"
            );
        }
    }
}

/// What `set-lstm boards` says at most of a board's programs holds.
#[track_caller]
fn assert_list_promises_no_less(board: &str, program: &[u8]) {
    let listed = set_lstm::boards::RealBoard::named(board).unwrap();
    let linked = LinkedProgram::read(program).unwrap();
    let model = linked.owned(Owner::Model, Use::Table);
    let rest = linked.sizes.flash - model;
    assert!(model > 0 && rest <= PROGRAM_FLASH, "{board}: {rest}");
    let is_memory = |symbol: &&OwnedSymbol| symbol.name.ends_with("::MEMORY");
    let memory = linked.symbols.iter().find(is_memory).expect("its memory");
    let statics = linked.sizes.statics - memory.bytes;
    assert!(statics <= listed.statics, "{board}: {statics}");
}

/// Whether a program says its name in the log, whose texts are names of symbols.
fn logs(program: &[u8], name: &str) -> bool {
    let elf = ElfFile32::<Endianness>::parse(program).expect("an ELF file");
    let log = elf.section_by_name(".defmt").expect("a log").index();
    let mut texts = elf.symbols().filter(|s| s.section_index() == Some(log));
    texts.any(|s| {
        s.name()
            .is_ok_and(|text| text.contains(&format!("{name} on {{=str}}")))
    })
}

/// The RP2040's boot ROM starts nothing whose first 252 bytes have not the checksum that
/// follows them.
#[test]
fn the_pico_has_a_second_stage_that_its_rom_accepts() {
    let board = BOARDS.iter().find(|board| board.name == "pico").unwrap();
    for program in build(board, &[]).unwrap() {
        let pieces = pieces(&program);
        let stage = pieces.iter().find(|piece| piece.flash.start == 0x1000_0000);
        let stage = &stage.expect("a second stage").bytes;
        assert_eq!(stage.len(), 256);
        let mut checksum = u32::MAX;
        for &byte in &stage[..252] {
            checksum ^= u32::from(byte) << 24;
            for _ in 0..8 {
                let carry = checksum >> 31;
                checksum = (checksum << 1) ^ (carry * 0x04c1_1db7);
            }
        }
        assert_eq!(stage[252..], checksum.to_le_bytes());
    }
}

/// The RP2350's boot ROM looks for this in the first 4 KB: the smallest block that says "a
/// secure program for the ARM cores", as its manual has it.
#[test]
fn the_pico2_has_an_image_definition_that_its_rom_finds() {
    let board = BOARDS.iter().find(|board| board.name == "pico2").unwrap();
    let block = [0xffff_ded3u32, 0x1021_0142, 0x0000_01ff, 0, 0xab12_3579];
    let block: Vec<u8> = block.iter().flat_map(|word| word.to_le_bytes()).collect();
    for program in build(board, &[]).unwrap() {
        let pieces = pieces(&program);
        let first = pieces.iter().find(|piece| piece.flash.start == 0x1000_0000);
        let first = &first.expect("the beginning of flash").bytes;
        let first = &first[..first.len().min(4096)];
        let found = first.chunks(4).position(|word| *word == block[..4]);
        let found = found.expect("the first word of a block") * 4;
        assert_eq!(first[found..found + block.len()], block);
    }
}

#[test]
fn a_program_that_leaves_no_room_for_the_stack_is_refused_by_the_linker() {
    let board = BOARDS
        .iter()
        .find(|board| board.name == "microbit")
        .unwrap();
    // a log buffer of more than half of the RAM
    let built = build(board, &[("DEFMT_RTT_BUFFER_SIZE", "9216")]).map(drop);
    let error = built.expect_err("no room");
    let message = "less than 3072 bytes of RAM are left for the stack";
    assert!(error.contains(message), "{error}");
}

#[test]
fn every_board_has_its_page_and_its_runner() {
    let mut found: Vec<String> = (folder().read_dir().unwrap())
        .filter_map(|entry| {
            let entry = entry.unwrap();
            let is_board = entry.path().join("memory.x").is_file();
            is_board.then(|| entry.file_name().into_string().unwrap())
        })
        .collect();
    found.sort();
    let mut names = BOARDS.map(|board| board.name);
    names.sort_unstable();
    assert_eq!(found, names);
    let index = std::fs::read_to_string(folder().join("../README.md")).unwrap();
    for board in &BOARDS {
        let read = |name| std::fs::read_to_string(folder().join(board.name).join(name)).unwrap();
        let config: toml::Table = read(".cargo/config.toml").parse().unwrap();
        assert_eq!(config["build"]["target"].as_str(), Some(board.target));
        let runner = &config["target"][board.target]["runner"];
        let expected = format!("probe-rs run --chip {}", board.chip);
        assert_eq!(runner.as_str(), Some(&*expected));
        let page = read("README.md");
        for needed in [
            "cargo run --release --bin sentiment",
            "--bin activity",
            "115200",
        ] {
            assert!(page.contains(needed), "{}: no {needed}", board.name);
        }
        let link = format!("(boards/{}/README.md)", board.name);
        assert!(index.contains(&link), "no {link} in the index");
    }
}

/// The queue of received bytes and the pace of samples know nothing of a chip.
#[test]
fn what_the_boards_share_passes_its_own_tests() {
    let _one = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let mut command = Command::new("cargo");
    command.current_dir(folder());
    command.args(["test", "--locked", "--package", "set-lstm-board-common"]);
    command.args(["--target", host.unwrap()]);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    // of the crate, and of the application behind its queue
    for passed in ["6 passed", "1 passed"] {
        assert!(text.contains(passed), "{text}");
    }
}

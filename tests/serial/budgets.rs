//! What the whole programs take of flash and RAM, measured from outside: the linked ELF file,
//! and RAM that QEMU paints before the program starts and shows after it has worked.

use super::{activity, committed, sentiment, until};
use crate::models::{packed_with_words, random_model, vocabulary};
use crate::samples::file_of_hapts_size;
use object::{Object, ObjectSegment, ObjectSymbol};
use set_lstm::pack::Values;
use set_lstm::simulate::board::EmulatedBoard;
use set_lstm::simulate::firmware::{Firmware, Folders};
use set_lstm::simulate::serial::SerialLine;
use set_lstm::train::parameters::Shape;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

const PAINT: u8 = 0xa5;
/// Bytes below the top of the RAM that are painted.
const DEPTH: u64 = 64 << 10;

/// Bytes of flash: all that is loaded.
fn flash(firmware: &Firmware) -> u64 {
    let elf = firmware.elf().unwrap();
    let elf = object::File::parse(&*elf).unwrap();
    let segments = elf.segments();
    segments.map(|segment| segment.file_range().1).sum()
}

/// Whatever is typed or measured, no panic: the handler is linked only where one is possible.
/// Nor is `core::fmt`, which panics bring along.
pub fn assert_cannot_panic(firmware: &Firmware) {
    let elf = firmware.elf().unwrap();
    let elf = object::File::parse(&*elf).unwrap();
    let names: Vec<&str> = elf
        .symbols()
        .filter_map(|symbol| symbol.name().ok())
        .collect();
    assert!(names.iter().any(|name| name.contains("set_lstm_runtime")));
    for part in ["begin_unwind", "panicking", "4core3fmt"] {
        let found = names.iter().find(|name| name.contains(part));
        assert_eq!(found, None, "{part}");
    }
}

/// Where the linker script says that something is.
fn address(elf: &object::File<'_>, name: &str) -> u64 {
    let found = elf.symbols().find(|symbol| symbol.name() == Ok(name));
    found.expect(name).address()
}

/// Bytes of RAM that a program takes: its statics, and the stack as deep as it went while
/// `work` was done.
fn ram(firmware: &Firmware, work: impl FnOnce(&mut TcpStream)) -> u64 {
    let elf = firmware.elf().unwrap();
    let elf = object::File::parse(&*elf).unwrap();
    let [bottom, end, top] = ["__sdata", "__sheap", "_stack_start"].map(|name| address(&elf, name));
    let start = end.max(top - DEPTH);
    let folder = tempfile::tempdir().unwrap();
    let [paint, dump] = ["paint", "dump"].map(|name| folder.path().join(name));
    std::fs::write(&paint, vec![PAINT; (top - start) as usize]).unwrap();
    let monitor = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = monitor.local_addr().unwrap().port();
    let arguments = [
        "-chardev".to_owned(),
        format!("socket,id=monitor,host=127.0.0.1,port={port}"),
        "-mon".to_owned(),
        "chardev=monitor,mode=readline".to_owned(),
        "-device".to_owned(),
        format!(
            "loader,file={},addr={start:#x},force-raw=on",
            paint.display()
        ),
    ];
    let mut line = SerialLine::open_with(firmware, &arguments).unwrap();
    // QEMU connects to both before it starts
    let (mut monitor, _) = monitor.accept().unwrap();
    work(&mut line.stream().unwrap());
    let size = top - start;
    let words = format!("pmemsave {start:#x} {size} \"{}\"\nquit\n", dump.display());
    monitor.write_all(words.as_bytes()).unwrap();
    let (code, words) = line.end(Duration::from_secs(30)).unwrap();
    assert_eq!(code, Some(0), "{words}");
    let dump = std::fs::read(dump).unwrap();
    let unused = dump.iter().take_while(|&&byte| byte == PAINT).count();
    assert!(unused > 0, "the stack went deeper than what is painted");
    (end - bottom) + (size - unused as u64)
}

/// A model as large as the one that the preset `imdb` makes, with a vocabulary of 20,000.
#[test]
fn sentiment_with_a_model_of_imdbs_size_fits_384_kb_of_flash_and_6_kb_of_ram() {
    let shape = Shape {
        vocabulary: 20_000,
        embedding: 256,
        hidden: 256,
        logits: 1,
    };
    let values = Values::Int8 { embedding_bits: 6 };
    let words = vocabulary(20_000);
    let model = packed_with_words(&random_model(shape, 0.0325, 1), values, Some(&words));
    assert!(model.len() > 340_000, "{}", model.len()); // that of IMDB has 344,892 bytes
    let firmware = sentiment(EmulatedBoard::default(), &model);
    assert_cannot_panic(&firmware);
    let flash = flash(&firmware);
    let ram = ram(&firmware, |line| {
        until(line, "\r\n> ");
        let long = "a1 a19999 word ".repeat(200);
        for text in [&long, "", "\u{1f600}!"] {
            line.write_all(format!("{text}\n").as_bytes()).unwrap();
            until(line, "\r\n> ");
        }
    });
    eprintln!(
        "sentiment: {flash} bytes of flash, {} of them the model; {ram} of RAM",
        model.len()
    );
    assert!(flash <= 384 << 10, "{flash}");
    assert!(ram <= 6 << 10, "{ram}");
}

/// As large as the model that the preset `hapt` makes, and two windows of recorded samples.
#[test]
fn activity_with_a_model_of_hapts_size_fits_32_kb_of_flash_and_4_kb_of_ram() {
    let model = file_of_hapts_size();
    let stretch = committed("activity/default/stretch.csv");
    let (firmware, _) = activity(EmulatedBoard::default(), &model, &stretch);
    assert_cannot_panic(&firmware);
    let flash = flash(&firmware);
    // one that is still at work when its RAM is looked at
    let long = [&*stretch, b"\n"].concat().repeat(100);
    let (board, folders) = (EmulatedBoard::default(), Folders::default());
    let firmware = Firmware::build_activity(board, &model, &long, &folders).unwrap();
    let ram = ram(&firmware, |line| {
        let said = until(line, "\tlogits ");
        assert!(said.contains("set-lstm activity on"), "{said}");
    });
    eprintln!(
        "activity: {flash} bytes of flash, {} of them the model; {ram} of RAM",
        model.len()
    );
    assert!(flash <= 32 << 10, "{flash}");
    assert!(ram <= 4 << 10, "{ram}");
}

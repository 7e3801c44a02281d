//! The page of the format: its worked examples are the bytes that the program writes.

use crate::format::{place, tiny_file};
use set_lstm::device::AlignedBytes;
use set_lstm::pack::compact::compact;
use set_lstm::pack::{Values, upgrade};
use set_lstm_runtime::compact::{PART_BYTES, PREAMBLE_BYTES};
use set_lstm_runtime::wire::Section;
use std::fmt::Write;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/format.md");

/// The numbers of the header, then those of a layer, as the page names them.
const HEADER: [&str; 19] = [
    "vocabulary",
    "input",
    "logits",
    "rows.gap_bits",
    "rows.value_bits",
    "rows.largest",
    "rows.length_unit",
    "rows.words",
    "rows.longest",
    "words.seed",
    "words.buckets",
    "head_shift",
    "max_tokens",
    "parameters",
    "reference_halfwords",
    "hidden",
    "layout",
    "state_shift",
    "input_scale",
];

/// The examples by the line of the page before them.
fn examples() -> [(&'static str, String); 3] {
    let int8 = tiny_file(Values::Int8 { embedding_bits: 2 });
    let small = compact(&int8).unwrap().bytes;
    [
        ("<!-- example: int8 -->", model(&int8)),
        ("<!-- example: f32 -->", model(&tiny_file(Values::Float32))),
        ("<!-- example: compact -->", compact_file(&small)),
    ]
}

/// Takes a file apart, a line for each field.
struct Dump<'f> {
    file: &'f [u8],
    at: usize,
    text: String,
}

impl Dump<'_> {
    fn new(file: &[u8]) -> Dump<'_> {
        Dump {
            file,
            at: 0,
            text: String::from("offset  bytes                    what\n"),
        }
    }

    /// The next `count` bytes, eight a line.
    fn bytes(&mut self, count: usize, what: &str) -> &[u8] {
        let bytes = &self.file[self.at..self.at + count];
        for (line, bytes) in bytes.chunks(8).enumerate() {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let what = if line == 0 { what } else { "" };
            let line = format!("{:6}  {:23}  {what}", self.at + 8 * line, hex.join(" "));
            writeln!(self.text, "{}", line.trim_end()).unwrap();
        }
        self.at += count;
        bytes
    }

    fn u32(&mut self, what: &str) -> usize {
        let bytes: [u8; 4] = self.file[self.at..self.at + 4].try_into().unwrap();
        let number = u32::from_le_bytes(bytes);
        self.bytes(4, &format!("{what}: {number}"));
        number as usize
    }

    /// A number of postcard: seven bits a byte, the lowest first.
    fn number(&mut self, what: &str) -> usize {
        let bytes = &self.file[self.at..];
        let count = 1 + bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
        let bits = bytes[..count].iter().enumerate();
        let number = bits.fold(0, |sum, (n, &byte)| {
            sum | (usize::from(byte) & 0x7f) << (7 * n)
        });
        self.bytes(count, &format!("{what}: {number}"));
        number
    }
}

fn model(file: &AlignedBytes) -> String {
    let mut dump = Dump::new(file);
    dump.bytes(4, "magic SETL");
    dump.bytes(2, "version 2");
    dump.bytes(1, "kind: 1 int8, 2 f32");
    dump.bytes(1, "task: 0, a class at the end");
    dump.u32("length of the file");
    dump.bytes(4, "CRC-32");
    let header = dump.u32("length of the header");
    let end = dump.at + header;
    let (own, of_layer) = HEADER.split_at(15);
    let numbers = dump.number("bytes of the numbers");
    let layers = (numbers / 4 - own.len()) / of_layer.len();
    for name in own {
        dump.u32(name);
    }
    for layer in 1..=layers {
        for name in of_layer {
            dump.u32(&format!("layer {layer}: {name}"));
        }
    }
    let names = dump.number("length of the class names");
    dump.bytes(names, "class names");
    assert_eq!(dump.at, end);
    fill(&mut dump);
    for section in Section::all(layers as u8) {
        let place = place(file, section);
        assert_eq!(place.start, dump.at, "{section}");
        dump.bytes(place.len(), &section.to_string());
        fill(&mut dump);
    }
    assert_eq!(dump.at, file.len());
    dump.text
}

fn fill(dump: &mut Dump<'_>) {
    let fill = dump.at.next_multiple_of(4) - dump.at;
    dump.bytes(fill, "fill");
}

fn compact_file(file: &[u8]) -> String {
    let mut dump = Dump::new(file);
    dump.bytes(4, "magic SETZ");
    dump.bytes(2, "version 1");
    dump.bytes(1, "kind: 1 int8, 2 f32");
    dump.bytes(1, "zero");
    dump.u32("length of the compact file");
    dump.bytes(4, "CRC-32");
    dump.u32("length of the unpacked file");
    let mut codes = Vec::new();
    for matrix in ["W", "U"] {
        let bytes = dump.bytes(16, &format!("code lengths of the weights of {matrix}"));
        codes.push(words(bytes));
    }
    assert_eq!(dump.at, PREAMBLE_BYTES);
    while dump.at < file.len() {
        let part = dump.bytes(1, "part: 0 bytes, 1 columns, 2 strips")[0];
        if part == PART_BYTES {
            let length = dump.u32("length");
            dump.bytes(length, "as in the file above");
            continue;
        }
        let gap_bits = u32::from(dump.bytes(1, "gap_bits")[0]);
        let rows = usize::from(dump.bytes(2, "rows")[0]);
        let columns = usize::from(dump.bytes(2, "columns")[0]);
        let mut stream = BitStream::new(file, dump.at);
        let (mut position, mut places) = (0, Vec::new());
        loop {
            let mut gap = 0;
            while stream.next() == 0 {
                gap += 1 << gap_bits;
            }
            gap += stream.take(gap_bits);
            position += gap;
            if position == rows * columns {
                break;
            }
            places.push(position);
            position += 1;
        }
        dump.bytes(
            stream.bytes_read(),
            &format!("gaps: connections at {places:?}"),
        );
        let mut stream = BitStream::new(file, dump.at);
        let code = &codes[usize::from(part - 1)];
        let weights: Vec<i32> = places.iter().map(|_| weight(code, &mut stream)).collect();
        dump.bytes(stream.bytes_read(), &format!("weights: {weights:?}"));
    }
    dump.text
}

/// The words of the canonical code, `(length, word, class)`, shortest first.
fn words(lengths: &[u8]) -> Vec<(u32, usize, usize)> {
    let length = |class: usize| u32::from(lengths[class / 2] >> (4 * (class % 2)) & 15);
    let mut words: Vec<_> = (0..32).map(|class| (length(class), 0, class)).collect();
    words.retain(|word| word.0 > 0);
    words.sort_unstable();
    for n in 1..words.len() {
        let (before, word, _) = words[n - 1];
        words[n].1 = (word + 1) << (words[n].0 - before);
    }
    words
}

fn weight(code: &[(u32, usize, usize)], stream: &mut BitStream<'_>) -> i32 {
    if code.is_empty() {
        return i32::from(stream.take(8) as u8 as i8);
    }
    let negative = stream.next() == 1;
    let (mut length, mut word) = (0, 0);
    let class = loop {
        (length, word) = (length + 1, word << 1 | stream.next());
        if let Some(found) = code.iter().find(|w| (w.0, w.1) == (length, word)) {
            break found.2;
        }
    };
    let magnitude = (4 * class + stream.take(2)) as i32;
    if negative { -1 - magnitude } else { magnitude }
}

/// Bits from the top of each byte on.
struct BitStream<'f> {
    file: &'f [u8],
    start: usize,
    bit: usize,
}

impl BitStream<'_> {
    fn new(file: &[u8], start: usize) -> BitStream<'_> {
        BitStream {
            file,
            start,
            bit: 0,
        }
    }

    fn next(&mut self) -> usize {
        let byte = self.file[self.start + self.bit / 8];
        self.bit += 1;
        usize::from(byte >> (7 - (self.bit - 1) % 8) & 1)
    }

    fn take(&mut self, count: u32) -> usize {
        (0..count).fold(0, |bits, _| bits << 1 | self.next())
    }

    fn bytes_read(&self) -> usize {
        self.bit.div_ceil(8)
    }
}

/// The page with its examples as they should be.
fn page(page: &str) -> String {
    examples()
        .into_iter()
        .fold(page.to_owned(), |page, (mark, example)| {
            let (before, after) = page.split_once(mark).expect(mark);
            let after = after.strip_prefix("\n\n```text\n").expect(mark);
            let (_, after) = after.split_once("```\n").expect(mark);
            format!("{before}{mark}\n\n```text\n{example}```\n{after}")
        })
}

#[test]
fn the_examples_of_the_page_are_what_the_program_writes() {
    let found = std::fs::read_to_string(PAGE).unwrap();
    let wanted = page(&found);
    for (line, (found, wanted)) in (1..).zip(found.lines().zip(wanted.lines())) {
        assert_eq!(found, wanted, "docs/format.md, line {line}");
    }
    assert_eq!(found, wanted);
}

#[test]
#[ignore = "writes the examples of docs/format.md; run by hand when the format has changed"]
fn write_the_examples_of_the_page() {
    let found = std::fs::read_to_string(PAGE).unwrap();
    std::fs::write(PAGE, page(&found)).unwrap();
}

#[test]
fn the_page_names_every_field_and_section() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    for name in HEADER {
        assert!(page.contains(&format!("| {name} | ")), "no {name}");
    }
    for section in Section::all(1) {
        let name = section.to_string();
        let name = ["i", "g", "f", "o"]
            .iter()
            .find_map(|gate| name.strip_suffix(&format!(".{gate}")))
            .unwrap_or(&name);
        assert!(page.contains(&format!("`{name}`")), "no {name}");
    }
}

/// The bytes of an example, read from the page.
fn example(page: &str, mark: &str) -> Vec<u8> {
    let (_, after) = page.split_once(mark).expect(mark);
    let lines = after.lines().skip(4).take_while(|line| *line != "```");
    lines
        .flat_map(|line| {
            let hex = line[8..].split("  ").next().unwrap();
            let bytes = hex.split(' ').map(|byte| u8::from_str_radix(byte, 16));
            bytes.map(|byte| byte.expect(line)).collect::<Vec<_>>()
        })
        .collect()
}

/// This program cannot write version 1 any more, and what it makes of it is known.
#[test]
fn the_example_of_version_1_is_the_same_model() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let upgraded = upgrade(&example(&page, "<!-- example: version 1 -->")).unwrap();
    let int8 = tiny_file(Values::Int8 { embedding_bits: 2 });
    assert_eq!(upgraded.as_deref(), Some(&int8[..]));
    assert_eq!(example(&page, "<!-- example: int8 -->"), *int8);
}

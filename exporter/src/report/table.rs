//! Enters: names and numbers. Leaves: an aligned text table, and numbers as people write
//! them. Next: the commands print it to a terminal or a Markdown file's code block.

use std::fmt;

/// One column of a [`Table`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    title: &'static str,
    right: bool,
}

impl Column {
    /// A column of words, aligned left.
    pub const fn words(title: &'static str) -> Self {
        Column {
            title,
            right: false,
        }
    }

    /// A column of numbers, aligned right.
    pub const fn numbers(title: &'static str) -> Self {
        Column { title, right: true }
    }
}

/// A table that is printed by its [`fmt::Display`].
///
/// ```
/// use set_lstm::report::table::{Column, Table, bytes, thousands};
///
/// let mut table = Table::new([Column::words("part"), Column::numbers("connections")]);
/// table.row(["embedding".into(), thousands(179_200)]);
/// table.row(["gates".into(), thousands(18_344)]);
/// assert_eq!(
///     table.to_string(),
///     "part       connections\n\
///      ---------  -----------\n\
///      embedding      179,200\n\
///      gates           18,344\n"
/// );
/// ```
#[derive(Debug, Clone)]
pub struct Table<const COLUMNS: usize> {
    columns: [Column; COLUMNS],
    rows: Vec<Row<COLUMNS>>,
}

#[derive(Debug, Clone)]
enum Row<const COLUMNS: usize> {
    Cells([String; COLUMNS]),
    Rule,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table without rows.
    pub const fn new(columns: [Column; COLUMNS]) -> Self {
        Table {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a line of dashes, for instance above a sum.
    pub fn rule(&mut self) {
        self.rows.push(Row::Rule);
    }

    /// The same as a Markdown table.
    pub fn markdown(&self) -> String {
        let line = |cells: [&str; COLUMNS]| format!("| {} |\n", cells.join(" | "));
        let mut text = line(self.columns.map(|column| column.title));
        text += &line(
            self.columns
                .map(|column| if column.right { "---:" } else { "---" }),
        );
        for row in &self.rows {
            if let Row::Cells(cells) = row {
                text += &line(cells.each_ref().map(String::as_str));
            }
        }
        text
    }

    /// Width of each column, in characters.
    fn widths(&self) -> [usize; COLUMNS] {
        std::array::from_fn(|index| {
            let cells = self.rows.iter().map(|row| match row {
                Row::Cells(cells) => cells[index].chars().count(),
                Row::Rule => 0,
            });
            cells
                .chain([self.columns[index].title.chars().count()])
                .max()
                .unwrap_or(0)
        })
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let mut line = |cells: [&str; COLUMNS]| {
            let padded: Vec<String> = (self.columns.iter().zip(widths).zip(cells))
                .map(|((column, width), cell)| match column.right {
                    true => format!("{cell:>width$}"),
                    false => format!("{cell:<width$}"),
                })
                .collect();
            writeln!(out, "{}", padded.join("  ").trim_end())
        };
        let dashes = widths.map(|width| "-".repeat(width));
        let rule = || std::array::from_fn(|index| dashes[index].as_str());
        line(self.columns.map(|column| column.title))?;
        line(rule())?;
        self.rows.iter().try_for_each(|row| match row {
            Row::Cells(cells) => line(cells.each_ref().map(String::as_str)),
            Row::Rule => line(rule()),
        })
    }
}

/// A count with a comma after every three digits: `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A size as flash and RAM are sold, 1 KB = 1,024 bytes: `37 B`, `350.0 KB`, `21.5 MB`.
pub fn bytes(count: u64) -> String {
    const KB: u64 = 1 << 10;
    const MB: u64 = 1 << 20;
    // The limits are where one decimal would round up to 1024.0 of the smaller unit.
    match count {
        0..KB => format!("{count} B"),
        _ if count < MB - KB / 20 => format!("{:.1} KB", count as f64 / KB as f64),
        _ => format!("{:.1} MB", count as f64 / MB as f64),
    }
}

/// Four digits that count, whatever the units.
pub fn figure(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value) {
        let digits = 3 - value.max(1e-3).log10().floor() as i32;
        format!("{value:.*}", digits.clamp(0, 6) as usize)
    } else {
        format!("{value:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_four_digits_that_count() {
        let texts = [0.0, 0.0123456, 1.23456, 98.7654, 12_345.6, 1.5e7].map(figure);
        assert_eq!(
            texts,
            ["0.000000", "0.01235", "1.235", "98.77", "12346", "1.500e7"]
        );
    }

    #[test]
    fn numbers_stand_right_and_words_left_without_trailing_blanks() {
        let mut table = Table::new([Column::numbers("n"), Column::words("what")]);
        table.row(["7".into(), "é".into()]);
        table.row(["1,234".into(), "something".into()]);
        table.rule();
        table.row(["1,241".into(), String::new()]);
        let expected = [
            "    n  what",
            "-----  ---------",
            "    7  é",
            "1,234  something",
            "-----  ---------",
            "1,241",
            "",
        ];
        assert_eq!(table.to_string(), expected.join("\n"));
    }

    #[test]
    fn a_table_without_rows_is_its_head() {
        let table = Table::new([Column::words("part"), Column::numbers("bytes")]);
        assert_eq!(table.to_string(), "part  bytes\n----  -----\n");
    }

    #[test]
    fn markdown_has_the_same_cells() {
        let mut table = Table::new([Column::words("what"), Column::numbers("n")]);
        table.row(["a".into(), "1".into()]);
        table.rule();
        assert_eq!(
            table.markdown(),
            "| what | n |\n| --- | ---: |\n| a | 1 |\n"
        );
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345, "12,345"),
            (123_456, "123,456"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn sizes_change_their_unit_before_they_look_like_the_next() {
        for (count, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KB"),
            (358_400, "350.0 KB"),
            ((1 << 20) - 52, "1023.9 KB"),
            ((1 << 20) - 51, "1.0 MB"),
            (22_582_276, "21.5 MB"),
            (5 << 30, "5120.0 MB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}

//! Enters: confusion matrices as shares of each row. Leaves: a picture of them side by side.
//! Next: a person looks at it.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::picture::{Area, COLOURS, Drawn, FONT, INK};
use crate::error::{Error, Result};
use crate::file;

const TITLE_HEIGHT: i32 = 48;
const COLUMNS: usize = 3;
/// Above a matrix: its name and the classes of its columns.
const HEAD: i32 = 56;
const GAP: i32 = 28;
/// Width of a character of a class's name.
const CHARACTER: i32 = 8;

/// One matrix and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedMatrix {
    /// The name above it.
    pub name: String,
    /// Which share of class `[row]` was called `[column]`, 0 to 1.
    pub shares: Vec<Vec<f64>>, // [classes x classes]
}

/// Draws the matrices and writes them, atomically.
///
/// # Errors
/// [`Error::Options`] without a matrix, [`Error::Io`] if it cannot be written.
pub fn save(path: &Path, title: &str, classes: &[&str], matrices: &[NamedMatrix]) -> Result<()> {
    let drawing = svg(title, classes, matrices)?;
    file::write_atomic(path, |out| out.write_all(drawing.as_bytes()))
}

/// The picture as the text of an SVG file.
///
/// # Errors
/// [`Error::Options`] without a matrix.
pub fn svg(title: &str, classes: &[&str], matrices: &[NamedMatrix]) -> Result<String> {
    if matrices.is_empty() {
        return Err(Error::Options(
            "no confusion to draw; finish a cell of the comparison first".into(),
        ));
    }
    let layout = Layout::new(classes, matrices.len());
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, layout.size());
    layout
        .draw(backend, title, classes, matrices)
        .map_err(|error| {
            Error::Tool(format!("the picture cannot be drawn: {error}; report this"))
        })?;
    Ok(text)
}

/// Where things are, in pixels.
struct Layout {
    cell: i32,
    label: i32,
    side: i32,
    columns: i32,
    rows: i32,
    short: bool, // numbers above the columns in place of names that are too long
}

impl Layout {
    fn new(classes: &[&str], matrices: usize) -> Self {
        let count = classes.len() as i32;
        let cell = if count <= 3 { 84 } else { 52 };
        let longest = classes.iter().map(|name| name.chars().count()).max();
        let longest = longest.unwrap_or(0) as i32;
        let short = longest * CHARACTER > cell - 4;
        Layout {
            cell,
            label: 24 + CHARACTER * (longest + if short { 3 } else { 0 }),
            side: cell * count,
            columns: matrices.min(COLUMNS) as i32,
            rows: matrices.div_ceil(COLUMNS) as i32,
            short,
        }
    }

    fn size(&self) -> (u32, u32) {
        let width = self.columns * (self.label + self.side + GAP) + GAP;
        let height = TITLE_HEIGHT + self.rows * (HEAD + self.side + GAP) + 28;
        (width.max(480) as u32, height as u32)
    }

    fn draw(
        &self,
        backend: SVGBackend<'_>,
        title: &str,
        classes: &[&str],
        matrices: &[NamedMatrix],
    ) -> Drawn {
        let root = backend.into_drawing_area();
        root.fill(&WHITE)?;
        let (width, height) = self.size();
        let at = |x, y, size, text: &str| write(&root, (x, y), size, HPos::Center, INK, text);
        at(width as i32 / 2, TITLE_HEIGHT / 2, 24, title)?;
        let caption = "rows: the true class; columns: what it was called; percent of the row";
        at(width as i32 / 2, height as i32 - 18, 14, caption)?;
        for (index, matrix) in matrices.iter().enumerate() {
            let (column, row) = ((index % COLUMNS) as i32, (index / COLUMNS) as i32);
            let left = GAP / 2 + column * (self.label + self.side + GAP) + self.label;
            let top = TITLE_HEIGHT + row * (HEAD + self.side + GAP) + HEAD;
            self.matrix(&root, (left, top), classes, matrix)?;
        }
        root.present()
    }

    fn matrix(
        &self,
        root: &Area<'_>,
        (left, top): (i32, i32),
        classes: &[&str],
        matrix: &NamedMatrix,
    ) -> Drawn {
        let middle = left + self.side / 2;
        write(
            root,
            (middle, top - 40),
            18,
            HPos::Center,
            INK,
            &matrix.name,
        )?;
        for (row, (name, shares)) in classes.iter().zip(&matrix.shares).enumerate() {
            let y = top + row as i32 * self.cell;
            let x = left + row as i32 * self.cell + self.cell / 2;
            let number = (row + 1).to_string();
            let above = if self.short { &number } else { *name };
            write(root, (x, top - 13), 14, HPos::Center, INK, above)?;
            let beside = match self.short {
                true => format!("{name}  {number}"),
                false => (*name).to_owned(),
            };
            let centre = y + self.cell / 2;
            write(root, (left - 8, centre), 14, HPos::Right, INK, &beside)?;
            for (column, &share) in shares.iter().enumerate() {
                let x = left + column as i32 * self.cell;
                let corners = [(x, y), (x + self.cell - 2, y + self.cell - 2)];
                root.draw(&Rectangle::new(corners, shade(share).filled()))?;
                let ink = if share > 0.65 { WHITE } else { INK };
                let text = format!("{:.1}", 100.0 * share);
                let size = if self.cell > 60 { 18 } else { 14 };
                write(
                    root,
                    (x + self.cell / 2 - 1, centre),
                    size,
                    HPos::Center,
                    ink,
                    &text,
                )?;
            }
        }
        Ok(())
    }
}

fn write(
    root: &Area<'_>,
    at: (i32, i32),
    size: i32,
    side: HPos,
    ink: RGBColor,
    text: &str,
) -> Drawn {
    let style = TextStyle::from((FONT, size)).color(&ink);
    root.draw_text(text, &style.pos(Pos::new(side, VPos::Center)), at)
}

/// From a faint grey to the first colour of the curves.
fn shade(share: f64) -> RGBColor {
    let full = COLOURS[0];
    let mix = |full: u8| (244.0 + (f64::from(full) - 244.0) * share.clamp(0.0, 1.0)) as u8;
    RGBColor(mix(full.0), mix(full.1), mix(full.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_matrix_has_its_name_classes_and_shares() {
        let matrices = ["SET", "dense"].map(|name| NamedMatrix {
            name: name.into(),
            shares: vec![vec![0.875, 0.125], vec![0.25, 0.75]],
        });
        let svg = svg("imdb", &["negative", "positive"], &matrices).unwrap();
        let count = |text: &str| svg.matches(&format!("\n{text}\n")).count();
        assert_eq!((count("SET"), count("dense"), count("87.5")), (1, 1, 2));
        assert_eq!(count("negative"), 4, "beside and above each");
        let error = super::svg("none", &[], &[]).unwrap_err().to_string();
        assert!(error.contains("no confusion to draw; finish"), "{error}");
    }

    #[test]
    fn names_too_long_for_a_column_are_numbered() {
        let matrix = NamedMatrix {
            name: "SET".into(),
            shares: vec![vec![1.0 / 6.0; 6]; 6],
        };
        let classes = [
            "walking",
            "walking upstairs",
            "walking downstairs",
            "sitting",
            "standing",
            "laying",
        ];
        let svg = svg("hapt", &classes, &[matrix]).unwrap();
        assert!(svg.contains("\nwalking downstairs  3\n"), "{svg}");
    }
}

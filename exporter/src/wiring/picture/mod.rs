//! Enters: the facts of a run's wiring, or the distances of several. Leaves: SVG files.
//! Next: a person looks at them; nothing of the program reads them.
//!
//! | file | what it shows |
//! |---|---|
//! | `turnover.svg` | how many connections were new in each epoch, and how many are left of the start |
//! | `degrees.svg` | connections of a row and of a column: at the start, at the end, by chance |
//! | `adjacency.svg` | every connection of the gates, by sign |
//! | `distance.svg` | how far the runs are from each other |

mod adjacency;
mod degrees;
mod distance;
mod turnover;

pub use adjacency::adjacency;
pub use degrees::degrees;
pub use distance::distance;
pub use turnover::turnover;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::error::{Error, Result};
use crate::report::curve::{Area, Drawn, FONT, INK};

const TITLE_HEIGHT: u32 = 48;

/// A drawing as the text of an SVG file: a title, and below it what `draw` draws.
fn svg(size: (u32, u32), title: &str, draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String> {
    let mut text = String::new();
    let drawn = || -> Drawn {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE)?;
        let at = (size.0 as i32 / 2, TITLE_HEIGHT as i32 / 2);
        root.draw_text(title, &styled(24, HPos::Center), at)?;
        let (_, below) = root.split_vertically(TITLE_HEIGHT);
        draw(&below)?;
        root.present()
    };
    drawn().map_err(|error| {
        Error::Tool(format!("the picture cannot be drawn: {error}; report this"))
    })?;
    Ok(text)
}

/// Text of a size, vertically in the middle of its place.
fn styled(size: u32, side: HPos) -> TextStyle<'static> {
    let style = TextStyle::from((FONT, size)).color(&INK);
    style.pos(Pos::new(side, VPos::Center))
}

/// Names of what is drawn, side by side from `x` on, at the height `y`.
fn legend(area: &Area<'_>, x: i32, y: i32, names: &[(&str, RGBColor)]) -> Drawn {
    let mut x = x;
    for (name, colour) in names {
        area.draw(&Rectangle::new(
            [(x, y - 6), (x + 12, y + 6)],
            colour.filled(),
        ))?;
        area.draw_text(name, &styled(16, HPos::Left), (x + 20, y))?;
        x += 20 + 9 * name.chars().count() as i32 + 24;
    }
    Ok(())
}

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
use plotters::style::text_anchor::HPos;

use crate::report::picture::styled;
use crate::report::picture::{Area, Drawn};

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

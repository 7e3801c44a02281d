//! Enters: what is to be drawn. Leaves: the text of an SVG file, and the looks that all
//! pictures share. Next: `curve`, `parameters`, `confusion`, `break_even` and the pictures of `wiring`.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::error::{Error, Result};

/// What the title takes of a picture's height.
pub(crate) const TITLE_HEIGHT: u32 = 48;
pub(crate) const FONT: &str = "sans-serif";
pub(crate) const INK: RGBColor = RGBColor(40, 40, 40);
pub(crate) const GRID: RGBColor = RGBColor(225, 225, 225);

/// Okabe and Ito's colours, told apart by the colour-blind, without the faint yellow.
pub(crate) const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
];

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(crate) type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A drawing as the text of an SVG file: a title, and below it what `draw` draws.
///
/// # Errors
/// [`Error::Tool`] if the library refuses.
pub(crate) fn svg(
    size: (u32, u32),
    title: &str,
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String> {
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
pub(crate) fn styled(size: u32, side: HPos) -> TextStyle<'static> {
    let style = TextStyle::from((FONT, size)).color(&INK);
    style.pos(Pos::new(side, VPos::Center))
}

/// Draws the axes of a chart, named to the right and upwards.
pub(crate) fn axes<X, Y>(
    chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, Y>>,
    [right, upwards]: [&str; 2],
) -> Drawn
where
    X: Ranged + ValueFormatter<X::ValueType>,
    Y: Ranged + ValueFormatter<Y::ValueType>,
{
    chart
        .configure_mesh()
        .x_desc(right)
        .y_desc(upwards)
        .x_labels(10)
        .y_labels(8)
        .axis_desc_style((FONT, 18).with_color(INK))
        .label_style((FONT, 16).with_color(INK))
        .axis_style(INK)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .draw()
}

//! Enters: what steps cost by density, and what a dense one costs. Leaves: a picture of the
//! curves and where they cross. Next: a person looks at it.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::picture::{self, Area, COLOURS, Drawn, FONT, GRID, INK, styled};
use super::table::thousands;
use crate::error::{Error, Result};
use crate::file;

const SIZE: (u32, u32) = (1_200, 520);
const LEGEND_WIDTH: u32 = 250;
const LINE_HEIGHT: i32 = 24;

/// Curves of one panel: one a size.
#[derive(Debug, Clone, PartialEq)]
pub struct CostPanel {
    /// What stands above.
    pub title: String,
    /// By density.
    pub curves: Vec<CostCurve>,
}

/// A curve, and the line that it has to stay below.
#[derive(Debug, Clone, PartialEq)]
pub struct CostCurve {
    /// Name in the legend.
    pub name: String,
    /// Density in percent, and cost.
    pub points: Vec<(f64, f64)>,
    /// What the dense one costs, at any density.
    pub level: f64,
    /// The density where both are equal, if it is known.
    pub crossing: Option<f64>,
}

/// Draws the panels and writes them, atomically.
///
/// # Errors
/// [`Error::Options`] without a point, [`Error::Io`] if it cannot be written.
pub fn save(path: &Path, title: &str, level: &str, panels: &[CostPanel; 2]) -> Result<()> {
    let drawing = svg(title, level, panels)?;
    file::write_atomic(path, |out| out.write_all(drawing.as_bytes()))
}

/// The picture as the text of an SVG file; `level` names the dashed lines.
///
/// # Errors
/// [`Error::Options`] without a point.
pub fn svg(title: &str, level: &str, panels: &[CostPanel; 2]) -> Result<String> {
    let points = || panels.iter().flat_map(|panel| &panel.curves);
    let costs = points().flat_map(|curve| {
        let own = curve.points.iter().map(|(_, cost)| *cost);
        own.chain([curve.level])
    });
    let densities = points().flat_map(|curve| curve.points.iter().map(|(density, _)| *density));
    let (Some(across), Some(upwards)) = (decades(densities, 1.25), decades(costs, 1.5)) else {
        return Err(Error::Options(
            "nothing to draw; measure the default board".into(),
        ));
    };
    picture::svg(SIZE, title, |area| {
        let (left, legend) = area.split_horizontally(SIZE.0 - LEGEND_WIDTH);
        let (first, second) = left.split_horizontally((SIZE.0 - LEGEND_WIDTH) / 2);
        for (panel, area) in panels.iter().zip([first, second]) {
            panel.draw(&area, across.clone(), upwards.clone())?;
        }
        draw_legend(&legend, level, panels)
    })
}

/// The label of a density: of some only, since those of a logarithmic axis crowd.
fn tick(density: f64) -> String {
    let round = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let is_round = round
        .iter()
        .any(|at: &f64| (at - density).abs() < 1e-6 * at);
    if is_round {
        density.round().to_string()
    } else {
        String::new()
    }
}

/// From the least to the largest with some room; `None` without a number.
fn decades(values: impl Iterator<Item = f64>, room: f64) -> Option<Range<f64>> {
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    (low <= high).then(|| low / room..high * room)
}

impl CostPanel {
    fn draw(&self, area: &Area<'_>, across: Range<f64>, upwards: Range<f64>) -> Drawn {
        let ends = [across.start, across.end];
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .margin_right(16)
            .caption(&self.title, (FONT, 18).with_color(INK))
            .x_label_area_size(50)
            .y_label_area_size(96)
            .build_cartesian_2d(across.log_scale(), upwards.log_scale())?;
        chart
            .configure_mesh()
            .x_desc("density of the gates (%)")
            .y_desc("instructions of a step")
            .x_label_formatter(&|density| tick(*density))
            .y_label_formatter(&|cost| thousands(*cost as u64))
            .axis_desc_style((FONT, 18).with_color(INK))
            .label_style((FONT, 15).with_color(INK))
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .draw()?;
        for (curve, colour) in self.curves.iter().zip(COLOURS.iter().cycle()) {
            let style = colour.stroke_width(2);
            let level = ends.map(|density| (density, curve.level));
            chart.draw_series(DashedLineSeries::new(level, 7, 5, colour.stroke_width(1)))?;
            chart.draw_series(LineSeries::new(curve.points.iter().copied(), style))?;
            let dots = curve.points.iter();
            chart.draw_series(dots.map(|&point| Circle::new(point, 3, colour.filled())))?;
            let crossing = curve.crossing.map(|density| (density, curve.level));
            chart.draw_series(crossing.map(|point| Circle::new(point, 7, style)))?;
        }
        Ok(())
    }
}

fn draw_legend(area: &Area<'_>, level: &str, panels: &[CostPanel; 2]) -> Drawn {
    let mut y = 56;
    let mut line = |text: &str, colour: RGBColor, dashed: bool| -> Drawn {
        let strokes: &[[i32; 2]] = if dashed {
            &[[8, 15], [20, 27], [32, 39]]
        } else {
            &[[8, 39]]
        };
        for ends in strokes {
            let ends = ends.map(|x| (x, y));
            area.draw(&PathElement::new(ends, colour.stroke_width(2)))?;
        }
        area.draw_text(text, &styled(16, HPos::Left), (48, y))?;
        y += LINE_HEIGHT;
        Ok(())
    };
    for (curve, colour) in panels[0].curves.iter().zip(COLOURS) {
        line(&curve.name, colour, false)?;
    }
    line(level, INK, true)?;
    area.draw(&Circle::new((23, y), 7, INK.stroke_width(2)))?;
    area.draw_text("break-even", &styled(16, HPos::Left), (48, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(title: &str, crossing: Option<f64>) -> CostPanel {
        let curve = |name: &str, level| CostCurve {
            name: name.into(),
            points: vec![(1.0, 1_000.0), (10.0, 5_000.0), (60.0, 30_000.0)],
            level,
            crossing,
        };
        CostPanel {
            title: title.into(),
            curves: vec![curve("H 64", 10_000.0), curve("H 128", 40_000.0)],
        }
    }

    #[test]
    fn names_curves_and_crossings_are_drawn() {
        let panels = [panel("dense input", Some(22.0)), panel("token input", None)];
        let svg = svg("a step", "dense", &panels).unwrap();
        for text in [
            "a step",
            "dense input",
            "token input",
            "H 64",
            "H 128",
            "break-even",
        ] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let circles = |radius| svg.matches(&format!("r=\"{radius}\"")).count();
        // three dots of two curves in two panels; one crossing a curve, and one in the legend
        assert_eq!((circles(3), circles(7)), (12, 3));
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        let empty = || CostPanel {
            title: "none".into(),
            curves: Vec::new(),
        };
        let error = svg("none", "dense", &[empty(), empty()]).unwrap_err();
        assert!(error.to_string().contains("nothing to draw"), "{error}");
    }
}

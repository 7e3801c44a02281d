//! Enters: accuracies of networks of several sizes. Leaves: a picture of accuracy against
//! parameters, the latter in powers of ten. Next: a person looks at it.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::picture::{self, Area, COLOURS, Drawn, FONT, GRID, INK, styled};
use super::table::thousands;
use crate::error::{Error, Result};
use crate::file;

const SIZE: (u32, u32) = (900, 500);
const LEGEND_WIDTH: u32 = 220;

/// A mean over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizePoint {
    /// Parameters.
    pub parameters: f64,
    /// Accuracy, 0 to 1.
    pub accuracy: f64,
    /// Its standard deviation; 0 draws none.
    pub deviation: f64,
}

/// One method: a line through its sizes, or a mark if it has one.
#[derive(Debug, Clone, PartialEq)]
pub struct SizeSeries {
    /// Name in the legend.
    pub name: String,
    /// Its sizes, in any order.
    pub points: Vec<SizePoint>,
}

/// Draws the picture and writes it, atomically.
///
/// # Errors
/// [`Error::Options`] without a point, [`Error::Io`] if it cannot be written.
pub fn save(path: &Path, title: &str, series: &[SizeSeries]) -> Result<()> {
    let drawing = svg(title, series)?;
    file::write_atomic(path, |out| out.write_all(drawing.as_bytes()))
}

/// The picture as the text of an SVG file.
///
/// # Errors
/// [`Error::Options`] without a point.
pub fn svg(title: &str, series: &[SizeSeries]) -> Result<String> {
    if series.iter().all(|it| it.points.is_empty()) {
        return Err(Error::Options(
            "no size to draw; finish a cell of the comparison first".into(),
        ));
    }
    picture::svg(SIZE, title, |area| draw(area, series))
}

fn draw(area: &Area<'_>, series: &[SizeSeries]) -> Drawn {
    let (panel, legend) = area.split_horizontally(SIZE.0 - LEGEND_WIDTH);
    let (widths, heights) = ranges(series);
    let mut chart = ChartBuilder::on(&panel)
        .margin(10)
        .margin_right(20)
        .x_label_area_size(50)
        .y_label_area_size(68)
        .build_cartesian_2d(widths.log_scale(), heights)?;
    chart
        .configure_mesh()
        .x_desc("parameters")
        .y_desc("test accuracy (%)")
        .x_label_formatter(&|count| thousands(count.round() as u64))
        .x_labels(5)
        .y_labels(8)
        .axis_desc_style((FONT, 18).with_color(INK))
        .label_style((FONT, 16).with_color(INK))
        .axis_style(INK)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (index, (it, colour)) in series.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let mut points = it.points.clone();
        points.sort_by(|a, b| a.parameters.total_cmp(&b.parameters));
        let at = |point: &SizePoint, sign: f64| {
            let accuracy = point.accuracy + sign * point.deviation;
            (point.parameters, 100.0 * accuracy)
        };
        if points.len() > 1 {
            let upper = points.iter().map(|point| at(point, 1.0));
            let lower = points.iter().rev().map(|point| at(point, -1.0));
            let band: Vec<(f64, f64)> = upper.chain(lower).collect();
            chart.draw_series([Polygon::new(band, colour.mix(0.15))])?;
            let line = points.iter().map(|point| at(point, 0.0));
            chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
        }
        for point in &points {
            if point.deviation > 0.0 {
                let ends = [at(point, -1.0), at(point, 1.0)];
                chart.draw_series([PathElement::new(ends, colour.stroke_width(2))])?;
            }
        }
        let middles = points.iter().map(|point| at(point, 0.0));
        match points.len() {
            1 => {
                chart.draw_series(middles.map(|it| TriangleMarker::new(it, 7, colour.filled())))?
            }
            _ => chart.draw_series(middles.map(|it| Circle::new(it, 4, colour.filled())))?,
        };
        let y = 24 + 24 * index as i32;
        match points.len() {
            1 => legend.draw(&TriangleMarker::new((21, y), 7, colour.filled()))?,
            _ => {
                legend.draw(&PathElement::new([(8, y), (34, y)], colour.stroke_width(2)))?;
                legend.draw(&Circle::new((21, y), 4, colour.filled()))?;
            }
        }
        legend.draw_text(&it.name, &styled(16, HPos::Left), (44, y))?;
    }
    Ok(())
}

/// All points and their deviations, with a margin.
fn ranges(series: &[SizeSeries]) -> (Range<f64>, Range<f64>) {
    let points = || series.iter().flat_map(|it| &it.points);
    let span = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (least, most) = span(&mut points().map(|point| point.parameters.max(1.0)));
    let ends = |point: &SizePoint| {
        [-1.0, 1.0].map(|sign| 100.0 * (point.accuracy + sign * point.deviation))
    };
    let (low, high) = span(&mut points().flat_map(ends));
    let margin = (0.08 * (high - low)).max(0.5);
    (least / 1.5..most * 1.5, low - margin..high + margin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(parameters: f64, accuracy: f64) -> SizePoint {
        SizePoint {
            parameters,
            accuracy,
            deviation: 0.01,
        }
    }

    #[test]
    fn lines_and_marks_are_drawn_and_named() {
        let series = [
            SizeSeries {
                name: "SET".into(),
                points: vec![point(2e5, 0.88), point(5e4, 0.86)],
            },
            SizeSeries {
                name: "dense".into(),
                points: vec![point(5.6e6, 0.87)],
            },
        ];
        let svg = svg("imdb", &series).unwrap();
        for text in [
            "imdb",
            "SET",
            "dense",
            "parameters",
            "test accuracy (%)",
            "100,000",
        ] {
            assert!(svg.contains(&format!("\n{text}\n")), "{text} in {svg}");
        }
        let dots = |colour: &str| {
            let circles = svg.lines().filter(|line| line.starts_with("<circle"));
            circles.filter(|line| line.contains(colour)).count()
        };
        assert_eq!(dots("#0072B2"), 2 + 1, "two sizes, and one in the legend");
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        let error = svg("none", &[]).unwrap_err().to_string();
        assert!(error.contains("no size to draw; finish"), "{error}");
    }
}

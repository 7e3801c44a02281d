use plotters::prelude::*;

use super::legend;
use crate::error::Result;
use crate::report::picture::{Area, COLOURS, Drawn, axes, svg};
use crate::wiring::{EpochFacts, Wiring};

const SIZE: (u32, u32) = (1_120, 460);
const LEGEND_HEIGHT: u32 = 34;

/// Matrices are drawn together, so that no picture has more lines than can be told apart.
const GROUPS: [(&str, &str); 3] = [("embedding", "embedding"), ("W", "W"), ("U", "U")];

/// New connections of each epoch by matrix, and what is left of the start.
///
/// # Errors
/// [`crate::error::Error::Tool`] if it cannot be drawn.
pub fn turnover(wiring: &Wiring) -> Result<String> {
    let title = format!("{}: how its connections moved", wiring.run);
    svg(SIZE, &title, |area| {
        let (left, right) = area.split_horizontally(SIZE.0 / 2);
        let mut groups: Vec<Line<'_>> = Vec::new();
        for ((name, prefix), colour) in GROUPS.into_iter().zip(COLOURS) {
            if let Some(points) = group(&wiring.epochs, prefix) {
                groups.push(Line {
                    name,
                    colour,
                    points,
                });
            }
        }
        panel(&left, "new in the epoch (%)", &groups)?;
        let of = |value: fn(&EpochFacts) -> f64| -> Vec<(u32, f64)> {
            (wiring
                .epochs
                .iter()
                .map(|facts| (facts.epoch, 100.0 * value(facts))))
            .collect()
        };
        let lives = [
            Line {
                name: "left of the start",
                colour: COLOURS[3],
                points: of(|facts| facts.survival),
            },
            Line {
                name: "kept to the end",
                colour: COLOURS[5],
                points: of(|facts| facts.kept_to_the_end),
            },
        ];
        panel(&right, "share of connections (%)", &lives)
    })
}

struct Line<'a> {
    name: &'a str,
    colour: RGBColor,
    points: Vec<(u32, f64)>,
}

/// Mean turnover of the matrices of a kind, each epoch.
fn group(epochs: &[EpochFacts], prefix: &str) -> Option<Vec<(u32, f64)>> {
    let mean = |facts: &EpochFacts| {
        let matrices = facts.matrices.iter();
        let of_kind = matrices.filter(|it| it.matrix.split(' ').next() == Some(prefix));
        let values: Vec<f64> = of_kind.map(|it| it.turnover).collect();
        let count = values.len() as f64;
        (!values.is_empty()).then(|| (facts.epoch, 100.0 * values.iter().sum::<f64>() / count))
    };
    epochs.iter().map(mean).collect()
}

fn panel(area: &Area<'_>, title: &str, lines: &[Line<'_>]) -> Drawn {
    let (above, below) = area.split_vertically(LEGEND_HEIGHT);
    let names: Vec<(&str, RGBColor)> = lines.iter().map(|line| (line.name, line.colour)).collect();
    legend(&above, 78, LEGEND_HEIGHT as i32 / 2, &names)?;
    let points = || lines.iter().flat_map(|line| &line.points);
    let last = points().map(|point| point.0).max().unwrap_or(0).max(1);
    let most = points().map(|point| point.1).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(&below)
        .margin(10)
        .margin_right(24)
        .x_label_area_size(50)
        .y_label_area_size(68)
        .build_cartesian_2d(0..last, 0.0..(1.05 * most).max(1.0))?;
    axes(&mut chart, ["epoch", title])?;
    for line in lines {
        let points = line.points.iter().copied();
        chart.draw_series(LineSeries::new(points.clone(), line.colour.stroke_width(2)))?;
        chart.draw_series(points.map(|point| Circle::new(point, 3, line.colour.filled())))?;
    }
    Ok(())
}

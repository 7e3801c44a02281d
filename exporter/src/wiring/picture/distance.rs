use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::error::Result;
use crate::report::picture::{COLOURS, styled, svg};
use crate::wiring::distance::Distances;

const CELL: i32 = 96;
const NAMES: i32 = 250;
const NOTE: i32 = 84;
const NAME_CHARACTERS: usize = 24;
const WIDTH_LEAST: i32 = 620;

/// Runs × runs: the darker, the farther. Rows carry the validation accuracy.
///
/// # Errors
/// [`crate::error::Error::Tool`] if it cannot be drawn.
pub fn distance(distances: &Distances) -> Result<String> {
    let count = distances.runs.len() as i32;
    let width = (NAMES + CELL * count + 30).max(WIDTH_LEAST);
    let size = (
        width as u32,
        crate::report::picture::TITLE_HEIGHT + (CELL * count + 40 + NOTE) as u32,
    );
    svg(size, "distance of the topologies", |area| {
        for (row, run) in (0..).zip(&distances.runs) {
            let middle = 36 + CELL * row + CELL / 2;
            let name = format!("{}  {}", row + 1, shortened(&run.run));
            area.draw_text(&name, &styled(17, HPos::Left), (20, middle - 11))?;
            let score = format!("{} in validation", run.score.text());
            area.draw_text(&score, &styled(15, HPos::Left), (38, middle + 11))?;
            let heading = (NAMES + CELL * row + CELL / 2, 18);
            area.draw_text(&(row + 1).to_string(), &styled(17, HPos::Center), heading)?;
            for column in 0..count {
                let value = distances.of(row as usize, column as usize);
                let corner = (NAMES + CELL * column, 36 + CELL * row);
                let end = (corner.0 + CELL - 3, corner.1 + CELL - 3);
                let colour = shade(value);
                area.draw(&Rectangle::new([corner, end], colour.filled()))?;
                let ink = if value > 0.55 { WHITE } else { BLACK };
                let style = styled(20, HPos::Center).color(&ink);
                let middle = (corner.0 + CELL / 2 - 1, corner.1 + CELL / 2 - 1);
                area.draw_text(&format!("{value:.3}"), &style, middle)?;
            }
        }
        let note = styled(15, HPos::Left);
        let y = 36 + CELL * count + 22;
        area.draw_text(
            "0: the same connections after matching neurons, 1: none in common",
            &note,
            (20, y),
        )?;
        let random = distances.pairs.iter().map(|pair| pair.all.random);
        let (low, high) = random.fold((1.0_f64, 0.0_f64), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        let range = match format!("{high:.3}") {
            high if high == format!("{low:.3}") => high,
            high => format!("{low:.3} to {high}"),
        };
        let text = format!("random graphs with as many connections: {range}");
        area.draw_text(&text, &note, (20, y + 24))
    })
}

/// White at 0, the first colour of the curves at 1.
fn shade(value: f64) -> RGBColor {
    let RGBColor(red, green, blue) = COLOURS[0];
    let mixed = |full: u8| (255.0 - value.clamp(0.0, 1.0) * (255.0 - f64::from(full))) as u8;
    RGBColor(mixed(red), mixed(green), mixed(blue))
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_CHARACTERS {
        return name.to_owned();
    }
    name.chars()
        .take(NAME_CHARACTERS - 1)
        .chain(['…'])
        .collect()
}

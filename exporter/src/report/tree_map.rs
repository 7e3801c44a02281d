//! Enters: sizes in groups. Leaves: a picture of rectangles whose areas are the sizes, and the
//! groups with their sums beside them. Next: a person looks at it.
//!
//! Rectangles as near to squares as a row at a time allows: M. Bruls, K. Huizing, J. van Wijk,
//! *Squarified Treemaps*, 2000. Groups are laid out first, then what is in them.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::picture::{self, Area, COLOURS, Drawn, styled};
use super::table::bytes;
use crate::error::{Error, Result};
use crate::file;

const WIDTH: u32 = 1_000;
/// Where maps begin and end, from the left.
const MAP: (f64, f64) = (20.0, 640.0);
/// Where names and sizes of the legend stand.
const LEGEND: [i32; 4] = [664, 686, 900, 976];
/// What the name of a panel takes.
const CAPTION: f64 = 32.0;
const LINE: i32 = 26;
/// A character's width at this size of text, generously.
const TEXT: u32 = 15;
const CHARACTER: f64 = 7.0;

/// One map.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeMap {
    /// What stands above.
    pub title: String,
    /// Its height in the picture.
    pub height: u32,
    /// What it shows, in the order of the legend.
    pub groups: Vec<TreeMapGroup>,
}

/// Rectangles of one colour.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeMapGroup {
    /// Name in the legend.
    pub name: String,
    /// Its parts: name and size in bytes.
    pub parts: Vec<(String, u64)>,
}

/// A rectangle: left, top, width, height.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Draws the maps, one below the other, and writes them, atomically.
///
/// # Errors
/// [`Error::Options`] without a size, [`Error::Io`] if it cannot be written.
pub fn save(path: &Path, title: &str, maps: &[TreeMap]) -> Result<()> {
    let drawing = svg(title, maps)?;
    file::write_atomic(path, |out| out.write_all(drawing.as_bytes()))
}

/// The picture as the text of an SVG file.
///
/// # Errors
/// [`Error::Options`] without a size.
pub fn svg(title: &str, maps: &[TreeMap]) -> Result<String> {
    if maps.iter().any(|map| map.sum() == 0) {
        return Err(Error::Options(
            "nothing to draw; measure a program first".into(),
        ));
    }
    let heights = maps.iter().map(|map| map.height + CAPTION as u32 + 14);
    let height = heights.sum::<u32>() + picture::TITLE_HEIGHT;
    picture::svg((WIDTH, height), title, |area| {
        let mut top = 0.0;
        for map in maps {
            map.draw(area, top)?;
            top += f64::from(map.height) + CAPTION + 14.0;
        }
        Ok(())
    })
}

impl TreeMapGroup {
    fn sum(&self) -> u64 {
        self.parts.iter().map(|(_, size)| size).sum()
    }
}

impl TreeMap {
    fn sum(&self) -> u64 {
        self.groups.iter().map(TreeMapGroup::sum).sum()
    }

    fn draw(&self, area: &Area<'_>, top: f64) -> Drawn {
        let whole = Place {
            x: MAP.0,
            y: top + CAPTION,
            width: MAP.1 - MAP.0,
            height: f64::from(self.height),
        };
        let caption = (MAP.0 as i32, (top + CAPTION / 2.0) as i32);
        area.draw_text(&self.title, &styled(18, HPos::Left), caption)?;
        let sums: Vec<u64> = self.groups.iter().map(TreeMapGroup::sum).collect();
        let places = squarified(&sums, whole);
        let coloured = self.groups.iter().zip(COLOURS.iter().cycle());
        for ((group, colour), place) in coloured.clone().zip(places) {
            let sizes: Vec<u64> = group.parts.iter().map(|(_, size)| *size).collect();
            for ((name, size), place) in group.parts.iter().zip(squarified(&sizes, place)) {
                place.draw(area, name, *size, colour)?;
            }
        }
        let mut y = (whole.y as i32) + LINE / 2;
        for ((group, colour), sum) in coloured.zip(sums) {
            let [square, name, size, share] = LEGEND;
            let corners = [(square, y - 7), (square + 14, y + 7)];
            area.draw(&Rectangle::new(corners, tone(colour).filled()))?;
            let percent = 100.0 * sum as f64 / self.sum() as f64;
            area.draw_text(&group.name, &styled(16, HPos::Left), (name, y))?;
            area.draw_text(&bytes(sum), &styled(16, HPos::Right), (size, y))?;
            let percent = format!("{percent:.1} %");
            area.draw_text(&percent, &styled(16, HPos::Right), (share, y))?;
            y += LINE;
        }
        Ok(())
    }
}

/// Light enough for dark text.
fn tone(colour: &RGBColor) -> RGBColor {
    let RGBColor(red, green, blue) = *colour;
    let [red, green, blue] =
        [red, green, blue].map(|part| (u32::from(part) * 45 / 100) as u8 + 140);
    RGBColor(red, green, blue)
}

impl Place {
    /// A filled rectangle with a white edge, and in it what there is room for.
    fn draw(self, area: &Area<'_>, name: &str, size: u64, colour: &RGBColor) -> Drawn {
        let Place {
            x,
            y,
            width,
            height,
        } = self;
        let corners = [(x, y), (x + width, y + height)];
        let corners = corners.map(|(x, y)| (x.round() as i32, y.round() as i32));
        area.draw(&Rectangle::new(corners, tone(colour).filled()))?;
        area.draw(&Rectangle::new(corners, WHITE.stroke_width(1)))?;
        let size = bytes(size);
        let fits = |text: &str| width > CHARACTER * text.chars().count() as f64 + 4.0;
        let middle = (x + width / 2.0).round() as i32;
        let write = |text: &str, y: f64| {
            area.draw_text(
                text,
                &styled(TEXT, HPos::Center),
                (middle, y.round() as i32),
            )
        };
        let half = y + height / 2.0;
        if height > 42.0 && fits(name) && fits(&size) {
            write(name, half - 9.0)?;
            write(&size, half + 9.0)?;
        } else if height > 20.0 && fits(name) {
            write(name, half)?;
        }
        Ok(())
    }

    /// How far from a square the worst of some rectangles is that share a row along the
    /// shorter side; areas, not sizes.
    fn worst(&self, row: &[f64]) -> f64 {
        let side = self.width.min(self.height);
        let depth = row.iter().sum::<f64>() / side;
        let ratio = |area: &f64| {
            let length = area / depth;
            (length / depth).max(depth / length)
        };
        row.iter().map(ratio).fold(0.0, f64::max)
    }

    /// Takes a row of rectangles off the shorter side; what is left.
    fn take(self, row: &[f64], mut put: impl FnMut(Place)) -> Place {
        let is_wide = self.width >= self.height;
        let side = self.width.min(self.height);
        let depth = row.iter().sum::<f64>() / side;
        let Place { mut x, mut y, .. } = self;
        for area in row {
            let length = area / depth;
            let (width, height) = if is_wide {
                (depth, length)
            } else {
                (length, depth)
            };
            put(Place {
                x,
                y,
                width,
                height,
            });
            if is_wide { y += length } else { x += length }
        }
        if is_wide {
            Place {
                x: self.x + depth,
                width: (self.width - depth).max(0.0),
                ..self
            }
        } else {
            Place {
                y: self.y + depth,
                height: (self.height - depth).max(0.0),
                ..self
            }
        }
    }
}

/// A rectangle for each size, in the order of the sizes; together they are the whole.
fn squarified(sizes: &[u64], whole: Place) -> Vec<Place> {
    let nothing = Place {
        width: 0.0,
        height: 0.0,
        ..whole
    };
    let mut places = vec![nothing; sizes.len()];
    let sum: u64 = sizes.iter().sum();
    let scale = whole.width * whole.height / sum.max(1) as f64;
    let mut order: Vec<usize> = (0..sizes.len()).filter(|&n| sizes[n] > 0).collect();
    order.sort_by_key(|&n| std::cmp::Reverse(sizes[n]));
    let (mut left, mut start) = (whole, 0);
    let areas: Vec<f64> = order.iter().map(|&n| scale * sizes[n] as f64).collect();
    while start < areas.len() {
        // a row grows as long as its worst rectangle becomes no worse
        let better = (start + 1..areas.len())
            .take_while(|&end| left.worst(&areas[start..=end]) <= left.worst(&areas[start..end]));
        let end = start + 1 + better.count();
        let mut filled = order[start..end].iter();
        left = left.take(&areas[start..end], |place| {
            if let Some(&n) = filled.next() {
                places[n] = place;
            }
        });
        start = end;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Place = Place {
        x: 0.0,
        y: 0.0,
        width: 60.0,
        height: 40.0,
    };

    #[test]
    fn the_example_of_the_paper() {
        // areas 6, 6, 4, 3, 2, 2, 1 in 6 x 4: first a column of the two largest
        let whole = Place {
            width: 6.0,
            height: 4.0,
            ..WHOLE
        };
        let places = squarified(&[6, 6, 4, 3, 2, 2, 1], whole);
        let near = |place: Place, expected: [f64; 4]| {
            let Place {
                x,
                y,
                width,
                height,
            } = place;
            let found = [x, y, width, height];
            let pairs = found.iter().zip(&expected);
            assert!(
                pairs.clone().all(|(a, b)| (a - b).abs() < 1e-9),
                "{found:?}"
            );
        };
        near(places[0], [0.0, 0.0, 3.0, 2.0]);
        near(places[1], [0.0, 2.0, 3.0, 2.0]);
        near(places[2], [3.0, 0.0, 12.0 / 7.0, 7.0 / 3.0]);
    }

    #[test]
    fn areas_are_the_sizes_and_nothing_overlaps() {
        let sizes = [1, 700, 3, 0, 40, 41, 250, 9];
        let places = squarified(&sizes, WHOLE);
        let sum: u64 = sizes.iter().sum();
        for (place, size) in places.iter().zip(sizes) {
            let share = place.width * place.height / (60.0 * 40.0);
            assert!((share - size as f64 / sum as f64).abs() < 1e-9, "{size}");
            assert!(place.x >= 0.0 && place.x + place.width < 60.0 + 1e-9);
            assert!(place.y >= 0.0 && place.y + place.height < 40.0 + 1e-9);
        }
        for (n, a) in places.iter().enumerate() {
            for b in &places[n + 1..] {
                let across = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
                let down = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
                assert!(across < 1e-9 || down < 1e-9, "{a:?} {b:?}");
            }
        }
    }

    fn map(parts: &[(&str, u64)]) -> TreeMap {
        TreeMap {
            title: "flash".into(),
            height: 200,
            groups: vec![TreeMapGroup {
                name: "all".into(),
                parts: parts.iter().map(|(name, n)| ((*name).into(), *n)).collect(),
            }],
        }
    }

    #[test]
    fn what_has_room_is_named_and_what_has_not_is_not() {
        let svg = svg("m", &[map(&[("large", 9_000), ("a very small one", 1)])]).unwrap();
        for text in ["m", "flash", "all", "large", "8.8 KB", "100.0 %"] {
            assert!(svg.contains(&format!("\n{text}\n")), "{text} in {svg}");
        }
        assert!(!svg.contains("a very small one"), "{svg}");
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        let error = svg("m", &[map(&[])]).unwrap_err().to_string();
        assert!(error.contains("nothing to draw; measure"), "{error}");
    }
}

use plotters::prelude::*;

use super::legend;
use crate::error::Result;
use crate::report::picture::{Area, COLOURS, Drawn, FONT, GRID, INK, svg};
use crate::wiring::{DegreeFacts, Wiring};

const PANEL: (u32, u32) = (380, 250);
const LEGEND_HEIGHT: u32 = 34;

/// Bars at most: more are put together in equal groups.
const BARS_MAX: usize = 40;

/// Connections of a row and of a column of each kind of matrix: bars at the end, lines at the
/// start and by chance. The four gates of a kind are counted together.
///
/// # Errors
/// [`crate::error::Error::Tool`] if it cannot be drawn.
pub fn degrees(wiring: &Wiring) -> Result<String> {
    let kinds: Vec<&str> = (["embedding", "W", "U"].into_iter())
        .filter(|kind| wiring.degrees.iter().any(|facts| is_of(facts, kind)))
        .collect();
    let width = PANEL.0 * kinds.len() as u32;
    let size = (
        width,
        crate::report::picture::TITLE_HEIGHT + LEGEND_HEIGHT + 2 * PANEL.1,
    );
    let title = format!("{}: connections of rows and columns", wiring.run);
    svg(size, &title, |area| {
        let (above, below) = area.split_vertically(LEGEND_HEIGHT);
        let names = [
            ("at the end", COLOURS[4]),
            ("at the start", COLOURS[1]),
            ("by chance", COLOURS[6]),
        ];
        legend(
            &above,
            width as i32 / 2 - 215,
            LEGEND_HEIGHT as i32 / 2,
            &names,
        )?;
        let panels = below.split_evenly((2, kinds.len()));
        let wanted = ["rows", "columns"]
            .into_iter()
            .flat_map(|side| kinds.iter().map(move |kind| (*kind, side)));
        for (panel, (kind, side)) in panels.iter().zip(wanted) {
            let of_kind: Vec<&DegreeFacts> = (wiring.degrees.iter())
                .filter(|facts| is_of(facts, kind) && facts.side == side)
                .collect();
            draw(panel, &described(kind, side), &of_kind)?;
        }
        Ok(())
    })
}

fn is_of(facts: &DegreeFacts, kind: &str) -> bool {
    facts.matrix.split(' ').next() == Some(kind)
}

fn described(kind: &str, side: &str) -> String {
    match (kind, side) {
        ("embedding", "rows") => "connections of a word".into(),
        ("embedding", _) => "connections of a feature".into(),
        (_, "rows") => format!("{kind}: connections into a gate"),
        _ => format!("{kind}: connections out, to a gate"),
    }
}

/// Shares of the rows or columns in percent, by connections.
struct Shares {
    end: Vec<f64>,
    start: Vec<f64>,
    chance: Vec<f64>,
}

fn shares(facts: &[&DegreeFacts]) -> Shares {
    let length = facts
        .iter()
        .map(|it| it.end.histogram.len().max(it.start.histogram.len()));
    let length = length.max().unwrap_or(1);
    let mut all = Shares {
        end: vec![0.0; length],
        start: vec![0.0; length],
        chance: vec![0.0; length],
    };
    for it in facts {
        let add = |to: &mut [f64], histogram: &[usize]| {
            let count = (histogram.iter().sum::<usize>() * facts.len()).max(1) as f64;
            for (sum, &here) in to.iter_mut().zip(histogram) {
                *sum += 100.0 * here as f64 / count;
            }
        };
        add(&mut all.end, &it.end.histogram);
        add(&mut all.start, &it.start.histogram);
        for (sum, chance) in all
            .chance
            .iter_mut()
            .zip(binomial(it.mean, it.binomial_deviation))
        {
            *sum += 100.0 * chance / facts.len() as f64;
        }
    }
    all
}

/// Probabilities of 0, 1, 2 … successes, of the binomial with this mean and deviation.
fn binomial(mean: f64, deviation: f64) -> impl Iterator<Item = f64> {
    // mean n p, variance n p (1 - p)
    let failure = if mean > 0.0 {
        deviation * deviation / mean
    } else {
        1.0
    };
    let success = 1.0 - failure;
    let trials = if success > 0.0 {
        (mean / success).round()
    } else {
        0.0
    };
    (0_u32..).map(move |count| {
        let k = f64::from(count);
        if k > trials {
            return 0.0;
        }
        let term = |count: f64, p: f64| if count > 0.0 { count * p.ln() } else { 0.0 };
        let ways =
            libm::lgamma(trials + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(trials - k + 1.0);
        (ways + term(k, success) + term(trials - k, failure)).exp()
    })
}

fn draw(area: &Area<'_>, title: &str, facts: &[&DegreeFacts]) -> Drawn {
    let shares = shares(facts);
    // nothing is drawn of the numbers that no row or column comes near
    let none = |place: &usize| {
        [&shares.end, &shares.start, &shares.chance]
            .iter()
            .all(|it| it[*place] < 0.01)
    };
    let first = (0..shares.end.len()).take_while(none).count();
    let first = if 2 * first > shares.end.len() {
        first
    } else {
        0
    };
    let step = (shares.end.len() - first).div_ceil(BARS_MAX).max(1);
    let grouped = |shares: &[f64]| -> Vec<f64> {
        shares[first..]
            .chunks(step)
            .map(|group| group.iter().sum())
            .collect()
    };
    let [end, start, chance] = [&shares.end, &shares.start, &shares.chance].map(|it| grouped(it));
    let most = [&end, &start, &chance]
        .into_iter()
        .flatten()
        .copied()
        .fold(1.0, f64::max);
    let middle = |group: usize| (first + group * step) as f64 + (step as f64 - 1.0) / 2.0;
    let half = 0.5 * step as f64;
    let range = first as f64 - 0.5..(first + end.len() * step) as f64 - 0.5;
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .margin_right(20)
        .x_label_area_size(46)
        .y_label_area_size(56)
        .build_cartesian_2d(range, 0.0..1.05 * most)?;
    chart
        .configure_mesh()
        .x_desc(title)
        .y_desc("share (%)")
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|value| format!("{value:.0}"))
        .axis_desc_style((FONT, 16).with_color(INK))
        .label_style((FONT, 14).with_color(INK))
        .axis_style(INK)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .draw()?;
    let bars = end.iter().enumerate().map(|(group, &share)| {
        let corners = [
            (middle(group) - 0.9 * half, 0.0),
            (middle(group) + 0.9 * half, share),
        ];
        Rectangle::new(corners, COLOURS[4].filled())
    });
    chart.draw_series(bars)?;
    for (shares, colour) in [(&start, COLOURS[1]), (&chance, COLOURS[6])] {
        let points = shares
            .iter()
            .enumerate()
            .map(|(group, &share)| (middle(group), share));
        chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_the_binomial() {
        // 4 trials of probability 1/4
        let found: Vec<f64> = binomial(1.0, 0.75_f64.sqrt()).take(6).collect();
        for (found, expected) in found.iter().zip([81.0, 108.0, 54.0, 12.0, 1.0, 0.0]) {
            assert!(
                (found - expected / 256.0).abs() < 1e-9,
                "{found} {expected}"
            );
        }
        assert_eq!(binomial(0.0, 0.0).take(2).collect::<Vec<_>>(), [1.0, 0.0]);
        assert_eq!(
            binomial(3.0, 0.0).take(5).collect::<Vec<_>>(),
            [0.0, 0.0, 0.0, 1.0, 0.0]
        );
    }
}

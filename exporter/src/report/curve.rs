//! Enters: the metrics of one run or several. Leaves: their training curves as an SVG.
//! Next: a person looks at it; nothing of the program reads it.
//!
//! ```text
//!  ┌ title ─────────────────────────────────────────────┐
//!  │ loss over epochs   │ accuracy over epochs │ legend │
//!  └────────────────────────────────────────────────────┘
//! ```

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use super::legend;
use super::metrics::EpochMetrics;
use super::picture::{self, Area, COLOURS, Drawn};
use super::score::Score;
use crate::error::{Error, Result};
use crate::file;

const SIZE: (u32, u32) = (1_120, 440);
const LEGEND_WIDTH: u32 = 230;

/// One curve: a training run and its name in the legend.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// What each epoch came to, in order.
    pub epochs: &'a [EpochMetrics],
}

/// Draws the curves of `runs` and writes them to `path`, atomically.
///
/// # Errors
///
/// [`Error::Options`] if there is no epoch to draw, [`Error::Io`] if it cannot be written.
pub fn save(path: &Path, title: &str, runs: &[Run<'_>]) -> Result<()> {
    let drawing = svg(title, runs)?;
    file::write_atomic(path, |out| out.write_all(drawing.as_bytes()))
}

/// The curves of `runs` as the text of an SVG file.
///
/// # Errors
///
/// [`Error::Options`] if there is no epoch to draw.
pub fn svg(title: &str, runs: &[Run<'_>]) -> Result<String> {
    if runs.iter().all(|run| run.epochs.is_empty()) {
        return Err(Error::Options(
            "no epoch to draw; train for at least one".into(),
        ));
    }
    picture::svg(SIZE, title, |area| {
        let (panels, legend_area) = area.split_horizontally(SIZE.0 - LEGEND_WIDTH);
        let (left, right) = panels.split_horizontally((SIZE.0 - LEGEND_WIDTH) / 2);
        let of_numbers = |run: &Run<'_>| matches!(run.epochs.first(), Some(it) if matches!(it.score, Score::R2(_)));
        let panels = match runs.iter().any(of_numbers) {
            false => [Panel::LOSS, Panel::ACCURACY],
            true => [Panel::ERROR, Panel::R2],
        };
        for (panel, area) in panels.iter().zip([left, right]) {
            panel.draw(&area, runs)?;
        }
        legend::draw(&legend_area, runs)
    })
}

/// One pair of axes: epochs to the right, some quantities upwards.
struct Panel {
    title: &'static str,
    least_height: f64, // so that one epoch, or a flat curve, is not magnified to noise
    curves: &'static [Curve],
}

impl Panel {
    const LOSS: Panel = Panel {
        title: "loss (nats)",
        least_height: 0.1,
        curves: &[Curve::TRAIN_LOSS, Curve::VALIDATION_LOSS],
    };
    const ERROR: Panel = Panel {
        title: "squared error (deviations²)",
        ..Panel::LOSS
    };
    const R2: Panel = Panel {
        title: "validation R²",
        least_height: 0.02,
        curves: &[Curve::R2],
    };
    const ACCURACY: Panel = Panel {
        title: "validation accuracy (%)",
        least_height: 2.0,
        curves: &[Curve::ACCURACY],
    };
}

/// One quantity of a panel. Dashed is training, the rest validation.
struct Curve {
    value: fn(&EpochMetrics) -> f64,
    dashed: bool,
}

impl Curve {
    const TRAIN_LOSS: Curve = Curve {
        value: |epoch| epoch.train_loss,
        dashed: true,
    };
    const VALIDATION_LOSS: Curve = Curve {
        value: |epoch| epoch.validation_loss,
        dashed: false,
    };
    const ACCURACY: Curve = Curve {
        value: |epoch| 100.0 * epoch.score.value(),
        dashed: false,
    };
    const R2: Curve = Curve {
        value: |epoch| epoch.score.value(),
        dashed: false,
    };

    /// The points that can be drawn: a diverged run has losses that are no numbers.
    fn points(&self, run: &Run<'_>) -> Vec<(u32, f64)> {
        let points = run
            .epochs
            .iter()
            .map(|epoch| (epoch.epoch, (self.value)(epoch)));
        points.filter(|(_, value)| value.is_finite()).collect()
    }
}

impl Panel {
    fn draw(&self, area: &Area<'_>, runs: &[Run<'_>]) -> Drawn {
        let of_run = |run| self.curves.iter().flat_map(move |curve| curve.points(run));
        let values = runs.iter().flat_map(of_run).map(|(_, value)| value);
        let heights = span(values, self.least_height);
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .margin_right(20)
            .x_label_area_size(50)
            .y_label_area_size(68)
            .build_cartesian_2d(epochs(runs), heights)?;
        picture::axes(&mut chart, ["epoch", self.title])?;
        for curve in self.curves {
            for (run, colour) in runs.iter().zip(COLOURS.iter().cycle()) {
                let points = curve.points(run);
                let style = colour.stroke_width(2);
                let radius = if curve.dashed {
                    chart.draw_series(DashedLineSeries::new(
                        points.iter().copied(),
                        6,
                        4,
                        style,
                    ))?;
                    2
                } else {
                    chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
                    3
                };
                let dots = points
                    .into_iter()
                    .map(|point| Circle::new(point, radius, colour.filled()));
                chart.draw_series(dots)?;
            }
        }
        Ok(())
    }
}

/// First to last epoch of all runs, at least two so that the axis has a length.
fn epochs(runs: &[Run<'_>]) -> Range<u32> {
    let all = || {
        runs.iter()
            .flat_map(|run| run.epochs)
            .map(|epoch| epoch.epoch)
    };
    let first = all().min().unwrap_or(0);
    first..all().max().unwrap_or(0).max(first + 1)
}

/// Smallest to largest value with a margin of a twentieth, at least `least` wide; 0 to 1
/// for no values.
fn span(values: impl Iterator<Item = f64>, least: f64) -> Range<f64> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low > high {
        return 0.0..1.0;
    }
    let margin = (0.05 * (high - low)).max(least / 2.0);
    low - margin..high + margin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: u32, loss: f64, accuracy: f64) -> EpochMetrics {
        EpochMetrics {
            epoch,
            train_loss: loss,
            validation_loss: loss + 0.1,
            score: Score::Accuracy(accuracy),
            learning_rate: 0.003,
            tokens_per_second: 5e5,
            seconds: 9.0,
            cpu_seconds: 18.0,
        }
    }

    /// The words of the drawing, in the order in which they are written.
    fn texts(svg: &str) -> Vec<&str> {
        let pieces = svg
            .split("</text>")
            .filter_map(|piece| piece.split_once("<text"));
        pieces
            .filter_map(|(_, text)| text.split_once('>'))
            .map(|(_, text)| text.trim())
            .collect()
    }

    #[test]
    fn titles_axes_and_legend_are_real_text() {
        let epochs = [epoch(1, 0.6, 0.7), epoch(2, 0.4, 0.85), epoch(3, 0.3, 0.84)];
        let run = Run {
            name: "SET & <static>",
            epochs: &epochs,
        };
        let svg = svg("imdb", &[run]).unwrap();
        let texts = texts(&svg);
        for expected in [
            "imdb",
            "loss (nats)",
            "validation accuracy (%)",
            "epoch",
            "SET &amp; &lt;static&gt;",
            "best 85.0 % in epoch 2",
            "training",
            "validation",
        ] {
            assert!(texts.contains(&expected), "{expected} in {texts:?}");
        }
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn each_run_has_its_colour_and_each_epoch_its_dots() {
        let epochs = [epoch(1, 0.6, 0.7), epoch(2, 0.4, 0.8), epoch(3, 0.3, 0.9)];
        let [a, b] = ["a", "b"].map(|name| Run {
            name,
            epochs: &epochs,
        });
        let svg = svg("two", &[a, b]).unwrap();
        for colour in ["#0072B2", "#D55E00"] {
            let dots = svg
                .lines()
                .filter(|l| l.starts_with("<circle") && l.contains(colour))
                .count();
            assert_eq!(
                dots,
                3 * 3 + 1,
                "three curves of three epochs, and one in the legend"
            );
        }
    }

    #[test]
    fn one_epoch_and_a_diverged_run_can_be_drawn() {
        assert!(
            svg(
                "one",
                &[Run {
                    name: "SET",
                    epochs: &[epoch(1, 0.6, 0.7)]
                }]
            )
            .is_ok()
        );
        let diverged = [epoch(1, f64::NAN, 0.5), epoch(2, f64::INFINITY, f64::NAN)];
        let svg = svg(
            "diverged",
            &[Run {
                name: "SET",
                epochs: &diverged,
            }],
        )
        .unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(texts(&svg).contains(&"best 50.0 % in epoch 1"));
    }

    #[test]
    fn numbers_have_their_own_axes() {
        let epochs = [epoch(1, 0.6, 0.7), epoch(2, 0.4, 0.6)].map(|it| EpochMetrics {
            score: Score::R2(it.score.value()),
            ..it
        });
        let run = Run {
            name: "regression",
            epochs: &epochs,
        };
        let svg = svg("numbers", &[run]).unwrap();
        for expected in ["validation R²", "best R² 0.600 in epoch 2"] {
            assert!(texts(&svg).contains(&expected), "{expected}");
        }
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        for runs in [
            &[][..],
            &[Run {
                name: "SET",
                epochs: &[],
            }],
        ] {
            let error = svg("none", runs).unwrap_err().to_string();
            assert!(error.contains("no epoch to draw; train"), "{error}");
        }
    }

    #[test]
    fn the_file_is_what_was_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curve.svg");
        let runs = [Run {
            name: "SET",
            epochs: &[epoch(1, 0.6, 0.7), epoch(2, 0.5, 0.8)],
        }];
        save(&path, "imdb", &runs).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            svg("imdb", &runs).unwrap()
        );
    }

    #[test]
    fn spans_have_a_margin_and_a_least_height() {
        assert_eq!(span([1.0, 3.0].into_iter(), 0.1), 0.9..3.1);
        assert_eq!(span([5.0].into_iter(), 2.0), 4.0..6.0);
        assert_eq!(span([].into_iter(), 2.0), 0.0..1.0);
    }
}

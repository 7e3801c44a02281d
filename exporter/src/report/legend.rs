//! Enters: the runs of a curve. Leaves: the drawn column that names them, with their
//! best epochs, and says what dashes mean.
//! Next: `curve`, which calls it, finishes the drawing.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::curve::Run;
use super::picture::{Area, COLOURS, Drawn, FONT, INK};
use super::score::Score;

const FIRST_LINE: i32 = 24;
const LINE_HEIGHT: i32 = 20;
const NAME_CHARACTERS: usize = 22;

/// More runs than colours cannot be told apart, and would not fit.
const RUNS_NAMED: usize = COLOURS.len();

/// What stands before the text of a line.
enum Mark {
    Nothing,
    Dots,
    Dashes,
}

/// Writes the column.
pub(super) fn draw(area: &Area<'_>, runs: &[Run<'_>]) -> Drawn {
    let mut legend = Legend {
        area,
        y: FIRST_LINE,
    };
    for (run, colour) in runs.iter().zip(COLOURS) {
        legend.line(Mark::Dots, colour, &shortened(run.name), 17)?;
        legend.line(Mark::Nothing, INK, &best(run), 15)?;
    }
    if runs.len() > RUNS_NAMED {
        let more = format!("and {} more", runs.len() - RUNS_NAMED);
        legend.line(Mark::Nothing, INK, &more, 15)?;
    }
    legend.y += LINE_HEIGHT / 2;
    legend.line(Mark::Dots, INK, "validation", 16)?;
    legend.line(Mark::Dashes, INK, "training", 16)
}

struct Legend<'a, 'b> {
    area: &'a Area<'b>,
    y: i32,
}

impl Legend<'_, '_> {
    fn line(&mut self, mark: Mark, colour: RGBColor, text: &str, size: i32) -> Drawn {
        let strokes: &[[i32; 2]] = match mark {
            Mark::Nothing => &[],
            Mark::Dots => &[[8, 34]],
            Mark::Dashes => &[[8, 14], [18, 24], [28, 34]],
        };
        for ends in strokes {
            let ends = ends.map(|x| (x, self.y));
            self.area
                .draw(&PathElement::new(ends, colour.stroke_width(2)))?;
        }
        if let Mark::Dots = mark {
            self.area
                .draw(&Circle::new((21, self.y), 3, colour.filled()))?;
        }
        let style = TextStyle::from((FONT, size)).color(&INK);
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        self.area.draw_text(text, &style, (44, self.y))?;
        self.y += LINE_HEIGHT;
        Ok(())
    }
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

/// The first of the best epochs, in words.
fn best(run: &Run<'_>) -> String {
    let finite = run.epochs.iter().filter(|it| it.score.value().is_finite());
    let best = finite.reduce(|best, next| if next.is_better(best) { next } else { best });
    best.map_or_else(
        || "no epoch yet".to_owned(),
        |it| match it.score {
            Score::Accuracy(share) => format!("best {:.1} % in epoch {}", 100.0 * share, it.epoch),
            Score::R2(value) => format!("best R² {value:.3} in epoch {}", it.epoch),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::metrics::EpochMetrics;

    const ACCURACIES: [f64; 3] = [0.7, 0.8, 0.8];

    fn epochs() -> [EpochMetrics; 3] {
        let mut number = 0;
        ACCURACIES.map(|accuracy| {
            number += 1;
            EpochMetrics {
                epoch: number,
                train_loss: 0.5,
                validation_loss: 0.5,
                score: Score::Accuracy(accuracy),
                learning_rate: 0.003,
                tokens_per_second: 5e5,
                seconds: 9.0,
                cpu_seconds: 18.0,
            }
        })
    }

    #[test]
    fn the_best_epoch_is_the_first_of_equals() {
        let epochs = epochs();
        assert_eq!(
            best(&Run {
                name: "SET",
                epochs: &epochs
            }),
            "best 80.0 % in epoch 2"
        );
        assert_eq!(
            best(&Run {
                name: "SET",
                epochs: &[]
            }),
            "no epoch yet"
        );
    }

    #[test]
    fn long_names_are_shortened_to_the_column() {
        assert_eq!(
            shortened("exactly 22 characters."),
            "exactly 22 characters."
        );
        assert_eq!(
            shortened("a name of 23 charactérs"),
            "a name of 23 characté…"
        );
    }

    #[test]
    fn many_runs_stay_inside_the_drawing() {
        let epochs = epochs();
        let runs = [Run {
            name: "seed",
            epochs: &epochs,
        }; 30];
        let svg = crate::report::curve::svg("thirty seeds", &runs).unwrap();
        assert!(svg.contains("and 23 more"));
        let attribute = |line: &str, name: &str| -> Option<f64> {
            let (_, value) = line.split_once(&format!("{name}=\""))?;
            value.split_once('"')?.0.parse().ok()
        };
        let height = attribute(&svg, "height").unwrap();
        let lowest = svg
            .lines()
            .filter_map(|line| attribute(line, " y"))
            .fold(0.0, f64::max);
        assert!(lowest + 10.0 <= height, "{lowest} of {height}");
    }
}

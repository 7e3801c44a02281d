use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use set_lstm_runtime::gate::Gate;

use super::{legend, styled, svg};
use crate::error::Result;
use crate::report::curve::{Area, COLOURS, Drawn, INK};
use crate::sparse_model::SparseMatrix;
use crate::wiring::trained::TrainedWiring;

const SIZE: (u32, u32) = (1_240, 740);
const LEGEND_HEIGHT: u32 = 34;
const MARGIN: i32 = 14;
const NAME_HEIGHT: i32 = 26;

/// Every connection of the gates of a model: rows are hidden units, columns their inputs.
///
/// # Errors
/// [`crate::error::Error::Tool`] if it cannot be drawn.
pub fn adjacency(of: &TrainedWiring) -> Result<String> {
    let title = format!(
        "{}: connections of the gates after epoch {}",
        of.run, of.epoch
    );
    svg(SIZE, &title, |area| {
        let (above, below) = area.split_vertically(LEGEND_HEIGHT);
        let names = [("positive", COLOURS[0]), ("negative", COLOURS[1])];
        legend(
            &above,
            SIZE.0 as i32 / 2 - 122,
            LEGEND_HEIGHT as i32 / 2,
            &names,
        )?;
        let panels = below.split_evenly((2, Gate::COUNT));
        let kinds = [("W", &of.model.input), ("U", &of.model.recurrent)];
        let matrices = kinds.into_iter().flat_map(|(kind, matrices)| {
            Gate::ALL
                .into_iter()
                .map(move |gate| (kind, gate, &matrices[gate.index()]))
        });
        for (panel, (kind, gate, matrix)) in panels.iter().zip(matrices) {
            draw(panel, &format!("{kind} {}", gate.letter()), matrix)?;
        }
        Ok(())
    })
}

fn draw(area: &Area<'_>, name: &str, matrix: &SparseMatrix) -> Drawn {
    let (width, height) = area.dim_in_pixel();
    let described = format!("{name}   {:.1} %", 100.0 * matrix.density());
    area.draw_text(
        &described,
        &styled(16, HPos::Center),
        (width as i32 / 2, NAME_HEIGHT / 2),
    )?;
    // cells are squares if the matrix is one, in the middle of the panel
    let (width, height) = (
        width as i32 - 2 * MARGIN,
        height as i32 - NAME_HEIGHT - MARGIN,
    );
    let side = width.min(height);
    let (left, top) = (MARGIN + (width - side) / 2, NAME_HEIGHT);
    let frame = [(left, top), (left + side, top + side)];
    area.draw(&Rectangle::new(frame, WHITE.filled()))?;
    let at = |place: usize, of: usize| (place as f64 * f64::from(side) / of.max(1) as f64) as i32;
    for row in 0..matrix.rows {
        let (columns, values) = matrix.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            let colour = if value < 0.0 { COLOURS[1] } else { COLOURS[0] };
            let column = usize::from(column);
            let corner = (
                left + at(column, matrix.columns),
                top + at(row, matrix.rows),
            );
            let end = (
                left + at(column + 1, matrix.columns).max(at(column, matrix.columns) + 1),
                top + at(row + 1, matrix.rows).max(at(row, matrix.rows) + 1),
            );
            area.draw(&Rectangle::new([corner, end], colour.filled()))?;
        }
    }
    area.draw(&Rectangle::new(frame, INK.mix(0.5)))?;
    Ok(())
}

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use set_lstm_runtime::gate::Gate;

use super::legend;
use crate::error::Result;
use crate::report::picture::{Area, COLOURS, Drawn, INK, styled, svg};
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
    // cells of whole pixels, so that all are alike, as large as fit into a square
    let (width, height) = (
        width as i32 - 2 * MARGIN,
        height as i32 - NAME_HEIGHT - MARGIN,
    );
    let most = width.min(height);
    let length = |cells: usize| match cells as i32 {
        cells if (1..=most).contains(&cells) => most / cells * cells,
        _ => most,
    };
    let (wide, high) = (length(matrix.columns), length(matrix.rows));
    let (left, top) = (MARGIN + (width - wide) / 2, NAME_HEIGHT);
    let frame = [(left, top), (left + wide, top + high)];
    area.draw(&Rectangle::new(frame, WHITE.filled()))?;
    let across = |place: usize| (place * wide as usize / matrix.columns.max(1)) as i32;
    let down = |place: usize| (place * high as usize / matrix.rows.max(1)) as i32;
    for row in 0..matrix.rows {
        let (columns, values) = matrix.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            let colour = if value < 0.0 { COLOURS[1] } else { COLOURS[0] };
            let column = usize::from(column);
            let corner = (left + across(column), top + down(row));
            let end = (
                left + across(column + 1).max(across(column) + 1),
                top + down(row + 1).max(down(row) + 1),
            );
            area.draw(&Rectangle::new([corner, end], colour.filled()))?;
        }
    }
    area.draw(&Rectangle::new(frame, INK.mix(0.5)))?;
    Ok(())
}

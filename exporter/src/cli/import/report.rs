//! What an import prints for people.

use super::super::output::print;
use super::super::train;
use super::Imported;
use crate::error::Result;
use crate::import::verify::Verification;
use crate::report::table::{Column, Table, thousands};

/// The parts, the sizes, and what verification and training came to.
///
/// # Errors
/// As of [`print`].
pub fn print_imported(imported: &Imported) -> Result<()> {
    print(format_args!("{}\n{}", found(imported), sizes(imported)))?;
    if let Some(trained) = &imported.training {
        print(format_args!("\n{}", train::table(trained)))?;
    }
    Ok(())
}

fn found(imported: &Imported) -> Table<3> {
    let columns = ["part", "found as", "shape"].map(Column::words);
    let mut table = Table::new(columns);
    for finding in &imported.found {
        table.row([
            finding.part.clone(),
            finding.name.clone(),
            finding.shown_shape(),
        ]);
    }
    table
}

fn sizes(imported: &Imported) -> Table<2> {
    let mut table = Table::new([Column::words("import"), Column::numbers("figure")]);
    let mut row = |name: &str, figure: String| table.row([name.into(), figure]);
    row("run", imported.run.display().to_string());
    row("source", imported.framework.name().into());
    let units: Vec<String> = imported.layers.iter().map(usize::to_string).collect();
    row("hidden units", units.join(" + "));
    match imported.vocabulary {
        0 => row("channels", imported.inputs.to_string()),
        size => {
            row("tokens", thousands(size as u64));
            row("embedding", imported.inputs.to_string());
        }
    }
    if imported.outputs.is_empty() {
        row("classes", imported.classes.join(", "));
    } else {
        row("numbers", imported.outputs.join(", "));
    }
    row("parameters", thousands(imported.parameters as u64));
    let share = 100.0 * imported.parameters as f64 / imported.dense_parameters as f64;
    let all = thousands(imported.dense_parameters as u64);
    row("share of dense", format!("{share:.2} % of {all}"));
    if let Some(Verification {
        steps,
        outputs,
        largest_difference,
        ..
    }) = imported.verification
    {
        row("verified steps", thousands(steps as u64));
        row("verified outputs", thousands(outputs as u64));
        row("largest difference", format!("{largest_difference:.1e}"));
    }
    table
}

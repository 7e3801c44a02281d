//! Enters: the first row of a table and what a person says of its columns. Leaves: their places
//! in a row. Next: `series_table` and `sample_table` read the cells there.
//!
//! A column is a number from 1, or a name of the header; several are `FIRST..LAST`, or a list
//! with commas between.

use super::readings::shortened;

/// The place of one column.
///
/// # Errors
/// There is no such column.
pub fn column(row: &[&str], wanted: &str) -> Result<usize, String> {
    let wanted = wanted.trim();
    let named = row.iter().position(|name| name.trim() == wanted);
    let number = wanted.parse().ok().and_then(|n: usize| n.checked_sub(1));
    let place = number.filter(|&number| number < row.len()).or(named);
    place.ok_or_else(|| {
        let names = shortened(&row.join(", "));
        format!("no column {wanted}; the first row has {names}; name another")
    })
}

/// The places of several, in the order in which they are named; `option` is what names them.
///
/// # Errors
/// There is no such column, a range that ends before it begins, or a column twice.
pub fn columns(row: &[&str], wanted: &str, option: &str) -> Result<Vec<usize>, String> {
    let places: Vec<usize> = match wanted.split_once("..") {
        Some((first, last)) => (column(row, first)?..column(row, last)? + 1).collect(),
        None => {
            let names = wanted.split(',');
            names
                .map(|name| column(row, name))
                .collect::<Result<_, _>>()?
        }
    };
    if places.is_empty() {
        return Err(format!(
            "columns {wanted}; expected FIRST..LAST, or names with commas between; correct {option}"
        ));
    }
    if let Some(twice) = (1..places.len()).find(|&k| places[..k].contains(&places[k])) {
        let number = places[twice] + 1;
        return Err(format!("column {number} twice; name it once in {option}"));
    }
    Ok(places)
}

/// Refuses a row that is not as wide as the first one.
///
/// # Errors
/// It has more or fewer fields.
pub fn check_width(row: &[&str], width: usize) -> Result<(), String> {
    match row.len() {
        count if count == width => Ok(()),
        count => Err(format!(
            "{count} fields, and the first row has {width}; correct the row"
        )),
    }
}

/// What a column is called: its name in the header, or its number.
pub fn name_of(row: &[&str], place: usize, has_header: bool) -> String {
    match row[place].trim() {
        name if has_header && !name.is_empty() => name.to_owned(),
        _ => format!("column {}", place + 1),
    }
}

/// Whether it is written as a number, finite or not: `nan` is a hole, no name.
pub fn is_number(text: &str) -> bool {
    is_hole(text) || text.trim().parse::<f32>().is_ok()
}

/// Whether nothing is written, or that it is unknown.
pub fn is_hole(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text == "?" || text.eq_ignore_ascii_case("nan")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: [&str; 4] = ["t", "ax", "ay", "label"];

    #[test]
    fn ranges_and_lists_name_columns_by_number_or_name() {
        let found = |wanted| columns(&ROW, wanted, "--sample-columns");
        assert_eq!(found("2..3").unwrap(), [1, 2]);
        assert_eq!(found("ax..ay").unwrap(), [1, 2]);
        assert_eq!(found("ay, ax").unwrap(), [2, 1]);
        assert_eq!(found("4").unwrap(), [3]);
        for (wanted, problem) in [
            ("ax..az", "no column az; the first row has t, ax, ay, label"),
            ("ay..ax", "columns ay..ax; expected FIRST..LAST, or names"),
            ("ax,ax", "column 2 twice; name it once in --sample-columns"),
            ("", "no column ; the first row has"),
        ] {
            let error = found(wanted).unwrap_err();
            assert!(error.contains(problem), "{wanted}: {error}");
        }
    }
}

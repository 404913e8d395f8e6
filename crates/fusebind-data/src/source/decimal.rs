//! Decimal commas to decimal points, where the file leaves no doubt.
//!
//! A column is read so if every cell is a number, one has a comma, none has a point, and one comma cannot stand for thousands. Another
//! column that is written so settles the sign for the whole file. `1,234` alone is unclear and stays as it is: [`unclear`] says why.

use super::raw::RawColumn;

/// What the cells of a column say about the decimal sign.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    /// Commas that cannot stand for thousands.
    Comma,
    /// Commas that may stand for thousands.
    Unclear,
    /// Points, text, or whole numbers alone.
    Other,
}

/// Reads the decimal commas of `columns`; returns the names of those that had some.
pub(super) fn read(columns: &mut [RawColumn]) -> Vec<String> {
    let signs: Vec<Sign> = columns.iter().map(sign).collect();
    // Where the file writes `7.25` as well, a comma is no decimal sign.
    let settled = signs.contains(&Sign::Comma) && !columns.iter().any(has_points);
    let mut changed = Vec::new();
    for (column, sign) in columns.iter_mut().zip(signs) {
        if sign == Sign::Comma || sign == Sign::Unclear && settled {
            let mut points = RawColumn::new(column.name());
            (0..column.len())
                .for_each(|row| points.push(column.get(row).map(|cell| cell.replace(',', ".")).as_deref()));
            changed.push(column.name().to_string());
            *column = points;
        }
    }
    changed
}

/// Why a cell such as `1,500` is no number: a comma before exactly three digits has two readings.
pub(super) fn unclear(number: &str) -> Option<String> {
    let (whole, rest) = number.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_unclear = digits(whole) && digits(rest) && may_be_thousands(whole, rest);
    is_unclear.then(|| {
        format!(
            "`{number}` is {whole}{rest} if the comma stands for thousands, and {whole}.{rest} if it is the decimal sign: nothing else in the \
             file tells; write the numbers of the column without commas, with a decimal point"
        )
    })
}

fn may_be_thousands(whole: &str, rest: &str) -> bool {
    rest.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
}

fn bare(cell: &str) -> &str {
    cell.trim_start_matches(['<', '>', '=', '~', '≤', '≥', ' '])
}

/// Whether the first number with a sign in `column` has a point.
fn has_points(column: &RawColumn) -> bool {
    let mut cells = (0..column.len()).filter_map(|row| column.get(row));
    let first = cells.find(|cell| super::missing::value(cell).is_some());
    // Text is told by its first cell, so that a column of sequences costs nothing.
    first.is_some_and(|cell| bare(cell).parse::<f64>().is_ok())
        && (0..column.len())
            .filter_map(|row| column.get(row))
            .any(|cell| cell.contains('.') && bare(cell).parse::<f64>().is_ok())
}

fn sign(column: &RawColumn) -> Sign {
    let mut found = Sign::Other;
    // Most columns have no comma at all.
    if !column.contains(',') {
        return found;
    }
    for cell in (0..column.len()).filter_map(|row| column.get(row)) {
        if super::missing::value(cell).is_none() {
            continue;
        }
        let number = bare(cell);
        match number.split_once(',') {
            _ if cell.contains('.') => return Sign::Other,
            None if number.parse::<f64>().is_ok() => {}
            Some((whole, rest)) if number.replacen(',', ".", 1).parse::<f64>().is_ok() => {
                let clear = !may_be_thousands(whole.trim_start_matches(['-', '+']), rest);
                if found != Sign::Comma {
                    found = if clear { Sign::Comma } else { Sign::Unclear };
                }
            }
            _ => return Sign::Other,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_columns(columns: &[&[&str]]) -> Vec<Vec<String>> {
        let column = |cells: &&[&str]| {
            let mut column = RawColumn::new("ki");
            cells.iter().for_each(|cell| column.push(Some(cell)));
            column
        };
        let mut columns: Vec<RawColumn> = columns.iter().map(column).collect();
        read(&mut columns);
        let cells = |column: &RawColumn| {
            (0..column.len())
                .map(|row| column.get(row).unwrap_or("").to_string())
                .collect()
        };
        columns.iter().map(cells).collect()
    }

    fn read_cells(cells: &[&str]) -> Vec<String> {
        read_columns(&[cells]).remove(0)
    }

    #[test]
    fn commas_become_points_only_where_nothing_else_can_be_meant() {
        assert_eq!(read_cells(&["1,5", ">2", "1,234"]), ["1.5", ">2", "1.234"]);
        assert_eq!(read_cells(&["0,125"]), ["0.125"]);
        assert_eq!(read_cells(&["1,234", "12,500"]), ["1,234", "12,500"]);
        assert_eq!(read_cells(&["1,5", "a"]), ["1,5", "a"]);
        assert_eq!(read_cells(&["1,5", "1.5"]), ["1,5", "1.5"]);
    }

    #[test]
    fn another_column_settles_the_sign_for_the_file() {
        assert_eq!(read_columns(&[&["1,234"], &["0,5"]])[0], ["1.234"]);
        assert_eq!(read_columns(&[&["1,234"], &["0,5"], &["7.25"]])[0], ["1,234"]);
    }

    #[test]
    fn both_readings_are_named() {
        let reason = unclear("1,500").expect("is unclear");
        assert!(reason.contains("1500 if") && reason.contains("1.500 if"), "{reason}");
        assert_eq!(
            [unclear("1,5"), unclear("0,500"), unclear("1500"), unclear("a,500")],
            [const { None }; 4]
        );
    }
}

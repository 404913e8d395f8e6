//! Decimal commas to decimal points, where a column leaves no doubt.
//!
//! A column is read so if every cell is a number, one has a comma, none has a point, and one comma cannot stand for thousands. `1,234`
//! alone is unclear and stays as it is: the reader of the number refuses it.

use super::raw::RawColumn;

/// Reads the decimal commas of `columns`; returns the names of those that had some.
pub(super) fn read(columns: &mut [RawColumn]) -> Vec<String> {
    let mut changed = Vec::new();
    for column in columns {
        if !is_decimal(column) {
            continue;
        }
        let mut points = RawColumn::new(column.name());
        (0..column.len()).for_each(|row| points.push(column.get(row).map(|cell| cell.replace(',', ".")).as_deref()));
        changed.push(column.name().to_string());
        *column = points;
    }
    changed
}

fn is_decimal(column: &RawColumn) -> bool {
    let mut clear = false;
    for cell in (0..column.len()).filter_map(|row| column.get(row)) {
        if super::missing::value(cell).is_none() {
            continue;
        }
        let number = cell.trim_start_matches(['<', '>', '=', '~', '≤', '≥', ' ']);
        match number.split_once(',') {
            _ if cell.contains('.') => return false,
            None if number.parse::<f64>().is_ok() => {}
            Some((whole, rest)) if number.replacen(',', ".", 1).parse::<f64>().is_ok() => {
                let digits = whole.trim_start_matches(['-', '+']);
                let thousands = rest.len() == 3 && (1..=3).contains(&digits.len()) && !digits.starts_with('0');
                clear |= !thousands;
            }
            _ => return false,
        }
    }
    clear
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_cells(cells: &[&str]) -> Vec<String> {
        let mut column = RawColumn::new("ki");
        cells.iter().for_each(|cell| column.push(Some(cell)));
        let mut columns = [column];
        read(&mut columns);
        (0..cells.len())
            .map(|row| columns[0].get(row).unwrap_or("").to_string())
            .collect()
    }

    #[test]
    fn commas_become_points_only_where_nothing_else_can_be_meant() {
        assert_eq!(read_cells(&["1,5", ">2", "1,234"]), ["1.5", ">2", "1.234"]);
        assert_eq!(read_cells(&["0,125"]), ["0.125"]);
        assert_eq!(read_cells(&["1,234", "12,500"]), ["1,234", "12,500"]);
        assert_eq!(read_cells(&["1,5", "a"]), ["1,5", "a"]);
        assert_eq!(read_cells(&["1,5", "1.5"]), ["1,5", "1.5"]);
    }
}

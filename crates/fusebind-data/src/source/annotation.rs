//! Rows of a table that describe its columns: PubChem writes types, descriptions and units above the results.
//!
//! Comes in: a table. Goes out: the same without such rows. A column that names what was measured but not its unit is called by both, so
//! that `Potency` over `MICROMOLAR` is `Potency (MICROMOLAR)`.

use super::{
    columns::is_named,
    config::ColumnMap,
    missing::present,
    raw::{RawColumn, RawTable},
    unit::UnitParts,
};

/// The column that marks such rows, and what its cells begin with.
const TAG: (&str, &str) = ("PUBCHEM_RESULT_TAG", "RESULT_");
/// The cell of that column in the row of units.
const UNITS: &str = "RESULT_UNIT";

/// The table without the rows that describe its columns. Rows keep their numbers; columns keep their names where there is no `map`, and those
/// that it names.
pub(super) fn skip(table: RawTable, map: Option<&ColumnMap>) -> RawTable {
    let Some(tag) = table.column(TAG.0) else { return table };
    let tagged = |row: usize, begin: &str| tag.get(row).is_some_and(|text| text.trim().starts_with(begin));
    let kept: Vec<usize> = (0..table.len()).filter(|row| !tagged(*row, TAG.1)).collect();
    if kept.len() == table.len() {
        return table;
    }
    let units = (0..table.len()).find(|row| tagged(*row, UNITS));
    let columns = table.columns().iter().map(|column| {
        let unit = units.and_then(|row| present(column, row));
        let name = match unit.filter(|_| map.is_some_and(|map| !is_named(map, column.name()))) {
            Some(unit) => with_unit(column.name(), unit),
            None => column.name().to_string(),
        };
        let mut short = RawColumn::new(name);
        kept.iter().for_each(|row| short.push(column.get(*row)));
        short
    });
    let rows = kept.iter().map(|row| table.row_number(*row)).collect();
    let notes = table.notes().to_vec();
    RawTable::with_rows(table.file.clone(), columns.collect(), rows).noted(notes)
}

/// The name with its unit, where the name says what was measured and the unit completes it.
fn with_unit(name: &str, unit: &str) -> String {
    let parts = UnitParts::of_name(name)
        .ok()
        .filter(|parts| parts.names_measure() && parts.complete().is_err());
    let completed = parts.and_then(|parts| parts.and(UnitParts::parse(unit).ok()?)?.complete().ok());
    match completed {
        Some(_) => format!("{name} ({unit})"),
        None => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_in_the_description_completes_a_measure() {
        assert_eq!(with_unit("Potency", "MICROMOLAR"), "Potency (MICROMOLAR)");
        assert_eq!(with_unit("Kd_nM", "MICROMOLAR"), "Kd_nM");
        assert_eq!(with_unit("Efficacy", "PERCENT"), "Efficacy");
    }
}

//! Rows of a table that describe its columns: PubChem writes types, descriptions and units above the results.

use super::raw::{RawColumn, RawTable};

/// The column that marks such rows, and what its cells begin with.
const TAG: (&str, &str) = ("PUBCHEM_RESULT_TAG", "RESULT_");

/// The table without the rows that describe its columns. Rows keep their numbers.
pub(super) fn skip(table: RawTable) -> RawTable {
    let Some(tag) = table.column(TAG.0) else { return table };
    let kept: Vec<usize> = (0..table.len())
        .filter(|row| !tag.get(*row).is_some_and(|text| text.trim().starts_with(TAG.1)))
        .collect();
    if kept.len() == table.len() {
        return table;
    }
    let columns = table.columns().iter().map(|column| {
        let mut short = RawColumn::new(column.name());
        kept.iter().for_each(|row| short.push(column.get(*row)));
        short
    });
    let rows = kept.iter().map(|row| table.row_number(*row)).collect();
    RawTable::with_rows(table.file.clone(), columns.collect(), rows)
}

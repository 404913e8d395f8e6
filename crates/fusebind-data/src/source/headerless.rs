//! Libraries without a header: the first line is data where it names no known column and holds a structure or a sequence.
//!
//! Comes in: a table as it was read. Goes out: the same table, or one whose header became its first row.

use super::{
    columns::{Role, Scope, find},
    config::ColumnMap,
    raw::{RawColumn, RawTable},
};
use crate::table::Rejection;

/// The library `table` of structures or sequences (`role`). `holds` says whether a cell is one.
pub(super) fn settle(
    table: RawTable,
    (role, scope): (Role, Scope),
    map: &ColumnMap,
    holds: &dyn Fn(&str) -> bool,
) -> RawTable {
    if table.column("molblock").is_some() || find(&table, role, scope, map).is_some() {
        return table;
    }
    let value = table.columns().iter().position(|column| {
        let below = (0..column.len()).find_map(|row| column.get(row));
        holds(column.name()) && below.is_none_or(holds)
    });
    match value {
        Some(at) => first_row(table, at, if role == Role::Smiles { "smiles" } else { "sequence" }),
        None => table,
    }
}

/// The table whose header is a row, with the structures or sequences in column `value`.
pub(super) fn first_row(table: RawTable, value: usize, called: &str) -> RawTable {
    let mut id = false;
    let names: Vec<String> = (0..table.columns().len())
        .map(|at| {
            if at == value {
                called.to_string()
            } else if !std::mem::replace(&mut id, true) {
                "id".to_string()
            } else {
                format!("column_{}", at + 1)
            }
        })
        .collect();
    with_names(table, &names)
}

/// The table whose header is a row, with columns of these names.
pub(super) fn with_names(table: RawTable, names: &[String]) -> RawTable {
    let file = table.file.clone();
    let (columns, rows, notes) = table.into_parts();
    let columns: Vec<RawColumn> = columns
        .iter()
        .zip(names)
        .map(|(column, name)| column.with_first(name, column.name()))
        .collect();
    // The first line counts as a row now.
    let rows = std::iter::once(1).chain(rows.into_iter().map(|row| row + 1)).collect();
    let order: Vec<&str> = columns.iter().map(RawColumn::name).collect();
    let note = format!(
        "{file}: there is no header; the columns were read as {}",
        order.join(", ")
    );
    RawTable::with_rows(file, columns, rows).noted(notes).noted([note])
}

/// Moves `rejections` down by the row that the header of a table of `before` rows became, so that they keep the number of their line.
pub(super) fn renumber(before: usize, table: &RawTable, rejections: &mut [Rejection]) {
    if table.len() > before {
        rejections.iter_mut().for_each(|rejection| rejection.row += 1);
    }
}

/// Whether `word` names a column in any table.
pub(super) fn known(word: &str) -> bool {
    let table = RawTable::from_columns("", vec![RawColumn::new(word)]);
    let map = ColumnMap::default();
    [Scope::Drugs, Scope::Targets, Scope::Pairs].iter().any(|scope| {
        [
            Role::DrugId,
            Role::Smiles,
            Role::TargetId,
            Role::Sequence,
            Role::Label,
            Role::Affinity,
        ]
        .iter()
        .any(|role| find(&table, *role, *scope, &map).is_some())
    })
}

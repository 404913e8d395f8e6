//! Matrices with genes or assays as rows and entities as columns: turned, so that they are read as any other table.
//!
//! Comes in: a table of profiles and a data set. Goes out: the same table, or one with a row for each entity. A table is turned where its
//! header names entities of the data set and its first column names none.

use std::collections::HashSet;

use super::matching::{Side, entity_names, side_of_key};
use crate::{
    source::{RawColumn, RawTable},
    table::{Dataset, Rejection},
};

/// Fewest columns that must name an entity, where further ones do not.
const FEWEST: usize = 2;

/// The table with one row for each entity, and what should be said of it.
pub(super) fn settle(
    table: RawTable,
    dataset: &Dataset,
    rejections: &mut Vec<Rejection>,
) -> (RawTable, Option<String>) {
    let Some((side, kind, entities)) = entities_in_header(&table, dataset) else {
        return (table, None);
    };
    let (names, measured) = (&table.columns()[0], &table.columns()[1..]);
    let mut key = RawColumn::new(kind);
    let kept: Vec<&RawColumn> = measured
        .iter()
        .filter(|column| entities.contains(column.name()))
        .collect();
    kept.iter().for_each(|column| key.push(Some(column.name())));
    let (mut columns, mut seen) = (vec![key], HashSet::new());
    for row in 0..table.len() {
        let Some(name) = names.get(row) else {
            rejections.push(table.reject(row, names.name(), "the row has no name; name its gene or assay"));
            continue;
        };
        if !seen.insert(name) {
            let reason = "a row of this name was read before; keep one, or give each a name of its own";
            rejections.push(table.reject(row, names.name(), reason));
            continue;
        }
        let mut turned = RawColumn::new(name);
        kept.iter().for_each(|column| turned.push(column.get(row)));
        columns.push(turned);
    }
    let mut note = format!(
        "{}: read with its columns as {} and its {} rows as what was measured, since its header holds their `{kind}`",
        table.file,
        side.plural(),
        seen.len()
    );
    let further = measured.len() - kept.len();
    if further > 0 {
        note += &format!("; {further} further columns name none of them and are not read");
    }
    (RawTable::from_columns(table.file.clone(), columns), Some(note))
}

/// The side, the kind of name and the names that the header holds, where it holds the entities.
fn entities_in_header<'d>(table: &RawTable, dataset: &'d Dataset) -> Option<(Side, &'static str, HashSet<&'d str>)> {
    let (first, header) = table.columns().split_first()?;
    let stated = side_of_key(first.name());
    let sides = [Side::Drug, Side::Target].into_iter();
    let sides = sides.filter(|side| stated.is_none_or(|stated| stated == *side));
    let mut best = None;
    for side in sides {
        let names = entity_names(side, dataset);
        let is_entity = |cell: &str| names.iter().any(|(_, known)| known.contains(cell));
        if (0..table.len()).filter_map(|row| first.get(row)).any(is_entity) {
            continue;
        }
        for (kind, known) in names {
            let matched: HashSet<&str> = header
                .iter()
                .filter_map(|column| known.get(column.name()).copied())
                .collect();
            // Numbers name assays as well as compounds.
            let are_numbers = matched
                .iter()
                .all(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
            let fewest = if are_numbers {
                header.len().div_ceil(2).max(1)
            } else {
                FEWEST.min(header.len())
            };
            let is_better = best
                .as_ref()
                .is_none_or(|(_, _, other): &(_, _, HashSet<&str>)| matched.len() > other.len());
            if !matched.is_empty() && matched.len() >= fewest && is_better {
                best = Some((side, kind, matched));
            }
        }
    }
    best
}

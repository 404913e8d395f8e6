//! Cells that hold several drugs: combinations such as `A.B`, of which one molecule alone can be read.
//!
//! Comes in: a table with SMILES. Goes out: a sentence with the number of such cells and the first of them. Counter-ions and solvents are no drugs, and
//! neither is a part of few atoms.

use std::collections::{BTreeSet, HashMap};

use fusebind_features::entity::molecule::{ChematicToolkit, Chemistry, is_counter_ion};

use super::{
    columns::{Role, Scope, find},
    config::ColumnMap,
    missing::present,
    raw::RawTable,
};

/// Fewest heavy atoms of a part that may be a drug.
const SMALLEST: usize = 8;

/// [`note`] on the table of drugs, or on the pair table where it has their structures.
pub(super) fn of_tables(drugs: Option<&RawTable>, pairs: &RawTable, map: &ColumnMap) -> Option<String> {
    match drugs {
        Some(table) => note(table, Scope::Drugs, map),
        None => note(pairs, Scope::Pairs, map),
    }
}

/// A sentence about the cells of `table` that hold several drugs; none where there are none.
pub(super) fn note(table: &RawTable, scope: Scope, map: &ColumnMap) -> Option<String> {
    let column = find(table, Role::Smiles, scope, map)?;
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    let mut drugs = |cell| -> usize {
        let parts = str::split(cell, '.');
        let read = parts.filter_map(|part| {
            let drug = known.entry(part).or_insert_with(|| {
                // By the toolkit itself: parts of a cell need no place in a cache of molecules.
                let molecule = ChematicToolkit.molecule(part).ok()?;
                let is_drug = molecule.heavy_atoms >= SMALLEST && !is_counter_ion(&molecule.smiles);
                is_drug.then_some(molecule.smiles)
            });
            drug.clone()
        });
        read.collect::<BTreeSet<String>>().len()
    };
    let cells = (0..table.len()).filter_map(|row| Some((row, present(column, row)?)));
    let several: Vec<usize> = cells
        .filter(|(_, cell)| cell.contains('.') && drugs(cell) > 1)
        .map(|(row, _)| row)
        .collect();
    let first = *several.first()?;
    Some(format!(
        "{} cells of `{}` hold several drugs, the first in row {}: the one with most atoms is read; give each a row of its own if that is wrong",
        several.len(),
        column.name(),
        table.row_number(first)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RawColumn;

    #[test]
    fn salts_and_solvents_are_no_second_drug() {
        let mut column = RawColumn::new("smiles");
        for cell in [
            "CC(=O)Oc1ccccc1C(=O)O.[Na+]",
            "CN1CCC[C@H]1c1cccnc1.OC(=O)C(O)C(O)C(=O)O",
            "CC(=O)Oc1ccccc1C(=O)O.CC(=O)Nc1ccc(O)cc1",
            "CC(=O)Oc1ccccc1C(=O)O.CC(=O)Oc1ccccc1C(=O)O",
            "CC(=O)Oc1ccccc1C(=O)O.Cn1c(=O)c2c(ncn2C)n(C)c1=O.Cl",
        ] {
            column.push(Some(cell));
        }
        let table = RawTable::from_columns("drugs.csv", vec![column]);
        let map = ColumnMap::default();
        let note = note(&table, Scope::Drugs, &map).expect("two cells");
        assert!(
            note.starts_with("2 cells of `smiles`") && note.contains("row 3"),
            "{note}"
        );
    }
}

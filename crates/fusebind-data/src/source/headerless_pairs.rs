//! Tables of pairs without a header: `SMILES SEQUENCE LABEL` in each line, perhaps with the ids of both in front.
//!
//! Comes in: a flat table as it was read. Goes out: the same table, or one whose header became its first row, with columns named by what
//! they hold. The first line is data where none of its cells names a column, one is a structure and another one a sequence.

use fusebind_features::entity::{
    molecule::{ChematicToolkit, Chemistry},
    protein::Protein,
};

use super::{headerless, label, missing::present, raw::RawTable};

/// The pair table `table`.
pub(super) fn settle(table: RawTable) -> RawTable {
    let cells: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    if cells.iter().any(|cell| headerless::known(cell)) {
        return table;
    }
    let Some((smiles, sequence)) = structures(&cells) else {
        return table;
    };
    let names = names(&table, smiles, sequence);
    headerless::with_names(table, &names)
}

/// Where the structure and the sequence stand among the cells of a line.
pub(super) fn structures(cells: &[&str]) -> Option<(usize, usize)> {
    // Peptides are sequences and may be read as structures; no structure of a drug is a sequence.
    let sequence = (0..cells.len())
        .filter(|at| is_sequence(cells[*at]))
        .max_by_key(|at| cells[*at].len())?;
    let smiles = (0..cells.len()).filter(|at| *at != sequence && is_structure(cells[*at]));
    Some((smiles.max_by_key(|at| cells[*at].len())?, sequence))
}

fn is_sequence(cell: &str) -> bool {
    cell.bytes().all(|byte| byte.is_ascii_alphabetic()) && Protein::parse(cell).is_ok()
}

fn is_structure(cell: &str) -> bool {
    // `1` and ids are quickly told.
    cell.bytes().any(|byte| byte.is_ascii_alphabetic()) && ChematicToolkit.molecule(cell).is_ok()
}

/// Names of the columns by what they hold: the last column of numbers has labels or measurements; two further columns are ids.
fn names(table: &RawTable, smiles: usize, sequence: usize) -> Vec<String> {
    let columns = table.columns();
    let mut names: Vec<String> = (1..=columns.len()).map(|at| format!("column_{at}")).collect();
    names[smiles] = "smiles".into();
    names[sequence] = "sequence".into();
    let others = || (0..columns.len()).filter(|at| *at != smiles && *at != sequence);
    let numeric = |at: &usize| {
        let column = &columns[*at];
        column.name().parse::<f64>().is_ok()
            && (0..column.len())
                .filter_map(|row| present(column, row))
                .all(|cell| cell.parse::<f64>().is_ok())
    };
    let value = others().rfind(numeric);
    if let Some(at) = value {
        let is_label = label::parse(columns[at].name()).is_ok() && label::holds_mostly_labels(&columns[at]);
        names[at] = if is_label { "label" } else { "affinity" }.into();
    }
    let ids: Vec<usize> = others().filter(|at| Some(*at) != value).collect();
    if let [drug, target] = ids[..] {
        names[drug] = "drug_id".into();
        names[target] = "target_id".into();
    }
    names
}

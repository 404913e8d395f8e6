//! An entity that holds for every row of a table of pairs, against what the table says itself.
//!
//! Comes in: a table of pairs, and which sides are given beside it. Goes out: the column of ids of each given side, or an error where the table
//! names another entity: a table with sequences and one sequence beside it say two things about each row.

use std::{collections::BTreeSet, path::Path};

use super::{
    columns::{Role, Scope, find, normalise},
    config::ColumnMap,
    missing::present,
    raw::{RawColumn, RawTable},
};
use crate::{Error, ErrorKind};

/// What one side of a pair is called, and where.
struct Words {
    id: Role,
    text: Role,
    /// Columns that name the entity or hold it.
    short: &'static [&'static str],
    flag: &'static str,
}

const DRUG: Words = Words {
    id: Role::DrugId,
    text: Role::Smiles,
    short: &["drug", "compound", "ligand"],
    flag: "--smiles",
};
const TARGET: Words = Words {
    id: Role::TargetId,
    text: Role::Sequence,
    short: &["target", "protein"],
    flag: "--sequence",
};

/// The columns of ids of the sides that are `given`: drug and target.
///
/// # Errors
/// Where the table holds structures or sequences of a given side, or more than one id of it.
pub(super) fn id_columns<'t>(
    pairs: &'t RawTable,
    map: &ColumnMap,
    given: [bool; 2],
) -> Result<[Option<&'t RawColumn>; 2], Error> {
    let of = |side: usize, words: &Words| match given[side] {
        true => id_column(pairs, map, words),
        false => Ok(None),
    };
    Ok([of(0, &DRUG)?, of(1, &TARGET)?])
}

fn id_column<'t>(pairs: &'t RawTable, map: &ColumnMap, words: &Words) -> Result<Option<&'t RawColumn>, Error> {
    let flag = words.flag;
    let refused = |column: &RawColumn, reason: String, hint: String| {
        Err(Error::new(ErrorKind::Ambiguous, reason)
            .in_file(Path::new(&pairs.file))
            .in_column(column.name())
            .hint(hint))
    };
    let is_filled = |column: &&RawColumn| (0..pairs.len()).any(|row| present(column, row).is_some());
    if let Some(column) = find(pairs, words.text, Scope::Pairs, map).filter(is_filled) {
        let reason = format!("the rows say themselves what {flag} gives");
        return refused(column, reason, format!("leave {flag} out, or remove the column"));
    }
    let short = |column: &&RawColumn| words.short.contains(&normalise(column.name()).as_str());
    let Some(column) = find(pairs, words.id, Scope::Pairs, map).or_else(|| pairs.columns().iter().find(short)) else {
        return Ok(None);
    };
    let ids: BTreeSet<&str> = (0..pairs.len()).filter_map(|row| present(column, row)).collect();
    match ids.len() > 1 {
        false => Ok(Some(column)),
        true => refused(
            column,
            format!("the rows are about {} different ids, and {flag} gives one", ids.len()),
            format!("keep the rows of one id with {flag}, or add a column that says what each id stands for"),
        ),
    }
}

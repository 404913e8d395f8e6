//! Which column holds labels and which affinities, where the name alone does not tell: measurements under `Y` or `Label`, zeros and ones under
//! `affinity`, words under `interaction`.

use std::path::Path;

use super::{
    columns::{Role, Scope, find, named},
    config::{ColumnMap, LoadConfig},
    label,
    measured::measured_columns,
    raw::{RawColumn, RawTable},
    unit::UnitParts,
    unit_text::UnitFault,
};
use crate::{Error, ErrorKind};

/// What the columns of a pair table are.
pub(super) struct Roles<'t> {
    /// The column of labels.
    pub(super) label: Option<&'t RawColumn>,
    /// The columns that were named, and one that what it holds makes an affinity or a label.
    pub(super) columns: ColumnMap,
    /// A sentence about a column that is not read.
    pub(super) note: Option<String>,
}

/// Finds the roles by names, then by what the columns hold. A name that a flag gives is taken as it is.
pub(super) fn roles<'t>(table: &'t RawTable, config: &LoadConfig) -> Roles<'t> {
    let mut found = Roles {
        label: find(table, Role::Label, Scope::Pairs, &config.columns),
        columns: config.columns.clone(),
        note: None,
    };
    if named(table, Role::Label, &config.columns).is_some() {
        return found;
    }
    let is_named = named(table, Role::Affinity, &config.columns).is_some();
    let measured =
        is_named || measured_columns(table, config, None, &mut Vec::new()).is_ok_and(|columns| !columns.is_empty());
    match found.label {
        Some(column) if measured && !label::holds_mostly_labels(column) => {
            found.label = None;
            found.note = Some(format!(
                "the column `{}` is not read, since most of its cells are no labels; --label {} reads it all the same",
                column.name(),
                column.name()
            ));
        }
        // Without a unit the table is refused, with a hint to name it.
        Some(column) if !measured && label::holds_measurements(column) => {
            found.label = None;
            found.columns.affinity = Some(column.name().to_string());
        }
        None if !measured && config.unit.is_none() => {
            let affinity = find(table, Role::Affinity, Scope::Pairs, &config.columns);
            found.label = affinity.filter(|column| label::holds_labels(column));
            found.columns.label = found.label.map(|column| column.name().to_string());
        }
        _ => {}
    }
    found
}

/// A table without anything that was measured: perhaps a column says so in a way that is not read.
pub(super) fn nothing_measured(table: &RawTable) -> Error {
    let unmeasured = |column: &&RawColumn| {
        let parts = UnitParts::of_name(column.name());
        column.name().trim().len() > 1 && parts.is_ok_and(UnitParts::is_unit_alone)
    };
    if let Some(column) = table.columns().iter().find(unmeasured) {
        return Error::new(
            ErrorKind::Unit,
            "the name of the column does not state what was measured",
        )
        .in_file(Path::new(&table.file))
        .in_column(column.name())
        .hint("name it with --affinity and what it holds with --unit, for instance --unit Kd_nM or --unit IC50_nM");
    }
    let unclear = |column: &RawColumn| match UnitParts::of_name(column.name()) {
        Err(fault @ (UnitFault::Sign | UnitFault::Contradiction | UnitFault::Capital(_))) => Some(fault),
        _ => None,
    };
    let found = table
        .columns()
        .iter()
        .find_map(|column| Some((column, unclear(column)?)));
    if let Some((column, fault)) = found {
        return Error::new(ErrorKind::Unit, fault.to_string())
            .in_file(Path::new(&table.file))
            .in_column(column.name())
            .hint("name the column with --affinity and what its values are with --unit, for instance --unit pKd or --unit Kd_nM");
    }
    table.missing(
        "label",
        "there is neither a label nor an affinity column; name one with --label COLUMN, or with --affinity COLUMN and --unit UNIT",
    )
}

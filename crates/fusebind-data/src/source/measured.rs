//! Which columns of a pair table hold measurements, and where the unit of each comes from: the name of the column, a unit and a measure
//! column, or a setting.

use std::{cell::RefCell, collections::HashMap, path::Path};

use super::{
    columns::{Role, Scope, find, is_named, named, normalise, spelled},
    config::{LabelPolicy, LoadConfig},
    missing::present,
    raw::{RawColumn, RawTable},
    unit::{Unit, UnitParts, split_relation},
    unit_text::UnitFault,
};
use crate::{
    Error, ErrorKind,
    table::{Affinity, Scale},
};

/// A column of measurements and where its unit comes from.
pub(super) struct Measured<'t> {
    pub(super) column: &'t RawColumn,
    /// Whether the source derived the column from another one, as pChEMBL is from the standard value.
    pub(super) is_derived: bool,
    /// What the settings or the column's own name state.
    fixed: UnitParts,
    /// Unit and measure columns, unless the settings name the unit.
    row_wise: Vec<(Role, &'t RawColumn)>,
    /// What the few distinct texts of these columns state.
    stated: RefCell<HashMap<&'t str, Result<UnitParts, UnitFault>>>,
    relation: Option<&'t RawColumn>,
}

/// The field that is wrong, and why.
type Fault = (String, String);

impl<'t> Measured<'t> {
    /// The unit of a row.
    pub(super) fn unit(&self, row: usize) -> Result<Unit, Fault> {
        let mut parts = self.fixed;
        for (role, column) in &self.row_wise {
            let Some(text) = present(column, row) else { continue };
            let fault = |reason: String| (column.name().to_string(), reason);
            let stated = self.stated(text).map_err(|unknown| {
                fault(match (role, unknown) {
                    (Role::Measure, UnitFault::Unknown(_) | UnitFault::Stray(..)) => {
                        "this measure is not read; Kd, Ki, IC50, EC50, AC50, Potency and their -log10 are".into()
                    }
                    (_, unknown) => unknown.to_string(),
                })
            })?;
            parts = parts.and(stated).ok_or_else(|| {
                fault("the unit contradicts the measure or the name of the affinity column; correct one, or name the unit with --unit".into())
            })?;
        }
        let place = self.row_wise.first().map_or(self.column, |(_, column)| column).name();
        parts.complete().map_err(|reason| (place.to_string(), reason))
    }

    fn stated(&self, text: &'t str) -> Result<UnitParts, UnitFault> {
        let mut known = self.stated.borrow_mut();
        known.entry(text).or_insert_with(|| UnitParts::parse(text)).clone()
    }

    /// The affinity that `text` is in `row`.
    pub(super) fn read(&self, row: usize, text: &str) -> Result<Affinity, Fault> {
        let unit = self.unit(row)?;
        let relation = self
            .relation
            .and_then(|column| present(column, row))
            .unwrap_or_default();
        // Some exports quote the relation inside the cell, as in '>'.
        let relation = relation.trim_matches(|c| c == '\'' || c == '"');
        unit.affinity(relation, text)
            .map_err(|reason| (self.column.name().to_string(), reason))
    }

    /// Whether the name alone does not make it an affinity: a value of anything, or a readout of a screen.
    fn is_doubtful(&self) -> bool {
        spelled(self.column.name(), "value") || self.fixed.scale == Some(Scale::PAc50)
    }

    fn incomplete(&self) -> Option<String> {
        self.row_wise.is_empty().then(|| self.fixed.complete().err()).flatten()
    }
}

/// The affinity column with its unit, and every column whose name states what was measured. Beside a label a column that may be something
/// else is left out where its unit is missing, with its name in `unread`.
pub(super) fn measured_columns<'t>(
    table: &'t RawTable,
    config: &LoadConfig,
    label: Option<&RawColumn>,
    unread: &mut Vec<String>,
) -> Result<Vec<Measured<'t>>, Error> {
    let stated = stated(config)?;
    let mut columns = with_names(table, config);
    complete(&mut columns, stated);
    add_row_wise(&mut columns, table, config, stated.is_some());
    let complete = columns.iter().any(|column| column.incomplete().is_none());
    let explicit = named(table, Role::Affinity, &config.columns).is_some();
    let mut kept = Vec::new();
    for column in columns {
        match column.incomplete() {
            None => kept.push(column),
            // What is predicted needs no measurement; a column without a measure counts where nothing else does.
            Some(_) if config.labels == LabelPolicy::Optional => {}
            Some(_) if complete && !explicit && !column.fixed.names_measure() => {}
            Some(_) if label.is_some() && !explicit && column.is_doubtful() => {
                unread.push(column.column.name().to_string())
            }
            Some(reason) => return Err(unit_missing(table, column.column, &reason)),
        }
    }
    Ok(kept)
}

/// The unit that the settings give to all affinities.
fn stated(config: &LoadConfig) -> Result<Option<UnitParts>, Error> {
    let Some(unit) = &config.unit else { return Ok(None) };
    UnitParts::parse(unit).map(Some).map_err(|fault| {
        let reason = format!("the unit `{unit}` of --unit is not known: {fault}");
        Error::new(ErrorKind::Unit, reason).hint("write for instance Kd_nM, IC50_uM, Ki_M, pKd or KIBA_score")
    })
}

/// The columns with what their names state: an affinity column first. One that a flag names stands alone.
fn with_names<'t>(table: &'t RawTable, config: &LoadConfig) -> Vec<Measured<'t>> {
    let map = &config.columns;
    let measured = |column: &'t RawColumn, fixed| Measured {
        column,
        is_derived: normalise(column.name()).starts_with("pchembl"),
        fixed,
        row_wise: Vec::new(),
        stated: RefCell::default(),
        relation: None,
    };
    let by_name = |column: &RawColumn| UnitParts::of_name(column.name()).unwrap_or_default();
    let affinity = find(table, Role::Affinity, Scope::Pairs, map);
    let mut columns: Vec<_> = affinity
        .map(|column| measured(column, by_name(column)))
        .into_iter()
        .collect();
    if named(table, Role::Affinity, map).is_some() {
        return columns;
    }
    let further = table.columns().iter().filter(|column| {
        let parts = by_name(column);
        let is_affinity = affinity.is_some_and(|affinity| affinity.name() == column.name());
        (parts.names_measure() || parts.is_logarithmic()) && !is_affinity && !is_named(map, column.name())
    });
    columns.extend(further.map(|column| measured(column, by_name(column))));
    columns
}

/// A unit that was given completes the names. It replaces the unit in a name where it says what was measured and one column measures that.
fn complete(columns: &mut [Measured<'_>], stated: Option<UnitParts>) {
    let Some(stated) = stated else { return };
    let same = columns
        .iter()
        .filter(|column| column.fixed.scale == stated.scale)
        .count();
    for column in columns {
        let fixed = column.fixed;
        column.fixed = match stated.and(fixed) {
            Some(both) => both,
            None if fixed.scale.is_none() || stated.names_measure() && fixed.scale == stated.scale && same == 1 => {
                stated
            }
            None => fixed,
        };
    }
}

/// The unit, measure and relation columns that speak for each column of measurements.
fn add_row_wise<'t>(columns: &mut [Measured<'t>], table: &'t RawTable, config: &LoadConfig, is_stated: bool) {
    let role = |role| find(table, role, Scope::Pairs, &config.columns);
    let (unit, measure, relation) = (role(Role::Unit), role(Role::Measure), role(Role::Relation));
    let generic = find(table, Role::Affinity, Scope::Pairs, &config.columns).map(RawColumn::name);
    let concentrations = columns.iter().any(|column| !column.fixed.is_logarithmic());
    for column in columns {
        let fixed = column.fixed;
        let is_logarithm = fixed.is_logarithmic();
        // Beside a concentration the unit and the relation belong to that, not to its logarithm.
        column.relation = relation.filter(|_| !(is_logarithm && concentrations));
        let beside = generic.is_some_and(|generic| generic != column.column.name());
        if is_stated || beside && fixed.complete().is_ok() {
            continue;
        }
        let of_unit = unit.filter(|_| !(is_logarithm && (concentrations || fixed.scale.is_none())));
        let of_measure = measure.filter(|_| !(is_logarithm && concentrations && fixed.complete().is_ok()));
        column.row_wise = [(Role::Unit, of_unit), (Role::Measure, of_measure)]
            .into_iter()
            .filter_map(|(role, column)| Some((role, column?)))
            .collect();
    }
}

fn unit_missing(table: &RawTable, column: &RawColumn, reason: &str) -> Error {
    let remedy = "name what was measured and its unit with --unit, for instance --unit Kd_nM, --unit pIC50 or --unit KIBA_score; or add columns \
                  `measure` and `unit`";
    let named = |name: &str| table.columns().iter().any(|column| column.name() == name);
    let is_tdc = ["X1", "X2", "Y"].into_iter().all(named);
    let hint = match resemblance(column) {
        Some(kind) if is_tdc => format!(
            "this is the layout of TDC, whose files do not state their unit; the numbers look like {kind}: DAVIS and BindingDB_Kd are --unit Kd_nM, \
             BindingDB_Ki is --unit Ki_nM, BindingDB_IC50 is --unit IC50_nM, KIBA is --unit KIBA_score"
        ),
        Some(kind) => format!("the numbers look like {kind}; {remedy}"),
        None => remedy.to_string(),
    };
    Error::new(ErrorKind::Unit, reason)
        .in_file(Path::new(&table.file))
        .in_column(column.name())
        .hint(hint)
}

/// What numbers of an unknown unit usually are, by their median.
fn resemblance(column: &RawColumn) -> Option<&'static str> {
    let cells = (0..column.len()).filter_map(|row| present(column, row));
    let mut numbers: Vec<f64> = cells
        .filter_map(|text| split_relation(text).1.parse().ok())
        .filter(|number: &f64| number.is_finite())
        .collect();
    numbers.sort_by(f64::total_cmp);
    let median = *numbers.get(numbers.len() / 2)?;
    let largest = numbers.last()?;
    if *largest > 20.0 {
        Some("concentrations in nM")
    } else if (0.0..1e-3).contains(&median) {
        Some("concentrations in M")
    } else if (3.0..=13.0).contains(&median) {
        Some("-log10 of molar values or KIBA scores")
    } else {
        None
    }
}

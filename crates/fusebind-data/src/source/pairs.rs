//! Pair rows to interactions: label, affinity with unit and relation, and the published split columns.

use std::{collections::BTreeMap, path::Path};

use super::{
    columns::{Role, Scope, find, normalise},
    config::{LabelPolicy, LoadConfig},
    label,
    raw::{RawColumn, RawTable},
    unit::UnitParts,
};
use crate::{
    Error, ErrorKind,
    table::{Affinity, Censoring, Interaction, Origin, Origins, Rejection, Scale},
};

/// A column of measurements and where its unit comes from.
struct Measured<'t> {
    column: &'t RawColumn,
    /// What the settings or the column's own name state.
    fixed: UnitParts,
    /// Unit and measure columns, unless the settings name the unit.
    row_wise: Vec<&'t RawColumn>,
    relation: Option<&'t RawColumn>,
}

/// Reads the measurements and labels of a pair table whose entities have been resolved.
pub(super) struct PairReader<'t> {
    table: &'t RawTable,
    label: Option<&'t RawColumn>,
    measured: Vec<Measured<'t>>,
    splits: Vec<&'t RawColumn>,
    origins: Vec<(Origin, &'t RawColumn)>,
    policy: LabelPolicy,
    floor: Option<f64>,
}

/// Interactions and, beside each, its parts in the published splits.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) interactions: Vec<Interaction>,
    pub(super) split_columns: BTreeMap<String, Vec<Option<String>>>,
    pub(super) origins: Origins,
}

impl<'t> PairReader<'t> {
    pub(super) fn new(table: &'t RawTable, config: &LoadConfig) -> Result<Self, Error> {
        let label = find(table, Role::Label, Scope::Pairs, &config.columns);
        let measured = measured_columns(table, config)?;
        if label.is_none() && measured.is_empty() && config.labels == LabelPolicy::Required {
            return Err(table.missing("label", "there is neither a label nor an affinity column"));
        }
        let splits = table
            .columns()
            .iter()
            .filter(|column| {
                let name = normalise(column.name());
                name == "split" || name == "fold" || name.starts_with("split_") || name.starts_with("fold_")
            })
            .collect();
        Ok(Self {
            table,
            label,
            measured,
            splits,
            origins: Origin::ALL
                .into_iter()
                .filter_map(|origin| Some((origin, origin_column(table, origin)?)))
                .collect(),
            policy: config.labels,
            floor: config.censor_at_floor,
        })
    }

    /// Reads every row whose entities `entities` resolves (or gives the field that fails and the reason).
    pub(super) fn read(
        &self,
        entities: impl Fn(usize) -> Result<(u32, u32), (String, String)>,
        rejections: &mut Vec<Rejection>,
    ) -> Pairs {
        let mut pairs = Pairs::default();
        let mut parts: Vec<Vec<Option<String>>> = vec![Vec::new(); self.splits.len()];
        for row in 0..self.table.len() {
            let values = entities(row).and_then(|entities| Ok((entities, self.values(row)?)));
            let ((drug, target), (binds, affinities)) = match values {
                Ok(values) => values,
                Err((field, reason)) => {
                    rejections.push(self.table.reject(row, &field, reason));
                    continue;
                }
            };
            let number = self.table.row_number(row);
            let mut push = |affinity, binds| {
                pairs.interactions.push(Interaction {
                    drug,
                    target,
                    affinity,
                    binds,
                    row: number,
                });
                for (column, parts) in self.splits.iter().zip(&mut parts) {
                    parts.push(column.get(row).map(str::to_string));
                }
                for (origin, column) in &self.origins {
                    let text = present(column, row).map(str::to_string);
                    pairs.origins.entry(*origin).or_default().push(text);
                }
            };
            match affinities.split_first() {
                None => push(None, binds),
                Some((first, further)) => {
                    push(Some(*first), binds);
                    further.iter().for_each(|affinity| push(Some(*affinity), None));
                }
            }
        }
        let names = self.splits.iter().map(|column| column.name().to_string());
        pairs.split_columns = names.zip(parts).collect();
        pairs
    }

    /// Label and affinities of a row, or the field that is wrong and why.
    fn values(&self, row: usize) -> Result<(Option<bool>, Vec<Affinity>), (String, String)> {
        let binds = match self.label.and_then(|column| Some((column, present(column, row)?))) {
            Some((column, text)) => Some(label::parse(text).map_err(|reason| (column.name().to_string(), reason))?),
            None => None,
        };
        let mut affinities: Vec<Affinity> = Vec::new();
        for measured in &self.measured {
            let Some(text) = present(measured.column, row) else {
                continue;
            };
            let mut affinity = measured.read(row, text)?;
            if let Some(floor) = self.floor
                && affinity.censoring == Censoring::Exact
                && affinity.scale != Scale::Kiba
                && affinity.value <= floor + 1e-9
            {
                affinity.censoring = Censoring::AtMost;
            }
            // The same quantity in two columns (Kd in nM beside pKd) counts once.
            if !affinities.iter().any(|known| known.scale == affinity.scale) {
                affinities.push(affinity);
            }
        }
        if binds.is_none() && affinities.is_empty() && self.policy == LabelPolicy::Required {
            let field = self
                .label
                .or(self.measured.first().map(|m| m.column))
                .map_or("label", RawColumn::name);
            return Err((
                field.to_string(),
                "the row has neither a label nor an affinity; add one or remove it".into(),
            ));
        }
        Ok((binds, affinities))
    }
}

/// The column that says where or when a row was measured.
fn origin_column(table: &RawTable, origin: Origin) -> Option<&RawColumn> {
    let spelled = |spelling: &&str| table.columns().iter().find(|c| normalise(c.name()) == *spelling);
    origin.spellings().iter().find_map(spelled)
}

/// The cell, unless it is empty or a word for "not measured".
fn present(column: &RawColumn, row: usize) -> Option<&str> {
    let text = column.get(row)?.trim();
    let missing = ["", "na", "n/a", "null", "none", "-"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    (!missing).then_some(text)
}

impl Measured<'_> {
    fn read(&self, row: usize, text: &str) -> Result<Affinity, (String, String)> {
        let mut parts = self.fixed;
        for column in &self.row_wise {
            let Some(text) = present(column, row) else { continue };
            let fault = |reason: &str| (column.name().to_string(), reason.to_string());
            let stated = UnitParts::parse(text).ok_or_else(|| {
                fault("the unit is not known; write for instance Kd_nM, IC50_uM, Ki_M, pKd or KIBA_score")
            })?;
            parts = parts
                .and(stated)
                .ok_or_else(|| fault("the unit contradicts the name of the affinity column"))?;
        }
        let place = self.row_wise.first().unwrap_or(&self.column).name();
        let unit = parts.complete().map_err(|reason| (place.to_string(), reason))?;
        let relation = self
            .relation
            .and_then(|column| present(column, row))
            .unwrap_or_default();
        // Some exports quote the relation inside the cell, as in '>'.
        let relation = relation.trim_matches(|c| c == '\'' || c == '"');
        unit.affinity(relation, text)
            .map_err(|reason| (self.column.name().to_string(), reason))
    }
}

/// The affinity column with its unit, or else every column whose name states what was measured.
fn measured_columns<'t>(table: &'t RawTable, config: &LoadConfig) -> Result<Vec<Measured<'t>>, Error> {
    let role = |role| find(table, role, Scope::Pairs, &config.columns);
    let relation = role(Role::Relation);
    let stated = match &config.unit {
        Some(unit) => Some(UnitParts::parse(unit).ok_or_else(|| {
            Error::new(ErrorKind::Unit, format!("the unit `{unit}` is not known"))
                .hint("write for instance Kd_nM, IC50_uM, Ki_M, pKd or KIBA_score")
        })?),
        None => None,
    };
    let row_wise = || match stated {
        Some(_) => Vec::new(),
        None => [role(Role::Unit), role(Role::Measure)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>(),
    };
    let by_name = |column: &RawColumn| UnitParts::parse(column.name()).unwrap_or_default();
    let measured = |column, fixed| Measured {
        column,
        fixed,
        row_wise: row_wise(),
        relation,
    };
    let columns: Vec<Measured<'t>> = match role(Role::Affinity) {
        Some(column) => {
            let fixed = match stated {
                Some(stated) => stated.and(by_name(column)).unwrap_or(stated),
                None => by_name(column),
            };
            vec![measured(column, fixed)]
        }
        None => table
            .columns()
            .iter()
            .map(|column| (column, by_name(column)))
            .filter(|(_, parts)| parts.names_measure())
            .map(|(column, parts)| match stated {
                // A unit that was given completes the names; a column of another measure keeps its own.
                Some(stated) => measured(column, parts.and(stated).unwrap_or(parts)),
                None => measured(column, parts),
            })
            .collect(),
    };
    for column in &columns {
        if column.row_wise.is_empty()
            && let Err(reason) = column.fixed.complete()
        {
            return Err(Error::new(ErrorKind::Unit, reason)
                .in_file(Path::new(&table.file))
                .in_column(column.column.name())
                .hint("add a column `unit`, or name the unit of all affinities"));
        }
    }
    Ok(columns)
}

//! Pair rows to interactions: label, affinity with unit and relation, and the published split columns.

use std::collections::BTreeMap;

use super::{
    agree::{self, Agreement, Reading},
    columns::normalise,
    config::{LabelPolicy, LoadConfig},
    label,
    measured::{Measured, measured_columns},
    missing::present,
    plausible, published,
    raw::{RawColumn, RawTable},
    roles::{Roles, nothing_measured, roles},
};
use crate::{
    Error,
    table::{Affinity, Censoring, Interaction, Origin, Origins, Rejection, Scale},
};

/// Reads the measurements and labels of a pair table whose entities have been resolved.
pub(super) struct PairReader<'t> {
    table: &'t RawTable,
    label: Option<&'t RawColumn>,
    measured: Vec<Measured<'t>>,
    splits: Vec<&'t RawColumn>,
    origins: Vec<(Origin, &'t RawColumn)>,
    policy: LabelPolicy,
    floor: Option<f64>,
    prefer: Option<String>,
    /// What was noticed of the columns, in sentences.
    notes: Vec<String>,
}

/// Interactions and, beside each, its parts in the published splits.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) interactions: Vec<Interaction>,
    pub(super) split_columns: BTreeMap<String, Vec<Option<String>>>,
    pub(super) origins: Origins,
    /// What was noticed on the way, in sentences.
    pub(super) notes: Vec<String>,
}

/// What a row says.
#[derive(Default)]
struct Values {
    binds: Option<bool>,
    affinities: Vec<Affinity>,
    /// Whether a derived value contradicts the one that counts.
    overruled: bool,
}

impl<'t> PairReader<'t> {
    pub(super) fn new(table: &'t RawTable, config: &LoadConfig) -> Result<Self, Error> {
        let Roles { label, columns, note } = roles(table, config);
        let published = published::unit(table).filter(|_| config.unit.is_none());
        let (unit, says) = published.map(|(unit, note)| (unit.to_string(), note)).unzip();
        let config = &LoadConfig {
            columns,
            unit: unit.or_else(|| config.unit.clone()),
            ..config.clone()
        };
        let mut unread = Vec::new();
        let measured = measured_columns(table, config, label, &mut unread)?;
        let mut notes: Vec<String> = note
            .into_iter()
            .chain(says)
            .chain(unread.iter().map(unread_note))
            .collect();
        if label.is_none() && measured.is_empty() && config.labels == LabelPolicy::Required {
            return Err(nothing_measured(table));
        }
        let preferred = |name: &str| measured.iter().any(|measured| measured.column.name() == name);
        if let Some(name) = config.prefer.as_deref().filter(|name| !preferred(name)) {
            return Err(table.missing(name, "no column of affinities has this name, which --prefer names"));
        }
        if !config.accept_values && config.labels == LabelPolicy::Required {
            notes.extend(plausible::check(table, &measured)?);
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
            prefer: config.prefer.clone(),
            notes,
        })
    }

    /// Reads every row whose entities `entities` resolves (or gives the field that fails and the reason).
    pub(super) fn read(
        &self,
        entities: impl Fn(usize) -> Result<(u32, u32), (String, String)>,
        rejections: &mut Vec<Rejection>,
    ) -> Pairs {
        let mut pairs = Pairs::default();
        let mut overruled = 0_u64;
        let mut parts: Vec<Vec<Option<String>>> = vec![Vec::new(); self.splits.len()];
        for row in 0..self.table.len() {
            let values = entities(row).and_then(|entities| match self.values(row) {
                // A prediction does not depend on what was measured.
                Err(_) if self.policy == LabelPolicy::Optional => Ok((entities, Values::default())),
                values => Ok((entities, values?)),
            });
            let ((drug, target), values) = match values {
                Ok(values) => values,
                Err((field, reason)) => {
                    rejections.push(self.table.reject(row, &field, reason));
                    continue;
                }
            };
            let Values { binds, affinities, .. } = values;
            overruled += u64::from(values.overruled);
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
                    parts.push(present(column, row).map(str::to_string));
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
                    // What is predicted is one pair, however much was measured.
                    if self.policy == LabelPolicy::Required {
                        further.iter().for_each(|affinity| push(Some(*affinity), None));
                    }
                }
            }
        }
        pairs.notes.clone_from(&self.notes);
        if overruled > 0 {
            pairs.notes.push(format!(
                "pChEMBL contradicts the value beside it in {overruled} rows: the value counts; choose with --prefer COLUMN"
            ));
        }
        let names = self.splits.iter().map(|column| column.name().to_string());
        pairs.split_columns = names.zip(parts).collect();
        pairs
    }

    /// Label and affinities of a row, or the field that is wrong and why.
    fn values(&self, row: usize) -> Result<Values, (String, String)> {
        let binds = match self.label.and_then(|column| Some((column, present(column, row)?))) {
            Some((column, text)) => label::parse(text).map_err(|reason| (column.name().to_string(), reason))?,
            None => None,
        };
        let mut readings: Vec<Reading<'_>> = Vec::new();
        let mut overruled = false;
        for measured in &self.measured {
            let Some(text) = present(measured.column, row) else {
                continue;
            };
            let column = measured.column.name();
            let affinity = measured.read(row, text)?;
            let reading = Reading {
                column,
                text,
                affinity,
                is_derived: measured.is_derived,
            };
            let added = agree::add(&mut readings, reading, self.prefer.as_deref())
                .map_err(|reason| (column.to_string(), reason))?;
            overruled |= added == Agreement::Overruled;
        }
        let affinities: Vec<Affinity> = readings.iter().map(|reading| self.at_floor(reading.affinity)).collect();
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
        Ok(Values {
            binds,
            affinities,
            overruled,
        })
    }

    /// An exact value at the floor of the settings is a bound.
    fn at_floor(&self, affinity: Affinity) -> Affinity {
        let at = self.floor.is_some_and(|floor| affinity.value <= floor + 1e-9);
        match affinity.censoring {
            Censoring::Exact if at && affinity.scale != Scale::Kiba => Affinity {
                censoring: Censoring::AtMost,
                ..affinity
            },
            _ => affinity,
        }
    }
}

/// The column that says where or when a row was measured.
fn origin_column(table: &RawTable, origin: Origin) -> Option<&RawColumn> {
    let spelled = |spelling: &&str| table.columns().iter().find(|c| normalise(c.name()) == *spelling);
    origin.spellings().iter().find_map(spelled)
}

fn unread_note(name: &String) -> String {
    format!(
        "the column `{name}` is not read, since its unit is missing; name it with --affinity and --unit, for instance --unit Kd_nM"
    )
}

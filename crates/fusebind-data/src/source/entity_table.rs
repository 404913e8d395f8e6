//! Rows of a drug or target table to distinct entities, with one rejection for each row that names none.

use std::collections::BTreeMap;

use fusebind_features::entity::{molecule::Chemistry, protein::Protein};

use super::{
    columns::{Role, Scope, find, need, normalise},
    config::ColumnMap,
    entity::{Entity, RefusedCell, Registry, Row},
    missing::{self, present},
    raw::{RawColumn, RawTable},
};
use crate::{
    Error,
    table::{Drug, Rejection, Target},
};

/// Longest cell that can serve as a key, in bytes.
const KEY_BYTES: usize = 200;

/// Registers the rows of a drug table: SMILES, or MOL blocks where the file is an SDF.
pub(super) fn register_drugs(
    table: &RawTable,
    chemistry: &dyn Chemistry,
    map: &ColumnMap,
    registry: &mut Registry<Drug>,
    rejections: &mut Vec<Rejection>,
) -> Result<(), Error> {
    let sd = table.column("molblock").filter(|_| map.smiles.is_none());
    let text = match sd {
        Some(column) => column,
        None => need(table, Role::Smiles, Scope::Drugs, map)?,
    };
    let id = find(table, Role::DrugId, Scope::Drugs, map);
    let parse = |text: &str| {
        if sd.is_some() {
            chemistry.molecule_from_sd(text)
        } else {
            chemistry.molecule(text)
        }
    };
    register(table, id, text, registry, &parse, rejections);
    Ok(())
}

/// Registers the rows of a target table.
pub(super) fn register_targets(
    table: &RawTable,
    map: &ColumnMap,
    registry: &mut Registry<Target>,
    rejections: &mut Vec<Rejection>,
) -> Result<(), Error> {
    let text = need(table, Role::Sequence, Scope::Targets, map)?;
    let id = find(table, Role::TargetId, Scope::Targets, map);
    let outcomes = register(table, id, text, registry, &Protein::parse, rejections);
    // UniProt headers (`sp|P00533|EGFR_HUMAN`) are known by their accession as well.
    for (row, entity) in outcomes {
        if let Some(accession) = id.and_then(|id| id.get(row)).and_then(accession) {
            registry.alias(accession, entity);
            registry.entities[entity as usize]
                .keys
                .entry("uniprot".into())
                .or_insert_with(|| accession.to_string());
        }
    }
    Ok(())
}

fn accession(id: &str) -> Option<&str> {
    let mut words = id.split('|');
    let (database, accession) = (words.next()?, words.next()?);
    (matches!(database, "sp" | "tr") && !accession.is_empty()).then_some(accession)
}

/// Registers the rows of an entity table; returns the accepted ones with their entity.
fn register<E: Entity>(
    table: &RawTable,
    id: Option<&RawColumn>,
    text: &RawColumn,
    registry: &mut Registry<E>,
    parse: &(dyn Fn(&str) -> Result<E::Value, fusebind_features::Error> + Sync),
    rejections: &mut Vec<Rejection>,
) -> Vec<(usize, u32)> {
    let key_columns: Vec<&RawColumn> = table
        .columns()
        .iter()
        .filter(|c| c.name() != text.name() && is_key(c.name()))
        .collect();
    let (mut kept, mut rows) = (Vec::new(), Vec::new());
    for row in 0..table.len() {
        let name = id.and_then(|id| present(id, row));
        if let (Some(id), None) = (id, name) {
            rejections.push(table.reject(
                row,
                id.name(),
                "no id: the cell is empty or says so; pairs could not refer to this row",
            ));
            continue;
        }
        kept.push(row);
        rows.push(Row {
            id: name,
            text: text.get(row),
            keys: keys(&key_columns, row),
        });
    }
    let mut accepted = Vec::new();
    for (row, outcome) in kept.into_iter().zip(registry.register(rows, parse)) {
        match outcome {
            Ok(entity) => accepted.push((row, entity)),
            Err(refusal) => {
                let field = match refusal.cell {
                    RefusedCell::Id => id.unwrap_or(text),
                    RefusedCell::Value => text,
                };
                rejections.push(table.reject(row, field.name(), refusal.reason));
            }
        }
    }
    accepted
}

fn is_key(column: &str) -> bool {
    let name = normalise(column);
    let id = name == "drug_id" || name == "target_id";
    !(id || name.starts_with("has_") || name.contains("smiles") || name == "molblock" || name.contains("sequence"))
}

/// The cells of `columns` that can serve as keys.
pub(super) fn keys(columns: &[&RawColumn], row: usize) -> BTreeMap<String, String> {
    let cell = |column: &RawColumn| Some((column.name().to_string(), column.get(row)?.to_string()));
    columns
        .iter()
        .filter_map(|column| cell(column))
        .filter(|(_, value)| value.len() <= KEY_BYTES && missing::value(value).is_some())
        .collect()
}

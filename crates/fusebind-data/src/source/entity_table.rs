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
) -> Result<Vec<NamedRow>, Error> {
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
    Ok(register(table, id, text, registry, &parse, rejections))
}

/// Registers the rows of a target table.
pub(super) fn register_targets(
    table: &RawTable,
    map: &ColumnMap,
    registry: &mut Registry<Target>,
    rejections: &mut Vec<Rejection>,
) -> Result<Vec<NamedRow>, Error> {
    let text = need(table, Role::Sequence, Scope::Targets, map)?;
    let id = find(table, Role::TargetId, Scope::Targets, map);
    let rows = register(table, id, text, registry, &Protein::parse, rejections);
    // UniProt headers (`sp|P00533|EGFR_HUMAN`) are known by their accession as well, and accessions by the entry name of the header.
    let cell = |column: &str, row: usize| table.column(column).and_then(|column| present(column, row));
    for row in &rows {
        if let (Some(accession), Some(name)) = (cell("uniprot", row.at), cell("name", row.at))
            && accession == row.id
            && table.column("description").is_some()
        {
            registry.alias(name, row.entity);
            for database in ["sp", "tr"] {
                registry.alias(&format!("{database}|{accession}|{name}"), row.entity);
            }
        }
        if let Some(accession) = accession(&row.id) {
            registry.alias(accession, row.entity);
            registry.entities[row.entity as usize]
                .keys
                .entry("uniprot".into())
                .or_insert_with(|| accession.to_string());
        }
    }
    Ok(rows)
}

fn accession(id: &str) -> Option<&str> {
    let mut words = id.split('|');
    let (database, accession) = (words.next()?, words.next()?);
    (matches!(database, "sp" | "tr") && !accession.is_empty()).then_some(accession)
}

/// An accepted row of an entity table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    /// 0-based row of the table.
    pub(super) at: usize,
    /// 1-based row of the file.
    pub row: u64,
    /// What the row calls its entity.
    pub id: String,
    /// The entity.
    pub entity: u32,
}

/// Registers the rows of an entity table; returns the accepted ones.
fn register<E: Entity>(
    table: &RawTable,
    id: Option<&RawColumn>,
    text: &RawColumn,
    registry: &mut Registry<E>,
    parse: &(dyn Fn(&str) -> Result<E::Value, fusebind_features::Error> + Sync),
    rejections: &mut Vec<Rejection>,
) -> Vec<NamedRow> {
    let key_columns: Vec<&RawColumn> = table
        .columns()
        .iter()
        .filter(|c| c.name() != text.name() && is_key(c.name()))
        .collect();
    // A record of an SD file may lack the field that others are named by: it has its title, or its number.
    let title = table.column("title").filter(|_| text.name() == "molblock");
    let records = title.map_or(0, |_| table.len());
    let numbers: Vec<String> = (0..records)
        .map(|row| format!("record {}", table.row_number(row)))
        .collect();
    let (mut kept, mut rows) = (Vec::new(), Vec::new());
    for row in 0..table.len() {
        let own = id.and_then(|id| present(id, row));
        let titled = || title.and_then(|title| present(title, row));
        let name = own.or_else(titled).or_else(|| numbers.get(row).map(String::as_str));
        if let (Some(id), None) = (id, name) {
            rejections.push(table.reject(
                row,
                id.name(),
                "no id: the cell is empty or says so; pairs could not refer to this row",
            ));
            continue;
        }
        kept.push((row, name));
        rows.push(Row {
            id: name,
            text: text.get(row),
            keys: keys(&key_columns, row),
        });
    }
    let mut accepted = Vec::new();
    for ((row, name), outcome) in kept.into_iter().zip(registry.register(rows, parse)) {
        match outcome {
            Ok(entity) => accepted.push(NamedRow {
                at: row,
                row: table.row_number(row),
                id: name.or(text.get(row)).unwrap_or_default().to_string(),
                entity,
            }),
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

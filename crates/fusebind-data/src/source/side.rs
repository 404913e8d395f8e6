//! How the pair table names its drugs, or its targets: by id, or by the structure or sequence itself.

use super::{
    columns::{Role, Scope, find, need, normalise},
    config::ColumnMap,
    entity::{Entity, Refusal, Registry, Row},
    entity_table::keys,
    missing::present,
    raw::{RawColumn, RawTable},
};
use crate::Error;

/// Columns of a flat table that belong to the drug, and to the target.
const FLAT_KEYS: [&[&str]; 2] = [
    &["ik14", "inchikey", "drugbank", "chembl", "pubchem_cid"],
    &["uniprot", "gene", "entrez", "seq_md5"],
];

/// How the rows of the pair table name their drugs, or their targets.
pub(super) struct Side<'t> {
    field: &'t RawColumn,
    /// The column of ids, where it is another one.
    ids: Option<&'t RawColumn>,
    /// The entity of each row where the pair table holds the text itself.
    inline: Option<Vec<Result<u32, Refusal>>>,
}

impl<'t> Side<'t> {
    pub(super) fn new<E: Entity>(
        pairs: &'t RawTable,
        registry: &mut Registry<E>,
        [id, text]: [Role; 2],
        (map, has_table): (&ColumnMap, bool),
        parse: &(dyn Fn(&str) -> Result<E::Value, fusebind_features::Error> + Sync),
    ) -> Result<Self, Error> {
        let (scope, drug) = (Scope::Pairs, id == Role::DrugId);
        let short = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| pairs.columns().iter().find(|column| normalise(column.name()) == *name))
        };
        let ids = find(pairs, id, scope, map);
        if has_table {
            let short_id = || {
                short(if drug {
                    &["drug", "compound", "id"]
                } else {
                    &["target", "protein"]
                })
            };
            if let Some(field) = ids.or_else(short_id) {
                return Ok(Self {
                    field,
                    ids: None,
                    inline: None,
                });
            }
        }
        // Without an entity table `drug` and `target` hold the structure and the sequence.
        let short_text = || {
            short(if drug {
                &["drug", "compound", "ligand"]
            } else {
                &["target"]
            })
        };
        let Some(field) = find(pairs, text, scope, map).or_else(short_text) else {
            let wanted = if has_table { id } else { text };
            return need(pairs, wanted, scope, map).map(|field| Self {
                field,
                ids: None,
                inline: None,
            });
        };
        let names = FLAT_KEYS[usize::from(!drug)];
        let columns: Vec<&RawColumn> = pairs
            .columns()
            .iter()
            .filter(|column| names.contains(&normalise(column.name()).as_str()))
            .collect();
        let rows = (0..pairs.len())
            .map(|row| Row {
                id: ids.and_then(|ids| present(ids, row)),
                text: field.get(row),
                keys: keys(&columns, row),
            })
            .collect();
        Ok(Self {
            field,
            ids,
            inline: Some(registry.register(rows, parse)),
        })
    }

    /// What the row calls its entity: its id, or the text itself.
    pub(super) fn written(&self, row: usize) -> &'t str {
        let id = self.ids.and_then(|ids| present(ids, row));
        id.or(self.field.get(row)).unwrap_or_default()
    }

    /// Columns that say what an entity is called.
    pub(super) fn id_column(&self) -> &'t str {
        self.ids.unwrap_or(self.field).name()
    }

    pub(super) fn resolve<E: Entity>(&self, row: usize, registry: &Registry<E>) -> Result<u32, (String, String)> {
        let outcome = match &self.inline {
            Some(entities) => entities[row].clone().map_err(|refusal| refusal.reason),
            None => match present(self.field, row) {
                Some(id) => registry.resolve(id),
                None => Err("no id: the cell is empty or says so; add it or remove the row".to_string()),
            },
        };
        outcome.map_err(|reason| (self.field.name().to_string(), reason))
    }
}

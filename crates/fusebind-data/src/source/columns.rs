//! Which column means what: explicit names first, then well-known spellings, compared without case and punctuation.

use std::path::Path;

use super::{
    config::ColumnMap,
    raw::{RawColumn, RawTable},
};
use crate::{Error, ErrorKind};

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    DrugId,
    Smiles,
    TargetId,
    Sequence,
    Label,
    Affinity,
    Unit,
    Measure,
    Relation,
}

/// The table that a column belongs to: short names such as `id` or `name` are clear only in context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Drugs,
    Targets,
    Pairs,
}

impl Role {
    const ALL: [Self; 9] = [
        Self::DrugId,
        Self::Smiles,
        Self::TargetId,
        Self::Sequence,
        Self::Label,
        Self::Affinity,
        Self::Unit,
        Self::Measure,
        Self::Relation,
    ];

    fn explicit(self, map: &ColumnMap) -> Option<&str> {
        match self {
            Self::DrugId => &map.drug_id,
            Self::Smiles => &map.smiles,
            Self::TargetId => &map.target_id,
            Self::Sequence => &map.sequence,
            Self::Label => &map.label,
            Self::Affinity => &map.affinity,
            Self::Unit => &map.unit,
            Self::Measure => &map.measure,
            Self::Relation => &map.relation,
        }
        .as_deref()
    }

    /// The flag that names the column.
    pub(super) const fn flag(self) -> &'static str {
        match self {
            Self::DrugId => "--drug-id",
            Self::Smiles => "--smiles-column",
            Self::TargetId => "--target-id",
            Self::Sequence => "--sequence-column",
            Self::Label => "--label",
            Self::Affinity => "--affinity",
            Self::Unit => "--unit-column",
            Self::Measure => "--measure-column",
            Self::Relation => "--relation-column",
        }
    }

    /// Spellings in order of preference, as [`normalise`] leaves them; underscores do not count.
    // Long because it is a table.
    fn spellings(self, scope: Scope) -> &'static [&'static str] {
        match (self, scope) {
            (Self::DrugId, Scope::Drugs) => &[
                "drug_id",
                "compound_id",
                "molecule_id",
                "ligand_id",
                "id",
                "drug",
                "compound",
                "molecule_chembl_id",
                "chembl_id",
                "chembl",
                "drugbank_id",
                "pubchem_cid",
                "cid",
                "title",
                "name",
            ],
            (Self::DrugId, _) => &[
                "drug_id",
                "compound_id",
                "molecule_id",
                "ligand_id",
                "molecule_chembl_id",
                "compound_chembl_id",
                "drugbank_id",
                "pubchem_cid",
                "mol_id",
                "id1",
            ],
            (Self::Smiles, _) => &[
                "smiles",
                "canonical_smiles",
                "isomeric_smiles",
                "drug_smiles",
                "ligand_smiles",
                "compound_smiles",
                "compound_iso_smiles",
                "molecule_smiles",
                "mol_smiles",
                "smiles_string",
                "pubchem_ext_datasource_smiles",
                "smi",
                "smile",
                "x1",
                "smiles_can",
                "smiles_parent",
            ],
            (Self::TargetId, Scope::Targets) => &[
                "target_id",
                "protein_id",
                "id",
                "uniprot_id",
                "uniprot",
                "accession",
                "target",
                "protein",
                "target_chembl_id",
                "chembl_id",
                "uniprot_accession",
                "protein_accession",
                "target_name",
                "protein_name",
                "name",
            ],
            (Self::TargetId, _) => &[
                "target_id",
                "protein_id",
                "uniprot_id",
                "target_chembl_id",
                "uniprot",
                "accession",
                "uniprot_accession",
                "protein_accession",
                "target_key",
                "prot_id",
                "id2",
            ],
            (Self::Sequence, _) => &[
                "sequence",
                "protein_sequence",
                "target_sequence",
                "aa_sequence",
                "protein",
                "fasta",
                "seq",
                "bindingdb_target_chain_sequence",
                "bindingdb_target_chain_sequence_1",
                "target_chain_sequence",
                "amino_acid_sequence",
                "fasta_sequence",
                "protein_seq",
                "prot_seq",
                "target_seq",
                "aa_seq",
                "x2",
            ],
            (Self::Label, _) => &[
                "label",
                "y",
                "binds",
                "active",
                "interaction",
                "is_active",
                "labels",
                "binding",
                "is_binder",
                "binder",
                "interacts",
                "activity_outcome",
                "pubchem_activity_outcome",
                "outcome",
                "activity",
                "class",
            ],
            (Self::Affinity, _) => &[
                "affinity",
                "affinity_value",
                "standard_value",
                "binding_affinity",
                "activity_value",
                "value",
            ],
            (Self::Unit, _) => &[
                "unit",
                "units",
                "affinity_unit",
                "affinity_units",
                "standard_units",
                "standard_unit",
                "activity_unit",
                "activity_units",
                "value_unit",
                "value_units",
            ],
            (Self::Measure, _) => &[
                "measure",
                "affinity_type",
                "standard_type",
                "measurement_type",
                "activity_type",
                "value_type",
                "endpoint",
            ],
            (Self::Relation, _) => &[
                "relation",
                "operator",
                "standard_relation",
                "qualifier",
                "standard_qualifier",
                "activity_relation",
                "affinity_relation",
            ],
        }
    }
}

/// Lower case, runs of other characters than letters and digits as one `_`, both micro signs as `u`.
pub(crate) fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            'µ' | 'μ' => normal.push('u'),
            c if c.is_ascii_alphanumeric() => normal.push(c.to_ascii_lowercase()),
            c if c.is_alphanumeric() => normal.extend(c.to_lowercase()),
            _ if normal.is_empty() || normal.ends_with('_') => {}
            _ => normal.push('_'),
        }
    }
    normal.truncate(normal.trim_end_matches('_').len());
    normal
}

/// Whether a column is spelled so, underscores and spaces apart: `proteinID` is `protein_id`.
pub(super) fn spelled(name: &str, spelling: &str) -> bool {
    is_spelling(&normalise(name), spelling)
}

/// [`spelled`] of a name that is [normalised](normalise).
fn is_spelling(normal: &str, spelling: &str) -> bool {
    let letters = |c: &char| *c != '_';
    normal.chars().filter(letters).eq(spelling.chars().filter(letters))
}

/// Whether a flag gives `column` a role.
pub(super) fn is_named(map: &ColumnMap, column: &str) -> bool {
    Role::ALL.iter().any(|role| role.explicit(map) == Some(column))
}

/// The column that a flag names for `role`.
pub(super) fn named<'t>(table: &'t RawTable, role: Role, map: &ColumnMap) -> Option<&'t RawColumn> {
    role.explicit(map).and_then(|name| table.column(name))
}

/// The column of `table` that plays `role`, if there is one.
pub(super) fn find<'t>(table: &'t RawTable, role: Role, scope: Scope, map: &ColumnMap) -> Option<&'t RawColumn> {
    if let Some(column) = named(table, role, map) {
        return Some(column);
    }
    let names: Vec<String> = table.columns().iter().map(|column| normalise(column.name())).collect();
    role.spellings(scope).iter().find_map(|spelling| {
        let mut columns = names.iter().zip(table.columns());
        let found = columns.find(|(name, c)| is_spelling(name, spelling) && !is_named(map, c.name()));
        found.map(|(_, column)| column)
    })
}

/// The column of `table` that plays `role`, or an error with a way to name it.
pub(super) fn need<'t>(table: &'t RawTable, role: Role, scope: Scope, map: &ColumnMap) -> Result<&'t RawColumn, Error> {
    let spelling = role.spellings(scope)[0];
    find(table, role, scope, map).ok_or_else(|| {
        table.missing(
            spelling,
            &format!(
                "the column is missing; rename one, or name it with {} COLUMN",
                role.flag()
            ),
        )
    })
}

/// Each explicit name must exist in at least one of `tables`.
pub(super) fn check(map: &ColumnMap, tables: &[&RawTable]) -> Result<(), Error> {
    for (role, name) in Role::ALL.iter().filter_map(|role| Some((role, role.explicit(map)?))) {
        if !tables.iter().any(|table| table.column(name).is_some()) {
            let known: Vec<String> = tables
                .iter()
                .map(|t| {
                    format!(
                        "{}: {}",
                        t.file,
                        t.columns().iter().map(RawColumn::name).collect::<Vec<_>>().join(", ")
                    )
                })
                .collect();
            let mut error = Error::new(
                ErrorKind::MissingColumn,
                format!("no table has this column, which {} names", role.flag()),
            )
            .in_column(name)
            .hint(format!("the columns are: {}", known.join("; ")));
            if let [table] = tables {
                error = error.in_file(Path::new(&table.file));
            }
            return Err(error);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[&str]) -> RawTable {
        RawTable::from_columns("drugs.csv", names.iter().map(|name| RawColumn::new(*name)).collect())
    }

    #[test]
    fn spellings_are_compared_without_case_and_punctuation() {
        assert_eq!(normalise("IC50 (µM)"), "ic50_um");
        let table = table(&["Compound-ID", "Canonical SMILES"]);
        let found = |role| find(&table, role, Scope::Drugs, &ColumnMap::default()).map(RawColumn::name);
        assert_eq!(found(Role::DrugId), Some("Compound-ID"));
        assert_eq!(found(Role::Smiles), Some("Canonical SMILES"));
        assert!(spelled("proteinSequence", "protein_sequence") && spelled("Protein Sequence", "protein_sequence"));
        assert!(!spelled("protein_sequences", "protein_sequence"));
    }

    #[test]
    fn the_published_smiles_is_preferred_and_an_explicit_name_wins() {
        let table = table(&["smiles_parent", "smiles_can", "smiles"]);
        let mut map = ColumnMap::default();
        assert_eq!(
            find(&table, Role::Smiles, Scope::Drugs, &map).map(RawColumn::name),
            Some("smiles")
        );
        map.smiles = Some("smiles_parent".into());
        assert_eq!(
            find(&table, Role::Smiles, Scope::Drugs, &map).map(RawColumn::name),
            Some("smiles_parent")
        );
        map.smiles = Some("structure".into());
        assert_eq!(check(&map, &[&table]).unwrap_err().kind(), ErrorKind::MissingColumn);
    }

    #[test]
    fn a_column_that_was_given_one_role_is_not_detected_for_another() {
        let table = table(&["id", "title", "smiles"]);
        let map = ColumnMap {
            label: Some("id".into()),
            ..ColumnMap::default()
        };
        assert_eq!(
            find(&table, Role::DrugId, Scope::Drugs, &map).map(RawColumn::name),
            Some("title")
        );
    }
}

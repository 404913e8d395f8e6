//! What is to be predicted: rows as the user wrote them, each with the distinct entity that it names.
//!
//! Comes in: a table of pairs, of drugs or of targets. Goes out: distinct entities, and one row for each accepted row of the table, in its
//! order, under its own id and with its row number, whatever other rows name the same molecule or sequence. Labels and
//! affinities are not read.

use std::path::Path;

use fusebind_features::entity::{molecule::Chemistry, protein::Protein};

use super::{
    annotation,
    columns::{self, Role, Scope},
    config::ColumnMap,
    dataset::Tables,
    entity::{Entity, Registry},
    entity_table::{NamedRow, register_drugs, register_targets},
    given, headerless,
    missing::present,
    mixtures,
    raw::RawTable,
    side::Side,
};
use crate::{
    Error,
    table::{Column, Drug, Rejection, Target},
};

/// Which further columns of the input are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// None.
    #[default]
    Nothing,
    /// All but the ids and mol blocks.
    Everything,
    /// These, which must exist.
    Named(Vec<String>),
    /// Those of these that exist.
    Present(Vec<String>),
}

/// A table of drugs or of targets.
#[derive(Clone, Debug)]
pub struct EntityTable<E> {
    /// Distinct entities.
    pub entities: Vec<E>,
    /// Accepted rows.
    pub rows: Vec<NamedRow>,
    /// Further columns, aligned with the rows.
    pub further: Vec<Column>,
    /// Rows that were rejected.
    pub rejections: Vec<Rejection>,
    /// How the files were read where that is not plain: a header that is data, skipped title rows.
    pub notes: Vec<String>,
}

/// Entities that hold for every row of a table of pairs.
#[derive(Clone, Debug, Default)]
pub struct GivenEntities {
    /// The drug.
    pub drug: Option<Drug>,
    /// The target.
    pub target: Option<Target>,
}

/// A table of pairs.
#[derive(Clone, Debug)]
pub struct PairTable {
    /// Distinct drugs.
    pub drugs: Vec<Drug>,
    /// Distinct targets.
    pub targets: Vec<Target>,
    /// Accepted rows: 1-based row of the file, and what it calls its drug and its target, with their positions.
    pub rows: Vec<(u64, [NamedEntity; 2])>,
    /// Further columns, aligned with the rows.
    pub further: Vec<Column>,
    /// Rows that were rejected.
    pub rejections: Vec<Rejection>,
    /// How the files were read where that is not plain: a header that is data, skipped title rows.
    pub notes: Vec<String>,
}

/// What a row calls an entity, and its position among the distinct ones.
pub type NamedEntity = (String, u32);

/// Reads a drug table (any table, or an SD file), for instance a library.
///
/// # Errors
/// Where the file cannot be read as a table or holds no structures.
pub fn load_drugs(
    path: &Path,
    chemistry: &dyn Chemistry,
    map: &ColumnMap,
    keep: &Keep,
) -> Result<EntityTable<Drug>, Error> {
    let (table, mut rejections) = RawTable::read(path)?;
    let table = annotation::skip(table, None);
    let holds = |cell: &str| chemistry.molecule(cell).is_ok();
    let before = table.len();
    let table = headerless::settle(table, (Role::Smiles, Scope::Drugs), map, &holds);
    headerless::renumber(before, &table, &mut rejections);
    let mut registry = Registry::new();
    let rows = register_drugs(&table, chemistry, map, &mut registry, &mut rejections)?;
    let mixtures = mixtures::note(&table, Scope::Drugs, map);
    let ids = ["molblock", map.drug_id.as_deref().unwrap_or("drug_id")];
    let table = table.noted(mixtures);
    entity_table(&table, registry.entities, rows, (keep, &ids), rejections)
}

/// Reads a target table (any table, or a FASTA file).
///
/// # Errors
/// Where the file cannot be read as a table or holds no sequences.
pub fn load_targets(path: &Path, map: &ColumnMap, keep: &Keep) -> Result<EntityTable<Target>, Error> {
    targets(RawTable::read(path)?, map, keep)
}

/// Reads a target table that is in memory.
///
/// # Errors
/// Where it holds no sequences.
pub fn targets_of_table(table: RawTable, map: &ColumnMap, keep: &Keep) -> Result<EntityTable<Target>, Error> {
    targets((table, Vec::new()), map, keep)
}

/// [`load_targets`] of bytes in memory; `name` stands for them in messages, and its extension counts.
///
/// # Errors
/// As for [`load_targets`].
pub fn read_targets(name: &Path, bytes: Vec<u8>, map: &ColumnMap) -> Result<EntityTable<Target>, Error> {
    targets(RawTable::read_bytes(name, bytes)?, map, &Keep::Nothing)
}

fn targets(
    (table, mut rejections): (RawTable, Vec<Rejection>),
    map: &ColumnMap,
    keep: &Keep,
) -> Result<EntityTable<Target>, Error> {
    let table = annotation::skip(table, None);
    let holds = |cell: &str| Protein::parse(cell).is_ok();
    let before = table.len();
    let table = headerless::settle(table, (Role::Sequence, Scope::Targets), map, &holds);
    headerless::renumber(before, &table, &mut rejections);
    let mut registry = Registry::new();
    let rows = register_targets(&table, map, &mut registry, &mut rejections)?;
    let ids = [map.target_id.as_deref().unwrap_or("target_id")];
    entity_table(&table, registry.entities, rows, (keep, &ids), rejections)
}

fn entity_table<E>(
    table: &RawTable,
    entities: Vec<E>,
    rows: Vec<NamedRow>,
    (keep, ids): (&Keep, &[&str]),
    rejections: Vec<Rejection>,
) -> Result<EntityTable<E>, Error> {
    let at: Vec<usize> = rows.iter().map(|row| row.at).collect();
    Ok(EntityTable {
        further: further(table, keep, ids, &at)?,
        entities,
        rows,
        rejections,
        notes: table.notes().to_vec(),
    })
}

/// Reads a table or folder of pairs; `given` holds for every row, whose table then need not name that side.
///
/// # Errors
/// Where a file cannot be read as a table, or a column is missing.
pub fn load_pairs(
    path: &Path,
    chemistry: &dyn Chemistry,
    map: &ColumnMap,
    given: GivenEntities,
    keep: &Keep,
) -> Result<PairTable, Error> {
    let mut rejections = Vec::new();
    let tables = Tables::open(path, None, None, &mut rejections)?;
    pairs((tables, rejections), chemistry, map, given, keep)
}

/// [`load_pairs`] of one table in memory; `name` stands for it in messages, and its extension counts.
///
/// # Errors
/// As for [`load_pairs`].
pub fn read_pairs(name: &Path, bytes: Vec<u8>, chemistry: &dyn Chemistry, map: &ColumnMap) -> Result<PairTable, Error> {
    let mut rejections = Vec::new();
    let tables = Tables::of_text(RawTable::read_bytes(name, bytes)?, None, &mut rejections);
    pairs(
        (tables, rejections),
        chemistry,
        map,
        GivenEntities::default(),
        &Keep::Nothing,
    )
}

/// Reads a table of pairs that is in memory: every row names its drug and its target itself, unless `given` does.
///
/// # Errors
/// Where a column is missing.
pub fn pairs_of_table(
    table: RawTable,
    chemistry: &dyn Chemistry,
    map: &ColumnMap,
    given: GivenEntities,
    keep: &Keep,
) -> Result<PairTable, Error> {
    pairs((Tables::flat(table), Vec::new()), chemistry, map, given, keep)
}

fn pairs(
    (tables, mut rejections): (Tables, Vec<Rejection>),
    chemistry: &dyn Chemistry,
    map: &ColumnMap,
    given: GivenEntities,
    keep: &Keep,
) -> Result<PairTable, Error> {
    check_columns(&tables, map)?;
    let pairs = &tables.pairs;
    let given_ids = given::id_columns(pairs, map, [given.drug.is_some(), given.target.is_some()])?;
    let mut drugs = Registry::<Drug>::new();
    if let Some(table) = &tables.drugs {
        register_drugs(table, chemistry, map, &mut drugs, &mut rejections)?;
    }
    let mut targets = Registry::<Target>::new();
    if let Some(table) = &tables.targets {
        register_targets(table, map, &mut targets, &mut rejections)?;
    }
    let smiles = |text: &str| chemistry.molecule(text);
    let drug_of = match &given.drug {
        Some(_) => None,
        None => Some(Side::new(
            pairs,
            &mut drugs,
            [Role::DrugId, Role::Smiles],
            (map, tables.drugs.is_some()),
            &smiles,
        )?),
    };
    let target_of = match &given.target {
        Some(_) => None,
        None => Some(Side::new(
            pairs,
            &mut targets,
            [Role::TargetId, Role::Sequence],
            (map, tables.targets.is_some()),
            &Protein::parse,
        )?),
    };
    let name = |row: usize| {
        // A given entity is called what the row calls it, or else what it was given as.
        let own = given_ids.map(|ids| ids.and_then(|ids| present(ids, row)));
        let ids = [
            given.drug.as_ref().map(|drug| &drug.ids[..]),
            given.target.as_ref().map(|target| &target.ids[..]),
        ];
        let drug = named(drug_of.as_ref(), row, &drugs, (own[0], ids[0]))?;
        Ok([drug, named(target_of.as_ref(), row, &targets, (own[1], ids[1]))?])
    };
    let (rows, at) = accepted(pairs, name, &mut rejections);
    let ids: Vec<&str> = drug_of.iter().chain(&target_of).map(Side::id_column).collect();
    Ok(PairTable {
        further: further(pairs, keep, &ids, &at)?,
        drugs: given.drug.map_or(drugs.entities, |drug| vec![drug]),
        targets: given.target.map_or(targets.entities, |target| vec![target]),
        rows,
        rejections,
        notes: tables.notes(),
    })
}

/// Row numbers and entities of the rows that name both, and their places in the table.
fn accepted(
    pairs: &RawTable,
    name: impl Fn(usize) -> Result<[NamedEntity; 2], (String, String)>,
    rejections: &mut Vec<Rejection>,
) -> (Vec<(u64, [NamedEntity; 2])>, Vec<usize>) {
    let (mut rows, mut at) = (Vec::new(), Vec::new());
    for row in 0..pairs.len() {
        match name(row) {
            Ok(named) => {
                rows.push((pairs.row_number(row), named));
                at.push(row);
            }
            Err((field, reason)) => rejections.push(pairs.reject(row, &field, reason)),
        }
    }
    (rows, at)
}

fn check_columns(tables: &Tables, map: &ColumnMap) -> Result<(), Error> {
    let all: Vec<&RawTable> = (tables.drugs.iter().chain(&tables.targets))
        .chain([&tables.pairs])
        .collect();
    columns::check(map, &all)
}

/// What a row calls its entity, and which one it is; `given` are the id in the row and those of the entity that holds for all rows.
fn named<E: Entity>(
    side: Option<&Side<'_>>,
    row: usize,
    registry: &Registry<E>,
    (own, given): (Option<&str>, Option<&[String]>),
) -> Result<NamedEntity, (String, String)> {
    match side {
        Some(side) => Ok((side.written(row).to_string(), side.resolve(row, registry)?)),
        None => {
            let first = given.and_then(|ids| ids.first().map(String::as_str));
            Ok((own.or(first).unwrap_or_default().to_string(), 0))
        }
    }
}

/// The columns to keep, at the rows `at`; `ids` are written anyway.
fn further(table: &RawTable, keep: &Keep, ids: &[&str], at: &[usize]) -> Result<Vec<Column>, Error> {
    let kept = match keep {
        Keep::Nothing => Vec::new(),
        Keep::Everything => (table.columns().iter())
            .filter(|column| !ids.contains(&column.name()))
            .collect(),
        Keep::Present(names) => names.iter().filter_map(|name| table.column(name)).collect(),
        Keep::Named(names) => names
            .iter()
            .map(|name| table.require(name))
            .collect::<Result<Vec<_>, Error>>()?,
    };
    let column = |column: &super::RawColumn| Column::text(column.name(), at.iter().map(|row| column.get(*row)));
    Ok(kept.into_iter().map(column).collect())
}

//! Tables as text: pairs, compounds (SMILES lists, CSV, SD files) and proteins (FASTA, CSV), read by the readers of files.
//!
//! Comes in: a text and its name. Goes out: rows of [`crate::input`]. Packed files are refused: what they unpack to has no bound here.

use std::{path::Path, sync::Arc};

use fusebind_data::{
    Error,
    source::{
        self, ColumnMap, GivenEntities, Keep, Library, LibraryText, PairTable, RawTable, Structure, read_pairs,
        read_targets,
    },
};
use fusebind_features::entity::molecule::Chemistry;
use fusebind_predict::{Compound, Pair, Target};
use rayon::prelude::*;

use crate::{
    reader::Reader,
    refusal::{Refusal, RowFault},
    rows::{Asked, Entity, Row, check_count},
};

/// Rows of a library that are held; the body has a limit of its own.
const MOST_ROWS: usize = 2_000_000;

/// The rows of a table of pairs, at most `most`.
pub(crate) fn pairs(reader: Reader<'_>, bytes: Vec<u8>, most: usize, limit: &'static str) -> Result<Asked, Refusal> {
    check_plain(&bytes)?;
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    // Before anything is read: reading takes longer than counting.
    check_count(lines.saturating_sub(1), most, limit)?;
    let name = Path::new("pairs.csv");
    let read = read_pairs(name, bytes, &reader.toolkit, &ColumnMap::default());
    Ok(rows(reader, read.map_err(|e| refused(&e))?))
}

/// The rows of a table of pairs that came as columns.
pub(crate) fn pairs_of_table(reader: Reader<'_>, table: RawTable) -> Result<Asked, Refusal> {
    let (map, given) = (ColumnMap::default(), GivenEntities::default());
    let read = source::pairs_of_table(table, &reader.toolkit, &map, given, &Keep::Nothing);
    Ok(rows(reader, read.map_err(|e| refused(&e))?))
}

/// Each row of the table, with its pair or what is wrong with it.
fn rows(reader: Reader<'_>, table: PairTable) -> Asked {
    let compounds: Vec<Arc<Compound>> = table
        .drugs
        .into_iter()
        .map(|drug| Arc::new(Compound::from(drug.molecule)))
        .collect();
    let targets: Vec<Result<Arc<Target>, RowFault>> = (table.targets.iter())
        .map(|target| reader.target(&target.protein.sequence, "sequence"))
        .collect();
    let accepted = table.rows.into_iter().map(|(number, [drug, target])| Row {
        number: Some(number),
        entities: [None, None],
        id: None,
        pair: targets[target.1 as usize]
            .clone()
            .map(|protein| Pair::new(compounds[drug.1 as usize].clone(), protein)),
        // A table without ids calls an entity by its structure, which the answer has anyway.
        names: [
            Some(drug.0),
            Some(target.0).filter(|id| id.len() <= reader.limits.id_letters),
        ],
    });
    let rejected = table.rejections.into_iter().map(|rejection| Row {
        number: Some(rejection.row),
        entities: [None, None],
        id: None,
        names: [None, None],
        pair: Err(RowFault::new(
            rejection.field,
            rejection.reason,
            "fix the row and send it again",
        )),
    });
    let mut rows: Vec<Row> = accepted.chain(rejected).collect();
    rows.sort_by_key(|row| row.number);
    Asked {
        rows,
        notes: table.notes,
        ..Asked::default()
    }
}

/// The compounds of a text.
pub(crate) fn compounds(
    reader: Reader<'_>,
    name: &str,
    text: String,
    notes: &mut Vec<String>,
) -> Result<Vec<Entity<Compound>>, Refusal> {
    check_plain(text.as_bytes())?;
    let name = plain_name(name, "compounds.smi");
    let bytes = text.into_bytes();
    let opened = Library::of_bytes(Path::new(&name), bytes, &reader.toolkit, &ColumnMap::default());
    let mut library = opened.map_err(|e| refused(&e))?;
    notes.extend(library.notes().iter().cloned());
    let mut all = Vec::new();
    while let Some(rows) = library.next_rows().map_err(|e| refused(&e))? {
        check_count(all.len() + rows.len(), MOST_ROWS, "job_rows")?;
        let read = |row: fusebind_data::source::LibraryRow| match row.content {
            Ok(content) => Entity {
                number: row.row,
                value: structure(reader, &content),
                id: Some(content.id).filter(|id| *id != content.text),
            },
            Err(rejection) => Entity {
                number: row.row,
                id: None,
                value: Err(RowFault::new(rejection.field, rejection.reason, "fix the row")),
            },
        };
        all.extend(rows.into_par_iter().map(read).collect::<Vec<_>>());
    }
    Ok(all)
}

fn structure(reader: Reader<'_>, content: &LibraryText) -> Result<Arc<Compound>, RowFault> {
    match content.structure {
        Structure::Smiles => reader.compound(&content.text, &content.field),
        Structure::MolBlock => match reader.toolkit.molecule_from_sd(&content.text) {
            Ok(molecule) => Ok(Arc::new(Compound::from(molecule))),
            Err(error) => Err(RowFault::new(&*content.field, error.to_string(), "fix the record")),
        },
    }
}

/// The proteins of a text.
pub(crate) fn targets(
    reader: Reader<'_>,
    name: &str,
    text: String,
    notes: &mut Vec<String>,
) -> Result<Vec<Entity<Target>>, Refusal> {
    check_plain(text.as_bytes())?;
    let name = plain_name(name, "targets.fasta");
    let read = read_targets(Path::new(&name), text.into_bytes(), &ColumnMap::default());
    let table = read.map_err(|e| refused(&e))?;
    notes.extend(table.notes.iter().cloned());
    let accepted = table.rows.iter().map(|row| {
        let sequence = &table.entities[row.entity as usize].protein.sequence;
        Entity {
            number: row.row,
            id: Some(row.id.clone()).filter(|id| id.len() <= reader.limits.id_letters),
            value: reader.target(sequence, "sequence"),
        }
    });
    let rejected = table.rejections.iter().map(|rejection| Entity {
        number: rejection.row,
        id: None,
        value: Err(RowFault::new(&*rejection.field, &*rejection.reason, "fix the row")),
    });
    let mut all: Vec<Entity<Target>> = accepted.chain(rejected).collect();
    all.sort_by_key(|entity| entity.number);
    Ok(all)
}

/// The last part of a file's name, since only its extension counts and it stands in messages.
fn plain_name(name: &str, otherwise: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control()).take(100).collect();
    match kept.trim().is_empty() {
        true => otherwise.to_string(),
        false => kept,
    }
}

fn check_plain(bytes: &[u8]) -> Result<(), Refusal> {
    const PACKED: [&[u8]; 5] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK", b"\xd0\xcf\x11\xe0", b"PAR1"];
    match PACKED.iter().any(|magic| bytes.starts_with(magic)) {
        true => Err(Refusal::malformed(
            "packed files, spreadsheets and Parquet files are not read over HTTP",
            "unpack the file, or save it as CSV",
        )),
        false => Ok(()),
    }
}

fn refused(error: &Error) -> Refusal {
    let position = error.position();
    let row = position.row.map(|row| format!("row {row}: "));
    let column = position.column.as_ref().map(|column| format!("column `{column}`: "));
    let place: String = [row, column].into_iter().flatten().collect();
    Refusal::malformed(format!("{place}{}", error.reason()), error.remedy())
}

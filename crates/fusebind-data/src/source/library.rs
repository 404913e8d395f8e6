//! A library of compounds, row by row and in flat memory.
//!
//! Comes in: a file of any size. Goes out: its rows in order, each with its name and the text of its structure, or with the reason why it is
//! rejected. Reading a structure is a step of its own, so that rows can be passed over at the speed of the file. Each row stands for itself:
//! two rows may have one name or one structure.

use std::{path::Path, sync::Arc};

use fusebind_features::entity::molecule::{Chemistry, Molecule};

use super::{
    annotation,
    chunks::{Chunk, Chunks},
    columns::{self, Role, Scope, find, need},
    config::ColumnMap,
    entity::{absence, refusal},
    headerless,
    missing::{self, present},
    raw::{RawColumn, RawTable, ReadLimits},
    read,
};
use crate::{
    Error,
    table::{Drug, Rejection},
};

/// Rows that are read at a time. The first of them decide what the columns mean, so that the number is part of the format.
const ROWS: usize = 4096;

/// How the structure of a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// As SMILES.
    Smiles,
    /// As a MOL block.
    MolBlock,
}

/// What a row says of its compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryText {
    /// What the row calls it.
    pub id: String,
    /// The structure.
    pub text: String,
    /// How it is written.
    pub structure: Structure,
    /// The column it stands in.
    pub field: Arc<str>,
}

/// A row of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryRow {
    /// 1-based row of the file.
    pub row: u64,
    /// What it says, or why it is rejected.
    pub content: Result<LibraryText, Rejection>,
}

impl LibraryText {
    /// The molecule, or the reason why there is none.
    ///
    /// # Errors
    /// In one line that a chemist can act on.
    pub fn molecule(&self, chemistry: &dyn Chemistry) -> Result<Molecule, String> {
        let read = match self.structure {
            Structure::Smiles => chemistry.molecule(&self.text),
            Structure::MolBlock => chemistry.molecule_from_sd(&self.text),
        };
        read.map_err(|fault| refusal::<Drug>(&fault))
    }
}

/// Where the parts of a row stand.
struct Places {
    structure: Structure,
    /// Column of the structure and of the name.
    text: String,
    id: Option<String>,
    /// Names of the columns of a table whose header is data.
    renamed: Option<Vec<String>>,
}

/// An open library.
pub struct Library {
    file: String,
    chunks: Chunks,
    places: Places,
    first: Option<Vec<LibraryRow>>,
    notes: Vec<String>,
}

impl Library {
    /// Opens `path`, and settles what its columns mean.
    ///
    /// # Errors
    /// Where the file cannot be read as a table or holds no structures.
    pub fn open(path: &Path, chemistry: &dyn Chemistry, map: &ColumnMap) -> Result<Self, Error> {
        Self::of(path, Chunks::open(path)?, chemistry, map)
    }

    /// [`Library::open`] of bytes in memory; `name` stands for them in messages, and its extension counts.
    ///
    /// # Errors
    /// As for [`Library::open`].
    pub fn of_bytes(name: &Path, bytes: Vec<u8>, chemistry: &dyn Chemistry, map: &ColumnMap) -> Result<Self, Error> {
        Self::of(name, Chunks::of_bytes(name, bytes)?, chemistry, map)
    }

    fn of(
        path: &Path,
        (mut chunks, is_list): (Chunks, bool),
        chemistry: &dyn Chemistry,
        map: &ColumnMap,
    ) -> Result<Self, Error> {
        let chunk = chunks.next(ROWS)?.unwrap_or_default();
        let plain = chunk.0.len();
        let (table, rejections) = if is_list { read::smiles(chunk) } else { chunk };
        let is_listed = table.len() > plain;
        // Names that occur twice are refused as for other tables; columns keep their places.
        read::distinct(path, table.clone(), &ReadLimits::default())?;
        let table = annotation::skip(table, None);
        Self::settled((table, rejections), is_listed, chunks, chemistry, map)
    }

    /// A library that is in memory, called as the table is; its rows come at once.
    ///
    /// # Errors
    /// Where it holds no structures.
    pub fn of_table(table: RawTable, chemistry: &dyn Chemistry, map: &ColumnMap) -> Result<Self, Error> {
        Self::settled((table, Vec::new()), false, Chunks::Whole(None), chemistry, map)
    }

    /// A library that begins with the rows of `table`.
    fn settled(
        (table, mut rejections): Chunk,
        is_listed: bool,
        chunks: Chunks,
        chemistry: &dyn Chemistry,
        map: &ColumnMap,
    ) -> Result<Self, Error> {
        let before = table.len();
        let holds = |cell: &str| chemistry.molecule(cell).is_ok();
        let table = headerless::settle(table, (Role::Smiles, Scope::Drugs), map, &holds);
        headerless::renumber(before, &table, &mut rejections);
        let is_headerless = is_listed || table.len() > before;
        columns::check(
            &ColumnMap {
                drug_id: map.drug_id.clone(),
                smiles: map.smiles.clone(),
                ..ColumnMap::default()
            },
            &[&table],
        )?;
        let sd = table.column("molblock").filter(|_| map.smiles.is_none());
        let text = match sd {
            Some(column) => column,
            None => need(&table, Role::Smiles, Scope::Drugs, map)?,
        };
        let names: Vec<String> = table.columns().iter().map(|c| c.name().to_string()).collect();
        let places = Places {
            structure: if sd.is_some() {
                Structure::MolBlock
            } else {
                Structure::Smiles
            },
            text: text.name().to_string(),
            id: find(&table, Role::DrugId, Scope::Drugs, map).map(|column| column.name().to_string()),
            // Where the header of a table became a row, the rows that follow have its columns under their new names.
            renamed: is_headerless.then_some(names),
        };
        let mut library = Self {
            file: table.file.clone(),
            chunks,
            notes: table.notes().to_vec(),
            places,
            first: None,
        };
        library.first = Some(library.rows(&table, rejections));
        Ok(library)
    }

    /// How the file is read where that is not plain.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The next rows, in order; none after the last.
    ///
    /// # Errors
    /// Where the file cannot be read any further.
    pub fn next_rows(&mut self) -> Result<Option<Vec<LibraryRow>>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some((mut table, mut rejections)) = self.chunks.next(ROWS)? else {
            return Ok(None);
        };
        if let Some(names) = &self.places.renamed {
            table = renamed(table, names);
            // The first line of the file counts as a row.
            rejections.iter_mut().for_each(|rejection| rejection.row += 1);
        }
        Ok(Some(self.rows(&annotation::skip(table, None), rejections)))
    }

    /// The rows of a part of the table, accepted or not, in the order of the file.
    fn rows(&self, table: &RawTable, rejections: Vec<Rejection>) -> Vec<LibraryRow> {
        let field: Arc<str> = self.places.text.as_str().into();
        let column = |name: &str| table.column(name);
        let text = column(&self.places.text);
        let id = self.places.id.as_deref();
        let id_column = id.and_then(column);
        let is_sd = self.places.structure == Structure::MolBlock;
        let title = column("title").filter(|_| is_sd);
        let content = |row: usize| {
            let own = id_column.and_then(|column| present(column, row));
            let titled = title.and_then(|column| present(column, row)).map(str::to_string);
            let numbered = || is_sd.then(|| format!("record {}", table.row_number(row)));
            let name = own.map(str::to_string).or(titled).or_else(numbered);
            if let (Some(id), None) = (id, &name) {
                let reason = "no id: the cell is empty or says so; pairs could not refer to this row";
                return Err(table.reject(row, id, reason));
            }
            let text = text.and_then(|column| column.get(row));
            match text.filter(|text| missing::value(text).is_some()) {
                Some(text) => Ok(LibraryText {
                    id: name.unwrap_or_else(|| text.to_string()),
                    text: text.to_string(),
                    structure: self.places.structure,
                    field: Arc::clone(&field),
                }),
                None => Err(table.reject(row, &field, absence::<Drug>())),
            }
        };
        let accepted = (0..table.len()).map(|row| LibraryRow {
            row: table.row_number(row),
            content: content(row),
        });
        let rejected = rejections.into_iter().map(|rejection| LibraryRow {
            row: rejection.row,
            content: Err(rejection),
        });
        let mut rows: Vec<LibraryRow> = accepted.chain(rejected).collect();
        rows.sort_by_key(|row| row.row);
        rows
    }

    /// The file as the user named it.
    pub fn file(&self) -> &str {
        &self.file
    }
}

/// The table under other column names, its rows one further down: the header was a row.
fn renamed(table: RawTable, names: &[String]) -> RawTable {
    let file = table.file.clone();
    let (columns, rows, _) = table.into_parts();
    let columns = columns.iter().zip(names).map(|(column, name)| {
        let mut same = RawColumn::new(name);
        (0..column.len()).for_each(|row| same.push(column.get(row)));
        same
    });
    RawTable::with_rows(file, columns.collect(), rows.into_iter().map(|row| row + 1).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fusebind_features::entity::molecule::ChematicToolkit;

    use super::*;
    use crate::source::{Keep, load_drugs};

    /// Number and id of every row; no id where it is rejected.
    fn read(path: &Path) -> Vec<(u64, Option<String>)> {
        rows_of(Library::open(path, &ChematicToolkit, &ColumnMap::default()).unwrap())
    }

    fn rows_of(mut library: Library) -> Vec<(u64, Option<String>)> {
        let mut all = Vec::new();
        while let Some(rows) = library.next_rows().unwrap() {
            let id = |row: LibraryRow| (row.row, row.content.ok().map(|content| content.id));
            all.extend(rows.into_iter().map(id));
        }
        all
    }

    #[test]
    fn a_library_of_several_chunks_is_read_as_a_table_is() {
        let folder = tempfile::tempdir().unwrap();
        let count = 2 * ROWS + 7;
        let smiles = |at: usize| format!("C{}O", "C".repeat(at % 40));
        let lines = |header: &str, separator: &str| {
            let rows = (0..count).map(|at| format!("{}{separator}m{at}\n", smiles(at)));
            format!("{header}{}", rows.collect::<String>())
        };
        for (name, header, separator) in [
            ("a.csv", "smiles,id\n", ","),
            ("b.tsv", "smiles\tid\n", "\t"),
            ("c.smi", "", " "),
            ("d.csv", "", ","),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, lines(header, separator)).unwrap();
            let streamed = read(&path);
            let whole = load_drugs(&path, &ChematicToolkit, &ColumnMap::default(), &Keep::Nothing).unwrap();
            let names: Vec<(u64, String)> = whole.rows.iter().map(|row| (row.row, row.id.clone())).collect();
            let own: Vec<(u64, String)> = streamed.into_iter().map(|(row, id)| (row, id.unwrap())).collect();
            assert_eq!(own, names, "{name}");
            let bytes = fs::read(&path).unwrap();
            let library = Library::of_bytes(name.as_ref(), bytes, &ChematicToolkit, &ColumnMap::default()).unwrap();
            assert_eq!(
                own,
                rows_of(library)
                    .into_iter()
                    .map(|(row, id)| (row, id.unwrap()))
                    .collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn rejected_rows_keep_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "id,smiles\na,CCO\n,CCN\nb,\nc,CCC,more\nd,CO\n").unwrap();
        let rows = read(&path);
        assert_eq!(rows.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        let is_read: Vec<bool> = rows.iter().map(|(_, id)| id.is_some()).collect();
        assert_eq!(is_read, [true, false, false, false, true]);
    }
}

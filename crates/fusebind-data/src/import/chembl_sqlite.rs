//! ChEMBL's SQLite database, read row by row and never written to. Tables and columns as its documentation lists them
//! (<https://ftp.ebi.ac.uk/pub/databases/chembl/ChEMBLdb/latest/schema_documentation.txt>).

use std::{fs::File, io::Read, path::Path};

use rusqlite::{Connection, OpenFlags, types::ValueRef};

use super::{
    chembl::Kind,
    measurement::Cells,
    record::{Reader, Record},
    report::DropReason,
};
use crate::{Error, ErrorKind};

/// What a database of this kind begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Rows that are fetched in one go.
const BATCH: i64 = 20_000;

/// Activities behind a given number, in the order of their numbers. A target of several components is met as one row that counts them.
const QUERY: &str = "
SELECT a.activity_id, m.chembl_id, m.pref_name, s.canonical_smiles,
       a.standard_type, a.standard_relation, a.standard_value, a.standard_units,
       a.data_validity_comment, a.potential_duplicate,
       y.assay_type, t.chembl_id, t.pref_name, t.target_type,
       (SELECT count(*) FROM target_components c WHERE c.tid = t.tid),
       (SELECT q.sequence FROM target_components c JOIN component_sequences q ON q.component_id = c.component_id
         WHERE c.tid = t.tid ORDER BY c.component_id LIMIT 1),
       d.year
  FROM activities a
  JOIN assays y ON y.assay_id = a.assay_id
  JOIN target_dictionary t ON t.tid = y.tid
  JOIN molecule_dictionary m ON m.molregno = a.molregno
  LEFT JOIN compound_structures s ON s.molregno = a.molregno
  LEFT JOIN docs d ON d.doc_id = a.doc_id
 WHERE a.activity_id > ?1 AND a.standard_value IS NOT NULL
 ORDER BY a.activity_id
 LIMIT ?2";

/// Whether the file is a SQLite database.
pub(super) fn is_database(path: &Path) -> Result<bool, Error> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(|source| Error::read(path, source))?;
    let read = file.take(MAGIC.len() as u64).read_to_end(&mut start);
    read.map_err(|source| Error::read(path, source))?;
    Ok(start == MAGIC)
}

pub(super) struct ChemblDatabase {
    path: std::path::PathBuf,
    connection: Connection,
    keep_flagged: bool,
    /// Records of the batch at hand, last one first.
    batch: Vec<Record>,
    /// Number of the last activity that was fetched.
    last: i64,
    ended: bool,
}

impl ChemblDatabase {
    pub fn open(path: &Path, keep_flagged: bool) -> Result<Self, Error> {
        let connection = Connection::open_with_flags(
            uri(path)?,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(|error| fault(path, &error))?;
        connection.prepare(QUERY).map_err(|error| fault(path, &error))?;
        Ok(Self {
            path: path.to_path_buf(),
            connection,
            keep_flagged,
            batch: Vec::new(),
            last: i64::MIN,
            ended: false,
        })
    }

    /// Fetches the next batch, so that no statement borrows the connection between two calls.
    fn fetch(&mut self) -> Result<(), Error> {
        let fail = |error: rusqlite::Error| fault(&self.path, &error);
        let mut statement = self.connection.prepare(QUERY).map_err(fail)?;
        let mut rows = statement.query([self.last, BATCH]).map_err(fail)?;
        let mut fetched = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            self.last = row.get(0).map_err(fail)?;
            let mut record = Record::default();
            fill(&mut record, row, self.keep_flagged).map_err(fail)?;
            fetched.push(record);
        }
        self.ended = (fetched.len() as i64) < BATCH;
        fetched.reverse();
        self.batch = fetched;
        Ok(())
    }
}

impl Reader for ChemblDatabase {
    fn read(&mut self, record: &mut Record) -> Result<bool, Error> {
        if self.batch.is_empty() && !self.ended {
            self.fetch()?;
        }
        match self.batch.pop() {
            Some(next) => *record = next,
            None => return Ok(false),
        }
        Ok(true)
    }
}

/// The cells of a row of [`QUERY`].
fn fill(record: &mut Record, row: &rusqlite::Row<'_>, keep_flagged: bool) -> rusqlite::Result<()> {
    let text = |at: usize| -> rusqlite::Result<String> {
        Ok(match row.get_ref(at)? {
            ValueRef::Null | ValueRef::Blob(_) => String::new(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        })
    };
    record.drug_id = text(1)?;
    record.drug_name = text(2)?;
    record.smiles = text(3)?;
    record.target_id = text(11)?;
    record.target_name = text(12)?;
    record.sequence = text(15)?;
    record.date = text(16)?;
    record.source.push_str("ChEMBL");
    let (target, assay, validity, duplicate) = (text(13)?, text(10)?, text(8)?, text(9)?);
    let kind = Kind {
        target: &target,
        assay: &assay,
        validity: &validity,
        duplicate: &duplicate,
    };
    kind.check(keep_flagged, record);
    let components = text(14)?;
    if components.parse().is_ok_and(|count: u32| count > 1) {
        record.refuse(DropReason::SeveralChains, "target_components", &components);
    }
    let (measure, relation, value, unit) = (text(4)?, text(5)?, text(6)?, text(7)?);
    let cells = Cells {
        measure: &measure,
        relation: &relation,
        value: &value,
        unit: &unit,
    };
    match cells.read() {
        Ok(measurement) => record.measurements.push(measurement),
        Err(reason) => {
            let (field, blamed) = cells.blamed(reason);
            record.leave_out(reason, field, blamed);
        }
    }
    Ok(())
}

/// The path as SQLite takes it, with the promise that nothing is written beside it.
fn uri(path: &Path) -> Result<String, Error> {
    let absolute = std::path::absolute(path).map_err(|source| Error::read(path, source))?;
    let mut uri = String::from("file://");
    for byte in absolute.to_string_lossy().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    Ok(uri)
}

fn fault(path: &Path, error: &rusqlite::Error) -> Error {
    Error::new(ErrorKind::Malformed, format!("the database cannot be read: {error}"))
        .in_file(path)
        .hint("give the SQLite file of a ChEMBL release, unpacked")
}

//! Exports of public databases to a data set folder, in one pass and in memory in proportion to the distinct compounds and proteins.
//!
//! Comes in: files of a database and an [`ImportConfig`]. Goes out: a folder with `drugs`, `targets` and `pairs`, every rejected row with
//! its reason, and an [`ImportReport`]. A row is read, checked and written; nothing holds the whole file.
//!
//! | format | files | layout |
//! |---|---|---|
//! | BindingDB | tab-separated, all columns | four columns of measurements per row; of old and new exports |
//! | ChEMBL, text | activities as the web page exports them | one measurement per row; sequences come from a target table |
//! | ChEMBL, SQLite | the database | the same with sequences inside |
//! | PubChem | data table of one assay | outcome and readouts per row; one target for all |
//! | TDC | `.tab` files | one value per row; the unit is a setting |

mod bindingdb;
mod chembl;
mod chembl_sqlite;
mod collect;
mod measurement;
mod pubchem;
mod record;
mod report;
mod rows;
mod sequences;
mod tdc;

use std::path::{Path, PathBuf};

use fusebind_features::entity::molecule::Chemistry;

pub use report::{DropReason, Dropped, ImportReport};
pub use sequences::Sequences;

use crate::{
    Error, ErrorKind,
    table::{FolderFormat, StagedFolder},
};
use collect::Collector;
use record::Reader;

/// A layout that is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFormat {
    /// BindingDB, tab-separated.
    BindingDb,
    /// ChEMBL: activities as text, or the SQLite database, which is told by the content.
    Chembl,
    /// PubChem, the data table of an assay.
    PubChem,
    /// Therapeutics Data Commons.
    Tdc,
}

/// What is imported, and how.
#[derive(Clone, Debug)]
pub struct ImportConfig {
    /// Layout of the files.
    pub format: ImportFormat,
    /// Files, read one after the other.
    pub files: Vec<PathBuf>,
    /// Sequences where the files hold ids alone.
    pub sequences: Sequences,
    /// Unit of values without one, for instance `Kd_nM`.
    pub unit: Option<String>,
    /// Keep what the database flags: values outside of the usual range, repeated entries, functional assays.
    pub keep_flagged: bool,
    /// Format of the written tables.
    pub tables: FolderFormat,
}

/// Imports into the new folder `out`; rejected rows go to the table `rejected`. `progress` gets the number of rows so far.
///
/// # Errors
/// Where a file cannot be read or is of another layout, where `out` holds something, and where no row is left: nothing is written then.
pub fn import(
    config: &ImportConfig,
    chemistry: &dyn Chemistry,
    out: &Path,
    rejected: &Path,
    mut progress: impl FnMut(u64),
) -> Result<ImportReport, Error> {
    let folder = StagedFolder::new(out)?;
    let mut collector = Collector::new(chemistry, folder.path(), config.tables, rejected)?;
    for file in &config.files {
        let mut reader = reader(config, file)?;
        let mut row = 0;
        loop {
            let record = collector.next(file);
            if !reader.read(record)? {
                break;
            }
            row += 1;
            record.row = row;
            collector.take()?;
            if row.is_multiple_of(10_000) {
                progress(collector.rows());
            }
        }
        collector.flush()?;
    }
    progress(collector.rows());
    let report = collector.finish()?;
    if report.kept_rows == 0 {
        let reasons: Vec<String> = report.dropped.iter().take(3).map(Dropped::to_string).collect();
        return Err(Error::new(ErrorKind::Empty, "no row could be imported").hint(reasons.join("; ")));
    }
    folder.finish()?;
    Ok(report)
}

fn reader<'c>(config: &'c ImportConfig, file: &Path) -> Result<Box<dyn Reader + 'c>, Error> {
    Ok(match config.format {
        ImportFormat::BindingDb => Box::new(bindingdb::BindingDb::open(file)?),
        ImportFormat::Chembl if chembl_sqlite::is_database(file)? => {
            Box::new(chembl_sqlite::ChemblDatabase::open(file, config.keep_flagged)?)
        }
        ImportFormat::Chembl => Box::new(chembl::ChemblText::open(file, &config.sequences, config.keep_flagged)?),
        ImportFormat::PubChem => Box::new(pubchem::PubChem::open(file, &config.sequences)?),
        ImportFormat::Tdc => Box::new(tdc::Tdc::open(file, config.unit.as_deref())?),
    })
}

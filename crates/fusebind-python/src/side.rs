//! Side data of a call: a folder, or tables in memory that are called as its files would be.
//!
//! Comes in: what the caller gave, and the entities. Goes out: side data aligned with them, with what should be said of it.

use std::path::PathBuf;

use fusebind::{
    data::{
        modality::{ModalityTables, Side, load_modalities, match_modalities},
        table::{Dataset, Rejection},
    },
    features::{
        entity::side::SideData,
        modality::{Modality, ModalitySet},
    },
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyString},
};

use crate::{error::Fault, table::Table};

/// Where side data are.
pub enum SideSource {
    /// Nowhere.
    Nothing,
    /// In a folder.
    Folder(PathBuf),
    /// In memory, by name.
    Tables(Vec<(String, Py<Table>)>),
}

impl SideSource {
    /// A path, or tables by name.
    pub fn new(given: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(given) = given else { return Ok(Self::Nothing) };
        if let Ok(tables) = given.cast::<PyDict>() {
            let table = |(name, table): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
                Ok((name.extract()?, table.cast_into::<Table>()?.unbind()))
            };
            return Ok(Self::Tables(tables.iter().map(table).collect::<PyResult<_>>()?));
        }
        Ok(Self::Folder(given.extract()?))
    }

    /// The folder, to be remembered.
    pub fn folder(&self) -> Option<&PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    fn read(&self, dataset: &Dataset) -> Result<Option<(ModalityTables, Vec<Rejection>)>, Fault> {
        match self {
            Self::Nothing => Ok(None),
            Self::Folder(folder) => Ok(Some(load_modalities(folder, dataset)?)),
            Self::Tables(tables) => {
                let raw = |(name, table): &(String, Py<Table>)| Ok((name.clone(), table.get().raw(name)?));
                let named = tables.iter().map(raw).collect::<Result<Vec<_>, Fault>>()?;
                Ok(Some(match_modalities(named, dataset)?))
            }
        }
    }
}

/// Side data as a call uses them.
#[derive(Default)]
pub struct SideTables {
    /// Of the drugs and of the targets.
    pub side: [SideData; 2],
    /// The tables, where there are any.
    pub tables: Option<ModalityTables>,
    /// What should be said.
    pub notes: Vec<String>,
}

impl SideTables {
    /// The side data of the entities of `dataset`; `fields` are the text columns of each side that are read.
    ///
    /// # Errors
    /// Where a table cannot be read, or describes none of the entities and `unmatched` does not allow that.
    pub fn new(
        source: &SideSource,
        dataset: &Dataset,
        fields: [&[String]; 2],
        unmatched: Unmatched,
    ) -> Result<Self, Fault> {
        let Some((tables, rejections)) = source.read(dataset)? else {
            return Ok(Self::default());
        };
        if unmatched == Unmatched::Refused {
            tables.refuse_unmatched()?;
        }
        let mut notes: Vec<String> = rejections.iter().map(ToString::to_string).collect();
        notes.extend(tables.remarks.iter().cloned());
        let skipped = tables.skipped.iter();
        notes.extend(skipped.map(|(file, reason)| format!("{file}: not read, {reason}")));
        notes.extend(tables.naming(fields, dataset));
        Ok(Self {
            side: [
                tables.side(Side::Drug, fields[0], dataset),
                tables.side(Side::Target, fields[1], dataset),
            ],
            tables: Some(tables),
            notes,
        })
    }
}

/// Whether a side table that describes none of the entities is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// It is.
    Refused,
    /// The caller says that it is not.
    Allowed,
}

/// The modalities of these names.
pub fn modalities(names: &[String]) -> Result<ModalitySet, Fault> {
    let of = |name: &String| name.parse::<Modality>().map_err(Fault::from);
    names.iter().map(of).collect()
}

/// The path of a string or a path object.
pub fn path(given: &Bound<'_, PyAny>) -> PyResult<Option<PathBuf>> {
    let is_path = given.is_instance_of::<PyString>() || given.hasattr("__fspath__")?;
    is_path.then(|| given.extract()).transpose()
}

//! What a run was trained on, kept as `RUN/source.json` so that later commands need not be told again. It is no part of what identifies a run: a
//! run is resumed on data that lie elsewhere.
//!
//! Comes in: paths, and `T`, how the caller says that tables are read. Goes out: the same.

use std::path::{Path, PathBuf};

use fusebind_data::table::Dataset;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::RunDir;
use crate::{Error, run_split::SplitFlag};

/// Name of the file in a run folder.
const FILE: &str = "source.json";

/// What a run remembers: absolute paths, and how tables are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSource<T> {
    /// Data set folder or table.
    pub data: PathBuf,
    /// The split, where the recipe names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitSource>,
    /// Folder of side modalities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modalities: Option<PathBuf>,
    /// How tables are read.
    #[serde(default = "T::default", bound(deserialize = "T: Default + DeserializeOwned"))]
    pub tables: T,
}

/// A remembered split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitSource {
    /// A split file.
    File(PathBuf),
    /// A column, or a column and parts.
    Column(String),
}

impl SplitSource {
    /// What a split flag names, to be remembered.
    ///
    /// # Errors
    /// Where the working directory is not known.
    pub fn new(dataset: &Dataset, flag: &str) -> std::io::Result<Self> {
        Ok(match SplitFlag::new(dataset, flag) {
            SplitFlag::File(file) => Self::File(std::path::absolute(file)?),
            SplitFlag::Column(column) => Self::Column(column.into()),
        })
    }
}

impl<T: Serialize + DeserializeOwned + Default> RunSource<T> {
    /// What a run on `dataset` is to remember.
    ///
    /// # Errors
    /// Where the working directory is not known.
    pub fn new(
        dataset: &Dataset,
        data: &Path,
        split: Option<&str>,
        modalities: Option<&Path>,
        tables: T,
    ) -> std::io::Result<Self> {
        Ok(Self {
            data: std::path::absolute(data)?,
            split: split.map(|flag| SplitSource::new(dataset, flag)).transpose()?,
            modalities: modalities.map(std::path::absolute).transpose()?,
            tables,
        })
    }

    /// Writes it into a run folder.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, run: &RunDir) -> Result<(), Error> {
        run.write_json(FILE, self)
    }

    /// What a run remembers, if it remembers anything.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn read(run: &RunDir) -> Result<Option<Self>, Error> {
        match run.root().join(FILE).is_file() {
            true => run.read_json(FILE).map(Some),
            false => Ok(None),
        }
    }
}

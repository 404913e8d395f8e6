//! What the manifest of a stored library says: its model, its files, and what became of their rows.
//!
//! Comes in, goes out: JSON. The order of fields is that of the file.

use fusebind_features::entity::molecule::Standardise;
use serde::{Deserialize, Serialize};

use super::mark::FileMark;
use crate::source::ColumnMap;

/// Version of stored libraries; others are refused.
pub const SCHEMA: u32 = 1;

/// The model that coded a library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelMark {
    /// SHA-256 of the model file.
    pub sha256: String,
    /// Name of its recipe.
    pub recipe: String,
    /// What its data were.
    pub data_fingerprint: String,
    /// What its featurisation is.
    pub feature_schema: u32,
    /// Its seed.
    pub seed: u64,
}

/// A file that was read, with the number of the command that named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The file.
    #[serde(flatten)]
    pub mark: FileMark,
    /// 0 for those of the first build, one more for each time files were added.
    pub batch: u32,
}

/// A part and what became of the rows that it was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartMark {
    /// File, where a row was kept.
    pub file: Option<String>,
    /// SHA-256 of that file.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// See [`Input::batch`].
    pub batch: u32,
    /// Rows that were read.
    pub read: u64,
    /// Rows that are in the part.
    pub kept: u64,
    /// Rows that are no compound.
    pub rejected: u64,
    /// Rows of compounds that the library had.
    pub duplicates: u64,
}

/// How the files of a library were read: flags of the command line that name columns, under the names of the flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadAs {
    /// Column of drug ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drug_id: Option<String>,
    /// Column of SMILES.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smiles_column: Option<String>,
    /// Column of target ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_id: Option<String>,
    /// Column of sequences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence_column: Option<String>,
    /// Column of binding labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Column of affinities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<String>,
    /// Column of units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_column: Option<String>,
    /// Column that says what was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure_column: Option<String>,
    /// Column of relations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation_column: Option<String>,
    /// Unit of every affinity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Column that counts where several contradict each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefer: Option<String>,
    /// Whether affinities are read that look like those of another unit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub accept_values: bool,
    /// What is made of molecules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standardise: Option<Standardise>,
    /// Whether side tables may describe none of the entities.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_unmatched: bool,
}

/// See the file's header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Version of fusebind that wrote it.
    pub version: String,
    /// What coded it.
    pub model: ModelMark,
    /// How its files were read.
    pub columns: ReadAs,
    /// Whether it holds each compound once.
    pub distinct: bool,
    /// Rows of the files in a part.
    pub part_rows: u64,
    /// Bytes of a code, once there is a sketch.
    pub channels: usize,
    /// SHA-256 of the sketch.
    pub sketch: Option<String>,
    /// Its files.
    pub inputs: Vec<Input>,
    /// Its parts, in the order of the rows.
    pub parts: Vec<PartMark>,
    /// Whether all inputs were read to their ends.
    pub complete: bool,
}

impl ReadAs {
    /// The columns of compounds.
    pub fn columns(&self) -> ColumnMap {
        ColumnMap {
            drug_id: self.drug_id.clone(),
            smiles: self.smiles_column.clone(),
            ..ColumnMap::default()
        }
    }
}

impl Manifest {
    /// Sum over all parts.
    pub fn total(&self, of: impl Fn(&PartMark) -> u64) -> u64 {
        self.parts.iter().map(of).sum()
    }

    /// The number of the last command that named files.
    pub fn last_batch(&self) -> u32 {
        self.inputs.last().map_or(0, |input| input.batch)
    }
}

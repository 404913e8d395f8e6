//! Side data of drugs and targets: texts, transcriptomes, assay profiles, as typed values matched to a data set.
//!
//! Comes in: a folder of tables and a [`Dataset`]. Goes out: [`ModalityTables`]. Nothing is encoded
//! here and nothing is imputed: what was not measured stays missing. Axis legend: `G` genes, `A` assays.

mod array;
mod columns;
mod coverage;
mod embedding;
mod gct;
mod hdf5;
mod kind;
mod matching;
mod naming;
mod profile;
mod side;
mod text;
mod transposed;
mod unmatched;

pub use coverage::Coverage;
pub use embedding::{
    DescribedRows, EmbeddingTable, KeyColumn, Number, load_descriptions, write_embeddings, write_states,
};
pub use kind::ProfileKind;
pub use matching::Side;
pub use profile::ProfileTable;
pub use text::{TextEntry, TextTable};
pub use unmatched::Unmatched;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    Error, ErrorKind,
    source::RawTable,
    table::{Dataset, Rejection},
};

/// What a folder of modality tables holds about the entities of one data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModalityTables {
    /// Textual descriptions, by file name.
    pub texts: Vec<TextTable>,
    /// Transcriptomes and assay profiles, by file name.
    pub profiles: Vec<ProfileTable>,
    /// Notes on single genes or assays (`*_columns`, `*_genes`): column to its further cells.
    pub notes: BTreeMap<String, BTreeMap<String, String>>,
    /// Skipped files, with the reason.
    pub skipped: Vec<(String, String)>,
    /// Tables of which no row belongs to an entity.
    pub unmatched: Vec<Unmatched>,
    /// How tables were read where that is not plain, in sentences.
    pub remarks: Vec<String>,
}

/// What a file holds, by its name.
enum Content {
    Text(Side),
    Profile(ProfileKind),
}

impl Content {
    fn of(stem: &str) -> Option<Self> {
        let stem = stem.to_ascii_lowercase();
        let begins = |words: &[&str]| words.iter().any(|word| stem.starts_with(word));
        if begins(&["text_drug", "drug_text"]) {
            Some(Self::Text(Side::Drug))
        } else if begins(&["text_target", "text_protein", "target_text", "protein_text"]) {
            Some(Self::Text(Side::Target))
        } else if begins(&["transcriptom"]) {
            Some(Self::Profile(ProfileKind::Transcriptome))
        } else if begins(&["bioassay"]) {
            Some(Self::Profile(ProfileKind::Bioassay))
        } else {
            let modality = stem.strip_prefix("embedding_")?.split('_').next()?;
            Some(Self::Profile(ProfileKind::Embedding(modality.parse().ok()?)))
        }
    }
}

/// Reads every modality table in `dir` (CSV, TSV or Parquet; embeddings also as safetensors or `.npy`) and keeps the rows that
/// belong to an entity of `dataset`.
pub fn load_modalities(dir: &Path, dataset: &Dataset) -> Result<(ModalityTables, Vec<Rejection>), Error> {
    let (mut tables, mut rejections) = (ModalityTables::default(), Vec::new());
    for path in table_files(dir)? {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if array::is_array(&path) && path.extension().is_none_or(|ending| ending != "gctx") {
            read_array(&path, &stem, dataset, &mut tables, &mut rejections)?;
            continue;
        }
        let Some((table, rejected)) = read_table(&path, &stem)? else {
            let reason = "it has not the layout of a GCTX file";
            tables.skipped.push((path.display().to_string(), reason.to_string()));
            continue;
        };
        rejections.extend(rejected);
        let file = path.display().to_string();
        read_one((&file, stem), table, dataset, &mut tables, &mut rejections)?;
    }
    Ok((tables, rejections))
}

/// Matches modality tables that are in memory to `dataset`; each is called as a file would be, such as `drug_text`.
///
/// # Errors
/// Where a table cannot be read as what its name says.
pub fn match_modalities(
    named: impl IntoIterator<Item = (String, RawTable)>,
    dataset: &Dataset,
) -> Result<(ModalityTables, Vec<Rejection>), Error> {
    let (mut tables, mut rejections) = (ModalityTables::default(), Vec::new());
    for (name, table) in named {
        read_one((&name.clone(), name), table, dataset, &mut tables, &mut rejections)?;
    }
    Ok((tables, rejections))
}

/// Reads one table into the tables, as what `stem` says, or says why it is skipped.
fn read_one(
    (file, stem): (&str, String),
    table: RawTable,
    dataset: &Dataset,
    tables: &mut ModalityTables,
    rejections: &mut Vec<Rejection>,
) -> Result<(), Error> {
    if let Some(column) = table.column("column") {
        for row in 0..table.len() {
            let others = table.columns().iter().filter(|other| other.name() != column.name());
            let cells = others.filter_map(|other| Some((other.name().to_string(), other.get(row)?.to_string())));
            tables
                .notes
                .entry(column.get(row).unwrap_or_default().to_string())
                .or_default()
                .extend(cells);
        }
        return Ok(());
    }
    let skip = match Content::of(&stem) {
        None => {
            "its name begins with none of text_drug, text_target, text_protein, transcriptom, bioassay, embedding_MODALITY"
        }
        Some(Content::Text(side)) => match TextTable::new(stem, side, &table, dataset)? {
            Some(texts) => {
                let is_unmatched = !table.is_empty() && texts.of_entity.iter().all(Vec::is_empty);
                if is_unmatched && side.entities(dataset) > 0 {
                    tables.unmatched.push(Unmatched::table(&table, side, dataset));
                }
                tables.texts.push(texts);
                return Ok(());
            }
            None => "it has no key column, such as drug_id, inchikey, ik14, target_id, uniprot, seq_md5",
        },
        Some(Content::Profile(kind)) => {
            if read_profiles((stem, kind), table, dataset, tables, rejections) {
                return Ok(());
            }
            "it has no key column of a drug or target beside its numbers"
        }
    };
    tables.skipped.push((file.to_string(), skip.to_string()));
    Ok(())
}

/// Reads a wide table into the tables, genes or assays as columns or as rows; `false` where it has no key column.
fn read_profiles(
    (stem, kind): (String, ProfileKind),
    table: RawTable,
    dataset: &Dataset,
    tables: &mut ModalityTables,
    rejections: &mut Vec<Rejection>,
) -> bool {
    let (table, remark) = match kind {
        ProfileKind::Embedding(_) => (table, None),
        _ => transposed::settle(table, dataset, rejections),
    };
    tables.remarks.extend(remark);
    let Some(profiles) = ProfileTable::new((stem, kind), &table, dataset, rejections) else {
        return false;
    };
    let is_unmatched = !table.is_empty() && profiles.unmatched_rows == table.len() as u64;
    if is_unmatched && profiles.side.entities(dataset) > 0 {
        tables.unmatched.push(Unmatched::table(&table, profiles.side, dataset));
    }
    tables.profiles.push(profiles);
    true
}

/// Reads a table, of whatever format; `None` for a GCTX file of another layout.
fn read_table(path: &Path, stem: &str) -> Result<Option<(RawTable, Vec<Rejection>)>, Error> {
    let is_of_targets = stem.contains("target") || stem.contains("protein");
    let key = if is_of_targets { "target_id" } else { "drug_id" };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "gct" => Ok(Some((gct::read(path, key)?, Vec::new()))),
        "gctx" => Ok(hdf5::gctx(path, key, &gct::NAMES)?.map(|table| (table, Vec::new()))),
        _ => RawTable::read(path).map(Some),
    }
}

/// Reads the embeddings of an array file into the tables, or says why they are skipped.
fn read_array(
    path: &Path,
    stem: &str,
    dataset: &Dataset,
    tables: &mut ModalityTables,
    rejections: &mut Vec<Rejection>,
) -> Result<(), Error> {
    let skipped = match Content::of(stem) {
        Some(Content::Profile(ProfileKind::Embedding(modality))) => {
            match array::read(path, modality, dataset, rejections) {
                Ok(profiles) => {
                    let (rows, side) = (profiles.unmatched_rows as usize, profiles.side);
                    if rows > 0 && profiles.profiles.of_entity.iter().all(Vec::is_empty) && side.entities(dataset) > 0 {
                        let file = path.display().to_string();
                        tables.unmatched.push(Unmatched::new(file, (rows, side, None), dataset));
                    }
                    tables.profiles.push(profiles);
                    return Ok(());
                }
                // Of a container of many arrays nothing is known where it cannot be opened: the other files count all the same.
                Err(error) if hdf5::is_one(path) => format!("{}; {}", error.reason(), error.remedy()),
                Err(error) => return Err(error),
            }
        }
        _ => "array files hold embeddings: begin its name with embedding_MODALITY".to_string(),
    };
    tables.skipped.push((path.display().to_string(), skipped));
    Ok(())
}

/// The table files in `dir`, sorted, without ids of arrays and rejected rows that lie beside a table; two formats of one name are an error.
fn table_files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let fault = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotADirectory => Error::new(ErrorKind::WrongFileType, "this is a file, not a folder")
            .in_file(dir)
            .hint("name the folder that holds the modality tables"),
        _ => Error::read(dir, source),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        if matches!(
            extension,
            "parquet" | "pq" | "csv" | "tsv" | "tab" | "txt" | "npy" | "safetensors" | "h5" | "hdf5" | "gct" | "gctx"
        ) && ![".ids.txt", ".rejected.csv"]
            .iter()
            .any(|ending| path.to_string_lossy().ends_with(ending))
            && path.is_file()
        {
            files.push(path);
        }
    }
    files.sort();
    if let Some(pair) = files.windows(2).find(|pair| pair[0].file_stem() == pair[1].file_stem()) {
        return Err(
            Error::new(ErrorKind::Ambiguous, format!("there is also {}", pair[1].display()))
                .in_file(&pair[0])
                .hint("keep one of the two"),
        );
    }
    if files.is_empty() {
        return Err(Error::new(ErrorKind::Empty, "the folder holds no table")
            .in_file(dir)
            .hint("add text_drug, text_target, transcriptomics or bioassay as .csv, .tsv or .parquet"));
    }
    Ok(files)
}

impl ModalityTables {
    /// Refuses tables that match no entity.
    ///
    /// # Errors
    /// The first of them.
    pub fn refuse_unmatched(&self) -> Result<(), Error> {
        self.unmatched.first().map_or(Ok(()), |first| Err(first.refusal()))
    }

    /// The target that an assay measures, where the notes name it (`measures`): an id or a key of a target.
    pub fn measured_target(&self, column: &str) -> Option<&str> {
        self.notes.get(column)?.get("measures").map(String::as_str)
    }

    /// Whether an assay measures a target directly, where the notes state it: it may leak labels.
    pub fn measures_target(&self, column: &str) -> Option<bool> {
        match self.notes.get(column)?.get("direct_target_assay")?.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }
}

//! Folders as DeepDTA publishes Davis and KIBA: `ligands_can.txt` and `proteins.txt` (JSON objects of id and text, in order) and `Y`, a
//! pickled array of affinities, compounds by proteins, NaN where nothing was measured; `folds/` holds the published split.
//!
//! Comes in: such a folder. Goes out: the three tables of a data set, with the published split as a column.

use std::{fs, path::Path};

use fusebind_features::regular;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{
    pickle::{self, Matrix},
    raw::{RawColumn, RawTable},
};
use crate::{Error, ErrorKind};

/// Largest file of such a folder: KIBA has 4 MB.
const MOST_BYTES: u64 = 1 << 30;

/// An object of JSON in its own order.
struct Ordered(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Ordered;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of ids and texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Whether `dir` is such a folder.
pub(super) fn is_one(dir: &Path) -> bool {
    ["ligands_can.txt", "proteins.txt", "Y"]
        .iter()
        .all(|name| dir.join(name).is_file())
}

fn malformed(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Malformed,
        format!("this is not as DeepDTA writes it: {reason}"),
    )
    .in_file(path)
    .hint("copy the folder again")
}

fn content(path: &Path) -> Result<Vec<u8>, Error> {
    let size = fs::metadata(path).map_err(|source| Error::read(path, source))?.len();
    if size > MOST_BYTES {
        return Err(malformed(path, format_args!("{size} bytes are too many")));
    }
    regular::read(path).map_err(|source| Error::read(path, source))
}

fn entities(path: &Path, names: [&str; 2]) -> Result<(Vec<String>, RawTable), Error> {
    let Ordered(entries) = serde_json::from_slice(&content(path)?).map_err(|e| malformed(path, e))?;
    let [mut ids, mut texts] = names.map(RawColumn::new);
    for (id, text) in &entries {
        ids.push(Some(id));
        texts.push(Some(text));
    }
    let table = RawTable::from_columns(path.display().to_string(), vec![ids, texts]);
    Ok((entries.into_iter().map(|entry| entry.0).collect(), table))
}

/// Unit of the affinities where the user names none: Davis is given in nM, KIBA in its score.
fn likely_unit(matrix: &Matrix) -> &'static str {
    let mut values: Vec<f64> = matrix.values.iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let median = values.get(values.len() / 2).copied().unwrap_or_default();
    match values.last() {
        Some(most) if *most > 100.0 => "Kd_nM",
        _ if median > 10.0 => "KIBA",
        _ => "pKd",
    }
}

/// Drugs, targets and pairs of the folder `dir`; `unit` is what the user said of the affinities.
pub(super) fn read(dir: &Path, unit: Option<&str>) -> Result<[RawTable; 3], Error> {
    let (drugs, drug_table) = entities(&dir.join("ligands_can.txt"), ["drug_id", "smiles"])?;
    let (targets, target_table) = entities(&dir.join("proteins.txt"), ["target_id", "sequence"])?;
    let path = dir.join("Y");
    let matrix = pickle::matrix(&content(&path)?).map_err(|reason| malformed(&path, reason))?;
    if (matrix.rows, matrix.columns) != (drugs.len(), targets.len()) {
        let reason = format!(
            "{} compounds by {} proteins, but there are {} and {}",
            matrix.rows,
            matrix.columns,
            drugs.len(),
            targets.len()
        );
        return Err(malformed(&path, reason));
    }
    let guessed = likely_unit(&matrix);
    let mut columns = ["drug_id", "target_id", "affinity", "unit"].map(RawColumn::new);
    let measured: Vec<usize> = (0..matrix.values.len())
        .filter(|at| matrix.values[*at].is_finite())
        .collect();
    for &at in &measured {
        columns[0].push(Some(&drugs[at / matrix.columns]));
        columns[1].push(Some(&targets[at % matrix.columns]));
        columns[2].push(Some(&matrix.values[at].to_string()));
        columns[3].push(Some(guessed));
    }
    let mut columns: Vec<RawColumn> = columns.into();
    columns.extend(published_split(&dir.join("folds"), measured.len())?);
    let pairs = RawTable::from_columns(path.display().to_string(), columns);
    let note = format!(
        "{}: the affinities are taken as {guessed}, by their size; say otherwise with --unit",
        path.display()
    );
    let pairs = pairs.noted(unit.is_none().then_some(note));
    Ok([drug_table, target_table, pairs])
}

/// The published folds as a split column, where they are there.
fn published_split(folds: &Path, pairs: usize) -> Result<Option<RawColumn>, Error> {
    let [train, test] = ["train_fold_setting1.txt", "test_fold_setting1.txt"].map(|name| folds.join(name));
    if !train.is_file() || !test.is_file() {
        return Ok(None);
    }
    let mut parts: Vec<Option<String>> = vec![None; pairs];
    let train_folds: Vec<Vec<usize>> = serde_json::from_slice(&content(&train)?).map_err(|e| malformed(&train, e))?;
    let tested: Vec<usize> = serde_json::from_slice(&content(&test)?).map_err(|e| malformed(&test, e))?;
    let named = train_folds
        .iter()
        .enumerate()
        .map(|(at, fold)| (format!("fold{at}"), fold));
    for (name, fold) in named.chain([("test".to_string(), &tested)]) {
        for at in fold {
            let slot = parts.get_mut(*at);
            *slot.ok_or_else(|| malformed(&test, format_args!("pair {at} does not exist")))? = Some(name.clone());
        }
    }
    let mut column = RawColumn::new("split_setting1");
    parts.iter().for_each(|part| column.push(part.as_deref()));
    Ok(Some(column))
}

//! HDF5: embeddings as one data set per entity (as ProtT5 embeddings are published) or as a matrix with a list of ids, and GCTX (CMap).
//!
//! Comes in: a file. Goes out: named rows of numbers, or a [`RawTable`] of samples by genes. What an entity has for each of its residues
//! is averaged over them. Sizes are compared with that of the file before anything is read.

use std::{fs, path::Path};

use hdf5_pure::{Dataset, File};

use crate::{
    Error, ErrorKind,
    source::{RawColumn, RawTable},
};

/// Numbers that a small file may hold, and numbers for each byte of a larger one: compressed zeros shrink a thousandfold.
const FREE_NUMBERS: u64 = 1 << 24;
const NUMBERS_PER_BYTE: u64 = 16;

/// A named row, or why it cannot be used.
pub(super) type Row = (String, Result<Vec<f32>, &'static str>);

fn damaged(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Malformed, format!("the HDF5 file cannot be read: {reason}"))
        .in_file(path)
        .hint("write it again, as one data set per entity or as a matrix with a data set of ids")
}

/// Whether a file is HDF5, by its content.
pub(super) fn is_one(path: &Path) -> bool {
    path.is_file() && hdf5_pure::is_hdf5(path).unwrap_or(false)
}

/// A data set as numbers, and its shape.
fn numbers(path: &Path, dataset: &Dataset) -> Result<(Vec<f32>, Vec<usize>), Error> {
    let fail = |e: hdf5_pure::Error| damaged(path, e);
    let shape = dataset.shape().map_err(fail)?;
    let count = shape.iter().try_fold(1u64, |all, size| all.checked_mul(*size));
    let size = fs::metadata(path).map_err(|source| Error::read(path, source))?.len();
    let limit = FREE_NUMBERS.max(size.saturating_mul(NUMBERS_PER_BYTE));
    let count = count
        .filter(|count| *count <= limit)
        .ok_or_else(|| damaged(path, "it describes more numbers than it can hold"))?;
    let raw = dataset.read_raw().map_err(fail)?;
    let values = match count > 0 && raw.len() as u64 == 2 * count {
        true => raw
            .chunks_exact(2)
            .map(|pair| half::f16::from_le_bytes([pair[0], pair[1]]).to_f32())
            .collect(),
        false => dataset
            .read_f32()
            .or_else(|_| Ok(dataset.read_f64()?.into_iter().map(|value| value as f32).collect()))
            .map_err(fail)?,
    };
    let shape = shape.into_iter().map(|size| size as usize).collect();
    Ok((values, shape))
}

/// The embeddings of a file.
pub(super) fn embeddings(path: &Path) -> Result<Vec<Row>, Error> {
    let fail = |e: hdf5_pure::Error| damaged(path, e);
    let file = File::open(path).map_err(fail)?;
    let names = file.root().datasets().map_err(fail)?;
    let opened = names
        .iter()
        .map(|name| file.dataset(name).map(|dataset| (name, dataset)));
    let datasets: Vec<(&String, Dataset)> = opened.collect::<Result<_, _>>().map_err(fail)?;
    let texts = datasets.iter().find_map(|(_, dataset)| dataset.read_string().ok());
    if let Some(ids) = texts {
        let is_matrix = |dataset: &&(&String, Dataset)| {
            dataset
                .1
                .shape()
                .is_ok_and(|shape| shape.len() == 2 && shape[0] as usize == ids.len())
        };
        let (_, dataset) = datasets
            .iter()
            .find(is_matrix)
            .ok_or_else(|| damaged(path, "beside its ids there is no matrix with a row for each"))?;
        let (values, shape) = numbers(path, dataset)?;
        let row = |(at, id): (usize, String)| (id, Ok(values[at * shape[1]..(at + 1) * shape[1]].to_vec()));
        return Ok(ids.into_iter().enumerate().map(row).collect());
    }
    let mut rows = Vec::with_capacity(datasets.len());
    for (name, dataset) in &datasets {
        let (values, shape) = numbers(path, dataset)?;
        let row = match shape[..] {
            [_] => Ok(values),
            [residues, width] if residues > 0 && width > 0 => Ok(mean(&values, residues, width)),
            _ => Err("it is neither a row nor a matrix of residues"),
        };
        rows.push(((*name).clone(), row));
    }
    Ok(rows)
}

fn mean(values: &[f32], residues: usize, width: usize) -> Vec<f32> {
    let column = |at: usize| values.iter().skip(at).step_by(width).sum::<f32>() / residues as f32;
    (0..width).map(column).collect()
}

/// A GCTX file as a table of samples, under `key`, by genes; `None` for other layouts. Samples are called as the first of the annotations
/// `names` that there is says, else by their id.
pub(super) fn gctx(path: &Path, key: &str, names: &[&str]) -> Result<Option<RawTable>, Error> {
    let fail = |e: hdf5_pure::Error| damaged(path, e);
    let file = File::open(path).map_err(fail)?;
    let Ok(matrix) = file.dataset("0/DATA/0/matrix") else {
        return Ok(None);
    };
    let ids = |name: &str| file.dataset(name).and_then(|ids| ids.read_string()).map_err(fail);
    let annotated = names
        .iter()
        .find_map(|name| file.dataset(&format!("0/META/COL/{name}")).ok()?.read_string().ok());
    let samples = match annotated {
        Some(names) => names,
        None => ids("0/META/COL/id")?,
    };
    let genes = ids("0/META/ROW/id")?;
    let (values, shape) = numbers(path, &matrix)?;
    if shape != [samples.len(), genes.len()] {
        return Err(damaged(
            path,
            "its matrix has other sizes than its lists of samples and genes",
        ));
    }
    Ok(Some(table(path, key, &samples, &genes, |sample, gene| {
        Some(values[sample * genes.len() + gene].to_string())
    })))
}

/// A table of samples by genes.
pub(super) fn table(
    path: &Path,
    key: &str,
    samples: &[String],
    genes: &[String],
    cell: impl Fn(usize, usize) -> Option<String>,
) -> RawTable {
    let mut ids = RawColumn::new(key);
    samples.iter().for_each(|sample| ids.push(Some(sample.trim())));
    let mut columns = vec![ids];
    for (gene, name) in genes.iter().enumerate() {
        let mut column = RawColumn::new(name.trim());
        (0..samples.len()).for_each(|sample| column.push(cell(sample, gene).as_deref()));
        columns.push(column);
    }
    RawTable::from_columns(path.display().to_string(), columns)
}

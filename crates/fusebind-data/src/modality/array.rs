//! Embeddings in array files: safetensors (one tensor per entity, named by an id or key), and NumPy `.npy` (a matrix, with the
//! ids in a text file beside it, one per line: `embedding_x.npy` and `embedding_x.ids.txt`). Names follow the rule of all side
//! tables (`matching.rs`).
//!
//! Comes in: a file. Goes out: a [`ProfileTable`]. A tensor with another width than most, with a value that is not finite, or of
//! another type than float is a rejected row. These files hold no code.

use std::{collections::HashMap, fs, path::Path};

use fusebind_features::modality::Modality;
use serde::Deserialize;

use super::{ProfileKind, ProfileTable, Side, matching::RowNames, profile::collect};
use crate::{
    Error, ErrorKind,
    table::{Dataset, Rejection},
};

/// One row of an array file: its name and its values, or why the values cannot be used.
type Row = (String, Result<Vec<f32>, &'static str>);

/// Whether a file is an array file, by its extension.
pub(super) fn is_array(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "safetensors" || e == "npy")
}

/// Reads embeddings of `modality`.
pub(super) fn read(
    path: &Path,
    modality: Modality,
    dataset: &Dataset,
    rejections: &mut Vec<Rejection>,
) -> Result<ProfileTable, Error> {
    let bytes = fs::read(path).map_err(|e| Error::read(path, e))?;
    let rows = match path.extension().is_some_and(|e| e == "npy") {
        true => npy(path, &bytes)?,
        false => safetensors(path, &bytes)?,
    };
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let side = match modality {
        Modality::Graph | Modality::Bioassay => Side::Drug,
        Modality::Sequence => Side::Target,
        _ if name.contains("target") || name.contains("protein") => Side::Target,
        _ => Side::Drug,
    };
    let width = usual_width(&rows);
    let of_entities = RowNames::of_any_kind(rows.iter().map(|row| row.0.as_str()), side).rows_of_entities(dataset);
    let mut values: Vec<Option<Vec<f32>>> = Vec::with_capacity(rows.len());
    for (number, (id, row)) in rows.iter().enumerate() {
        let checked = row.as_ref().map_err(|reason| *reason).and_then(|row| match () {
            () if row.len() != width => Err("its width is not that of the other rows"),
            () if row.iter().any(|v| !v.is_finite()) => Err("a value is not finite; leave the row out"),
            () => Ok(row.clone()),
        });
        if let Err(reason) = checked {
            let file = path.display().to_string();
            rejections.push(Rejection::new(file, number as u64 + 1, reason).of("embedding", id));
        }
        values.push(checked.ok());
    }
    let kind = ProfileKind::Embedding(modality);
    let usable = values.iter().filter(|row| row.is_some()).count();
    let columns = (0..width).map(|channel| channel.to_string()).collect();
    let mut matched = 0;
    let (profiles, _) = collect(kind, columns, of_entities, |row| {
        let values = values[row].take();
        matched += usize::from(values.is_some());
        values
    });
    Ok(ProfileTable {
        name,
        kind,
        side,
        profiles,
        unmatched_rows: (usable - matched) as u64,
        set_apart: Vec::new(),
        unreadable_cells: 0,
    })
}

fn usual_width(rows: &[Row]) -> usize {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for values in rows.iter().filter_map(|row| row.1.as_ref().ok()) {
        *counts.entry(values.len()).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(width, count)| (*count, *width))
        .map_or(0, |(width, _)| width)
}

fn malformed(path: &Path, reason: &str) -> Error {
    Error::new(ErrorKind::Malformed, reason)
        .in_file(path)
        .hint("write the file again, as float32 or float64")
}

/// Values of little-endian floats of 4 or 8 bytes.
fn floats(bytes: &[u8], size: usize) -> Vec<f32> {
    match size {
        8 => bytes
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().expect("chunks of eight bytes")) as f32)
            .collect(),
        _ => bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().expect("chunks of four bytes")))
            .collect(),
    }
}

#[derive(Deserialize)]
struct TensorInfo {
    dtype: String,
    data_offsets: (usize, usize),
}

/// The safetensors layout: length of the header in eight bytes, a JSON header, the data.
fn safetensors(path: &Path, bytes: &[u8]) -> Result<Vec<Row>, Error> {
    let length = bytes.get(..8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let end = length
        .and_then(|l| usize::try_from(l).ok())
        .and_then(|l| l.checked_add(8));
    let header = end
        .and_then(|end| bytes.get(8..end))
        .ok_or_else(|| malformed(path, "is cut short"))?;
    let data = &bytes[8 + header.len()..];
    let header: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|e| malformed(path, "has no safetensors header").caused_by(e))?;
    let mut rows = Vec::new();
    for (name, info) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
        let info: TensorInfo =
            serde_json::from_value(info).map_err(|e| malformed(path, "has a damaged header").caused_by(e))?;
        let (start, end) = info.data_offsets;
        let part = data.get(start..end).ok_or_else(|| malformed(path, "is cut short"))?;
        let values = match info.dtype.as_str() {
            "F32" => Ok(floats(part, 4)),
            "F64" => Ok(floats(part, 8)),
            _ => Err("its type is neither F32 nor F64"),
        };
        rows.push((name, values));
    }
    Ok(rows)
}

/// The NumPy format, version 1 to 3, for matrices of `<f4` or `<f8` in C order.
fn npy(path: &Path, bytes: &[u8]) -> Result<Vec<Row>, Error> {
    let cut = || malformed(path, "is cut short or no NumPy file");
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(cut());
    }
    let (start, length) = match bytes.get(6) {
        Some(1) => (
            10,
            bytes.get(8..10).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))),
        ),
        Some(_) => (
            12,
            bytes
                .get(8..12)
                .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize),
        ),
        None => return Err(cut()),
    };
    let header = length.and_then(|l| bytes.get(start..start + l)).ok_or_else(cut)?;
    let text = String::from_utf8_lossy(header);
    let size = match (text.contains("'<f4'"), text.contains("'<f8'")) {
        (true, _) => 4,
        (_, true) => 8,
        _ => return Err(malformed(path, "is neither of type float32 nor float64")),
    };
    if text.contains("'fortran_order': True") {
        return Err(malformed(path, "is stored by columns; write it in C order"));
    }
    let shape = text
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(shape, _)| shape);
    let shape: Vec<usize> = shape
        .unwrap_or_default()
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let [rows, width] = shape[..] else {
        return Err(malformed(path, "is not a matrix with a row per entity"));
    };
    let data = &bytes[start + header.len()..];
    let wanted = rows.checked_mul(width).and_then(|n| n.checked_mul(size));
    let data = wanted.and_then(|n| data.get(..n)).ok_or_else(cut)?;
    let beside = path.with_extension("ids.txt");
    let ids = fs::read_to_string(&beside).map_err(|e| Error::read(&beside, e))?;
    let ids: Vec<&str> = ids.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if ids.len() != rows {
        let reason = format!("holds {} ids for {rows} rows", ids.len());
        return Err(Error::new(ErrorKind::Malformed, reason)
            .in_file(&beside)
            .hint("write one id per row"));
    }
    let values = floats(data, size);
    let row = |(at, id): (usize, &str)| (id.to_string(), Ok(values[at * width..(at + 1) * width].to_vec()));
    Ok(ids.into_iter().enumerate().map(row).collect())
}

//! Embeddings in array files: safetensors (one tensor per entity, named by an id or key; the mean of its rows where it has several), and NumPy `.npy` (a matrix, with the
//! ids in a text file beside it, one per line: `embedding_x.npy` and `embedding_x.ids.txt`), and HDF5. Names follow the rule of all side
//! tables (`matching.rs`).
//!
//! Comes in: a file. Goes out: a [`ProfileTable`]. A tensor with another width than most, with a value that is not finite, or of
//! another type than float is a rejected row. These files hold no code.

use std::{collections::HashMap, path::Path};

use fusebind_features::{modality::Modality, regular};
use serde::Deserialize;

use super::{
    ProfileKind, ProfileTable, Side,
    hdf5::{self, Row},
    matching::RowNames,
    profile::collect,
};
use crate::{
    Error, ErrorKind,
    table::{Dataset, Rejection},
};

/// Whether a file is an array file, by its extension.
pub(super) fn is_array(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "safetensors" || e == "npy") || hdf5::is_one(path)
}

/// Reads embeddings of `modality`.
pub(super) fn read(
    path: &Path,
    modality: Modality,
    dataset: &Dataset,
    rejections: &mut Vec<Rejection>,
) -> Result<ProfileTable, Error> {
    let bytes = || regular::read(path).map_err(|e| Error::read(path, e));
    let rows = match path.extension().and_then(|extension| extension.to_str()) {
        _ if hdf5::is_one(path) => hdf5::embeddings(path)?,
        Some("npy") => npy(path, &bytes()?)?,
        _ => safetensors(path, &bytes()?)?,
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

/// How the numbers of an array are stored, little-endian.
#[derive(Clone, Copy)]
enum Stored {
    Half,
    Brain,
    Single,
    Double,
    Int(usize),
    Unsigned(usize),
}

impl Stored {
    fn size(self) -> usize {
        match self {
            Self::Half | Self::Brain => 2,
            Self::Single => 4,
            Self::Double => 8,
            Self::Int(size) | Self::Unsigned(size) => size,
        }
    }

    /// The type that NumPy writes as `text`.
    fn of_numpy(text: &str) -> Option<Self> {
        Some(match text {
            "<f2" => Self::Half,
            "<f4" => Self::Single,
            "<f8" => Self::Double,
            "|i1" => Self::Int(1),
            "<i2" => Self::Int(2),
            "<i4" => Self::Int(4),
            "<i8" => Self::Int(8),
            "|u1" => Self::Unsigned(1),
            "<u2" => Self::Unsigned(2),
            "<u4" => Self::Unsigned(4),
            _ => return None,
        })
    }

    /// The type that safetensors call `text`.
    fn of_tensor(text: &str) -> Option<Self> {
        Some(match text {
            "F16" => Self::Half,
            "BF16" => Self::Brain,
            "F32" => Self::Single,
            "F64" => Self::Double,
            _ => return None,
        })
    }

    fn value(self, bytes: &[u8]) -> f32 {
        let mut whole = [0u8; 8];
        whole[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(whole);
        match self {
            Self::Half => half::f16::from_bits(bits as u16).to_f32(),
            Self::Brain => half::bf16::from_bits(bits as u16).to_f32(),
            Self::Single => f32::from_bits(bits as u32),
            Self::Double => f64::from_bits(bits) as f32,
            Self::Int(size) => {
                let shift = 64 - 8 * size as u32;
                ((bits << shift).cast_signed() >> shift) as f32
            }
            Self::Unsigned(_) => bits as f32,
        }
    }
}

fn numbers(bytes: &[u8], stored: Stored) -> Vec<f32> {
    bytes
        .chunks_exact(stored.size())
        .map(|chunk| stored.value(chunk))
        .collect()
}

/// The values of an entity: where it has a row for each residue or token, their mean.
fn entity_values(values: Vec<f32>, shape: &[usize]) -> Vec<f32> {
    let &[rows, width] = shape else {
        return values;
    };
    let mean = |channel: usize| {
        let column = values.iter().skip(channel).step_by(width);
        (column.map(|value| f64::from(*value)).sum::<f64>() / rows as f64) as f32
    };
    if rows < 2 {
        values
    } else {
        (0..width).map(mean).collect()
    }
}

#[derive(Deserialize)]
struct TensorInfo {
    dtype: String,
    shape: Vec<usize>,
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
    // What tensors share would be read once for each of them.
    let mut claimed = 0usize;
    for (name, info) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
        let info: TensorInfo =
            serde_json::from_value(info).map_err(|e| malformed(path, "has a damaged header").caused_by(e))?;
        let (start, end) = info.data_offsets;
        let part = data.get(start..end).ok_or_else(|| malformed(path, "is cut short"))?;
        claimed = claimed.saturating_add(part.len());
        if claimed > data.len() {
            return Err(malformed(path, "has tensors that overlap"));
        }
        let count = info.shape.iter().try_fold(1usize, |all, size| all.checked_mul(*size));
        let values = match Stored::of_tensor(&info.dtype) {
            None => Err("its type is none of F16, BF16, F32 and F64"),
            Some(stored) if count.and_then(|count| count.checked_mul(stored.size())) != Some(part.len()) => {
                Err("its shape is not that of its data")
            }
            Some(stored) => Ok(entity_values(numbers(part, stored), &info.shape)),
        };
        rows.push((name, values));
    }
    Ok(rows)
}

/// The NumPy format, version 1 to 3, for matrices of floats and integers, by rows or by columns.
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
    let stored = (text.split_once("'descr'")).and_then(|(_, rest)| rest.split('\'').nth(1).and_then(Stored::of_numpy));
    let stored = stored.ok_or_else(|| {
        malformed(
            path,
            "is of no type that is read: little-endian floats and integers are",
        )
    })?;
    let size = stored.size();
    let by_columns = text.contains("'fortran_order': True");
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
    let ids = ids_beside(path, rows)?;
    let values = numbers(data, stored);
    let values: Vec<f32> = match by_columns {
        true => (0..rows * width)
            .map(|at| values[at % width * rows + at / width])
            .collect(),
        false => values,
    };
    let row = |(at, id): (usize, String)| (id, Ok(values[at * width..(at + 1) * width].to_vec()));
    Ok(ids.into_iter().enumerate().map(row).collect())
}

/// The ids of the rows of a matrix, from the text file beside it.
fn ids_beside(path: &Path, rows: usize) -> Result<Vec<String>, Error> {
    let beside = path.with_extension("ids.txt");
    let text = regular::read_to_string(&beside).map_err(|e| Error::read(&beside, e))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let ids: Vec<String> = lines.map(String::from).collect();
    match ids.len() == rows {
        true => Ok(ids),
        false => Err(
            Error::new(ErrorKind::Malformed, format!("holds {} ids for {rows} rows", ids.len()))
                .in_file(&beside)
                .hint("write one id per row"),
        ),
    }
}

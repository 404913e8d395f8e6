//! One safetensors file: eight bytes with the length of the header, a JSON header, the numbers.
//!
//! Comes in: a path. Goes out: where each tensor lies, checked against the length of the file, before any number is read.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::Error;

/// Longest header: that of a model with a hundred thousand tensors is below.
const LONGEST_HEADER: u64 = 32 << 20;
/// Bytes converted at a time.
const CHUNK: usize = 1 << 20;

const DAMAGED: &str = "copy or download the file again";

/// How the numbers are stored, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Half,
    Brain,
    Single,
}

impl Stored {
    fn size(self) -> usize {
        if self == Self::Single { 4 } else { 2 }
    }

    fn value(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::Half, &[low, high]) => half::f16::from_le_bytes([low, high]).to_f32(),
            (Self::Brain, &[low, high]) => half::bf16::from_le_bytes([low, high]).to_f32(),
            (_, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            _ => f32::NAN,
        }
    }
}

/// Where one tensor lies.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub shape: Vec<usize>,
    /// `None` for types that weights do not have; the name of the type is in the header.
    stored: Option<Stored>,
    kind: String,
    start: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

/// The tensors of one file.
pub(super) struct TensorFile {
    pub path: PathBuf,
    pub places: BTreeMap<String, Place>,
}

impl TensorFile {
    /// Reads the header of the file at `path`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let damaged = |what: &str| Error::new(what, DAMAGED).about(path);
        let mut file = File::open(path).map_err(|error| Error::io(path, &error))?;
        let length = file.metadata().map_err(|error| Error::io(path, &error))?.len();
        let mut first = [0; 8];
        file.read_exact(&mut first)
            .map_err(|_| damaged("is shorter than a safetensors header"))?;
        let header_bytes = u64::from_le_bytes(first);
        if header_bytes > LONGEST_HEADER || header_bytes + 8 > length {
            return Err(damaged("is no safetensors file, or cut short"));
        }
        let mut header = vec![0; header_bytes as usize];
        file.read_exact(&mut header).map_err(|error| Error::io(path, &error))?;
        let header: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(&header).map_err(|error| damaged(&format!("has a damaged header: {error}")))?;
        let data = 8 + header_bytes;
        let mut places = BTreeMap::new();
        for (name, info) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
            let place = place(info, data, length).map_err(|reason| damaged(&reason).tensor(&name))?;
            places.insert(name, place);
        }
        Ok(Self {
            path: path.to_path_buf(),
            places,
        })
    }

    /// The numbers of the tensor at `place`.
    pub fn read(&self, place: &Place) -> Result<Vec<f32>, Error> {
        let Some(stored) = place.stored else {
            return Err(Error::new(
                format!("is stored as {}", place.kind),
                "save the weights as float32, float16 or bfloat16",
            )
            .about(&self.path));
        };
        let fault = |error: std::io::Error| Error::io(&self.path, &error);
        let mut file = File::open(&self.path).map_err(fault)?;
        file.seek(SeekFrom::Start(place.start)).map_err(fault)?;
        let mut values = Vec::with_capacity((place.bytes / stored.size() as u64) as usize);
        let (mut left, mut chunk) = (place.bytes as usize, vec![0; CHUNK.min(place.bytes as usize)]);
        while left > 0 {
            let part = &mut chunk[..left.min(CHUNK)];
            file.read_exact(part).map_err(fault)?;
            values.extend(part.chunks_exact(stored.size()).map(|bytes| stored.value(bytes)));
            left -= part.len();
        }
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(Error::new("holds a value that is not finite", DAMAGED).about(&self.path)),
        }
    }
}

/// Where a tensor lies in a file of `length` bytes whose numbers begin at `data`.
fn place(info: serde_json::Value, data: u64, length: u64) -> Result<Place, String> {
    let info: Info = serde_json::from_value(info).map_err(|error| format!("is not described: {error}"))?;
    let stored = match info.dtype.as_str() {
        "F16" => Some(Stored::Half),
        "BF16" => Some(Stored::Brain),
        "F32" => Some(Stored::Single),
        _ => None,
    };
    let (start, end) = info.data_offsets;
    let bytes = end.checked_sub(start).ok_or("ends before it begins")?;
    if end.checked_add(data).is_none_or(|end| end > length) {
        return Err("lies beyond the end of the file, which is cut short".into());
    }
    let count = info
        .shape
        .iter()
        .try_fold(1u64, |all, size| all.checked_mul(*size as u64));
    if let Some(stored) = stored
        && count.and_then(|count| count.checked_mul(stored.size() as u64)) != Some(bytes)
    {
        return Err(format!("has the shape {:?} and {bytes} bytes", info.shape));
    }
    Ok(Place {
        shape: info.shape,
        stored,
        kind: info.dtype,
        start: data + start,
        bytes,
    })
}

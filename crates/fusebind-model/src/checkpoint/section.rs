//! A section of a file: a JSON text and arrays, with one hash over all of it.
//!
//! Comes in: a [`Section`]. Goes out: the SHA-256 of its canonical bytes, which are its name, its version, its text, and for each array
//! in the order of names the name, the type, the shape and the values, little-endian; each text and list stands behind its length.

use std::{borrow::Cow, collections::BTreeMap};

use safetensors::{Dtype, View};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::archive::{Archive, Array};
use crate::{Error, ErrorKind};

/// A JSON text and arrays that are checked together.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Version of its layout.
    pub version: u32,
    /// JSON text.
    pub text: String,
    /// Arrays by name.
    pub arrays: BTreeMap<String, Array>,
    /// Whole numbers by name, each a list.
    pub indices: BTreeMap<String, Vec<u32>>,
}

impl Section {
    /// A section without arrays that holds `value` as JSON.
    ///
    /// # Errors
    /// Where `value` has no JSON form.
    pub fn of<T: Serialize>(version: u32, value: &T) -> Result<Self, Error> {
        let text = serde_json::to_string(value)
            .map_err(|e| Error::new(ErrorKind::Checkpoint, format!("a section cannot be written: {e}")))?;
        Ok(Self {
            version,
            text,
            arrays: BTreeMap::new(),
            indices: BTreeMap::new(),
        })
    }

    /// An archive as a section: its texts as JSON, its arrays as they are.
    ///
    /// # Errors
    /// None that can be expected: a map of texts has a JSON form.
    pub fn of_archive(version: u32, archive: Archive) -> Result<Self, Error> {
        Ok(Self {
            arrays: archive.arrays,
            indices: archive.indices,
            ..Self::of(version, &archive.metadata)?
        })
    }

    /// The archive that [`Section::of_archive`] wrote.
    ///
    /// # Errors
    /// Where the text is no map of texts.
    pub fn into_archive(self, name: &str) -> Result<Archive, Error> {
        Ok(Archive {
            metadata: self.parse(name)?,
            arrays: self.arrays,
            indices: self.indices,
        })
    }

    /// What the text holds; `name` is that of the section, for the message.
    ///
    /// # Errors
    /// Where the text holds something else.
    pub fn parse<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        serde_json::from_str(&self.text).map_err(|e| {
            Error::new(
                ErrorKind::Checkpoint,
                format!("section `{name}` holds something else than expected ({e}): train again with this version"),
            )
        })
    }

    /// The arrays as they lie in a file, in the order of names.
    pub(super) fn entries(&self) -> Vec<Entry<'static>> {
        let floats = self.arrays.iter().map(|(name, array)| Entry {
            name: name.clone(),
            dtype: Dtype::F32,
            shape: array.shape.clone(),
            bytes: array.values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        });
        let integers = self.indices.iter().map(|(name, values)| Entry {
            name: name.clone(),
            dtype: Dtype::U32,
            shape: vec![values.len()],
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        });
        let mut all: Vec<Entry<'static>> = floats.chain(integers).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}

/// An array as it lies in a file.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    /// Name within the section.
    pub name: String,
    /// Type of the values.
    pub dtype: Dtype,
    /// Shape.
    pub shape: Vec<usize>,
    /// Values, little-endian.
    pub bytes: Cow<'a, [u8]>,
}

impl View for &Entry<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// SHA-256 of a section in lower-case hexadecimal digits; `entries` are in the order of names.
pub(super) fn sha256(name: &str, version: u32, text: &str, entries: &[Entry<'_>]) -> String {
    let mut hasher = Sha256::new();
    let mut put = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    put(name.as_bytes());
    put(&version.to_le_bytes());
    put(text.as_bytes());
    for entry in entries {
        put(entry.name.as_bytes());
        put(entry.dtype.to_string().as_bytes());
        let shape: Vec<u8> = entry.shape.iter().flat_map(|d| (*d as u64).to_le_bytes()).collect();
        put(&shape);
        put(&entry.bytes);
    }
    hex(hasher.finalize().as_slice())
}

/// Bytes in lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

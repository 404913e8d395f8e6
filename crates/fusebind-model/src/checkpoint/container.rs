//! A safetensors file in sections: every byte of it is covered by a hash.
//!
//! Comes in: [`Section`]s by name. Goes out: one file, whose arrays are named `section/array`; or the sections of a file, each of them
//! checked before anything is done with any of them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    path::Path,
};

use fusebind_features::regular;
use safetensors::{Dtype, SafeTensors};
use serde::Serialize;

use super::{
    archive::Array,
    header::{self, Header, KEY, Row, Table},
    section::{Entry, Section, sha256},
    whole::write_whole,
};
use crate::{Error, ErrorKind};

/// A section that a reader understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Name.
    pub name: &'static str,
    /// Version of its layout.
    pub version: u32,
}

/// What a file says of one of its sections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionInfo {
    /// Name.
    pub name: String,
    /// Version of its layout.
    pub version: u32,
    /// Bytes of its text and its arrays.
    pub bytes: u64,
    /// SHA-256 of its canonical bytes.
    pub sha256: String,
}

/// The sections of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sections {
    /// Sections by name.
    pub by_name: BTreeMap<String, Section>,
}

fn checkpoint(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Checkpoint, reason)
}

fn damaged(name: &str) -> Error {
    checkpoint(format!(
        "section `{name}` is damaged: copy the file again or train again"
    ))
}

impl Sections {
    /// Writes the sections to `path`: a temporary file beside it, flushed, then renamed.
    ///
    /// # Errors
    /// Where two arrays have one name, or the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let mut rows = Vec::new();
        let mut all = Vec::new();
        for (name, section) in &self.by_name {
            let entries = section.entries();
            if name.contains('/') || entries.windows(2).any(|two| two[0].name == two[1].name) {
                return Err(
                    checkpoint(format!("section `{name}` has a name twice, or a slash in its name")).about(path),
                );
            }
            rows.push(Row {
                name: name.clone(),
                version: section.version,
                sha256: sha256(name, section.version, &section.text, &entries),
                text: section.text.clone(),
            });
            all.extend(
                entries
                    .into_iter()
                    .map(|entry| (format!("{name}/{}", entry.name), entry)),
            );
        }
        let refuse = |e: &dyn std::fmt::Display| checkpoint(format!("cannot be serialised: {e}")).about(path);
        let table = serde_json::to_string(&Table::new(rows)).map_err(|e| refuse(&e))?;
        // One metadata key only: the format keeps metadata in a hash map, and files must not depend on its order.
        let metadata = HashMap::from([(KEY.to_string(), table)]);
        let views = all.iter().map(|(name, entry)| (name.as_str(), entry));
        let mut file = safetensors::serialize(views, Some(metadata)).map_err(|e| refuse(&e))?;
        header::seal(&mut file).ok_or_else(|| refuse(&"the table is not where it should be"))?;
        write_whole(path, &file)
    }

    /// Reads the file at `path`, which must hold the sections in `known` and no others; with what it says of each.
    ///
    /// # Errors
    /// Where the file cannot be read, is none of ours, is of an earlier layout, or is damaged anywhere: the section is named.
    pub fn open(path: &Path, known: &[Known]) -> Result<(Self, Vec<SectionInfo>), Error> {
        let file =
            regular::read(path).map_err(|e| Error::new(ErrorKind::Io, format!("cannot be read: {e}")).about(path))?;
        read(&file, known).map_err(|e| e.about(path))
    }

    /// Takes a section out.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn take(&mut self, name: &str) -> Result<Section, Error> {
        self.by_name.remove(name).ok_or_else(|| {
            checkpoint(format!(
                "section `{name}` is missing: copy the file again or train again"
            ))
        })
    }
}

fn read(file: &[u8], known: &[Known]) -> Result<(Sections, Vec<SectionInfo>), Error> {
    let table = match header::read(file) {
        Header::Sections(table) => table,
        Header::Damaged => {
            return Err(checkpoint(
                "is no intact model file (its table of sections is damaged): copy the file again or train again",
            ));
        }
        Header::Former => {
            return Err(checkpoint(
                "was written by fusebind before model files had sections; train again with this version",
            ));
        }
        Header::Foreign => {
            return Err(checkpoint(
                "is no model file of fusebind, or is damaged at its beginning: name a file that `fusebind train` wrote, or copy it again",
            ));
        }
    };
    check_table(&table, known)?;
    let tensors = SafeTensors::deserialize(file).map_err(|_| cut(&table))?;
    let mut entries: BTreeMap<String, Vec<Entry<'_>>> = BTreeMap::new();
    for (name, view) in tensors.iter() {
        let owner = name
            .split_once('/')
            .filter(|(s, _)| table.sections.iter().any(|row| row.name == *s));
        let Some((section, name)) = owner else {
            return Err(checkpoint(format!(
                "holds the array `{name}`, which belongs to no section: copy the file again or train again"
            )));
        };
        entries.entry(section.to_string()).or_default().push(Entry {
            name: name.to_string(),
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            bytes: Cow::Borrowed(view.data()),
        });
    }
    let mut infos = Vec::new();
    for row in &table.sections {
        let of_row = entries.entry(row.name.clone()).or_default();
        of_row.sort_by(|a, b| a.name.cmp(&b.name));
        if sha256(&row.name, row.version, &row.text, of_row) != row.sha256 {
            return Err(damaged(&row.name));
        }
        let arrays: usize = of_row.iter().map(|entry| entry.bytes.len()).sum();
        infos.push(SectionInfo {
            name: row.name.clone(),
            version: row.version,
            bytes: (row.text.len() + arrays) as u64,
            sha256: row.sha256.clone(),
        });
    }
    // Nothing is decoded before all of it is checked.
    let mut sections = Sections::default();
    for row in table.sections {
        let of_row = entries.remove(&row.name).unwrap_or_default();
        sections.by_name.insert(row.name.clone(), decode(row, &of_row)?);
    }
    Ok((sections, infos))
}

/// The header is whole and the data is not: which section the file ends in is not worth the search, as none can be used.
fn cut(table: &Table) -> Error {
    let names: Vec<String> = table.sections.iter().map(|row| format!("`{}`", row.name)).collect();
    checkpoint(format!(
        "is damaged: it is shorter or longer than its sections {} are together: copy the file again or train again",
        names.join(", ")
    ))
}

/// Refuses sections that are unknown, missing or of another version.
fn check_table(table: &Table, known: &[Known]) -> Result<(), Error> {
    for row in &table.sections {
        let Some(known) = known.iter().find(|k| k.name == row.name) else {
            return Err(checkpoint(format!(
                "holds a section `{}` that this version of fusebind does not know: use the version that wrote the file",
                row.name
            )));
        };
        if known.version != row.version {
            return Err(checkpoint(format!(
                "section `{}` has version {}, this version of fusebind reads version {}: use the version that wrote the file, or train again",
                row.name, row.version, known.version
            )));
        }
    }
    for Known { name, .. } in known {
        if table.sections.iter().filter(|row| row.name == *name).count() != 1 {
            return Err(checkpoint(format!(
                "section `{name}` is missing or there twice: copy the file again or train again"
            )));
        }
    }
    Ok(())
}

fn decode(row: Row, entries: &[Entry<'_>]) -> Result<Section, Error> {
    let mut section = Section {
        version: row.version,
        text: row.text,
        arrays: BTreeMap::new(),
        indices: BTreeMap::new(),
    };
    for entry in entries {
        let wrong = |what: &str| {
            checkpoint(format!(
                "section `{}` is damaged: array `{}` {what}: copy the file again or train again",
                row.name, entry.name
            ))
        };
        let words = entry.bytes.as_chunks::<4>().0.iter();
        match entry.dtype {
            Dtype::U32 if entry.shape.len() == 1 => {
                let values = words.map(|word| u32::from_le_bytes(*word)).collect();
                section.indices.insert(entry.name.clone(), values);
            }
            Dtype::F32 => {
                let values: Vec<f32> = words.map(|word| f32::from_le_bytes(*word)).collect();
                if values.iter().any(|v| !v.is_finite()) {
                    return Err(wrong("holds values that are not finite"));
                }
                let shape = entry.shape.clone();
                section.arrays.insert(entry.name.clone(), Array { shape, values });
            }
            _ => return Err(wrong("is neither of type f32 nor a list of type u32")),
        }
    }
    Ok(section)
}

//! The header of a file of sections: the table of sections, and a hash over the whole header.
//!
//! A safetensors file is the length of its header, the header (JSON), and the data of the arrays without a gap. The one metadata key
//! `fusebind` comes first and its value begins with the hash, so that the hash lies at a known place: it is the SHA-256 of the header's
//! bytes with zeros in its own place. Comes in: [`Table`] or the bytes of a file. Goes out: sealed bytes, or the table.

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::section::hex;

/// Metadata key of the table.
pub(super) const KEY: &str = "fusebind";
/// How a header begins; the hash follows.
const BEGIN: &[u8] = br#"{"__metadata__":{"fusebind":"{\"header_sha256\":\""#;
/// Digits of a hash.
const DIGITS: usize = 64;
/// Bytes before the header: its length.
const LENGTH: usize = 8;

/// A line of the table of sections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// Name.
    pub name: String,
    /// Version of the layout.
    pub version: u32,
    /// Hash of the section.
    pub sha256: String,
    /// JSON text of the section.
    pub text: String,
}

/// The table of sections; the hash comes first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    header_sha256: String,
    /// Sections in the order of names.
    pub sections: Vec<Row>,
}

impl Table {
    /// A table that is not sealed yet.
    pub fn new(sections: Vec<Row>) -> Self {
        Self {
            header_sha256: "0".repeat(DIGITS),
            sections,
        }
    }
}

/// What a file is, going by its header.
#[derive(Debug, PartialEq)]
pub(super) enum Header {
    /// A file of sections, its header intact.
    Sections(Table),
    /// A file of sections whose header is not what was written.
    Damaged,
    /// A file of the layout before sections.
    Former,
    /// Something else.
    Foreign,
}

/// The bytes of the header, where the file is long enough to have one.
fn header(file: &[u8]) -> Option<&[u8]> {
    let length = file.first_chunk::<LENGTH>()?;
    let end = usize::try_from(u64::from_le_bytes(*length)).ok()?.checked_add(LENGTH)?;
    file.get(LENGTH..end)
}

fn sha256(header: &[u8]) -> String {
    let (begin, rest) = header.split_at(BEGIN.len());
    let mut hasher = Sha256::new();
    hasher.update(begin);
    hasher.update([b'0'; DIGITS]);
    hasher.update(&rest[DIGITS..]);
    hex(hasher.finalize().as_slice())
}

/// Writes the hash of the header into `file`; `None` where it holds no table at the known place.
pub(super) fn seal(file: &mut [u8]) -> Option<()> {
    let head = header(file).filter(|head| head.starts_with(BEGIN) && head.len() >= BEGIN.len() + DIGITS)?;
    let digits = sha256(head);
    let place = LENGTH + BEGIN.len();
    file[place..place + DIGITS].copy_from_slice(digits.as_bytes());
    Some(())
}

/// Reads the header of `file`.
pub(super) fn read(file: &[u8]) -> Header {
    let begins = file.get(LENGTH..).is_some_and(|rest| rest.starts_with(BEGIN));
    if !begins {
        return former(file).unwrap_or(Header::Foreign);
    }
    let Some(head) = header(file).filter(|head| head.len() >= BEGIN.len() + DIGITS) else {
        return Header::Damaged;
    };
    if sha256(head).as_bytes() != &head[BEGIN.len()..BEGIN.len() + DIGITS] {
        return Header::Damaged;
    }
    metadata(file)
        .and_then(|text| serde_json::from_str(&text).ok())
        .map_or(Header::Damaged, Header::Sections)
}

fn metadata(file: &[u8]) -> Option<String> {
    let (_, header) = SafeTensors::read_metadata(file).ok()?;
    header.metadata().as_ref()?.get(KEY).cloned()
}

fn former(file: &[u8]) -> Option<Header> {
    let texts: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&metadata(file)?).ok()?;
    ["description", "progress"]
        .iter()
        .any(|key| texts.contains_key(*key))
        .then_some(Header::Former)
}

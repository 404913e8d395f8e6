//! What a file held: its name and its SHA-256.

use std::{fs::File, io::Read, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;

/// A file and what it held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    /// As the user named it.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal digits; empty where it was not looked at.
    pub sha256: String,
}

impl FileMark {
    /// The file at `path`; what it holds is looked at on request.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of(path: &Path, is_read: bool) -> Result<Self, Error> {
        Ok(Self {
            path: path.display().to_string(),
            sha256: if is_read { sha256(path)? } else { String::new() },
        })
    }
}

/// SHA-256 of a file, in hexadecimal digits.
///
/// # Errors
/// Where it cannot be read.
pub fn sha256(path: &Path) -> Result<String, Error> {
    let read = || -> std::io::Result<String> {
        let (mut file, mut hash) = (File::open(path)?, Sha256::new());
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(&hash.finalize())),
                count => hash.update(&buffer[..count]),
            }
        }
    };
    read().map_err(|source| Error::read(path, source))
}

/// SHA-256 of bytes, in hexadecimal digits.
pub fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

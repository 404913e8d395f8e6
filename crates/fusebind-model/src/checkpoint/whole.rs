//! Files that are written whole or not at all.
//!
//! Comes in: bytes and a path. Goes out: a file, flushed to disk.

use std::{io::Write, path::Path};

use fusebind_features::atomic::write_atomically;

use crate::{Error, ErrorKind};

/// Writes `bytes` to `path` whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_atomically(path, |file| file.write_all(bytes))
        .map_err(|e| Error::new(ErrorKind::Io, format!("cannot be written: {e}")).about(path))
}

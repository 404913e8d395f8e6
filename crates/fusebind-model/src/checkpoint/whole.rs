//! Files that are written whole or not at all.
//!
//! Comes in: bytes and a path. Goes out: a file, flushed to disk.

use std::{fs, io::Write, path::Path};

use crate::{Error, ErrorKind};

/// Writes `bytes` to `path` whole or not at all: a temporary file beside it, flushed to disk, then renamed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = path.with_extension("partial");
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|e| {
        // The half-written file is of no use to anyone; that it may already be gone is fine.
        let _ = fs::remove_file(&temporary);
        Error::new(ErrorKind::Io, format!("cannot be written: {e}")).about(path)
    })
}

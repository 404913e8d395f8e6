//! From a path to open bytes: regular files and standard input (`-`), and a clear error for everything else.

use std::{
    fs::{File, Metadata},
    io::{Cursor, Read, Seek, SeekFrom},
    path::Path,
};

use crate::{Error, ErrorKind};

/// Most bytes that are taken from standard input, which is held in memory.
const STDIN_BYTES: u64 = 4 << 30;

/// Bytes that can be read from any place.
pub(super) enum Plain {
    File(File),
    Memory(Cursor<Vec<u8>>),
}

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Plain {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

/// Opens `path`: a regular file that holds at least one byte, or `-` for standard input.
pub(super) fn open(path: &Path) -> Result<Plain, Error> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(STDIN_BYTES + 1).read_to_end(&mut bytes);
        if read.map_err(|source| Error::read(path, source))? as u64 > STDIN_BYTES {
            let reason = format!("standard input gives more than {STDIN_BYTES} bytes");
            return Err(Error::new(ErrorKind::TooLarge, reason)
                .in_file(path)
                .hint("write the table to a file and name the file"));
        }
        if bytes.is_empty() {
            return Err(empty(path));
        }
        return Ok(Plain::Memory(Cursor::new(bytes)));
    }
    // Opening a pipe waits for a writer, so that the kind is looked at first.
    let metadata = std::fs::metadata(path).map_err(|source| Error::read(path, source))?;
    regular(path, &metadata)?;
    let file = File::open(path).map_err(|source| Error::read(path, source))?;
    if metadata.len() == 0 {
        return Err(empty(path));
    }
    Ok(Plain::File(file))
}

pub(super) fn empty(path: &Path) -> Error {
    Error::new(ErrorKind::Empty, "the file is empty")
        .in_file(path)
        .hint("write the table again; an interrupted export leaves an empty file")
}

/// Refuses what is no regular file, and names its kind.
fn regular(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    if metadata.is_file() {
        return Ok(());
    }
    let (kind, hint) = match kind(metadata) {
        "directory" => ("directory", "name a file inside this directory"),
        kind => (kind, "name a regular file, or write `-` to read standard input"),
    };
    Err(
        Error::new(ErrorKind::WrongFileType, format!("this is a {kind}, not a file"))
            .in_file(path)
            .hint(hint),
    )
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_dir() {
        "directory"
    } else if kind.is_fifo() {
        "named pipe (FIFO)"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "device"
    } else {
        "special file"
    }
}

#[cfg(not(unix))]
fn kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() { "directory" } else { "special file" }
}

//! From a path to its content, whatever it is packed in: gzip (also of several members), zstd, a ZIP archive, or nothing.
//!
//! Comes in: a path. Goes out: [`Content`], found by the first bytes and not by the name. Text is unpacked as it is read.

use std::{
    io::{BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use super::{
    bounded::{Bounded, Counted},
    file::{Plain, empty, open},
    text::{buffered, peek, text},
};
use crate::{Error, ErrorKind};

/// Largest Parquet file or workbook that is unpacked into memory, in bytes.
const IN_MEMORY: u64 = 1 << 30;

/// Text, line by line.
pub(super) type Text = BufReader<Box<dyn Read>>;

/// What a file holds.
pub(super) enum Content {
    /// Text, and its first bytes.
    Text(Text, Vec<u8>),
    Parquet(Plain),
    /// A spreadsheet: Office Open XML, OpenDocument or the binary format of Excel.
    Workbook(Vec<u8>),
}

/// Content, and the path with the name of the packed file.
pub(super) type Unpacked = (Content, PathBuf);

/// Opens `path`; returns also the path with the name of the packed file, for its extension.
pub(super) fn unpack(path: &Path) -> Result<Unpacked, Error> {
    unpack_plain(path, open(path)?)
}

/// [`unpack`] of bytes that are held already; `name` stands for them in messages, and its extension counts.
pub(super) fn unpack_bytes(name: &Path, bytes: Vec<u8>) -> Result<Unpacked, Error> {
    match bytes.is_empty() {
        true => Err(empty(name)),
        false => unpack_plain(name, Plain::Memory(std::io::Cursor::new(bytes))),
    }
}

fn unpack_plain(path: &Path, mut plain: Plain) -> Result<Unpacked, Error> {
    let fault = |source| Error::read(path, source);
    let (head, _) = peek(plain.by_ref().take(512)).map_err(fault)?;
    plain.rewind().map_err(fault)?;
    let (stream, inner): (Box<dyn Read>, PathBuf) = match &head[..] {
        [0x1F, 0x8B, ..] => {
            let (counted, taken) = Counted::new(plain);
            let unpacked = MultiGzDecoder::new(counted);
            (Box::new(Bounded::new(unpacked, taken)), path.to_path_buf())
        }
        [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            let (counted, taken) = Counted::new(plain);
            let unpacked = zstd::Decoder::new(counted).map_err(fault)?;
            (Box::new(Bounded::new(unpacked, taken)), path.to_path_buf())
        }
        b"PK\x03\x04" | [b'P', b'K', 3, 4, ..] => return archive(path, plain),
        _ => return Ok((content(path, plain, &head)?, path.to_path_buf())),
    };
    Ok((packed(path, stream)?, inner))
}

/// Opens the text file `path`, for readers of one layout.
pub(crate) fn open_text(path: &Path) -> Result<BufReader<Box<dyn Read>>, Error> {
    match unpack(path)?.0 {
        Content::Text(text, _) => Ok(text),
        Content::Parquet(_) => Err(malformed(path, "this is a Parquet file", "export the table as text")),
        Content::Workbook(_) => Err(malformed(path, "this is a spreadsheet", "export the sheet as CSV")),
    }
}

fn malformed(path: &Path, reason: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, reason).in_file(path).hint(hint)
}

/// Content of a file that is not packed.
fn content(path: &Path, plain: Plain, head: &[u8]) -> Result<Content, Error> {
    match head {
        [b'P', b'A', b'R', b'1', ..] => Ok(Content::Parquet(plain)),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Ok(Content::Workbook(in_memory(path, plain)?)),
        head => as_text(path, plain, head),
    }
}

/// Content of an unpacked stream.
fn packed(path: &Path, stream: Box<dyn Read>) -> Result<Content, Error> {
    let (head, whole) = peek(stream).map_err(|source| Error::read(path, source))?;
    match &head[..] {
        [] => Err(Error::new(ErrorKind::Empty, "the compressed file holds nothing")
            .in_file(path)
            .hint("write the table again")),
        [b'P', b'A', b'R', b'1', ..] => {
            let bytes = in_memory(path, whole)?;
            Ok(Content::Parquet(Plain::Memory(std::io::Cursor::new(bytes))))
        }
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Ok(Content::Workbook(in_memory(path, whole)?)),
        [0x1F, 0x8B, ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] | [b'P', b'K', 3, 4, ..] => {
            Err(malformed(path, "the file is compressed twice", "unpack it once"))
        }
        head => as_text(path, whole, head),
    }
}

fn as_text<R: Read + 'static>(path: &Path, source: R, head: &[u8]) -> Result<Content, Error> {
    let foreign = [
        (
            &b"BZh"[..],
            "compressed with bzip2",
            "unpack it first, or pack it with gzip or zstd",
        ),
        (
            b"\xFD7zXZ\0",
            "compressed with xz",
            "unpack it first, or pack it with gzip or zstd",
        ),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive", "unpack it first"),
        (b"Rar!", "a RAR archive", "unpack it first"),
        (b"\x89HDF", "an HDF5 file", "export the table as CSV or Parquet"),
        (b"\x93NUMPY", "a NumPy array", "export the table as CSV or Parquet"),
        (
            b"SQLite format 3",
            "an SQLite database",
            "use `fusebind data import chembl`, or export the table as CSV",
        ),
        (b"%PDF", "a PDF document", "export the table as CSV"),
    ];
    if let Some((_, kind, hint)) = foreign.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Err(malformed(path, format!("the file is {kind}, not a table"), *hint));
    }
    let fault = |source| Error::read(path, source);
    let Some(decoded) = text(source).map_err(fault)? else {
        return Err(malformed(
            path,
            "the file holds binary data, not text",
            "text, Parquet, spreadsheets and SD files are read, also packed with gzip, zstd or ZIP",
        ));
    };
    let (head, whole) = peek(decoded).map_err(fault)?;
    Ok(Content::Text(buffered(Box::new(whole)), head))
}

fn in_memory(path: &Path, source: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    source
        .take(IN_MEMORY + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::read(path, source))?;
    if bytes.len() as u64 > IN_MEMORY {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("the table takes more than {IN_MEMORY} bytes"),
        )
        .in_file(path)
        .hint("unpack it, or export it as CSV"));
    }
    Ok(bytes)
}

fn damaged(path: &Path, error: &zip::result::ZipError) -> Error {
    malformed(
        path,
        format!("the ZIP archive is damaged or cut short ({error})"),
        "copy or export it again",
    )
}

/// Content of a ZIP archive: a workbook, or the one table that it holds.
fn archive(path: &Path, mut plain: Plain) -> Result<(Content, PathBuf), Error> {
    let mut archive = ZipArchive::new(&mut plain).map_err(|error| damaged(path, &error))?;
    let names = archive
        .file_names()
        .map(|name| name.map(std::borrow::Cow::into_owned))
        .collect::<Result<Vec<String>, _>>()
        .map_err(|error| damaged(path, &error))?;
    let workbook = |name: &String| matches!(name.as_str(), "xl/workbook.xml" | "xl/workbook.bin" | "content.xml");
    if names.iter().any(workbook) {
        check_workbook(path, &mut archive)?;
        drop(archive);
        plain.rewind().map_err(|source| Error::read(path, source))?;
        return Ok((Content::Workbook(in_memory(path, plain)?), path.to_path_buf()));
    }
    let name = only_table(path, &names)?;
    let entry = archive.by_name(&name).map_err(|error| damaged(path, &error))?;
    let (method, bytes, encrypted) = (entry.compression(), entry.compressed_size(), entry.encrypted());
    let start = entry.data_start();
    drop(entry);
    drop(archive);
    let (Some(start), false) = (start, encrypted) else {
        return Err(malformed(path, "the ZIP archive is encrypted", "unpack it first"));
    };
    plain
        .seek(SeekFrom::Start(start))
        .map_err(|source| Error::read(path, source))?;
    let (counted, taken) = Counted::new(plain.take(bytes));
    let stream: Box<dyn Read> = match method {
        CompressionMethod::Stored => Box::new(counted),
        CompressionMethod::Deflated => Box::new(Bounded::new(DeflateDecoder::new(counted), taken)),
        other => {
            let reason = format!("the ZIP archive is packed with {other}");
            let hint = "unpack it first, or pack it with the usual method (deflate)";
            return Err(malformed(path, reason, hint));
        }
    };
    let inner = path.with_file_name(name.rsplit('/').next().unwrap_or(&name));
    Ok((packed(path, stream)?, inner))
}

/// Refuses a workbook that unpacks to more than is held in memory. The sizes that an archive declares may be wrong, so that the
/// real ones are counted.
fn check_workbook(path: &Path, archive: &mut ZipArchive<&mut Plain>) -> Result<(), Error> {
    let mut unpacked = 0;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|error| damaged(path, &error))?;
        let mut entry = entry.take(IN_MEMORY + 1 - unpacked);
        unpacked += std::io::copy(&mut entry, &mut std::io::sink()).map_err(|source| Error::read(path, source))?;
        if unpacked > IN_MEMORY {
            let reason = format!("the workbook unpacks to more than {IN_MEMORY} bytes");
            return Err(Error::new(ErrorKind::TooLarge, reason)
                .in_file(path)
                .hint("export the sheet as CSV"));
        }
    }
    Ok(())
}

/// The only file among `names`, apart from what operating systems add.
fn only_table(path: &Path, names: &[String]) -> Result<String, Error> {
    let hidden = |name: &str| name.starts_with("__MACOSX/") || name.rsplit('/').next().unwrap_or("").starts_with('.');
    let tables: Vec<&String> = names
        .iter()
        .filter(|name| !name.ends_with('/') && !hidden(name))
        .collect();
    match tables[..] {
        [one] => Ok(one.clone()),
        [] => Err(malformed(path, "the ZIP archive holds no file", "pack the table again")),
        _ => {
            let shown: Vec<&str> = tables.iter().take(10).map(|name| name.as_str()).collect();
            let more = if tables.len() > shown.len() { ", .." } else { "" };
            let reason = format!("the ZIP archive holds several files: {}{more}", shown.join(", "));
            Err(Error::new(ErrorKind::Ambiguous, reason)
                .in_file(path)
                .hint("unpack it and name the table, or pack one table alone"))
        }
    }
}

//! From a path to a format and an open file, with a clear error for everything that is not a readable table.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use crate::{Error, ErrorKind};

/// Extensions that are read as tables, for messages.
const KNOWN: &str = ".csv, .tsv, .tab, .txt, .parquet, .sdf, .sd, .fasta, .fa and .faa";

/// The format of a file, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Text with a header; the delimiter that the extension suggests.
    Delimited(u8),
    Parquet,
    Sdf,
    Fasta,
}

impl Format {
    /// The format of `path`.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default()
            .to_ascii_lowercase();
        match extension.as_str() {
            "csv" | "txt" => Ok(Self::Delimited(b',')),
            "tsv" | "tab" => Ok(Self::Delimited(b'\t')),
            "parquet" | "pq" => Ok(Self::Parquet),
            "sdf" | "sd" => Ok(Self::Sdf),
            "fasta" | "fa" | "faa" => Ok(Self::Fasta),
            // A missing file or a directory is the better message where the extension is unknown as well.
            _ => open(path).and_then(|_| {
                let (reason, hint) = match extension.as_str() {
                    "gz" | "zip" | "bz2" | "xz" | "zst" => ("the file is compressed", "unpack it first".to_string()),
                    "xls" | "xlsx" => ("spreadsheets are not read", "export the sheet as CSV".to_string()),
                    _ => ("the format is not known by its extension", format!("{KNOWN} are read")),
                };
                Err(Error::new(ErrorKind::Malformed, reason).in_file(path).hint(hint))
            }),
        }
    }
}

/// Opens `path` for reading: it must be a file and hold at least one byte.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    let file = File::open(path).map_err(|source| Error::read(path, source))?;
    let metadata = file.metadata().map_err(|source| Error::read(path, source))?;
    if metadata.is_dir() {
        return Err(Error::new(ErrorKind::WrongFileType, "this is a directory, not a file")
            .in_file(path)
            .hint("name a file inside this directory"));
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(Error::new(ErrorKind::Empty, "the file is empty")
            .in_file(path)
            .hint("write the table again; an interrupted export leaves an empty file"));
    }
    Ok(file)
}

/// Opens the text file `path` behind its byte order mark; UTF-16 and compressed data are refused.
pub(crate) fn open_text(path: &Path) -> Result<BufReader<File>, Error> {
    let mut file = open(path)?;
    let mut head = [0_u8; 4];
    let mut filled = 0;
    while filled < head.len() {
        match file
            .read(&mut head[filled..])
            .map_err(|source| Error::read(path, source))?
        {
            0 => break,
            n => filled += n,
        }
    }
    let malformed = |reason: &str, hint: &str| Err(Error::new(ErrorKind::Malformed, reason).in_file(path).hint(hint));
    let skip = match &head[..filled] {
        [0xEF, 0xBB, 0xBF, ..] => 3,
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            return malformed("the text is encoded as UTF-16", "save it again as UTF-8");
        }
        [0x1F, 0x8B, ..] => return malformed("the file is compressed with gzip", "unpack it first"),
        b"PK\x03\x04" => return malformed("this is a ZIP archive or a spreadsheet", "export the table as CSV"),
        b"PAR1" => return malformed("this is a Parquet file", "give it the extension .parquet"),
        _ => 0,
    };
    file.seek(SeekFrom::Start(skip))
        .map_err(|source| Error::read(path, source))?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

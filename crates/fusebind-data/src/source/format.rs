//! The format of a table, by what it begins with and by the name of its file.

use std::path::Path;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Text with a header; the delimiter that the extension suggests.
    Delimited(u8),
    /// A SMILES and a name in each line, without delimiter and perhaps without header.
    Smiles,
    Sdf,
    Fasta,
    Parquet,
}

impl Format {
    /// The format that the extension of `path` states, below the extensions of compression.
    pub(super) fn by_name(path: &Path) -> Option<Self> {
        let extension = path.extension().and_then(|e| e.to_str())?.to_ascii_lowercase();
        match extension.as_str() {
            "gz" | "gzip" | "bgz" | "zst" | "zstd" | "zip" => Self::by_name(Path::new(path.file_stem()?)),
            "csv" | "txt" => Some(Self::Delimited(b',')),
            "tsv" | "tab" => Some(Self::Delimited(b'\t')),
            "smi" | "smiles" | "ism" | "can" | "cxsmi" | "cxsmiles" => Some(Self::Smiles),
            "sdf" | "sd" | "mol" => Some(Self::Sdf),
            "fasta" | "fa" | "faa" | "fas" => Some(Self::Fasta),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The format of a text that begins with `head` in the file `path`. Where the name says little, the text decides.
    pub(super) fn of_text(path: &Path, head: &[u8]) -> Self {
        let stated = Self::by_name(path).filter(|format| *format != Self::Parquet);
        let txt = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("txt"));
        match stated {
            Some(format) if !txt => format,
            _ => Self::by_text(head).or(stated).unwrap_or(Self::Delimited(b',')),
        }
    }

    /// FASTA and SD files are told by their first lines.
    fn by_text(head: &[u8]) -> Option<Self> {
        if head.trim_ascii_start().first() == Some(&b'>') {
            return Some(Self::Fasta);
        }
        let counts = head.split(|byte| *byte == b'\n').nth(3)?.trim_ascii_end();
        (counts.ends_with(b"V2000") || counts.ends_with(b"V3000")).then_some(Self::Sdf)
    }
}
